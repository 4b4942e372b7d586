"""StatewiseForecaster: statewise's forecaster as one of sktime's, in the extra ``sktime``."""

import inspect
from collections.abc import Sequence
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from statewise.base.extras import import_extra
from statewise.errors import DataError
from statewise.forecasting import Forecaster

__all__ = ["StatewiseForecaster"]

LEFT_OUT = ("exogenous", "fill", "id_column", "time_column", "target_column")
PARAMETERS = inspect.signature(Forecaster.__init__).parameters
SIGNATURE = inspect.Signature([p for p in PARAMETERS.values() if p.name not in LEFT_OUT])
MTYPES = ["pd.DataFrame", "pd-multiindex", "pd_multiindex_hier"]

BaseForecaster: Any = import_extra("sktime.forecasting.base", "sktime").BaseForecaster


class StatewiseForecaster(BaseForecaster):
    """statewise's ``Forecaster`` with the interface of sktime.

    ``update(y, update_params=False)`` moves the state on with the rows that are new, and weights
    stay; ``update_params=True`` trains again on everything. Panels and hierarchies are fitted in
    one call: with ``scope="global"`` all their series share networks. A relative horizon counts
    from the end of each series. Columns of a frame are forecast each by itself.

    X is needed at every step up to the last one of the horizon, also at those not asked for.
    Forecasts within the sample are not made: networks were trained on it.

    Its parameters are those of ``Forecaster``, without ``exogenous``, ``fill`` and the names of
    columns, which a frame of sktime does not have.

    Attributes:
        forecaster_: the ``Forecaster``, with its state, and a file format that holds no code.

    Example:
        >>> import pandas as pd
        >>> from statewise.interop.sktime import StatewiseForecaster
        >>> y = pd.Series([112.0, 118, 132, 129, 121, 135, 148, 148, 136, 119, 104, 118] * 4)
        >>> model = StatewiseForecaster(lags=12, members=4, epochs=20).fit(y[:40], fh=[1, 3])
        >>> model.update(y[40:], update_params=False).predict().index.tolist()
        [48, 50]
    """

    _tags: ClassVar[dict[str, Any]] = {
        "authors": "statewise developers",
        "maintainers": "statewise developers",
        "y_inner_mtype": MTYPES,
        "X_inner_mtype": MTYPES,
        **{f"capability:{can}": True for can in ("exogenous", "pred_int", "update")},
        **{
            f"capability:{cannot}": False
            for cannot in (
                "multivariate",
                "categorical_in_X",
                "non_contiguous_X",
                "missing_values",
                "insample",
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
        given = SIGNATURE.bind(self, *args, **kwargs)
        given.apply_defaults()
        for name, value in list(given.arguments.items())[1:]:
            setattr(self, name, value)
        super().__init__()

    __init__.__signature__ = SIGNATURE  # type: ignore[attr-defined]

    def __post_init__(self) -> None:
        """Set the tag that depends on the parameters of this instance; sktime calls this."""
        self.set_tags(**{"capability:pred_int": self.intervals is not None})

    @classmethod
    def get_test_params(cls, parameter_set: str = "default") -> list[dict[str, Any]]:  # noqa: ARG003
        """Return parameters with which sktime's checks take little time."""
        small = {"members": 2, "units": 2, "epochs": 2, "threads": 1}
        carried = {"regime": "stateful", "lags": 1, "scope": "global", "intervals": "ensemble"}
        return [small | {"lags": 2, "calibration": 5}, small | carried]

    def _fit(self, y: pd.DataFrame, X: pd.DataFrame | None, fh: Any) -> Self:  # noqa: ARG002
        model = Forecaster(**self.get_params(deep=False))
        X = None if X is None else X.reindex(y.index)
        self.forecaster_ = model.fit(long_frame(y.index, y, X))
        self._cur_y, self._cur_X = y, X
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
        stale = ends_of(y).intersection(known.index).difference(ends_of(known))
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
        self.forecaster_.update(long_frame(y.index, y, X))
        self._cur_y = everything
        self._cur_X = None if X is None else pd.concat([self._cur_X, X])

    def _predict(self, fh: Any, X: pd.DataFrame | None) -> pd.DataFrame:
        frame = self._forecast(fh, X)
        return frame[[self.point]].set_axis(self._cur_y.columns, axis=1)

    def _predict_quantiles(
        self, fh: Any, X: pd.DataFrame | None, alpha: Sequence[float]
    ) -> pd.DataFrame:
        # A quantile is an end of the interval about the middle that leaves out as much above as
        # below; the one of 0.5 is the forecast.
        levels = {a: round(100 * abs(1 - 2 * a), 8) for a in alpha}
        frame = self._forecast(fh, X, sorted({each for each in levels.values() if each}))
        names = [
            f"{'lo' if a < 0.5 else 'hi'}-{level:g}" if level else self.point
            for a, level in levels.items()
        ]
        columns = self._get_columns(method="predict_quantiles", alpha=alpha)
        return frame[names].set_axis(columns, axis=1)

    def _forecast(
        self, fh: Any, X: pd.DataFrame | None, level: Sequence[float] = ()
    ) -> pd.DataFrame:
        """The forecaster's frame at the steps of the horizon, indexed as sktime wants it."""
        model, known = self.forecaster_, self._cur_y.index
        steps = fh.to_relative(self.cutoff).to_numpy().astype(np.int64)
        ahead = np.broadcast_to(steps, (len(model.origin_), len(steps)))
        if not fh.is_relative:
            ahead = ahead + behind(model)[:, None]
        horizon = int(ahead.max())
        given = None if X is None else long_frame(X.index, None, X)
        frame = model.predict(horizon, level=level, X=given)
        rows = ahead - 1 + horizon * np.arange(len(ahead))[:, None]
        frame = frame.iloc[rows.ravel()]
        if not isinstance(known, pd.MultiIndex):
            return frame.set_axis(fh.to_absolute_index(self.cutoff))
        series = known.droplevel(-1).unique().repeat(len(steps))
        levels = [series.get_level_values(i) for i in range(series.nlevels)]
        index = pd.MultiIndex.from_arrays([*levels, pd.Index(frame["ds"])], names=known.names)
        return frame.set_axis(index)


def long_frame(index: pd.Index, y: pd.DataFrame | None, X: pd.DataFrame | None) -> pd.DataFrame:
    """Rows of sktime as a long frame: id, time, target, and each column of X as ``X[name]``."""
    columns: dict[str, Any] = {"ds": index.get_level_values(-1)}
    if isinstance(index, pd.MultiIndex):
        codes, series = pd.factorize(index.droplevel(-1))
        columns["unique_id"] = np.array([str(name) for name in series], object)[codes]
    if y is not None:
        columns["y"] = y.iloc[:, 0].to_numpy()
    if X is not None:
        columns |= {f"X[{name!r}]": X[name].to_numpy() for name in X.columns}
    return pd.DataFrame(columns)


def ends_of(y: pd.DataFrame) -> pd.Index:
    """The index of the last row of each series."""
    if not isinstance(y.index, pd.MultiIndex):
        return y.index[-1:]
    return y.groupby(level=list(range(y.index.nlevels - 1)), sort=False).tail(1).index


def behind(model: Forecaster) -> NDArray[np.int64]:
    """(series,) how many steps each one's latest observation lies before the latest of all."""
    origin = model.origin_
    last, place = np.unique(origin.last, return_inverse=True)
    steps = origin.frequency.index(last)
    return np.asarray(steps[-1] - steps[place])
