"""Small recipes and histories for tests of networks."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from statewise.engine import Fitted
from statewise.ensemble.history import History
from statewise.ensemble.trained import Ensemble, ForecastState
from statewise.forecasting.fitting import fit_ensembles, known_of
from statewise.forecasting.networks import Networks
from statewise.model.framing import Framing
from statewise.model.network import Adam, Network, Training
from statewise.model.regime import REGIMES, StateRegime
from statewise.model.spec import Model

CARRIED = StateRegime("epoch", warm_up="train", reset_forecast="never")


def recipe(regime: str | StateRegime = CARRIED, **changes: Any) -> Networks:
    parts: dict[str, Any] = {
        "regime": REGIMES[regime] if isinstance(regime, str) else regime,
        "framing": Framing(lags=2, steps=2),
        "network": Network(2),
        "training": Training(5, optimizer=Adam(0.02)),
        "members": 3,
        "scope": "local",
        "seed": 4,
    }
    parts |= changes
    model = Model(
        **{name: parts.pop(name) for name in ("regime", "framing", "network", "training")}
    )
    return Networks(model, **parts)


def histories(lengths: tuple[int, ...] = (30, 18, 41), columns: int = 0) -> list[History]:
    rng = np.random.default_rng(5)
    return [
        History(f"s{i}", 50 + rng.normal(0, 5, n).cumsum(), rng.normal(3, 2, (n, columns)))
        for i, n in enumerate(lengths)
    ]


def fit_ensemble(
    networks: Networks, parts: Sequence[History]
) -> tuple[Ensemble, ForecastState, Fitted]:
    """The ensemble of one panel, what it knows at the end of it, and how its training went."""
    [(ensemble, trained)] = fit_ensembles(networks, [parts])
    return ensemble, known_of(networks, ensemble, parts, trained.state), trained
