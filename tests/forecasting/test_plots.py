from io import BytesIO
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from statewise.errors import SettingError
from statewise.forecasting import Forecaster
from tests.forecasting.frames import small


def frame(series: int = 2, dated: bool = True) -> pd.DataFrame:
    rng = np.random.default_rng(1)
    ds: Any = pd.date_range("2020-01", periods=30, freq="MS") if dated else range(30)
    return pd.concat([
        pd.DataFrame({"unique_id": f"$s_{k}$ 日" if k == 0 else f"s{k}", "ds": ds,
                      "y": 9 + rng.normal(0, 1, 30)})
        for k in range(series)
    ])  # fmt: skip


def model(**more: Any) -> Forecaster:
    options: dict[str, Any] = {"lags": 2, "units": 3, "epochs": 2, "regime": "stateful-warm"}
    return small(**options | {"intervals": True} | more)


@pytest.mark.filterwarnings("ignore:Glyph:UserWarning")
def drawn(figure: Figure) -> None:
    for form in ("png", "svg"):
        content = BytesIO()
        figure.savefig(content, format=form)
        assert len(content.getvalue()) > 5000


def line(axes: Any, label: str) -> Any:
    return next(each for each in axes.lines if each.get_label() == label)


@pytest.mark.filterwarnings("ignore:Glyph:UserWarning")
@pytest.mark.parametrize("dated", [True, False])
def test_a_forecast_is_drawn_after_its_history(dated: bool) -> None:
    data = frame(dated=dated)
    fitted = model().fit(data)
    figure = fitted.plot(3, history=data, level=[50, 80], last=10)
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["$s_0$ 日", "s1"]
    axes = figure.axes[1]
    np.testing.assert_array_equal(line(axes, "observed").get_ydata(), data.y.to_numpy()[-10:])
    expected = fitted.predict(3, level=[50, 80])
    point = line(axes, "forecast")
    np.testing.assert_array_equal(point.get_ydata()[1:], expected["mean"].to_numpy()[3:])
    assert point.get_ydata()[0] == data.y.iloc[-1]  # the line begins at the last observation
    low, high = expected["lo-80"].to_numpy()[3:], expected["hi-80"].to_numpy()[3:]
    bounds = np.asarray(axes.collections[0].get_paths()[0].vertices)[:, 1]
    assert bounds.min() == low.min()
    assert bounds.max() == high.max()
    labels = [text.get_text() for text in figure.legends[0].get_texts()]
    assert labels == ["observed", "80%", "50%", "forecast"]
    shades = [tuple(patch.get_facecolor())[-1] for patch in figure.legends[0].get_patches()]
    assert shades == [pytest.approx(0.16), pytest.approx(1.0 - 0.84**2)]  # as they look together
    drawn(figure)
    drawn(fitted.plot(3))


def test_a_figure_of_many_series_says_how_many_it_leaves_out() -> None:
    data = frame(11).assign(unique_id=lambda f: f.unique_id.str.replace("日", ""))
    fitted = model(intervals=False).fit(data)
    figure = fitted.plot(2)
    assert sum(axes.get_visible() for axes in figure.axes) == 9
    assert figure.get_suptitle() == "The first 9 of 11 series"
    states = fitted.plot_state(data)
    assert states.get_suptitle() == "State of member 1 of 2 (3 of 11 series)"


@pytest.mark.parametrize("horizon", [1, 2])
def test_a_backtest_is_drawn_with_every_method(horizon: int) -> None:
    data = frame().assign(unique_id=lambda f: f.unique_id.str[:3])
    found = model().backtest(data, 4, 2, horizon=horizon, level=[80], season=3)
    axes = found.plot(["s1"]).axes[0]
    own = line(axes, "statewise").get_ydata()
    expected = found.forecasts[lambda f: f.unique_id == "s1"]["statewise"].to_numpy()
    np.testing.assert_array_equal(own[np.isfinite(own)], expected)
    gaps = 0 if horizon == 1 else len(found.folds) - 1
    assert np.isnan(own).sum() == gaps
    observed = line(axes, "observed").get_ydata()
    np.testing.assert_array_equal(observed, data.y.to_numpy()[-len(observed) :])
    line(axes, "naive")
    line(axes, "seasonal naive (3)")
    drawn(found.plot())
    with pytest.raises(SettingError, match="is not in the backtest"):
        found.plot(["nobody"])


@pytest.mark.parametrize(("regime", "marks"), [("stateless", 27), ("stateful-warm", 1)])
def test_a_state_is_drawn_with_its_resets(regime: str, marks: int) -> None:
    data = frame(1).assign(unique_id="a")
    fitted = model(regime=regime).fit(data)
    figure = fitted.plot_state(data, member=2)
    trace = fitted.trace(data)
    for axes, part in zip(figure.axes, "hc", strict=True):
        assert axes.get_ylabel() == part
        assert len(line(axes, "reset").get_xdata()) == marks
        expected = trace[(trace.member == 2) & (trace.unit == 3)][part]
        np.testing.assert_array_equal(line(axes, "unit 3").get_ydata(), expected)
    drawn(figure)
    for member in (0, 3):
        with pytest.raises(SettingError, match="member"):
            fitted.plot_state(data, member=member)


def test_the_readers_own_settings_are_neither_used_nor_changed() -> None:
    data = frame(1).assign(unique_id="a")
    fitted = model(intervals=False).fit(data)
    with mpl.rc_context({"axes.spines.top": True, "font.size": 30}):
        axes = fitted.plot(2, history=data).axes[0]
        assert mpl.rcParams["font.size"] == 30
    assert not axes.spines["top"].get_visible()


def test_times_of_the_first_years_of_the_calendar_are_drawn() -> None:
    rows = frame(1).assign(unique_id="a", ds=[f"{1 + i // 12}-{1 + i % 12:02d}" for i in range(30)])
    drawn(model(intervals=False).fit(rows).plot(3, history=rows))
