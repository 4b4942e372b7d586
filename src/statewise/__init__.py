"""statewise: recurrent forecasters whose state is explicit."""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from statewise.baselines import persistence as persistence
    from statewise.engine import Fitted as Fitted
    from statewise.engine import State as State
    from statewise.engine import Weights as Weights
    from statewise.engine import fit as fit
    from statewise.engine import initial_weights as initial_weights
    from statewise.engine import step as step
    from statewise.errors import DataError as DataError
    from statewise.errors import ModelError as ModelError
    from statewise.errors import OutputError as OutputError
    from statewise.errors import SettingError as SettingError
    from statewise.errors import StatewiseError as StatewiseError
    from statewise.forecasting import Backtest as Backtest
    from statewise.forecasting import Forecaster as Forecaster
    from statewise.framing import Framing as Framing
    from statewise.inference import Outcome as Outcome
    from statewise.inference import Verdict as Verdict
    from statewise.inference import settle as settle
    from statewise.metrics import coverage as coverage
    from statewise.metrics import interval_score as interval_score
    from statewise.metrics import mae as mae
    from statewise.metrics import mase as mase
    from statewise.metrics import rmse as rmse
    from statewise.metrics import skill as skill
    from statewise.metrics import smape as smape
    from statewise.network import SGD as SGD
    from statewise.network import Adam as Adam
    from statewise.network import Network as Network
    from statewise.network import ReduceOnPlateau as ReduceOnPlateau
    from statewise.network import Training as Training
    from statewise.panel import Panel as Panel
    from statewise.regime import REGIMES as REGIMES
    from statewise.regime import StateRegime as StateRegime
    from statewise.study import Arm as Arm
    from statewise.study import Study as Study
    from statewise.study import better as better
    from statewise.study import equivalent as equivalent
    from statewise.study import run_study as run_study
    from statewise.walk import walk_forward as walk_forward

__version__ = "0.1.0"

_HOME = {
    "baselines": ("persistence",),
    "engine": ("Fitted", "State", "Weights", "fit", "initial_weights", "step"),
    "errors": ("DataError", "ModelError", "OutputError", "SettingError", "StatewiseError"),
    "forecasting": ("Backtest", "Forecaster"),
    "framing": ("Framing",),
    "inference": ("Outcome", "Verdict", "settle"),
    "metrics": ("coverage", "interval_score", "mae", "mase", "rmse", "skill", "smape"),
    "network": ("SGD", "Adam", "Network", "ReduceOnPlateau", "Training"),
    "panel": ("Panel",),
    "regime": ("REGIMES", "StateRegime"),
    "study": ("Arm", "Study", "better", "equivalent", "run_study"),
    "walk": ("walk_forward",),
}
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
