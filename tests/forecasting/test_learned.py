"""What was learned and what is known: every kind of forecast goes on with each observation."""

from dataclasses import fields
from typing import Any

import numpy as np
import pytest

from statewise.engine import State
from statewise.forecasting.core import FittedModel
from statewise.forecasting.learned import NETWORK, Known, Past
from tests.forecasting.frames import LENGTHS, later, long, whole

CASES = [
    {"regime": "stateless"}, {"regime": "stateful-warm"},
    {"regime": "stateful-warm", "scope": "local"}, {"regime": "stateful-warm", "past": ["price"]},
    {"season": (4, 12)}, {"season": 1},
]  # fmt: skip


def fitted(price: bool = True, **changes: Any) -> FittedModel:
    return whole(**{"past": False} | changes).fit(long(price=price)).fitted_


def past_of(model: FittedModel, more: int = 0) -> Past:
    """The histories that were fitted on, and what followed."""
    from statewise.data.frames import read_frame

    frame = long(more, price=True)
    columns = model.base.columns
    panel = read_frame(frame if columns else frame.drop(columns="price"), exogenous=columns)
    return model.past_of(panel)


def same(one: Known, other: Known) -> None:
    np.testing.assert_array_equal(one.count, other.count)
    np.testing.assert_array_equal(one.tail, other.tail)
    for name, array in one.simple.arrays().items():
        np.testing.assert_array_equal(array, other.simple.arrays()[name])
    assert (one.networks is None) == (other.networks is None)
    if one.networks is not None and other.networks is not None:
        np.testing.assert_array_equal(one.networks.recent, other.networks.recent)
        np.testing.assert_array_equal(one.networks.x, other.networks.x)
        for a, b in zip(one.networks.carried, other.networks.carried, strict=True):
            np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("changes", CASES)
def test_what_is_known_is_that_of_the_history_however_it_came(changes: Any) -> None:
    """From the beginning at once, or observation by observation from a cut."""
    model = fitted(**changes)
    learned, past = model.learned, past_of(model, 3)
    same(learned.start(past.until(past.lengths - 3)), model.known)
    expected = learned.start(past)
    for back in (3, 9):
        now = learned.start(past.until(past.lengths - back))
        y, x = past.after(past.lengths - back, back)
        for i in range(back):
            now = learned.observe(now, y[:, i], x[:, i : i + 1])
        same(now, expected)


@pytest.mark.parametrize("changes", CASES)
def test_some_series_are_as_they_are_among_all(changes: Any) -> None:
    model = fitted(**changes)
    learned, known, some = model.learned, model.known, np.array([2, 0])
    x = np.zeros((3, 5, len(model.base.columns)))
    every, members = learned.forecasts(known, 5, x)
    part, mine = learned.take(some), learned.part(known, some)
    kinds, few = part.forecasts(mine, 5, x[:2])
    np.testing.assert_array_equal(kinds, every[:, some])
    assert members is not None
    np.testing.assert_array_equal(few, members[some])
    same(learned.put(known, some, mine), known)
    moved = part.observe(mine, np.array([50.0, 40.0]), x[:2, :1])
    written = learned.put(known, some, moved)
    same(learned.part(written, some), moved)
    same(learned.part(written, np.array([1])), learned.part(known, np.array([1])))


@pytest.mark.parametrize("changes", CASES[:3])
def test_looking_first_changes_no_forecast(changes: Any) -> None:
    model = fitted(price=False, **changes)
    learned, known = model.learned, model.known
    looked = learned.look(known)
    for horizon in (1, 2, 3, 8):
        nothing = np.zeros((3, horizon, 0))
        np.testing.assert_array_equal(
            learned.forecasts(looked, horizon, nothing)[0],
            learned.forecasts(known, horizon, nothing)[0],
        )
    y, nothing = np.array([50.0, 51.0, 52.0]), np.zeros((3, 1, 0))
    same(learned.observe(looked, y, nothing), learned.observe(known, y, nothing))


def test_kinds_are_named_and_naive_ones_are_what_they_say() -> None:
    model = fitted(price=False, season=(4, 12))
    learned = model.learned
    names = learned.names
    assert names[:4] == (
        "naive", "seasonal naive (4)", "seasonal naive (12)", "deseasonalised naive",
    )  # fmt: skip
    assert names[-1] == NETWORK
    assert len(set(names)) == len(names)
    assert fitted(price=False, season=1).learned.names[:2] == ("naive", "drift")
    kinds = learned.forecasts(model.known, 15, np.zeros((3, 15, 0)))[0]
    assert len(kinds) == len(names)
    for i, name in enumerate(LENGTHS):
        y = long()[long()["unique_id"] == name]["y"].to_numpy()
        np.testing.assert_array_equal(kinds[0, i], np.repeat(y[-1], 15))
        np.testing.assert_array_equal(kinds[1, i], np.resize(y[-4:], 15))
        np.testing.assert_array_equal(kinds[2, i], np.resize(y[-12:], 15))


def test_a_season_that_was_not_seen_whole_repeats_the_last() -> None:
    model = whole(freq="MS").fit(long(lengths={"a": 5})).fitted_
    kinds = model.learned.forecasts(model.known, 12, np.zeros((1, 12, 0)))[0]
    y = long(lengths={"a": 5})["y"].to_numpy()
    np.testing.assert_array_equal(kinds[1, 0], [*np.repeat(y[-1], 7), *y])


def test_phases_of_seasons_go_on_with_the_count() -> None:
    rng = np.random.default_rng(5)
    frame = long(lengths={"a": 48})
    season = 10 * np.sin(2 * np.pi * np.arange(60) / 12)
    y = 60 + season + rng.normal(0, 0.1, 60)
    model = whole(transform="none").fit(frame.assign(y=y[:48]))
    for moved in range(5):
        found = model.predict(7, kinds=True)["deseasonalised naive"]
        np.testing.assert_allclose(found, 60 + season[48 + moved : 55 + moved], atol=1.0)
        model.update(later(5, lengths={"a": 48})[moved : moved + 1].assign(y=y[48 + moved]))


def test_everything_that_is_known_is_compared_here() -> None:
    assert [each.name for each in fields(Known)] == ["count", "tail", "simple", "networks"]
    assert State._fields == ("h", "c")


def test_histories_are_cut_and_taken() -> None:
    past = Past(
        ("a", "b"), np.array([0, 3, 5]), np.arange(5.0), np.arange(5.0)[:, None], np.array([0, 7])
    )
    cut = past.until(np.array([2, 1]))
    assert cut.y.tolist() == [0.0, 1.0, 3.0]
    assert cut.offsets.tolist() == [0, 2, 3]
    some = past.take(np.array([1]))
    assert (some.names, some.y.tolist(), some.begin.tolist()) == (("b",), [3.0, 4.0], [7])
    y, x = past.after(np.array([1, 0]), 2)
    assert y.tolist() == [[1.0, 2.0], [3.0, 4.0]]
    assert x[..., 0].tolist() == y.tolist()
