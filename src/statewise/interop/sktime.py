"""StatewiseForecaster: statewise's forecaster as one of sktime's, in the extra ``sktime``."""

import inspect
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from statewise.base.extras import import_extra
from statewise.data.columns import as_table
from statewise.errors import DataError
from statewise.forecasting.forecaster import Forecaster
from statewise.forecasting.settings import Data, Recipe, refuse_unknown
from statewise.text import visible

__all__ = ["StatewiseForecaster"]

OF_DATA = {"freq": None, "calendar": ()}
"""The settings of ``Data`` that a frame of sktime does not say itself."""
SIGNATURE = inspect.Signature([
    *(p for p in inspect.signature(Forecaster.__init__).parameters.values() if p.name != "data"),
    *(inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD, default=default)
      for name, default in OF_DATA.items()),
])  # fmt: skip
MTYPES = ["pd.DataFrame", "pd-multiindex", "pd_multiindex_hier"]

BaseForecaster: Any = import_extra("sktime.forecasting.base", "sktime").BaseForecaster
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class StatewiseForecaster(BaseForecaster):
    """statewise's ``Forecaster`` with the interface of sktime.

    ``update(y, update_params=False)`` moves the state on with the rows that are new, and weights
    stay; ``update_params=True`` trains again on everything. Panels and hierarchies are fitted in
    one call, and share networks unless ``Recipe(scope="local")`` says otherwise. A relative horizon
    counts from the end of each series. Columns of a frame are forecast each by itself.

    X is needed at every step up to the last one of the horizon, also at those not asked for.
    Missing values between others are filled in linearly; those at the ends are none, so that
    forecasts begin after the last value there is.

    Within the sample each forecast is made one step ahead, from the observations before it; there
    is none of the first. Networks and parameters were fitted on the whole sample, so that these are
    fitted values: their errors say how well the model fits, and not how well it forecasts.

    Its parameters are those of ``Forecaster``, and ``freq`` and ``calendar`` of ``Data``, which is
    left out. Where ``horizon`` is None, it is the last step of the ``fh`` that ``fit`` is given.

    Attributes:
        forecaster_: the ``Forecaster``, with its state, and a file format that holds no code.

    Example:
        >>> import pandas as pd
        >>> from statewise.interop.sktime import StatewiseForecaster
        >>> y = pd.Series([112.0, 118, 132, 129, 121, 135, 148, 148, 136, 119, 104, 118] * 4)
        >>> model = StatewiseForecaster(season=12).fit(y[:40], fh=[1, 3])
        >>> model.update(y[40:], update_params=False).predict().index.tolist()
        [48, 50]
    """

    _tags: ClassVar[dict[str, Any]] = {
        "authors": "statewise developers",
        "maintainers": "statewise developers",
        "y_inner_mtype": MTYPES,
        "X_inner_mtype": MTYPES,
        **{
            f"capability:{can}": True
            for can in ("exogenous", "pred_int", "update", "insample", "missing_values")
        },
        **{
            f"capability:{cannot}": False
            for cannot in (
                "multivariate",
                "categorical_in_X",
                "non_contiguous_X",
                "pred_int:insample",
            )
        },
        "requires-fh-in-fit": False,
        "X-y-must-have-same-index": True,
        "property:randomness": "deterministic",
    }
    # What is needed to train again is kept in _cur_y and _cur_X, so sktime need not keep it too.
    _config: ClassVar[dict[str, Any]] = {"remember_data": False}
    _y: Any = None
    _X: Any = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        refuse_unknown(type(self).__name__, list(SIGNATURE.parameters)[1:], kwargs)
        given = SIGNATURE.bind(self, *args, **kwargs)
        given.apply_defaults()
        for name, value in list(given.arguments.items())[1:]:
            setattr(self, name, value)
        super().__init__()

    __init__.__signature__ = SIGNATURE  # type: ignore[attr-defined]

    def __post_init__(self) -> None:
        """Set the tag that depends on the parameters of this instance; sktime calls this."""
        self.set_tags(**{"capability:pred_int": self.intervals})

    @classmethod
    def get_test_params(cls, parameter_set: str = "default") -> list[dict[str, Any]]:  # noqa: ARG003
        """Return parameters with which sktime's checks take little time."""
        small = Recipe(members=2, units=2, epochs=2, lags=2, steps=1)
        carried = replace(small, regime="stateful", scope="local")
        return [
            {"recipe": small, "threads": 1},
            {"recipe": carried, "combine": False, "horizon": 3, "threads": 1},
        ]

    def _fit(self, y: pd.DataFrame, X: pd.DataFrame | None, fh: Any) -> Self:
        params = self.get_params(deep=False)
        data = Data(known=True, past=(), **{name: params.pop(name) for name in OF_DATA})
        if params["horizon"] is None and fh is not None:
            last = int(fh.to_relative(self.cutoff).to_numpy().max())
            params["horizon"] = last if last > 0 else None
        X = None if X is None else X.reindex(y.index)
        model = Forecaster(**params, data=data).fit(long_frame(y.index, y, X))
        if len(model.origin_) < len(last_times(y.index)):
            raise DataError("y", len(model.origin_), "series have values, and others none at all",
                            "Leave these out.")  # fmt: skip
        self.forecaster_, self._cur_y, self._cur_X = model, y, X
        return self

    def _update(self, y: pd.DataFrame, X: pd.DataFrame | None, update_params: bool = True) -> Self:
        try:
            self._move_on(y, X, update_params)
        finally:
            # Where rows were refused, or are of some series only, sktime has moved the cutoff off.
            self._set_cutoff_from_y(self._cur_y)
        return self

    def _move_on(self, y: pd.DataFrame, X: pd.DataFrame | None, update_params: bool) -> None:
        """Append the rows of ``y`` that are not yet known, with their rows of ``X``."""
        known = self._cur_y
        stale = last_times(y.index).intersection(known.index).difference(last_times(known.index))
        if len(stale):
            problem = "ends before the latest observation that is known, and state does not go back"
            fix = (
                "Fit on what comes before y, and update with the rest, with an index that goes on."
            )
            raise DataError("y", str(stale[0]), problem, fix)
        y = y[~y.index.isin(known.index)]
        if not len(y):
            return
        if self._cur_X is None:
            X = None
        elif X is None:
            fix = "Give it over the rows of y."
            raise DataError("X", None, "is needed: the model was fitted with it", fix)
        else:
            X = X.reindex(y.index)
        everything = pd.concat([known, y])
        if update_params:
            X = None if X is None else pd.concat([self._cur_X, X])
            self._fit(everything, X, self._fh)
            return
        X = None if X is None else pd.concat([self._cur_X, X])
        new = later_rows(self.forecaster_, long_frame(everything.index, everything, X))
        if len(new):
            self.forecaster_.update(new)
        self._cur_y, self._cur_X = everything, X

    def _predict(self, fh: Any, X: pd.DataFrame | None) -> pd.DataFrame:
        ahead = self._ahead(fh)
        values, horizon = np.full(ahead.shape, np.nan), int(ahead.max())
        rows = np.arange(len(ahead))[:, None]
        if horizon > 0:
            frame = self.forecaster_.predict(horizon, X=future_of(X))
            found = frame["mean"].to_numpy().reshape(len(ahead), horizon)
            values = np.where(ahead > 0, found[rows, (ahead - 1).clip(0)], values)
        if (ahead <= 0).any():
            fitted = self._fitted_values()
            there = (ahead <= 0) & (ahead > -fitted.shape[1])
            values = np.where(there, fitted[rows, np.where(there, ahead - 1, -1)], values)
        return pd.DataFrame({self._cur_y.columns[0]: values.ravel()}, self._index(fh, ahead))

    def _predict_quantiles(
        self, fh: Any, X: pd.DataFrame | None, alpha: Sequence[float]
    ) -> pd.DataFrame:
        ahead = self._ahead(fh)
        horizon = int(ahead.max())
        frame = self.forecaster_.predict(horizon, quantiles=alpha, X=future_of(X))
        rows = (ahead - 1 + horizon * np.arange(len(ahead))[:, None]).ravel()
        columns = self._get_columns(method="predict_quantiles", alpha=alpha)
        values = frame[[f"q-{each:g}" for each in alpha]].to_numpy()[rows]
        return pd.DataFrame(values, self._index(fh, ahead), columns)

    def _ahead(self, fh: Any) -> Ints:
        """(series, steps) how many steps after each one's latest observation a horizon lies."""
        origin = self.forecaster_.origin_
        rows = long_frame(last_times(self._cur_y.index), None, None)
        ends = origin.kind.time.read(as_table(rows)["ds"])
        times, place = np.unique(np.concatenate([origin.last, ends]), return_inverse=True)
        last, end = origin.frequency.index(times)[place].reshape(2, -1)
        steps = fh.to_relative(self.cutoff).to_numpy().astype(np.int64)
        since = end if fh.is_relative else np.full(len(end), end.max())
        return np.asarray((since - last)[:, None] + steps)

    def _fitted_values(self) -> Floats:
        """(series, longest) forecasts one step ahead within the sample, the latest one last."""
        frame = self.forecaster_.fitted_values(
            long_frame(self._cur_y.index, self._cur_y, self._cur_X)
        )
        names = frame["unique_id"] if "unique_id" in frame else np.zeros(len(frame))
        places = {name: i for i, name in enumerate(self.forecaster_.origin_.ids)}
        parts = frame.groupby(names, sort=False)["fitted"]
        found = np.full((len(places), max((len(part) for _, part in parts), default=0)), np.nan)
        for name, part in parts:
            found[places.get(name, 0), found.shape[1] - len(part) :] = part
        return found

    def _index(self, fh: Any, ahead: Ints) -> pd.Index:
        """What sktime calls the rows of a forecast."""
        known = self._cur_y.index
        if not isinstance(known, pd.MultiIndex):
            return fh.to_absolute_index(self.cutoff)
        origin = self.forecaster_.origin_
        times = origin.frequency.later(origin.last[:, None], ahead).ravel()
        series = last_times(known).droplevel(-1).repeat(ahead.shape[1])
        levels = [series.get_level_values(i) for i in range(series.nlevels)]
        written = origin.kind.time.write(times, origin.kind.backend).to_native()
        return pd.MultiIndex.from_arrays([*levels, pd.Index(written)], names=known.names)


def long_frame(index: pd.Index, y: pd.DataFrame | None, X: pd.DataFrame | None) -> pd.DataFrame:
    """Rows of sktime as a long frame: id, time, target, and each column of X as ``X[name]``."""
    columns: dict[str, Any] = {"ds": index.get_level_values(-1)}
    if isinstance(index, pd.MultiIndex):
        codes, series = pd.factorize(index.droplevel(-1))
        columns["unique_id"] = np.array([visible(str(name)) for name in series], object)[codes]
    if y is not None:
        columns["y"] = y.iloc[:, 0].to_numpy()
    if X is not None:
        columns |= {f"X[{name!r}]": X[name].to_numpy() for name in X.columns}
    return pd.DataFrame(columns)


def future_of(X: pd.DataFrame | None) -> pd.DataFrame | None:
    """The columns over the horizon, as a long frame."""
    return None if X is None else long_frame(X.index, None, X)


def last_times(index: pd.Index) -> pd.Index:
    """The last row of each series, in the order in which series first come."""
    if not isinstance(index, pd.MultiIndex):
        return index[-1:]
    codes, _ = pd.factorize(index.droplevel(-1))
    last = pd.Series(np.arange(len(index))).groupby(codes).last()
    return index[last.to_numpy()]


def later_rows(model: Forecaster, frame: pd.DataFrame) -> pd.DataFrame:
    """The rows of a frame after the latest observation of each series, up to its last value.

    Missing values between others are filled in linearly, as in fitting.
    """
    origin = model.origin_
    names = frame["unique_id"] if "unique_id" in frame else pd.Series(0, frame.index)
    values = frame.groupby(names, sort=False)["y"]
    frame = frame.assign(y=values.transform(lambda y: y.interpolate(limit_area="inside")))
    codes = np.array([origin.kind.places.get(name, 0) for name in names])
    later = origin.kind.time.read(as_table(frame)["ds"]) > origin.last[codes]
    return frame[later & frame["y"].notna()]
