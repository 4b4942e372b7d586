"""The forecaster through its public face: frames in, frames out, and a state to the bit."""

import sys
import tracemalloc
import warnings
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from statewise import REGIMES, StateRegime
from statewise.ensemble.trained import Ensemble
from statewise.errors import DataError, SettingError, StatewiseError, UnknownSeriesError
from statewise.forecasting import Forecaster
from statewise.forecasting.fitting import without_lost
from statewise.model.network import ReduceOnPlateau
from tests.forecasting.frames import everything, known, later, long, same, small, whole
from tests.fuzzing import fuzz

LIBRARIES: dict[str, Callable[[pd.DataFrame], Any]] = {
    "pandas": lambda frame: frame,
    "polars": pl.from_pandas,
    "pyarrow": pa.Table.from_pandas,
}
SHARED = [name for name, regime in REGIMES.items() if not regime.continues_into_forecast]
CASES = [(name, "local") for name in REGIMES] + [(name, "global") for name in SHARED]


def values(frame: Any) -> Any:
    return frame["mean"].to_numpy()


def networks(model: Forecaster) -> Ensemble:
    ensemble = model.fitted_.learned.ensemble
    assert ensemble is not None
    return ensemble


@pytest.mark.parametrize("library", LIBRARIES)
def test_what_comes_in_comes_out(library: str) -> None:
    model = whole().fit(LIBRARIES[library](long()))
    found = model.predict(h=3, level=[80, 99.5])
    given = LIBRARIES[library](long())
    assert type(found) is type(given)
    table = {"pandas": lambda f: f, "polars": lambda f: f.to_pandas()}.get(
        library, lambda f: f.to_pandas()
    )(found)
    assert list(table.columns) == [
        "unique_id", "ds", "mean", "lo-80", "hi-80", "lo-99.5", "hi-99.5",
    ]  # fmt: skip
    kinds = found.dtypes if library != "pyarrow" else found.schema.types
    before = given.dtypes if library != "pyarrow" else given.schema.types
    assert list(kinds)[:2] == list(before)[:2]
    assert table["unique_id"].tolist() == [n for n in "abc" for _ in range(3)]
    assert table["ds"].tolist() == later(3)["ds"].tolist()
    np.testing.assert_array_equal(table["mean"], whole().fit(long()).predict(3)["mean"])


def test_one_series_needs_no_name() -> None:
    frame = long()[:40]
    model = small().fit(frame.drop(columns="unique_id"))
    found = model.predict(4)
    assert found.columns.tolist() == ["ds", "mean"]
    np.testing.assert_array_equal(values(found), values(small().fit(frame).predict(4)))
    assert model.step(55.0).shape == (1,)
    indexed = frame.set_index("ds")["y"]
    named = small().fit(indexed).predict(4)
    assert isinstance(named.index, pd.DatetimeIndex)
    np.testing.assert_array_equal(values(named), values(found))


def test_times_may_be_whole_numbers() -> None:
    frame = long().assign(ds=lambda f: f.groupby("unique_id").cumcount() * 5 + 100)
    model = small().fit(frame)
    found = model.predict(2)
    assert found["ds"].dtype == frame["ds"].dtype
    assert found["ds"].tolist() == [300, 305, 265, 270, 335, 340]
    np.testing.assert_array_equal(values(found), values(small().fit(long()).predict(2)))
    model.update(pd.DataFrame({"unique_id": ["b"], "ds": [265], "y": [51.0]}))
    assert model.predict(1)["ds"].tolist() == [300, 270, 335]


def test_columns_may_be_called_anything() -> None:
    frame = long().set_axis(["shop", "month", "sales"], axis=1)
    names = {"id_column": "shop", "time_column": "month", "target_column": "sales"}
    model = small(**names).fit(frame)
    assert model.predict(1).columns.tolist() == ["shop", "month", "mean"]
    model.update(later(1).set_axis(["shop", "month", "sales"], axis=1))


@pytest.mark.parametrize("regime", REGIMES)
@pytest.mark.parametrize("season", [1, 12])
def test_a_series_does_not_depend_on_its_neighbours(regime: str, season: int) -> None:
    """Where it has its own networks; how kinds are combined, and how wide intervals are, does."""
    changes: Any = {"regime": regime, "season": season}
    together = small(**changes).fit(long())
    joint = everything(together, 4)
    moved = everything(together.update(later(5)), 4)
    for i, name in enumerate("abc"):
        alone = small(**changes).fit(long()[long()["unique_id"] == name])
        rows = slice(4 * i, 4 * i + 4)
        same(everything(alone, 4), joint[rows].reset_index(drop=True))
        alone.update(later(5)[5 * i : 5 * i + 5])
        same(everything(alone, 4), moved[rows].reset_index(drop=True))


@pytest.mark.parametrize("scope", ["local", "global"])
def test_nothing_depends_on_the_number_of_threads(scope: str) -> None:
    one, two = (whole(scope=scope, threads=threads, members=5).fit(long()) for threads in (1, 2))
    same(everything(one), everything(two))
    assert known(one) == known(two)


@pytest.mark.parametrize("scope", ["local", "global"])
def test_a_fit_does_not_depend_on_the_order_of_rows(scope: str) -> None:
    frame = long().sample(frac=1, random_state=3).sort_values("unique_id", kind="stable")
    same(everything(whole(scope=scope).fit(frame)), everything(whole(scope=scope).fit(long())))


FITTED: dict[Any, Forecaster] = {}


def fitted(regime: str, scope: str, **changes: Any) -> Forecaster:
    """One fit a configuration, put back to its beginning each time."""
    key = (regime, scope, *sorted(changes.items()))
    if key not in FITTED:
        FITTED[key] = model = whole(regime=regime, scope=scope, **changes).fit(long())
        FITTED[key]._begin = model.state.snapshot()  # type: ignore[attr-defined]
    FITTED[key].state.restore(FITTED[key]._begin)  # type: ignore[attr-defined]
    return FITTED[key]


@pytest.mark.parametrize(("regime", "scope"), CASES)
@settings(max_examples=15)
@given(data=st.data())
def test_however_observations_are_cut_the_state_is_the_same(
    regime: str, scope: str, data: st.DataObject
) -> None:
    rows = later(6)
    model = fitted(regime, scope, initial_state=data.draw(st.sampled_from(["zeros", "learned"])))
    expected = known(model.update(rows))
    forecasts = everything(model, 14)
    model.state.restore(model._begin)  # type: ignore[attr-defined]
    waiting = dict(list(rows.groupby("unique_id")))
    while waiting:
        if len(waiting) == 3 and data.draw(st.booleans()):
            model.step({name: float(part["y"].iloc[0]) for name, part in waiting.items()})
            counts = dict.fromkeys(waiting, 1)
        else:
            some = data.draw(st.lists(st.sampled_from(sorted(waiting)), min_size=1, unique=True))
            counts = {name: data.draw(st.integers(1, len(waiting[name]))) for name in some}
            chunk = pd.concat([waiting[name][:n] for name, n in counts.items()])
            model.update(chunk.sample(frac=1, random_state=data.draw(st.integers(0, 9))))
        left = {name: part[counts.get(name, 0) :] for name, part in waiting.items()}
        waiting = {name: part for name, part in left.items() if len(part)}
    assert known(model) == expected
    same(everything(model, 14), forecasts)


@pytest.mark.parametrize(("regime", "scope"), CASES)
def test_steps_are_updates_and_their_forecasts_predictions(regime: str, scope: str) -> None:
    model, rows = fitted(regime, scope), later(6)
    by_time = rows.pivot(index="ds", columns="unique_id", values="y")
    by_place = [part.to_numpy() for _, part in rows.groupby("unique_id")["y"]]
    assert len(by_time) > 6
    for i in range(6):
        forecast = model.step([part[i] for part in by_place])
        np.testing.assert_array_equal(forecast, values(model.predict(1)))
    stepped = known(model)
    model.state.restore(model._begin)  # type: ignore[attr-defined]
    assert known(model.update(rows)) == stepped


def test_many_steps_move_the_time_on() -> None:
    model = fitted("stateful-warm", "local")
    for _ in range(27):
        model.step([50.0, 51.0, 52.0])
    expected = long(28).groupby("unique_id").tail(1)["ds"].tolist()
    assert model.predict(1)["ds"].tolist() == expected


@pytest.mark.parametrize(("regime", "scope"), CASES)
def test_predicting_changes_nothing(regime: str, scope: str) -> None:
    model = fitted(regime, scope)
    before = known(model)
    first = everything(model, 7)
    model.sample(4)
    assert known(model) == before
    same(everything(model, 7), first)
    short = first.groupby("unique_id").head(3).reset_index(drop=True)
    same(everything(model, 3), short)


@pytest.mark.parametrize("regime", ["stateless-shuffled", "stateful-warm"])
def test_series_are_forecast_alike_whatever_the_batch_size(regime: str) -> None:
    """The weights of one fit, given to a forecaster of another batch size, forecast the same."""
    lengths = {"a": 39, "b": 27, "c": 51}  # 36, 24 and 48 samples
    one, other = (
        small(regime=regime, batch_size=size).fit(long(lengths=lengths)) for size in (1, 12)
    )
    mine, theirs = one.fitted_.learned, other.fitted_.learned
    assert mine.ensemble is not None
    assert theirs.ensemble is not None
    assert (mine.ensemble.weights.kernel != theirs.ensemble.weights.kernel).any()
    swapped = replace(mine, ensemble=replace(mine.ensemble, model=theirs.recipe.model))
    other.fitted_ = replace(other.fitted_, learned=swapped, known=one.fitted_.known)
    for count in (1, 3):
        np.testing.assert_array_equal(values(one.predict(5)), values(other.predict(5)))
        rows = later(4, lengths=lengths).groupby("unique_id")
        for model in (one, other):
            model.update(rows.head(1) if count == 1 else rows.tail(3))
    np.testing.assert_array_equal(values(one.predict(5)), values(other.predict(5)))


@pytest.mark.parametrize("scope", ["local", "global"])
@pytest.mark.parametrize("regime", ["stateless", "stateful-warm"])
def test_columns_known_in_the_future_are_looked_at(regime: str, scope: str) -> None:
    calendar = ["month", "quarter"]
    model = small(regime=regime, scope=scope, calendar=calendar, known=["price"])
    model.fit(long(price=True))
    rows = later(6, price=True)
    plain = values(model.predict(6, X=rows))
    changed = rows.assign(price=rows["price"].where(rows.index % 6 != 2, 9.0))
    found = values(model.predict(6, X=changed.sample(frac=1, random_state=1))).reshape(3, 6)
    same = found == plain.reshape(3, 6)
    assert same[:, :2].all()
    assert not same[:, 2:].any()
    snapshot = model.state.snapshot()
    once = known(model.update(rows))
    model.state.restore(snapshot)
    for i in range(6):
        model.update(rows[rows.index % 6 == i])
    assert known(model) == once
    with pytest.raises(SettingError, match="looked at by this model"):
        model.step([1.0, 2.0, 3.0])


def test_the_calendar_alone_needs_no_frame() -> None:
    model = small(calendar=["month"], lags=1).fit(long())
    assert len(model.predict(5)) == 15
    moved = long().assign(ds=lambda f: f["ds"] + pd.DateOffset(months=5))
    shifted = small(calendar=["month"], lags=1).fit(moved)
    assert (values(shifted.predict(5)) != values(model.predict(5))).all()


@pytest.mark.parametrize("scope", ["local", "global"])
@pytest.mark.parametrize("regime", ["stateless", "stateful-warm"])
@pytest.mark.parametrize("outputs", [1, 3])
def test_past_columns_are_looked_at_up_to_now_and_never_after(
    regime: str, scope: str, outputs: int
) -> None:
    model = whole(regime=regime, scope=scope, outputs=outputs, past=["price"])
    model.fit(long(price=True))
    first = everything(model, 7)
    rows = later(7, price=True)
    same(everything(model, 7, X=rows.assign(price=1e3)), first)
    snapshot = model.state.snapshot()
    one = everything(model.update(rows))
    once = known(model)
    model.state.restore(snapshot)
    for i in range(7):
        model.update(rows[rows.index % 7 == i])
    assert known(model) == once
    model.state.restore(snapshot)
    last = rows.index % 7 == 6
    other = everything(model.update(rows.assign(price=rows["price"].where(~last, 9.0))))
    assert (one["network"] != other["network"]).all()
    rest = [name for name in one.columns if name.startswith(("naive", "Theta", "ETS", "seasonal"))]
    same(one[rest], other[rest])


def test_columns_are_taken_as_asked() -> None:
    def columns(**changes: Any) -> Any:
        model = small(**changes).fit(long(price=True))
        return model.origin_.columns, model.fitted_.ahead

    assert columns() == (("price",), ())
    assert columns(past=False) == ((), ())
    assert columns(known=["price"]) == (("price",), ("price",))
    assert columns(known=True) == (("price",), ("price",))
    assert columns(past=["price"]) == (("price",), ())
    with pytest.raises(SettingError, match="are both known ahead and not"):
        columns(known=["price"], past=["price"])


@pytest.mark.parametrize("scope", ["local", "global"])
def test_several_outputs_are_forecast_at_once(scope: str) -> None:
    model = small(outputs=4, scope=scope).fit(long())
    assert networks(model).weights.outputs == 4
    first = values(model.predict(10)).reshape(3, 10)
    np.testing.assert_array_equal(values(model.predict(3)).reshape(3, 3), first[:, :3])
    before = known(model)
    model.update(later(4))
    assert known(model) != before


def test_intervals_do_not_depend_on_what_was_asked_before() -> None:
    fresh, asked = whole().fit(long()), whole().fit(long())
    asked.predict(6, level=[50, 99], quantiles=[0.1])
    same(everything(fresh, 2), everything(asked, 2))


def test_the_networks_forecast_is_the_median_of_members() -> None:
    model = small(members=5).fit(long())
    found = model.predict(2, members=True, kinds=True)
    members = found[[f"member-{i}" for i in range(1, 6)]].to_numpy()
    np.testing.assert_array_equal(found["mean"], np.median(members, axis=1))
    np.testing.assert_array_equal(found["network"], found["mean"])


def test_a_horizon_is_that_of_the_fit_by_default() -> None:
    model = whole(horizon=5).fit(long())
    same(model.predict(), model.predict(5))


def test_forecasts_go_on_beyond_the_horizon_of_the_fit() -> None:
    model = whole().fit(long())
    found = everything(model, 40)
    assert np.isfinite(found.drop(columns=["unique_id", "ds"])).all(axis=None)
    widths = (found["hi-95"] - found["lo-95"]).to_numpy().reshape(3, 40)
    relative = widths / values(found).reshape(3, 40)  # on a log scale a width grows with the level
    assert (np.diff(relative[:, 3:]) > 0).all()


def test_quantiles_are_the_ends_of_intervals_and_the_forecast() -> None:
    model = whole().fit(long())
    found = model.predict(4, level=80, quantiles=[0.1, 0.5, 0.9])
    for quantile, column in (("q-0.1", "lo-80"), ("q-0.5", "mean"), ("q-0.9", "hi-80")):
        np.testing.assert_array_equal(found[quantile], found[column])


def test_samples_are_drawn_about_the_forecast() -> None:
    model = whole().fit(long())
    paths = model.sample(4, 500, seed=3)
    assert paths.shape == (3, 500, 4)
    np.testing.assert_array_equal(paths, model.sample(4, 500, seed=3))
    assert (paths != model.sample(4, 500, seed=4)).any()
    found = model.predict(4, level=80)
    point = values(found).reshape(3, 4)
    low, high = (found[name].to_numpy().reshape(3, 1, 4) for name in ("lo-80", "hi-80"))
    inside = ((low <= paths) & (paths <= high)).mean(axis=1)
    assert (abs(inside - 0.8) < 0.15).all()
    assert (abs(np.median(paths, axis=1) / point - 1) < 0.1).all()
    assert (paths >= 0).all()


def test_the_initial_state_can_be_learned() -> None:
    model = small(initial_state="learned", regime="stateful").fit(long())
    start = model.state["a"]
    assert start.h.any()
    assert start.c.any()
    assert not small(regime="stateful").fit(long()).state["a"].h.any()


def test_training_can_stop_early_and_rates_can_fall() -> None:
    changes = {"validation": 0.25, "early_stopping": 2, "epochs": 60, "learning_rate": 0.1}
    model = small(**changes).fit(long())
    assert model.training_ is not None
    best = model.training_.best_epoch
    assert ((best >= 1) & (best < 60)).any()
    loss = model.training_.validation_loss
    assert loss is not None
    for run, epoch in zip(loss, best, strict=True):
        assert epoch - 1 == np.nanargmin(run)
    for schedule in ("constant", "cosine", ReduceOnPlateau(patience=1)):
        small(schedule=schedule, clip_error=1.0).fit(long()).predict(1)


def test_fitting_again_forgets_what_was_known() -> None:
    model = small().fit(long())
    first = known(model)
    model.update(later(2)).fit(long())
    assert known(model) == first


def test_the_seed_is_the_key_of_all_randomness() -> None:
    one, same, other = (values(small(seed=s).fit(long()).predict(2)) for s in (1, 1, 2))
    np.testing.assert_array_equal(one, same)
    assert (one != other).all()


# Members that diverge.

WILD = {
    "relative": "none",
    "learning_rate": 1e4,
    "scale": None,
    "difference": 0,
    "schedule": "constant",
    "epochs": 30,
}


def test_members_that_diverge_are_left_out() -> None:
    model = small(members=6).fit(long())
    fitted, learned = model.fitted_, model.fitted_.learned
    _, paths = learned.forecasts(fitted.known, 2, np.zeros((3, 2, 0)))
    assert paths is not None
    assert model.training_ is not None
    diverged = np.zeros(18, np.int32)
    diverged[[0, 7, 8, *range(12, 18)]] = 2
    weights = without_lost(replace(model.training_, diverged_epoch=diverged))
    ensemble = replace(networks(model), weights=weights)
    model.fitted_ = replace(fitted, learned=replace(learned, ensemble=ensemble))
    assert ensemble.lost.sum() == 9
    kept = (diverged == 0).reshape(3, 6)
    found = values(model.predict(2)).reshape(3, 2)
    for i in range(2):
        np.testing.assert_array_equal(found[i], np.median(paths[i][kept[i]], axis=0))
    last = long().groupby("unique_id")["y"].last()["c"]
    np.testing.assert_allclose(found[2], last)  # of which there is no other forecast: the naive one
    model.update(later(3))
    state = model.state["a"]
    assert np.isnan(model.predict(1, members=True)["member-1"][0])
    model.state["a"] = state
    assert np.isfinite(model.step([50.0, 50.0, 50.0])).all()


@pytest.mark.parametrize("scope", ["local", "global"])
@pytest.mark.parametrize("combine", [False, True])
def test_a_fit_whose_members_all_diverge_is_forecast_without_them(
    scope: str, combine: bool
) -> None:
    model = whole(**WILD | {"learning_rate": 1e10}, scope=scope, combine=combine)
    with pytest.warns(UserWarning, match=r"networks diverged in training.*learning_rate"):
        model.fit(long())
    found = everything(model)
    assert np.isfinite(found[["mean", "lo-80", "hi-95"]]).all(axis=None)
    assert found["network"].isna().all()
    if combine:
        assert (model.fitted_.combination.weights[:, -1] == 0).all()
    else:
        np.testing.assert_array_equal(found["mean"], found["naive"])


def test_a_fit_whose_members_partly_diverge_warns() -> None:
    for rate in (3e6, 1e7, 2e7):
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            model = small(**WILD | {"learning_rate": rate, "members": 30, "epochs": 20})
            model.fit(long())
        lost = int(networks(model).lost.sum())
        if 0 < lost < 90:
            assert len(said) == 1
            assert str(said[0].message).startswith(f"{lost} of 90 networks diverged in training")
            assert said[0].filename == __file__
            assert np.isfinite(values(model.predict(2))).all()
            return
    pytest.fail("no rate at which only some diverge")


# Bad input: a named error that says what to do, and nothing changed.


def row(name: str, ds: Any, y: Any = 50.0) -> pd.DataFrame:
    return pd.DataFrame({"unique_id": [name], "ds": pd.to_datetime([ds]), "y": [y]})


def broken(**changes: Any) -> pd.DataFrame:
    rows = later(3)
    for column, value in changes.items():
        rows.loc[4, column] = value
    return rows


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (row("z", "2018-05-01"), "series = 'z': is not a known series. The series are 'a', 'b'"),
        (row("a", "2018-04-01"), "series 'a' = '2018-04-01': is not after 2018-04"),
        (row("a", "2018-06-01"), "series 'a' = '2018-05-01': is missing"),
        (row("a", "2018-05-02"), "series 'a' = '2018-05-02'"),
        (pd.concat([row("a", "2018-05-01")] * 2), "series 'a' = '2018-05-01': appears twice"),
        (row("a", "2018-05-01", np.nan), "series 'a', column 'y' = '2018-05-01': is missing. Fill"),
        (row("a", "2018-05-01", np.inf), "series 'a', column 'y'"),
        (row("a", None), "ds"),
        (broken(y=np.nan), "series 'b', column 'y' = '2017-11-01': is missing. Fill"),
        (broken(ds=pd.Timestamp("2017-10-01")), "series 'b' = '2017-10-01': appears twice"),
        (broken(unique_id="who"), "series = 'who': is not a known series"),
        (later(3).drop(columns="y"), "y"),
        (later(3).drop(columns="ds"), "ds"),
        (later(3).drop(columns="unique_id"), "unique_id"),
        (later(3).assign(y="x"), "column 'y'.*is not a number, in row"),
        (later(3).assign(ds=7), "ds"),
        (later(3)[:0], "has no rows"),
        ("text", "is not a frame"),
        (None, "is not a frame"),
        (later(4).groupby("unique_id").tail(3), "is missing"),
    ],
)
def test_rows_that_cannot_follow_are_refused_and_nothing_changes(rows: Any, message: str) -> None:
    model = fitted("stateful-warm", "local")
    before, forecast = known(model), model.predict(2)
    with pytest.raises(DataError, match=message) as error:
        model.update(rows)
    assert error.value.fix
    assert known(model) == before
    pd.testing.assert_frame_equal(model.predict(2), forecast, check_exact=True)


def test_an_unknown_series_is_a_key_error_too() -> None:
    model = fitted("stateful-warm", "local")
    with pytest.raises(UnknownSeriesError, match="series = 'z': is not a known series"):
        _ = model.state["z"]
    assert "z" not in model.state
    assert model.state.get("z") is None


def test_any_value_may_follow() -> None:
    """Whatever the transform, though history was above zero: it goes on from there."""
    for transform in ("auto", "log", "asinh", "none"):
        model = whole(transform=transform).fit(long())
        model.update(broken(y=0.0))
        model.step([1.0, -3.0, 1e9])
        assert np.isfinite(model.step([1.0, -3.0, 2.0])).all()
        found = everything(model)
        assert np.isfinite(found.drop(columns=["unique_id", "ds"])).all(axis=None)


def test_values_beyond_all_reason_are_refused_and_do_not_spoil_the_state() -> None:
    model = whole(regime="stateful-warm").fit(long().assign(y=lambda f: f["y"] / 1e6))
    before = known(model)
    with pytest.raises(DataError, match=r"series 'b', column 'y' = 1e\+98: is too large"):
        model.update(broken(y=1e98))
    with pytest.raises(DataError, match=r"series 'a', y = 1e\+160: is too far from what"):
        model.step([1e160, 1.0, 1.0])
    with pytest.raises(DataError, match="series 'c', y = inf: is too far from what"):
        model.step([1.0, 1.0, np.inf])
    assert known(model) == before
    rows = later(3, price=True)
    model = small(known=["price"])
    model.fit(long(price=True).assign(price=lambda f: f["price"] / 1e6))
    before = known(model)
    for price in (1e30, -1e30):
        with pytest.raises(DataError, match="is too far from what was fitted on"):
            model.update(rows.assign(price=price))
        with pytest.raises(DataError, match=r"X = 1e\+30: is too far from what was fitted on"):
            model.predict(3, X=rows.assign(price=price))
    assert known(model) == before


@pytest.mark.parametrize(
    "y",
    [
        [1.0], 1.0, [1.0, 2.0, np.nan], [1.0, 2.0, 3.0, 4.0], "abc", None,
        {"a": 1.0}, {"a": 1.0, "b": 2.0, "z": 3.0}, {"a": 1.0, "b": 2.0, "c": 3.0, "d": 4.0},
        ["x", 1.0, 2.0],
    ],
)  # fmt: skip
def test_steps_that_cannot_be_taken_are_refused(y: Any) -> None:
    model = fitted("stateful-warm", "local")
    before = known(model)
    with pytest.raises(DataError, match="is not one number for each of 3 series"):
        model.step(y)
    assert known(model) == before


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda f: pd.concat([f, f[50:51]]), "series 'b'.*twice"),
        (lambda f: f[:0], "has no rows"),
        (lambda f: f.assign(y=f["y"].astype(str) + "x"), "is not a number, in row 1"),
        (lambda f: f.drop(columns="y"), "does not hold numbers"),
        (lambda f: f.assign(y=np.inf), "series 'a', column 'y'"),
        (lambda f: f.assign(y=f["y"] * 1e160), "series 'a'|a ="),
    ],
)
def test_frames_that_cannot_be_fitted_on_are_refused_and_the_old_fit_stays(
    change: Any, message: str
) -> None:
    model = small().fit(long())
    before = known(model)
    with pytest.raises(DataError, match=message):
        model.fit(change(long()))
    assert known(model) == before


def test_frequencies_that_differ_are_refused() -> None:
    daily = long()
    daily.loc[40:72, "ds"] = pd.date_range("2020-01-01", periods=33, freq="D")
    with pytest.raises(DataError, match=r"freq|series"):
        small().fit(daily)


def test_missing_values_can_be_filled() -> None:
    holes = long().drop(index=50)
    holes.loc[60, "y"] = np.nan
    for fill in ("forward", "linear", "zero", 5.0):
        assert np.isfinite(values(small(fill=fill).fit(holes).predict(2))).all()


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (None, "X = None: is needed: the model looks at price"),
        (later(3, price=True).drop(columns="price"), "price"),
        (later(3, price=True)[1:], "series 'a' = '2018-05-01': is missing"),
        (later(2, price=True), "is missing"),
        (later(3, price=True).assign(price=np.nan), "series 'a', column 'price'"),
        (pd.concat([later(3, price=True)] * 2), "appears twice"),
    ],
)
def test_columns_that_are_missing_at_predict_time_are_named(rows: Any, message: str) -> None:
    model = small(known=["price"]).fit(long(price=True))
    before = known(model)
    with pytest.raises(DataError, match=message):
        model.predict(3, X=rows)
    assert known(model) == before


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"h": 0}, "h = 0"),
        ({"h": 2.5}, "h = 2.5"),
        ({"h": 1, "level": [0]}, "level = 0"),
        ({"h": 1, "level": 100}, "level = 100"),
        ({"h": 1, "level": "80"}, "level = .*80"),
        ({"h": 1, "level": [80]}, "needs intervals"),
    ],
)
def test_impossible_questions_are_refused(arguments: Any, message: str) -> None:
    with pytest.raises(SettingError, match=message):
        small().fit(long()).predict(**arguments)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"regime": "other"}, "regime = 'other'"),
        ({"regime": 3}, "regime = 3"),
        ({"members": 0}, "members = 0"),
        ({"scope": "both"}, "scope = 'both'"),
        ({"lags": 0}, "lags = 0"),
        ({"horizon": 0}, "horizon = 0"),
        ({"season": 0}, "season = 0"),
        ({"bounds": "none"}, "bounds = 'none'"),
        ({"bounds": (2.0, 1.0)}, "leave nothing between them"),
        ({"transform": "box-cox"}, "transform = 'box-cox'"),
        ({"units": 0}, "units = 0"),
        ({"epochs": 0}, "epochs = 0"),
        ({"steps": 0}, "steps = 0"),
        ({"outputs": 0}, "outputs = 0"),
        ({"batch_size": 0}, "batch_size = 0"),
        ({"learning_rate": 0.0}, "learning_rate = 0.0"),
        ({"early_stopping": 3}, "early_stopping"),
        ({"seed": -1}, "seed = -1"),
        ({"calendar": ["moon"]}, "calendar = 'moon'"),
        ({"calendar": "month"}, "calendar = 'month'"),
        ({"known": ["moon"]}, "moon"),
        ({"past": ["moon"]}, "moon"),
        ({"freq": "nonsense"}, "freq = 'nonsense'"),
        ({"fill": "other"}, "fill = 'other'"),
        ({"threads": 0}, "threads = 0"),
        ({"id_column": "who"}, "id_column = 'who'"),
        ({"scope": "global", "regime": "continuous"}, "regime = .*scope='global'"),
        ({"regime": "stateful", "batch_size": 7}, "batch_size = 7"),
        ({"validation": 100}, "validation"),
        ({"profile": "keras-1"}, "profile = 'keras-1'"),
    ],
)
def test_impossible_settings_are_refused(change: Any, message: str) -> None:
    with pytest.raises(StatewiseError, match=message):
        small(**change).fit(long())


@pytest.mark.parametrize("name", ["known", "past", "calendar", "static"])
def test_one_text_is_not_a_list_of_names(name: str) -> None:
    with pytest.raises(SettingError, match=f"{name} = 'price': is one text, not a list"):
        small(**{name: "price"})


def test_a_forecaster_that_was_not_fitted_says_so(tmp_path: Any) -> None:
    calls: list[Callable[[Forecaster], Any]] = [
        lambda m: m.predict(1),
        lambda m: m.update(later(1)),
        lambda m: m.step(1.0),
        lambda m: m.state,
        lambda m: m.origin_,
        lambda m: m.save(tmp_path / "model"),
    ]
    for call in calls:
        with pytest.raises(SettingError, match=r"unfitted.*Call fit\(\)"):
            call(small())
    assert not list(tmp_path.iterdir())


def test_updates_cost_what_their_rows_do() -> None:
    """Not the history: after 40,000 observations a row takes the work of one after 40."""

    def work(n: int) -> tuple[int, int]:
        frame = pd.DataFrame({"ds": range(n), "y": np.random.default_rng(1).normal(0, 1, n)})
        model = small(epochs=1, members=1).fit(frame)
        rows = [pd.DataFrame({"ds": [n + i], "y": [0.5]}) for i in range(3)]
        model.update(rows[0])
        calls = [0]

        def count(*_: Any) -> None:
            calls[0] += 1

        sys.setprofile(count)
        model.update(rows[1])
        sys.setprofile(None)
        tracemalloc.start()
        model.update(rows[2])
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return calls[0], peak

    short, long_ = work(40), work(40_000)
    assert abs(long_[0] - short[0]) < 500  # a loop over the history would make 40,000
    assert long_[1] - short[1] < 40_000  # a copy of it would take 320,000 bytes


ODD = ["2018-05", "x", "", None, 7, "2018-05-01T01:00Z", "99999-1"]
CELLS = {
    "unique_id": ["a", "b", "c", "d", "", None, 1, "a ", "é"],
    "ds": [*later(4)["ds"].astype(str), *ODD],
    "y": [1.0, -1.0, 0.0, 1e60, np.nan, np.inf, 1e308, "1", "x", None, True, 10**400],
}
cells = st.fixed_dictionaries({name: st.sampled_from(options) for name, options in CELLS.items()})


@st.composite
def odd_rows(draw: st.DrawFn) -> Any:
    """Rows that follow, with some cells, columns or rows that do not; or cells at random."""
    if draw(st.booleans()):
        table = pd.DataFrame(draw(st.lists(cells, max_size=5)), columns=list(CELLS), dtype=object)
        if draw(st.booleans()):
            texts = table["ds"].astype(str)
            table["ds"] = pd.to_datetime(texts, errors="coerce", format="ISO8601", utc=True)
            if draw(st.booleans()):
                table["ds"] = table["ds"].dt.tz_localize(None)
    else:
        table = later(draw(st.integers(1, 4)))
        table = table.iloc[draw(st.lists(st.integers(0, len(table) - 1), max_size=12, unique=True))]
        if draw(st.booleans()) and len(table):
            column = draw(st.sampled_from(list(CELLS)))
            table[column] = table[column].astype(object)
            at = draw(st.integers(0, len(table) - 1))
            table.iloc[at, table.columns.get_loc(column)] = draw(st.sampled_from(CELLS[column]))
    if draw(st.integers(0, 5)) == 0:
        table = table.drop(columns=draw(st.sampled_from(list(CELLS))))
    return table


@fuzz
@given(table=odd_rows(), transform=st.sampled_from(["none", "log"]))
def test_fuzz_any_rows_are_followed_or_refused_in_words(table: Any, transform: str) -> None:
    model = fitted("stateful-warm", "local", transform=transform)
    before = known(model)
    try:
        model.update(table)
    except StatewiseError:
        assert known(model) == before
    else:
        assert known(model) != before
        assert np.isfinite(values(model.predict(1))).all()


def test_a_regime_may_be_a_value() -> None:
    regime = StateRegime("epoch", warm_up=5, reset_forecast="never")
    assert np.isfinite(values(small(regime=regime).fit(long()).predict(2))).all()
