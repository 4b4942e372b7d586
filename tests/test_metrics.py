import numpy as np

from statewise.metrics import mae, rmse


def test_errors_are_averaged_over_the_last_axis() -> None:
    actual = np.array([1.0, 2.0, 3.0])
    forecast = np.array([[1.0, 2.0, 3.0], [2.0, 0.0, 3.0]])
    np.testing.assert_allclose(rmse(actual, forecast), [0.0, np.sqrt(5 / 3)])
    np.testing.assert_allclose(mae(actual, forecast), [0.0, 1.0])
