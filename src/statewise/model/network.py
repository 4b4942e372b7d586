"""What is trained and how: Network, Training, and the numerical profiles they follow."""

from dataclasses import dataclass, field
from typing import Literal

from statewise.base.checks import INT32, at_least, fraction, instance, one_of, positive
from statewise.base.records import settle
from statewise.errors import SettingError

__all__ = [
    "PROFILES",
    "SGD",
    "Adam",
    "EarlyStopping",
    "Network",
    "Profile",
    "ReduceOnPlateau",
    "Training",
]

MOST_UNITS = 4096  # a network of more has over 250 MB of weights
MOST_EPOCHS = 1_000_000  # the loss of every batch of more is no table that anybody has room for


@dataclass(frozen=True)
class Profile:
    """The numerical conventions of one generation of Keras.

    ``gate`` is the activation of the input, forget and output gates: ``"logistic"`` is
    1 / (1 + exp(-x)), ``"hard_sigmoid"`` is clip(0.2 x + 0.5, 0, 1). Everything else is the same
    in both: Glorot-uniform kernels, an orthogonal recurrent kernel, zero biases but the forget
    gate's one.
    """

    gate: Literal["logistic", "hard_sigmoid"]
    adam_epsilon: float


PROFILES: dict[str, Profile] = {
    "keras-2": Profile(gate="hard_sigmoid", adam_epsilon=1e-8),
    "keras-3": Profile(gate="logistic", adam_epsilon=1e-7),
}
"""``keras-2`` is what the origin experiments ran in 2017; ``keras-3`` is today's default."""


@dataclass(frozen=True)
class Network:
    """One LSTM layer and a dense output layer.

    Args:
        units: the number of LSTM units.
        profile: a name in ``PROFILES``.
        initial_state: what the state is set back to: ``"zeros"``, or one that is ``"learned"`` with
            the weights.

    Raises:
        SettingError: units below one or above 4096, or an unknown profile or initial state.
    """

    units: int = 1
    profile: str = "keras-3"
    initial_state: Literal["zeros", "learned"] = "zeros"

    def __post_init__(self) -> None:
        settle(
            self,
            units=at_least("units", self.units, 1, MOST_UNITS),
            profile=one_of("profile", self.profile, PROFILES),
            initial_state=one_of("initial_state", self.initial_state, ("zeros", "learned")),
        )

    @property
    def numerics(self) -> Profile:
        """The profile itself."""
        return PROFILES[self.profile]


@dataclass(frozen=True)
class Adam:
    """Adam as Keras computes it: bias-corrected step size, epsilon outside the square root.

    ``w -= m * a_t / (sqrt(v) + epsilon)`` with ``a_t = learning_rate * sqrt(1 - beta_2**t) /
    (1 - beta_1**t)`` (Kingma and Ba, 2015, the efficient form at the end of section 2).
    ``epsilon=None`` takes the profile's.
    """

    learning_rate: float = 1e-3
    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float | None = None

    def __post_init__(self) -> None:
        settle(
            self,
            learning_rate=positive("learning_rate", self.learning_rate),
            beta_1=fraction("beta_1", self.beta_1),
            beta_2=fraction("beta_2", self.beta_2),
            epsilon=None if self.epsilon is None else positive("epsilon", self.epsilon),
        )


@dataclass(frozen=True)
class SGD:
    """Stochastic gradient descent, ``d = momentum * d - learning_rate * g; w += d``."""

    learning_rate: float = 1e-2
    momentum: float = 0.0

    def __post_init__(self) -> None:
        settle(
            self,
            learning_rate=positive("learning_rate", self.learning_rate),
            momentum=fraction("momentum", self.momentum),
        )


@dataclass(frozen=True)
class ReduceOnPlateau:
    """Multiply the learning rate by ``factor`` when the loss has not improved for a while.

    Each run has its own rate. The loss is that of validation where there is one, else training's.

    Args:
        factor: of the learning rate, between zero and one.
        patience: epochs without improvement before it.
        lowest: the least fraction of the first learning rate.
    """

    factor: float = 0.5
    patience: int = 10
    lowest: float = 1e-3

    def __post_init__(self) -> None:
        settle(
            self,
            factor=fraction("factor", positive("factor", self.factor)),
            patience=at_least("patience", self.patience, 1),
            lowest=fraction("lowest", self.lowest),
        )


@dataclass(frozen=True)
class EarlyStopping:
    """End a run when its validation loss has not improved for a while, and go back to its best.

    Weights and state go back together, to the epoch with the least validation loss.

    Args:
        patience: epochs without improvement before the end.
        improvement: the least decrease of the loss that counts, as a fraction of the best.
    """

    patience: int = 20
    improvement: float = 0.0

    def __post_init__(self) -> None:
        settle(
            self,
            patience=at_least("patience", self.patience, 1),
            improvement=fraction("improvement", self.improvement),
        )


@dataclass(frozen=True)
class Training:
    """How a network is fitted.

    Args:
        epochs: passes over the training samples.
        batch_size: samples in one optimizer step. The last batch of an epoch is smaller when the
            samples do not divide; a regime that carries state refuses that.
        optimizer: ``Adam(...)`` or ``SGD(...)``.
        divergence: a run is recorded as diverged at the first epoch whose mean loss is not finite
            or exceeds this multiple of the mean squared target, or of one if that is less: an
            untrained network's outputs are of the order of one, whatever the targets.
        clip_error: errors beyond it count linearly and not squared (Huber's loss, 1964, doubled),
            in the units of the framed target; None squares them all.
        schedule: of the learning rate: ``"constant"``, ``"cosine"`` from the optimizer's down to
            zero over all steps (Loshchilov and Hutter, 2017), or ``ReduceOnPlateau(...)``.
        validation: how many of the last samples, or what fraction of them, are held back and only
            looked at after every epoch; 0 for none.
        early_stopping: ``EarlyStopping(...)``, which needs ``validation``, or None.

    Raises:
        SettingError: a number is out of range.
    """

    epochs: int = 1000
    batch_size: int = 1
    optimizer: Adam | SGD = field(default_factory=Adam)
    divergence: float = 1e6
    clip_error: float | None = None
    schedule: Literal["constant", "cosine"] | ReduceOnPlateau = "constant"
    validation: float = 0
    early_stopping: EarlyStopping | None = None

    def __post_init__(self) -> None:
        instance("optimizer", self.optimizer, Adam | SGD, "Use Adam(...) or SGD(...).")
        if not isinstance(self.schedule, ReduceOnPlateau):
            one_of("schedule", self.schedule, ("constant", "cosine"))
        share = not hasattr(self.validation, "__index__")  # and not a whole number
        settle(
            self,
            epochs=at_least("epochs", self.epochs, 1, MOST_EPOCHS),
            batch_size=at_least("batch_size", self.batch_size, 1, INT32),
            divergence=positive("divergence", self.divergence),
            clip_error=None if self.clip_error is None else positive("clip_error", self.clip_error),
            validation=fraction("validation", self.validation)
            if share
            else at_least("validation", self.validation, 0),
        )
        if self.early_stopping is not None:
            instance("early_stopping", self.early_stopping, EarlyStopping, "Use EarlyStopping().")
            if not self.validation:
                problem = "needs validation samples to watch"
                fix = "Hold some back, for example validation=0.2."
                raise SettingError("early_stopping", self.early_stopping, problem, fix)

    def held_back(self, samples: int) -> int:
        """How many of ``samples`` are held back for validation.

        Example:
            >>> Training(validation=0.2).held_back(22)
            4
        """
        if isinstance(self.validation, int):
            return self.validation
        return int(self.validation * samples)

    @property
    def watches(self) -> bool:
        """Whether something is looked at after every epoch."""
        return bool(self.validation) or isinstance(self.schedule, ReduceOnPlateau)
