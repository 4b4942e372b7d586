import itertools
import json
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from statewise.base.records import as_document, from_document
from statewise.data.datasets import shampoo
from statewise.errors import DataError, SettingError
from statewise.model.framing import FittedFraming, Framing, stack

WINDOWS = st.sampled_from([(1, 1), (2, 1), (1, 3), (2, 2)])
FRAMINGS: Any = st.builds(
    lambda window, relative, **fields: Framing(
        lags=window[0], steps=window[1], relative="none" if window == (1, 1) else relative, **fields
    ),
    WINDOWS,
    st.sampled_from(["none", "last", "mean"]),
    difference=st.sampled_from([0, 1, 4, (1, 4), (2, 1)]),
    scale=st.sampled_from([None, (-1.0, 1.0), (0.0, 1.0), "standard"]),
    samples=st.sampled_from([None, 3]),
    transform=st.sampled_from(["none", "log", "box-cox", 0.5, -1]),
    target_scale=st.sampled_from(["apart", "same"]),
    outputs=st.sampled_from([1, 2, 6]),
)
VALUES = st.lists(st.floats(0.1, 1e3).map(lambda v: round(v, 3)), min_size=18, max_size=30)


def fitted_or_assumed(framing: Framing, values: Any) -> FittedFraming:
    try:
        return framing.fit(values)
    except DataError:  # a constant stretch
        assume(False)
        raise


@given(FRAMINGS, VALUES)
def test_every_target_inverts_to_the_observations_it_came_from(
    framing: Framing, values: list[float]
) -> None:
    round_trip(framing, values)


@pytest.mark.parametrize(
    ("transform", "difference", "relative", "scale", "outputs"),
    list(
        itertools.product(
            ["none", "log", "box-cox", 0.5],
            [0, 1, 4, (1, 4)],
            ["none", "last", "mean"],
            [None, (-1.0, 1.0), "standard"],
            [1, 3],
        )
    ),
)
def test_every_combination_of_settings_inverts(
    transform: Any, difference: Any, relative: Any, scale: Any, outputs: int
) -> None:
    framing = Framing(
        difference, 2, 2, scale, transform=transform, relative=relative, outputs=outputs
    )
    round_trip(framing, np.random.default_rng(3).lognormal(4.0, size=30).tolist())


def round_trip(framing: Framing, values: list[float]) -> None:
    """Windows and targets against the observations, one forecast after another."""
    fitted = fitted_or_assumed(framing, values)
    x, y = fitted.samples(values)
    assert x.shape == (len(y), framing.steps, framing.lags)
    assert y.shape == (framing.samples_of(len(values)), framing.outputs)
    for i, target in enumerate(y):
        known = len(values) - len(y) - framing.outputs + 1 + i
        np.testing.assert_array_equal(fitted.window(values[:known]), x[i])
        forecast = fitted.invert(target, values[:known])
        expected = values[known : known + framing.outputs]
        # A reciprocal may lose digits: 1/x near 0 is the same for all large x.
        assert forecast == pytest.approx(expected, rel=1e-4 if framing.transform == -1 else 1e-6)


@given(FRAMINGS, st.lists(VALUES, min_size=1, max_size=4))
def test_a_series_is_framed_alike_alone_and_in_a_stack(
    framing: Framing, rows: list[list[float]]
) -> None:
    values = np.array([row[:18] for row in rows])
    each = [fitted_or_assumed(framing, row) for row in values]
    fitted = stack(each)
    x, y = fitted.samples(values)
    window = fitted.window(values)
    outputs = np.linspace(-1.0, 1.0, 3 * framing.outputs).reshape(3, framing.outputs)
    forecast = fitted[:, None].invert(outputs, values[:, None])
    assert forecast.shape == (len(rows), 3, framing.outputs)
    for i, one in enumerate(each):
        for found, expected in zip((x[i], y[i]), one.samples(values[i]), strict=True):
            np.testing.assert_array_equal(found, expected)
        np.testing.assert_array_equal(window[i], one.window(values[i]))
        np.testing.assert_array_equal(forecast[i], one.invert(outputs, values[i]))
        np.testing.assert_array_equal(fitted[i].window(values[i]), window[i])
        np.testing.assert_array_equal(  # however the array is laid out, and memory is enough
            fitted.window(np.asfortranarray(values[:, -framing.memory :])), window
        )


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


def test_each_step_by_hand() -> None:
    values = [1.0, 2.0, 4.0, 7.0, 11.0, 16.0, 22.0]
    framing = Framing(0, 2, 1, None, relative="last", outputs=2)
    x, y = framing.fit(values).samples(values)
    assert (x[1].tolist(), y[1].tolist()) == ([[-2.0, 0.0]], [3.0, 7.0])
    x, y = Framing(0, 2, 1, None, relative="mean").fit(values).samples(values)
    assert (x[1].tolist(), y[1].tolist()) == ([[-1.0, 1.0]], [4.0])
    x, y = Framing((1, 2), scale=None).fit(values).samples(values)
    assert x.ravel().tolist() == [2.0] * 3
    assert y.ravel().tolist() == [2.0] * 3
    x, y = Framing(0, scale=None, transform="log").fit(values).samples(values)
    np.testing.assert_allclose(x.ravel(), np.log(values[:-1]), rtol=1e-15)


def test_one_scale_for_inputs_and_targets_covers_both() -> None:
    values = [1.0, 5.0, 2.0, 9.0]
    x, y = Framing(0, target_scale="same").fit(values).samples(values)
    np.testing.assert_allclose(x.ravel(), [-1.0, 0.0, -0.75])
    np.testing.assert_allclose(y.ravel(), [0.0, -0.75, 1.0])


def test_scales_are_learned_from_the_training_samples_alone() -> None:
    values = np.array([1.0, 3.0, 2.0, 5.0, 4.0, 90.0, -70.0])
    framing = Framing(samples=2)
    x, _ = framing.fit(values[:5]).samples(values[:5])
    assert x.min() == -1.0
    assert x.max() == 1.0
    assert framing.fit(values[:5]).window(values).max() < -1.0  # the test part may fall outside


@pytest.mark.parametrize(
    ("framing", "values", "message"),
    [
        (Framing(), [1.0, 2.0, 3.0], "sales = 3: observations are too few"),
        (Framing(samples=9), [1.0, 2.0] * 5, "observations are too few"),
        (Framing(outputs=9), [1.0, 2.0] * 5, "need 12"),
        (Framing(), [1.0] * 9, "divide by zero"),
        (Framing(), list(range(9)), "changes by the same amount"),
        (Framing(difference=0), [2.0] * 9, "is constant"),
        (Framing(scale="standard"), [2.0] * 9, "divide by zero"),
        (Framing(0, lags=2, relative="last"), list(range(9)), "changes by the same amount"),
        (
            Framing(transform="log"),
            [1.0, 2.0, 0.0, 5.0, -1.0],
            r"sales\[2\] = 0.0: is not positive",
        ),
        (Framing(transform=0.5), [1.0, 2.0, 4.0, -1.0], r"sales\[3\] = -1.0: is not positive"),
        (Framing(transform=2.0), [1.0, 2.0, 1e300, 5.0], "range too large"),
        (Framing(), [1.0, 1.7e308, -1.7e308, 5.0], "range too large"),
        (Framing(), [1.0, float("nan"), 3.0, 5.0], "not one row of finite numbers"),
    ],
)
def test_series_that_cannot_be_framed(framing: Framing, values: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        framing.fit(values, name="sales")


@pytest.mark.parametrize("scale", [None, (-1.0, 1.0), (0.0, 1.0), "standard"])
@pytest.mark.parametrize("transform", ["none", "log", "box-cox"])
def test_a_constant_series_may_be_kept(scale: Any, transform: Any) -> None:
    framing = Framing(0, 2, scale=scale, transform=transform)
    fitted = framing.fit([2.0] * 9, constant="keep")
    x, y = fitted.samples([2.0] * 9)
    if scale is not None:
        middle = 0.5 if scale == (0.0, 1.0) else 0.0
        np.testing.assert_array_equal(x, np.full((7, 1, 2), middle))
        np.testing.assert_array_equal(y, np.full((7, 1), middle))
    np.testing.assert_allclose(fitted.invert(y[0], [2.0] * 2), [2.0])
    with pytest.raises(SettingError, match="constant = 'drop'"):
        framing.fit([2.0] * 9, constant="drop")  # type: ignore[arg-type]


def test_too_few_or_negative_observations_are_refused_on_the_way_too() -> None:
    fitted = Framing((1, 2), 2, transform="log").fit(np.arange(1.0, 30.0) ** 2)
    with pytest.raises(DataError, match="are too few: 5 are needed"):
        fitted.window([1.0] * 4)
    with pytest.raises(DataError, match=r"are too few: 6 are needed"):
        fitted.samples([1.0] * 5)
    with pytest.raises(DataError, match=r"observations\[0, 3\] = -2.0: is not positive"):
        fitted.window([[1.0, 1.0, 1.0, -2.0, 1.0]])


@given(FRAMINGS, VALUES)
def test_a_fitted_framing_survives_being_written_down(
    framing: Framing, values: list[float]
) -> None:
    fitted = fitted_or_assumed(framing, values)
    document = json.dumps(as_document(framing))
    arrays = {name: array.tobytes() for name, array in fitted.parameters().items()}
    again = FittedFraming.from_parameters(
        from_document(Framing, "framing", json.loads(document)),
        {name: np.frombuffer(array) for name, array in arrays.items()},
    )
    assert again.framing == framing
    np.testing.assert_array_equal(again.window([values])[0], fitted.window(values))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"z": 1.0}, "are others"),
        ({"x_factor": 0.0}, "x_factor = array"),
        ({"y_offset": float("nan")}, "y_offset = array"),
        ({"y_factor": [1.0, 2.0]}, "not of the others' shape"),
    ],
)
def test_parameters_that_no_framing_has(change: Any, message: str) -> None:
    framing = Framing()
    parameters = framing.fit([3.0, 5.0, 4.0, 8.0]).parameters()
    with pytest.raises(DataError, match=message):
        FittedFraming.from_parameters(framing, {**parameters, **change})


def test_only_framings_of_one_kind_are_stacked() -> None:
    y = [3.0, 5.0, 4.0, 8.0]
    for several in ([], [Framing().fit(y), Framing(0).fit(y)]):
        with pytest.raises(SettingError, match="not framings of one kind"):
            stack(several)
