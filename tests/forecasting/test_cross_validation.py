"""Cross-validation: each row is the forecast that a fit at its cutoff makes, and knows no more."""

from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

from statewise.errors import DataError, SettingError
from tests.forecasting.frames import known, long, same, whole


def before(frame: pd.DataFrame, back: int) -> pd.DataFrame:
    sizes = frame.groupby("unique_id")["y"].transform("size")
    return frame[frame.groupby("unique_id").cumcount() < sizes - back]


def at(found: pd.DataFrame, window: int) -> pd.DataFrame:
    """The rows of one window, in order of series and time."""
    rank = found.groupby("unique_id")["cutoff"].rank("dense")
    return found[rank == window + 1].reset_index(drop=True)


@pytest.mark.parametrize("regime", ["stateless-shuffled", "stateful-warm"])
@pytest.mark.parametrize("step", [None, 2])
def test_windows_are_fits_and_forecasts_by_hand(regime: str, step: Any) -> None:
    model, frame = whole(regime=regime, horizon=4), long()
    found = model.cross_validation(frame, 4, 3, step, level=80)
    assert found.columns.tolist() == [
        "unique_id", "ds", "cutoff", "y", "statewise", "statewise-lo-80", "statewise-hi-80",
    ]  # fmt: skip
    assert len(found) == 3 * 3 * 4
    for window in range(3):
        back = 4 + (step or 4) * (2 - window)
        part = before(frame, back)
        expected = model.clone().fit(part).predict(4, level=80)
        rows = at(found, window)
        names = {"statewise": "mean", "statewise-lo-80": "lo-80", "statewise-hi-80": "hi-80"}
        same(rows[["unique_id", "ds", *names]].rename(columns=names), expected)
        last = part.groupby("unique_id")["ds"].last()
        assert (rows["cutoff"] == rows["unique_id"].map(last)).all()
    merged = found.merge(frame, on=["unique_id", "ds"])
    np.testing.assert_array_equal(merged["y_x"], merged["y_y"])


@pytest.mark.parametrize("refit", [False, 2])
def test_between_fits_the_state_moves_on(refit: Any) -> None:
    model, frame = whole(regime="stateful-warm", horizon=2), long()
    found = model.cross_validation(frame, 2, 3, refit=refit)
    fitted = model.clone().fit(before(frame, 6))
    for window in range(3):
        if window and window % 2 == 0 and refit == 2:
            fitted.fit(before(frame, 2))
        elif window:
            rows = before(frame, 6 - 2 * window).groupby("unique_id").tail(2)
            fitted.update(rows)
        expected = fitted.predict(2)["mean"].to_numpy()
        np.testing.assert_array_equal(at(found, window)["statewise"], expected)


def test_no_forecast_depends_on_what_came_after_its_cutoff() -> None:
    frame = long(price=True)
    model = whole(past=["price"])
    plain = model.cross_validation(frame, 3, 2, kinds=True, level=95)
    back, columns = frame.groupby("unique_id").cumcount(ascending=False), ["y", "price"]
    for after, window in ((6, 0), (3, 1)):
        odd = frame.copy()
        odd.loc[back < after, columns] = 1e3
        found = model.cross_validation(odd, 3, 2, kinds=True, level=95)
        same(at(found, window).drop(columns="y"), at(plain, window).drop(columns="y"))


def test_the_model_is_not_changed_and_frames_keep_their_kind() -> None:
    model = whole().fit(long())
    state, horizon = known(model), model.horizon
    found = model.cross_validation(pl.from_pandas(long()), 5)
    assert isinstance(found, pl.DataFrame)
    assert known(model) == state
    assert model.horizon == horizon


def test_series_that_are_too_short_are_left_out_and_said() -> None:
    frame = long(lengths={"a": 40, "b": 6})
    with pytest.warns(UserWarning, match="1 of 2 series are too short and left out"):
        found = whole().cross_validation(frame, 3)
    assert found["unique_id"].unique().tolist() == ["a"]
    with pytest.raises(DataError, match="observations at most leave fewer than 4 before 45"):
        whole().cross_validation(frame, 9, 5)


@pytest.mark.parametrize(
    "options",
    [{"h": 0}, {"h": 2, "n_windows": 0}, {"h": 2, "step_size": 0}, {"h": 2, "level": 0.8}],
)
def test_impossible_arguments_are_refused(options: Any) -> None:
    with pytest.raises(SettingError, match=r" = 0"):
        whole().cross_validation(long(), **options)
