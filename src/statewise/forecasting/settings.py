"""The parameters of a forecaster, and the recipe that they make."""

from collections.abc import Sequence
from typing import Any, Literal

from statewise.base.checks import at_least, one_of
from statewise.data.fill import Fill
from statewise.forecasting.fitting import Recipe
from statewise.forecasting.parameters import Parameters
from statewise.model.framing import Framing
from statewise.model.network import Adam, EarlyStopping, Network, ReduceOnPlateau, Training
from statewise.model.regime import StateRegime
from statewise.model.spec import Model

__all__ = ["Settings"]


class Settings(Parameters):
    """What ``Forecaster`` says of its arguments, each kept as it was given."""

    def __init__(
        self,
        regime: str | StateRegime = "stateless",
        lags: int = 12,
        steps: int = 1,
        members: int = 32,
        scope: Literal["local", "global"] = "local",
        units: int = 8,
        outputs: int = 1,
        difference: int | tuple[int, ...] | None = None,
        transform: float | Literal["none", "log", "box-cox"] = "none",
        scale: tuple[float, float] | Literal["standard"] | None = (-1.0, 1.0),
        relative: Literal["none", "last", "mean"] | None = None,
        target_scale: Literal["apart", "same"] = "apart",
        samples: int | None = None,
        calendar: Sequence[str] = (),
        exogenous: bool | Sequence[str] = True,
        epochs: int = 50,
        batch_size: int | None = None,
        learning_rate: float = 0.01,
        schedule: Literal["constant", "cosine"] | ReduceOnPlateau = "cosine",
        clip_error: float | None = None,
        validation: float = 0,
        early_stopping: int | None = None,
        initial_state: Literal["zeros", "learned"] = "zeros",
        profile: str = "keras-3",
        point: Literal["mean", "median"] = "mean",
        intervals: Literal["conformal", "ensemble"] | None = "conformal",
        calibration: int | None = None,
        freq: str | int | None = None,
        fill: Fill | None = None,
        id_column: str = "unique_id",
        time_column: str = "ds",
        target_column: str = "y",
        seed: int = 1,
        threads: int | None = None,
        progress: bool = False,
    ) -> None:
        self.regime = regime
        self.lags = lags
        self.steps = steps
        self.members = members
        self.scope = scope
        self.units = units
        self.outputs = outputs
        self.difference = difference
        self.transform = transform
        self.scale = scale
        self.relative = relative
        self.target_scale = target_scale
        self.samples = samples
        self.calendar = calendar
        self.exogenous = exogenous
        self.epochs = epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.schedule = schedule
        self.clip_error = clip_error
        self.validation = validation
        self.early_stopping = early_stopping
        self.initial_state = initial_state
        self.profile = profile
        self.point = point
        self.intervals = intervals
        self.calibration = calibration
        self.freq = freq
        self.fill = fill
        self.id_column = id_column
        self.time_column = time_column
        self.target_column = target_column
        self.seed = seed
        self.threads = threads
        self.progress = progress

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
        model = Model(
            regime=regime,
            framing=Framing(
                difference=difference,
                lags=self.lags,
                steps=self.steps,
                scale=self.scale,
                samples=self.samples,
                transform=self.transform,
                relative=relative,
                target_scale=self.target_scale,
                outputs=self.outputs,
            ),
            network=Network(self.units, self.profile, self.initial_state),
            training=Training(
                self.epochs,
                batch_size,
                Adam(self.learning_rate),
                clip_error=self.clip_error,
                schedule=self.schedule,
                validation=self.validation,
                early_stopping=early,
            ),
        )
        return Recipe(model, self.members, self.scope, at_least("seed", self.seed, 0))
