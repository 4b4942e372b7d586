"""A fit of any panel: never refused for one series, and forecasts that make sense."""

import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest

from statewise.data.frames import read_frame
from statewise.forecasting import Forecaster, Recipe
from statewise.forecasting.fit import fit_model
from statewise.show.progress import Progress
from statewise.simple.adjustment import LONG
from tests.forecasting.frames import built, everything, long, same, whole
from tests.forecasting.recipes import CARRIED
from tests.forecasting.spoilt import KINDS, spoilt

REGIMES: list[dict[str, Any]] = [
    {}, {"scope": "local"}, {"regime": "stateful-warm"}, {"regime": "continuous"},
]  # fmt: skip


def quick(**changes: Any) -> Forecaster:
    """A forecaster with its own decisions, but for the size of networks."""
    return built(**{"units": 2, "members": 2, "epochs": 1} | changes)


def sensible(model: Forecaster, frame: pd.DataFrame) -> None:
    """Forecasts are numbers, in order, within bounds, and weights are shares."""
    found = model.predict(level=[80, 95], quantiles=[0.1, 0.5, 0.9])
    numbers = found.drop(columns=["unique_id", "ds"])
    assert np.isfinite(numbers).all(axis=None)
    order = ["lo-95", "lo-80", "mean", "hi-80", "hi-95"]
    assert (np.diff(numbers[order], axis=1) >= 0).all()
    least = frame.groupby("unique_id")["y"].min()
    positive = found["unique_id"].map(least) >= 0
    assert (numbers[positive] >= 0).all(axis=None)
    weights = model.fitted_.combination.weights
    assert (weights >= 0).all()
    np.testing.assert_allclose(weights.sum(axis=1), 1.0, rtol=1e-12)
    assert np.isfinite(model.predict(40)["mean"]).all()
    assert np.isfinite(model.sample(5, 3)).all()
    assert model.explain()


@pytest.mark.parametrize("block", range(10))
def test_no_spoilt_panel_is_refused(block: int) -> None:
    """200 of them, of every kind of series and frequency, under four kinds of networks."""
    for seed in range(20 * block, 20 * block + 20):
        freq, frame = spoilt(seed)
        sensible(quick(freq=freq, **REGIMES[seed % 4]).fit(frame), frame)


@pytest.mark.parametrize("kind", KINDS)
def test_a_spoilt_series_alone_is_forecast(kind: str) -> None:
    for seed in range(3):
        _, frame = spoilt(seed, (kind,), "MS")
        model = quick(freq="MS").fit(frame)
        sensible(model, frame)
        after = model.origin_.after(1).ravel()
        rows = pd.DataFrame({"unique_id": list(model.origin_.ids), "ds": after, "y": 3.0})
        assert np.isfinite(model.update(rows).step([4.0])).all()


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in ("single", "short")])
def test_a_spoilt_series_does_no_harm_to_its_neighbours(kind: str) -> None:
    """Where series have their own networks, theirs stay as they were, to the bit."""
    frame = long(lengths={"a": 40, "b": 33})
    _, other = spoilt(4, (kind,), "MS")
    model = whole(scope="local", combine=False, intervals=False, season=1)
    alone = everything(model.fit(frame))
    together = everything(model.fit(pd.concat([frame, other])))
    same(together[: len(alone)], alone)


def test_what_is_not_forecast_as_the_others_is_noted() -> None:
    def series(name: str, y: list[float]) -> pd.DataFrame:
        ds = pd.date_range("2015", periods=len(y), freq="MS")
        return pd.DataFrame({"unique_id": name, "ds": ds, "y": y})

    parts = [series("flat", [5.0] * 20), series("new", [1.0, 2.0, 4.0]), series("none", [0.0] * 9)]
    frame = pd.concat([long(lengths={"a": 40}), *parts])
    model = whole().fit(frame)
    found = model.predict(2)["mean"].to_numpy().reshape(4, 2)
    np.testing.assert_allclose(found[1:], [[5.0, 5.0], [4.0, 4.0], [0.0, 0.0]])
    said = "\n".join(model.notes_)
    assert "flat: all observations are 5, which is the forecast." in said
    assert "new: 3 observations, fewer than 4: the last is repeated." in said
    assert "none: all observations are 0, which is the forecast." in said
    assert "a:" not in said
    assert all(note in model.explain() for note in model.notes_)
    weights = model.fitted_.combination.weights
    assert (weights[1:, 0] == 1).all()


def test_too_little_for_networks_is_forecast_without_them() -> None:
    model = quick(freq="MS").fit(long(lengths={"a": 6}))
    assert model.training_ is None
    assert "Networks: none, too few observations to train on." in model.explain()
    found = model.predict(3, level=80, members=True, kinds=True)
    assert not [name for name in found.columns if name.startswith(("member", "network"))]
    assert np.isfinite(found.drop(columns=["unique_id", "ds"])).all(axis=None)
    assert np.isfinite(model.step([50.0])).all()


def test_bounds_hold_for_everything() -> None:
    frame = long()
    low, high = float(frame["y"].quantile(0.3)), float(frame["y"].quantile(0.6))
    found = whole(bounds=(low, high)).fit(frame).predict(30, level=95, kinds=True)
    numbers = found.drop(columns=["unique_id", "ds"])
    assert (numbers >= low).all(axis=None)
    assert (numbers <= high).all(axis=None)
    free = whole(bounds=None, transform="none").fit(frame.assign(y=frame["y"] - 20))
    kept = whole(transform="none").fit(frame.assign(y=(frame["y"] - 20).abs()))
    assert (free.predict(30, level=99)["lo-99"] < 0).any()
    assert (kept.predict(30, level=99)["lo-99"] >= 0).all()


@pytest.mark.parametrize("scope", ["local", "global"])
def test_fitting_without_judging_trains_the_same_networks(scope: str) -> None:
    """The twin changes nothing, and ``combine=False`` is the network alone."""
    model = whole(scope=scope).fit(long())
    alone = whole(scope=scope, combine=False, intervals=False).fit(long())
    one, other = everything(model), everything(alone)
    shared = [name for name in other.columns if name != "mean"]
    same(one[shared], other[shared])
    np.testing.assert_array_equal(other["mean"], other["network"])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        kept = whole(scope=scope, combine=False).fit(long())
    np.testing.assert_array_equal(everything(kept)["mean"], other["network"])
    assert np.isfinite(kept.fitted_.combination.own).any()


@pytest.mark.parametrize("scope", ["global", "local"])
def test_progress_goes_through_training_and_trials_to_their_end(scope: str) -> None:
    seen: dict[str, list[float]] = {}

    class Heard(Progress):
        def at(self, what: str, share: float = 0.0) -> None:
            seen.setdefault(what, []).append(share)

    fit_model(whole(scope=scope), read_frame(long()), 0, Heard(None))
    networks = 4 if scope == "global" else 12
    assert next(iter(seen)) == f"training {networks} networks"
    assert any(what.startswith("trying forecasts at ") for what in seen)
    for shares in seen.values():
        assert shares[-1] == 1.0


@pytest.mark.parametrize(("regime", "how"), [("stateless-shuffled", "drawn"), (CARRIED, "latest")])
def test_samples_that_are_left_out_are_noted(regime: Any, how: str) -> None:
    frame = long(lengths={"a": 60, "b": 20})
    model = whole(max_samples=40, regime=regime).fit(frame)
    [note] = model.notes_
    assert note.startswith("Networks were trained on 40 of ")
    assert how in note
    most = int(note.split("max_samples=")[1].split()[0])
    assert whole(max_samples=most, regime=regime).fit(frame).notes_ == ()
    assert len(whole(max_samples=most - 1, regime=regime).fit(frame).notes_) == 1


def test_what_a_long_history_is_not_shown_for_is_noted() -> None:
    y = np.random.default_rng(2).normal(size=LONG + 1)
    ds = np.arange(len(y))
    frame = pd.DataFrame({"ds": ds, "y": y})
    recipe = Recipe(members=1, epochs=1, max_samples=64, units=2, lags=2, steps=2)
    model = Forecaster(recipe=recipe, horizon=2, intervals=False).fit(frame)
    longer, drawn = model.notes_
    assert longer.startswith("Of 1 series longer than 20,000 observations, seasons and")
    assert drawn.startswith(f"Networks were trained on 64 of {len(y) - 4:,} samples")
