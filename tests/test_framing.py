from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from statewise.datasets import shampoo
from statewise.errors import DataError, SettingError
from statewise.framing import Framing, Scale

FRAMINGS = st.builds(
    Framing,
    difference=st.sampled_from([0, 1]),
    lags=st.integers(1, 3),
    steps=st.integers(1, 3),
    scale=st.sampled_from([None, (-1.0, 1.0), (0.0, 1.0)]),
    samples=st.sampled_from([None, 3]),
)
VALUES = st.lists(st.floats(-1e3, 1e3).map(lambda v: round(v, 3)), min_size=12, max_size=30)


@given(FRAMINGS, VALUES)
def test_every_target_inverts_to_the_observation_it_came_from(
    framing: Framing, values: list[float]
) -> None:
    try:
        fitted = framing.fit(values)
    except DataError:  # a constant stretch
        assume(False)
    x, y = fitted.samples(values)
    assert x.shape == (len(y), framing.steps, framing.lags)
    assert len(y) == framing.samples or framing.samples is None
    for i, target in enumerate(y):
        known = len(values) - len(y) + i
        forecast = fitted.invert(target, values[:known])
        assert forecast == pytest.approx([values[known]], rel=1e-9, abs=1e-6)
        np.testing.assert_allclose(fitted.window(values[:known])[0], x[i], rtol=1e-12, atol=1e-9)


def test_the_origins_protocol() -> None:
    y = shampoo().only.y
    fitted = Framing().fit(y[:-12])
    x, targets = fitted.samples(y[:-12])
    assert x.shape == (22, 1, 1)
    changes = np.diff(y)
    for scaled, raw in ((x.ravel(), changes[:22]), (targets.ravel(), changes[1:23])):
        low, high = raw.min(), raw.max()
        np.testing.assert_allclose(scaled, 2 * (raw - low) / (high - low) - 1, atol=1e-12)


def test_windows_hold_the_newest_value_last() -> None:
    framing = Framing(difference=0, lags=2, steps=3, scale=None)
    x, y = framing.fit([1, 2, 3, 4, 5, 6]).samples([1, 2, 3, 4, 5, 6])
    assert x[0].tolist() == [[1, 2], [2, 3], [3, 4]]
    assert y.ravel().tolist() == [5, 6]


def test_scales_are_learned_from_the_training_samples_alone() -> None:
    values = np.array([1.0, 3.0, 2.0, 5.0, 4.0, 90.0, -70.0])
    framing = Framing(samples=2)
    x, _ = framing.fit(values[:5]).samples(values[:5])
    assert x.min() == -1.0
    assert x.max() == 1.0
    assert framing.fit(values[:5]).window(values).max() < -1.0  # the test part may fall outside


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"difference": 2}, "difference"),
        ({"lags": 0}, "lags"),
        ({"steps": 0}, "steps"),
        ({"samples": 1}, "samples"),
        ({"scale": (1.0, 1.0)}, "scale"),
    ],
)
def test_bad_settings_are_named(fields: Any, name: str) -> None:
    with pytest.raises(SettingError, match=rf"^{name} = "):
        Framing(**fields)


@pytest.mark.parametrize(
    ("framing", "values", "message"),
    [
        (Framing(), [1.0, 2.0, 3.0], "sales = 3: observations are too few"),
        (Framing(samples=9), [1.0, 2.0] * 5, "observations are too few"),
        (Framing(), [1.0] * 9, "divide by zero"),
        (Framing(), list(range(9)), "changes by the same amount"),
        (Framing(difference=0), [2.0] * 9, "is constant"),
    ],
)
def test_series_that_cannot_be_framed(framing: Framing, values: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        framing.fit(values, name="sales")


def test_a_constant_series_may_be_left_unscaled() -> None:
    assert Framing(difference=0, scale=None).fit([2.0] * 9).x_scale == Scale()
