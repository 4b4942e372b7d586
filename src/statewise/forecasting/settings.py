"""What a forecaster is told: one table of settings, with their words, and the recipe they make."""

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Literal, Self, TypeVar

from statewise.base.checks import at_least, one_of
from statewise.data.fill import Fill
from statewise.forecasting.fitting import Recipe
from statewise.model.framing import Framing
from statewise.model.network import Adam, EarlyStopping, Network, ReduceOnPlateau, Training
from statewise.model.regime import StateRegime
from statewise.model.spec import Model

__all__ = ["Settings", "documented", "words"]

C = TypeVar("C", bound=type)


def setting(default: Any, said: str) -> Any:
    """A row of the table: the default, and what it means in words."""
    return field(default=default, metadata={"words": said})


@dataclass(repr=False, eq=False)
class Settings:
    """The settings of a forecaster, each kept as it was given until a recipe is made of them.

    They are read, set and copied by name, as scikit-learn has it.
    """

    regime: str | StateRegime = setting(
        "stateless",
        "when state is reset, carried and warmed up: a ``StateRegime`` or a preset's name",
    )
    lags: int = setting(12, "past values shown at each time step")
    steps: int = setting(1, "time steps of a window")
    members: int = setting(32, "networks for a series, each from its own random restart")
    scope: Literal["local", "global"] = setting(
        "local", '"local": every series has its own networks; "global": all series share theirs'
    )
    units: int = setting(8, "LSTM units")
    outputs: int = setting(1, "observations forecast at once; beyond them forecasts are fed back")
    difference: int | tuple[int, ...] | None = setting(
        None,
        "lags at which differences are taken, 0 for none; by default none, or 1 where a window is "
        "of one value",
    )
    transform: float | Literal["none", "log", "box-cox"] = setting(
        "none", '"none", "log", "box-cox" or its exponent, as ``Framing`` says'
    )
    scale: tuple[float, float] | Literal["standard"] | None = setting(
        (-1.0, 1.0), "the range that training values are mapped to, as ``Framing`` says"
    )
    relative: Literal["none", "last", "mean"] | None = setting(
        None,
        "what a window is shown less of, as ``Framing`` says; by default its mean, if it is of "
        "several values that are not differenced",
    )
    target_scale: Literal["apart", "same"] = setting("apart", "as ``Framing`` says")
    samples: int | None = setting(None, "train on the last so many samples only; None takes all")
    calendar: Sequence[str] = setting(
        (), 'what networks are shown of a date: "month", "day-of-week", "hour" and others'
    )
    exogenous: bool | Sequence[str] = setting(
        True, "further columns of the frame that are known in the future: all, none, or a list"
    )
    epochs: int = setting(50, "passes over the training samples")
    batch_size: int | None = setting(
        None,
        "samples in one optimizer step; by default 16, or 1 where state is carried in training",
    )
    learning_rate: float = setting(0.01, "of Adam")
    schedule: Literal["constant", "cosine"] | ReduceOnPlateau = setting(
        "cosine", "of the learning rate, as ``Training`` says"
    )
    clip_error: float | None = setting(
        None, "errors beyond it count linearly, as ``Training`` says; None squares them all"
    )
    validation: float = setting(
        0, "how many of the last samples, or what fraction of them, are held back and looked at"
    )
    early_stopping: int | None = setting(
        None, "epochs without improvement on the validation samples before the end"
    )
    initial_state: Literal["zeros", "learned"] = setting(
        "zeros", '"zeros", or "learned" with the weights'
    )
    profile: str = setting("keras-3", 'numerical conventions, "keras-3" or "keras-2"')
    point: Literal["mean", "median"] = setting(
        "mean", "how members are made into one forecast, and what its column is called"
    )
    intervals: Literal["conformal", "ensemble"] | None = setting(
        "conformal",
        '"conformal": from the errors of a twin on observations that it has not seen; "ensemble": '
        "from the spread of the members alone, which is not a promise of coverage; None trains no "
        "twin",
    )
    calibration: int | None = setting(
        None,
        "observations held back from the twin; by default a quarter of a series, between 8 and 40",
    )
    freq: str | int | None = setting(
        None, "the step between times, as pandas calls it; by default it is inferred"
    )
    fill: Fill | None = setting(
        None, 'how missing values are filled in: "forward", "linear", "zero" or a number'
    )
    id_column: str | None = setting(
        None, "the column that names the series of a row, by default ``unique_id`` if there is one"
    )
    time_column: str | None = setting(
        None, "the column of times, by default ``ds``, another usual name, or the first"
    )
    target_column: str | None = setting(
        None, "the column of values, by default ``y``, or the only one left"
    )
    seed: int = setting(1, "the key of all randomness")
    threads: int | None = setting(None, "at most this many; by default one a processor")
    progress: bool = setting(False, "whether fitting shows a progress bar")

    def get_params(self, deep: bool = True) -> dict[str, Any]:  # noqa: ARG002
        """The settings by name."""
        return {each.name: getattr(self, each.name) for each in fields(self)}

    def set_params(self, **params: Any) -> Self:
        """Set some of them for the next fit; raises SettingError for a name that is none."""
        for name in params:
            one_of("parameter", name, words())
        for name, value in params.items():
            setattr(self, name, value)
        return self

    def clone(self) -> Self:
        """Another with the same settings, not fitted."""
        return type(self)(**self.get_params())

    def changed(self) -> dict[str, Any]:
        """The settings that are not at their defaults."""
        pairs = ((each, getattr(self, each.name)) for each in fields(self))
        return {
            each.name: value
            for each, value in pairs
            if value is not each.default and value != each.default
        }

    def __repr__(self) -> str:
        said = [f"{name}={value!r}" for name, value in self.changed().items()]
        return f"{type(self).__name__}({', '.join(said)})"

    @property
    def recipe(self) -> Recipe:
        """The settings of fitting, checked.

        Raises:
            SettingError: one of them is impossible, or two contradict each other.
        """
        regime: Any = self.regime
        if isinstance(regime, str):
            regime = StateRegime.named(regime)
        one_of("point", self.point, ("mean", "median"))
        if self.intervals is not None:
            one_of("intervals", self.intervals, ("conformal", "ensemble"))
        if self.calibration is not None:
            at_least("calibration", self.calibration, 2)
        carries = isinstance(regime, StateRegime) and regime.carries_in_training
        batch_size = (1 if carries else 16) if self.batch_size is None else self.batch_size
        early = None
        if self.early_stopping is not None:
            early = EarlyStopping(self.early_stopping)
        several = at_least("lags", self.lags, 1) + at_least("steps", self.steps, 1) > 2
        difference, relative = self.difference, self.relative
        if difference is None:
            difference = 0 if several else 1
        if relative is None:
            relative = "mean" if several and not difference else "none"
        framing = Framing(
            difference, self.lags, self.steps, self.scale, self.samples, self.transform,
            relative, self.target_scale, self.outputs,
        )  # fmt: skip
        network = Network(self.units, self.profile, self.initial_state)
        training = Training(
            self.epochs,
            batch_size,
            Adam(self.learning_rate),
            clip_error=self.clip_error,
            schedule=self.schedule,
            validation=self.validation,
            early_stopping=early,
        )
        model = Model(regime, framing, network, training)
        return Recipe(model, self.members, self.scope, self.seed)


def words() -> dict[str, str]:
    """What each setting means, by its name."""
    return {each.name: each.metadata["words"] for each in fields(Settings)}


def documented(cls: C) -> C:
    """A class whose docstring lists the settings where it says ``{settings}``."""
    rows = [
        textwrap.fill(f"{name}: {said}.", 92, initial_indent=" " * 8, subsequent_indent=" " * 12)
        for name, said in words().items()
    ]
    cls.__doc__ = (cls.__doc__ or "").replace("        {settings}", "\n".join(rows))
    return cls
