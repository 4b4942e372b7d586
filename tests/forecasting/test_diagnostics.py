from typing import Any

import numpy as np
import pandas as pd
import pytest

from statewise.ensemble.trained import Ensemble
from statewise.errors import DataError, SettingError
from statewise.forecasting import Forecaster
from statewise.forecasting.diagnostics import fans, traces
from tests.forecasting.frames import later, long, small, whole
from tests.naive import forward, parameters_of

N = 40


def frame(columns: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(3)
    parts = []
    for name, n in (("a", N), ("b", N - 7)):
        part = pd.DataFrame(
            {"unique_id": name, "ds": pd.date_range("2020-01", periods=n, freq="MS")}
        )
        for k in range(columns):
            part[f"x{k}"] = rng.normal(0, 1, n)
        parts.append(part.assign(y=50 + rng.normal(0, 3, n).cumsum()))
    return pd.concat(parts, ignore_index=True)


def fitted(regime: str = "stateful-warm", columns: int = 0, **more: Any) -> Forecaster:
    options: dict[str, Any] = {"lags": 2, "members": 3, "units": 4, "epochs": 5, "known": True}
    return small(regime=regime, **options | more).fit(frame(columns))


def ensemble_of(model: Forecaster) -> Ensemble:
    ensemble = model.fitted_.learned.ensemble
    assert ensemble is not None
    return ensemble


@pytest.mark.parametrize("scope", ["local", "global"])
@pytest.mark.parametrize("columns", [0, 2])
@pytest.mark.parametrize("steps", [1, 3])
def test_a_trace_ends_with_the_state_of_the_model(scope: str, columns: int, steps: int) -> None:
    model = fitted(columns=columns, steps=steps, scope=scope)
    found = model.trace(frame(columns))
    assert found.columns.tolist() == [
        "unique_id", "ds", "member", "unit", "h", "c", "reset", "level", "season",
    ]  # fmt: skip
    for name in "ab":
        rows = found[
            (found.unique_id == name) & (found.ds == found[found.unique_id == name].ds.max())
        ]
        for part in "hc":
            state = getattr(model.state[name], part)
            np.testing.assert_array_equal(rows[part].to_numpy("f4").reshape(state.shape), state)
        assert (rows["level"] == model.state[name].level).all()


def test_a_trace_is_that_of_the_equations() -> None:
    model = fitted("stateful", members=2, units=3)
    ensemble, learned = ensemble_of(model), model.fitted_.learned
    y = frame().y.to_numpy()[None, N:]
    z = learned.adjustment.take(np.array([1])).apply(y, np.arange(N - 7)[None])[0]
    inputs, _ = ensemble.framing[1].samples(z)
    trace = traces(model.fitted_, frame())[1]
    for member in range(2):
        parameters = parameters_of(ensemble.weights, 2 + member)
        h = c = np.zeros((1, 3))
        for row, window in enumerate(inputs):
            _, h, c, _ = forward(parameters, window[None], h, c, "sigmoid")
            np.testing.assert_allclose(trace.h[row, member], h[0], atol=1e-5)
            np.testing.assert_allclose(trace.c[row, member], c[0], atol=1e-5)


@pytest.mark.parametrize(("regime", "all_reset"), [("stateless", True), ("stateful", False)])
def test_resets_are_marked(regime: str, all_reset: bool) -> None:
    model = fitted(regime)
    for trace in traces(model.fitted_, frame()):
        assert trace.reset[0]
        assert trace.reset[1:].all() == all_reset == trace.reset[1:].any()
    if all_reset:  # so a row does not depend on those before it
        part = frame().iloc[10:25]
        [short], [long, _] = traces(model.fitted_, part), traces(model.fitted_, frame())
        at = long.ds.tolist().index(short.ds[0])
        np.testing.assert_array_equal(short.h, long.h[at : at + len(short.h)])


def test_the_state_of_the_model_is_neither_used_nor_changed() -> None:
    model = fitted()
    before, state = model.trace(frame()), model.state.snapshot()
    later = frame().tail(1).assign(ds=model.origin_.after(1)[1])
    model.update(later)
    pd.testing.assert_frame_equal(model.trace(frame()), before)
    model.warm_up_length(frame())
    model.state.restore(state)
    pd.testing.assert_frame_equal(model.predict(2), fitted().predict(2))


def test_several_outputs_with_columns_end_where_columns_are_known() -> None:
    model = fitted("stateless", columns=1, outputs=3)
    [trace, _] = traces(model.fitted_, frame(1))
    assert trace.ds[-1] == frame().ds.iloc[N - 3].to_datetime64()


def test_a_state_that_is_reset_is_forgotten_at_once() -> None:
    assert fitted("stateless").warm_up_length(frame()) == {"a": 0, "b": 0}


def forgetful(model: Forecaster, forget: float) -> Forecaster:
    """The model with the forget gates of all members at one value, whatever they are shown."""
    weights, units = ensemble_of(model).weights, ensemble_of(model).model.network.units
    gate = slice(units, 2 * units)
    for part in (weights.kernel, weights.recurrent):
        part[..., gate] = 0.0
    weights.recurrent[...] = 0.0
    weights.bias[..., gate] = np.log(forget / (1.0 - forget))
    ensemble_of(model).__dict__.pop("packed", None)
    return model


def test_the_warm_up_is_longer_where_the_forget_gates_stay_open() -> None:
    quick = forgetful(fitted(), 0.2).warm_up_length(frame())
    slow = forgetful(fitted(), 0.8).warm_up_length(frame())
    never = forgetful(fitted(), 0.9999).warm_up_length(frame(), tolerance=1e-4)
    for name in "ab":
        assert quick[name] is not None
        assert slow[name] is not None
        assert 0 < quick[name] < slow[name]  # type: ignore[operator]
        assert never[name] is None


def test_tolerance_shortens_the_warm_up() -> None:
    model = forgetful(fitted(), 0.7)
    lengths = [model.warm_up_length(frame(), tolerance=t)["a"] for t in (0.001, 0.1, 1e9)]
    assert lengths[0] is not None
    assert lengths[1] is not None
    assert lengths[0] > lengths[1] > lengths[2] == 0  # type: ignore[operator]
    with pytest.raises(SettingError, match="tolerance"):
        model.warm_up_length(frame(), tolerance=0)


def test_bad_frames_are_refused() -> None:
    model = fitted(columns=1)
    with pytest.raises(DataError, match="not a known series"):
        model.trace(frame(1).head(9).assign(unique_id="z"))
    with pytest.raises(DataError, match="too few to forecast one"):
        model.trace(frame(1).head(2))
    with pytest.raises(DataError, match="x0"):
        model.warm_up_length(frame())
    with pytest.raises(SettingError, match="fit"):
        Forecaster().trace(frame())
    bare = small(freq="MS").fit(frame().groupby("unique_id").head(2))
    with pytest.raises(SettingError, match="is of a model without networks"):
        bare.trace(frame())


def test_fans_hold_what_predict_gives_after_the_history() -> None:
    model = fitted(intervals=True)
    found = fans(model.fitted_, 4, frame()[lambda f: f.unique_id == "b"], (80,), last=6)
    [fan] = found
    expected = model.predict(4, level=[80])[lambda f: f.unique_id == "b"]
    np.testing.assert_array_equal(fan.point, expected["mean"])
    np.testing.assert_array_equal(fan.bounds[80][1], expected["hi-80"])
    np.testing.assert_array_equal(fan.y, frame().y.to_numpy()[-6:])
    assert (fan.ahead == expected.ds.to_numpy()).all()
    assert [f.name for f in fans(model.fitted_, 1)] == ["a", "b"]
    assert not len(fans(model.fitted_, 1)[0].y)


def test_seasons_are_traced_apart_from_levels() -> None:
    season = np.tile([10.0, -5.0, 0.0, -5.0], 12)
    data = frame().assign(y=lambda f: 60 + season[f.groupby("unique_id").cumcount()])
    model = small(season=4, regime="stateful-warm", transform="none").fit(data)
    found = traces(model.fitted_, data)
    for trace in found:
        assert np.ptp(trace.level) < 3.0
        assert np.ptp(trace.season) > 12.0
        y = data["y"].to_numpy()[3:N]
        y = y[: len(trace.ds)]
        np.testing.assert_allclose(trace.level + trace.season, y, atol=3.0)


@pytest.mark.parametrize("scope", ["local", "global"])
@pytest.mark.parametrize("regime", ["stateless", "stateful-warm"])
def test_fitted_values_are_the_forecasts_of_the_next_observation(scope: str, regime: str) -> None:
    """Those that steps give, as the state goes on from the first observation."""
    model = whole(scope=scope, regime=regime, season=1).fit(long())
    found = model.fitted_values(long())
    assert found.columns.tolist() == ["unique_id", "ds", "y", "fitted", "residual"]
    assert len(found) == len(long()) - 3
    np.testing.assert_array_equal(found["residual"], found["y"] - found["fitted"])
    assert np.isfinite(found["fitted"]).all()
    longer = model.fitted_values(long(4))
    rows = longer.merge(later(4)[["unique_id", "ds"]])
    places = [np.flatnonzero(rows["unique_id"] == name) for name in "abc"]
    for i in range(4):
        forecast = model.predict(1)["mean"].to_numpy()
        np.testing.assert_array_equal(rows["fitted"].to_numpy()[[p[i] for p in places]], forecast)
        model.update(later(4).groupby("unique_id").nth([i]))
