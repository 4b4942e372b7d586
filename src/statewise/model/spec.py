"""Model: what is trained, on what it looks at, how, and when its state is reset; one value."""

from dataclasses import dataclass, field

from statewise.base.checks import instance
from statewise.model.framing import Framing
from statewise.model.network import Network, Training
from statewise.model.regime import StateRegime

__all__ = ["Model"]


@dataclass(frozen=True)
class Model:
    """A framing, a network, its training and its regime of state, which fit each other.

    Args:
        regime: when state is carried, reset and warmed up.
        framing: how a series becomes samples, and outputs become forecasts.
        network: what is trained.
        training: how it is trained.

    Raises:
        SettingError: a part is of another kind, or the regime contradicts the batch size.

    Example:
        >>> Model(StateRegime.named("stateful")).network.units
        1
    """

    regime: StateRegime = field(default_factory=StateRegime)
    framing: Framing = field(default_factory=Framing)
    network: Network = field(default_factory=Network)
    training: Training = field(default_factory=Training)

    def __post_init__(self) -> None:
        use = "Use StateRegime(...) or StateRegime.named(...)."
        instance("regime", self.regime, StateRegime, use)
        instance("framing", self.framing, Framing, "Use Framing(...).")
        instance("network", self.network, Network, "Use Network(...).")
        instance("training", self.training, Training, "Use Training(...).")
        self.regime.check_forecast(self.training.batch_size)
