"""statewise: recurrent forecasters whose state is explicit."""

import importlib
from typing import TYPE_CHECKING, Any

from statewise.version import __version__

if TYPE_CHECKING:
    from statewise.auto.like_forecast import like_forecast as like_forecast
    from statewise.auto.tune import tune as tune
    from statewise.auto.tuned import Tuned as Tuned
    from statewise.data.panel import Panel as Panel
    from statewise.engine import Fitted as Fitted
    from statewise.engine import State as State
    from statewise.engine import Weights as Weights
    from statewise.engine import fit as fit
    from statewise.engine import initial_weights as initial_weights
    from statewise.engine import step as step
    from statewise.ensemble.rolling_origin import walk_forward as walk_forward
    from statewise.errors import DataError as DataError
    from statewise.errors import ModelError as ModelError
    from statewise.errors import OutputError as OutputError
    from statewise.errors import SettingError as SettingError
    from statewise.errors import StatewiseError as StatewiseError
    from statewise.forecasting import Backtest as Backtest
    from statewise.forecasting import Data as Data
    from statewise.forecasting import Forecaster as Forecaster
    from statewise.forecasting import Recipe as Recipe
    from statewise.model.framing import Framing as Framing
    from statewise.model.network import SGD as SGD
    from statewise.model.network import Adam as Adam
    from statewise.model.network import Network as Network
    from statewise.model.network import ReduceOnPlateau as ReduceOnPlateau
    from statewise.model.network import Training as Training
    from statewise.model.regime import REGIMES as REGIMES
    from statewise.model.regime import StateRegime as StateRegime
    from statewise.model.spec import Model as Model
    from statewise.scoring.baselines import persistence as persistence
    from statewise.scoring.metrics import coverage as coverage
    from statewise.scoring.metrics import interval_score as interval_score
    from statewise.scoring.metrics import mae as mae
    from statewise.scoring.metrics import mase as mase
    from statewise.scoring.metrics import rmse as rmse
    from statewise.scoring.metrics import skill as skill
    from statewise.scoring.metrics import smape as smape
    from statewise.study import Arm as Arm
    from statewise.study import Outcome as Outcome
    from statewise.study import Study as Study
    from statewise.study import Verdict as Verdict
    from statewise.study import better as better
    from statewise.study import equivalent as equivalent
    from statewise.study import run_study as run_study
    from statewise.study import settle as settle

_HOME = {
    "auto.like_forecast": ("like_forecast",),
    "auto.tune": ("tune",),
    "auto.tuned": ("Tuned",),
    "data.panel": ("Panel",),
    "engine": ("Fitted", "State", "Weights", "fit", "initial_weights", "step"),
    "ensemble.rolling_origin": ("walk_forward",),
    "errors": ("DataError", "ModelError", "OutputError", "SettingError", "StatewiseError"),
    "forecasting": ("Backtest", "Data", "Forecaster", "Recipe"),
    "model.framing": ("Framing",),
    "model.network": ("SGD", "Adam", "Network", "ReduceOnPlateau", "Training"),
    "model.regime": ("REGIMES", "StateRegime"),
    "model.spec": ("Model",),
    "scoring.baselines": ("persistence",),
    "scoring.metrics": ("coverage", "interval_score", "mae", "mase", "rmse", "skill", "smape"),
    "study": (
        "Arm", "Outcome", "Study", "Verdict", "better", "equivalent", "run_study", "settle",
    ),
}  # fmt: skip
_MODULE_OF = {name: module for module, names in _HOME.items() for name in names}

__all__ = ["__version__", *sorted(_MODULE_OF)]  # noqa: PLE0604


def __getattr__(name: str) -> Any:
    """Import a public name from its module when it is first used: numba takes a while."""
    if name not in _MODULE_OF:
        raise AttributeError(f"module 'statewise' has no attribute {name!r}")
    value = getattr(importlib.import_module(f"statewise.{_MODULE_OF[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return list(__all__)
