"""What a forecaster is told: a few groups of settings, each with its words."""

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from difflib import get_close_matches
from typing import Any, Literal, Self, TypeVar, cast

from statewise.base.checks import SEED, at_least, instance, one_of
from statewise.base.records import as_document, read_fields, settle, types_in
from statewise.data.fill import Fill
from statewise.errors import SettingError
from statewise.model.network import ReduceOnPlateau
from statewise.model.regime import StateRegime
from statewise.simple.adjustment import Transform

__all__ = ["Data", "Recipe", "Settings", "documented", "refuse_unknown", "words"]

C = TypeVar("C", bound=type)
Names = bool | Sequence[str]


def setting(default: Any, said: str) -> Any:
    """A row of a table: the default, and what it means in words."""
    return field(default=default, metadata={"words": said})


def names(argument: str, given: Names) -> Names:
    """Names as a tuple; all or none as they are; raises SettingError for one text."""
    if isinstance(given, str):
        raise SettingError(argument, given, "is one text, not a list", f"Use [{given!r}].")
    return given if isinstance(given, bool) else tuple(given)


class Table:
    """Settings with defaults, which shows those that are not at theirs."""

    def __new__(cls, *_: Any, **given: Any) -> Self:
        """Refuse settings that there are not, unless a class of one's own has others."""
        order = cls.__mro__
        table = order[order.index(Table) - 1]
        known = [each.name for each in fields(cast(Any, table))]
        own = any("__init__" in vars(each) for each in order[: order.index(table)])
        if not own and not given.keys() <= set(known):
            refuse_unknown(table.__name__.replace("Settings", "Forecaster"), known, given)
        return super().__new__(cls)

    def changed(self) -> dict[str, Any]:
        """The settings that are not at their defaults."""
        pairs = ((each, getattr(self, each.name)) for each in fields(cast(Any, self)))
        return {
            each.name: value
            for each, value in pairs
            if value is not each.default and value != each.default
        }

    def __repr__(self) -> str:
        said = [f"{name}={value!r}" for name, value in self.changed().items()]
        return f"{type(self).__name__}({', '.join(said)})"


@dataclass(frozen=True, repr=False)
class Data(Table):
    """What is read of a frame.

    Args:
        {settings}
    """

    id_column: str | None = setting(
        None, "the column that names the series of a row; by default unique_id, if there is one"
    )
    time_column: str | None = setting(
        None, "the column of times, or several; by default ds, or what looks like one"
    )
    target_column: str | None = setting(
        None, "the column of values; by default y, or else the only one left"
    )
    freq: str | int | None = setting(
        None, "the step between times, as pandas calls it; by default it is inferred"
    )
    fill: Fill | None = setting(
        None,
        'how missing values and times are filled in: "forward", "linear", "zero" or a number; by '
        "default linearly, which is noted",
    )
    known: Names = setting(
        (), "further columns that are known over the horizon: a list, True for all"
    )
    past: Names = setting(
        True, "further columns that are known up to now alone: a list, True for all other numbers"
    )
    static: Sequence[str] = setting(
        (), "further columns with one value a series, numbers or text, that networks are shown"
    )
    calendar: Sequence[str] = setting(
        (), 'what networks are shown of a date: "month", "day-of-week", "hour" and others'
    )

    def __post_init__(self) -> None:
        settle(
            self,
            known=names("known", self.known),
            past=names("past", self.past),
            static=names("static", self.static),
            calendar=names("calendar", self.calendar),
        )


@dataclass(frozen=True, repr=False)
class Recipe(Table):
    """How networks are made; what is None is decided from the series, and readable afterwards.

    Args:
        {settings}
    """

    regime: str | StateRegime | None = setting(
        None,
        "when state is reset, carried and warmed up: a ``StateRegime`` or a preset's name; "
        '"auto": what does best on inner cutoffs; by default it is reset before every window, and '
        "windows are drawn in random order",
    )
    scope: Literal["local", "global"] | None = setting(
        None, '"local": every series has its own networks; "global": all series share theirs'
    )
    members: int | None = setting(
        None, "networks for a series, each from its own random restart, whose median is taken"
    )
    transform: Transform | None = setting(
        None,
        '"auto": a logarithm, or the area hyperbolic sine where values come near zero; "log", '
        '"asinh" or "none"',
    )
    lags: int | None = setting(None, "past values shown at each time step")
    steps: int | None = setting(None, "time steps of a window")
    outputs: int | None = setting(
        None, "observations forecast at once; beyond them forecasts are fed back"
    )
    difference: int | tuple[int, ...] | None = setting(
        None, "lags at which differences are taken, 0 for none, as ``Framing`` says"
    )
    relative: Literal["none", "last", "mean"] | None = setting(
        None, "what a window is shown less of, as ``Framing`` says"
    )
    scale: tuple[float, float] | Literal["standard", "none"] | None = setting(
        None, "what each series' training values are mapped to, as ``Framing`` says"
    )
    samples: int | None = setting(None, "train on the last so many samples of a series only")
    max_samples: int | None = setting(
        None,
        "samples that one network trains on at most; of more, so many are drawn evenly over the "
        "histories, or are the latest where state is carried; by default 150,000, and 50,000 for "
        "each series",
    )
    units: int | None = setting(None, "LSTM units")
    epochs: int | None = setting(None, "passes over the training samples")
    batch_size: int | None = setting(None, "samples in one optimizer step")
    learning_rate: float | None = setting(None, "of Adam")
    schedule: Literal["constant", "cosine"] | ReduceOnPlateau | None = setting(
        None, "of the learning rate, as ``Training`` says"
    )
    clip_error: float | None = setting(None, "errors beyond it count linearly, in adjusted units")
    validation: float | None = setting(
        None, "how many of the last samples, or what fraction of them, are held back and looked at"
    )
    early_stopping: int | None = setting(
        None, "epochs without improvement on the validation samples before the end"
    )
    initial_state: Literal["zeros", "learned"] | None = setting(
        None, '"zeros", or "learned" with the weights'
    )
    profile: str | None = setting(None, 'numerical conventions, "keras-3" or "keras-2"')

    def __post_init__(self) -> None:
        if isinstance(self.scale, list):
            settle(self, scale=tuple(self.scale))
        if isinstance(self.difference, list):
            settle(self, difference=tuple(self.difference))


@dataclass(repr=False, eq=False)
class Settings(Table):
    """The settings of a forecaster, each kept as it was given until a model is fitted.

    They are read, set and copied by name, as scikit-learn has it.
    """

    recipe: Recipe | Literal["auto"] = setting(
        "auto", 'how networks are made: "auto" decides, ``Recipe(...)`` says'
    )
    horizon: int | None = setting(
        None,
        "how far the model is to forecast, which it is fitted for; by default what is usual for "
        "the frequency; beyond it forecasts are fed back",
    )
    season: int | Sequence[int] | None = setting(
        None, "steps of a season, or of several, 1 for none; by default those of the frequency"
    )
    combine: bool = setting(
        True, "combine networks with simple forecasts, by how they did; False: networks alone"
    )
    intervals: bool = setting(True, "measure errors on cutoffs that networks did not see")
    bounds: tuple[float | None, float | None] | Literal["auto"] | None = setting(
        "auto", 'the least and the greatest forecast; "auto": not below zero where history is not'
    )
    data: Data = setting(Data(), "what is read of a frame: ``Data(...)``")
    seed: int = setting(1, "the key of all randomness")
    threads: int | None = setting(None, "at most this many; by default one a processor")
    progress: bool = setting(
        False,
        "whether long work is announced on standard error, and shown there as it goes on: by a bar "
        "on a terminal, by a line every ten seconds elsewhere",
    )

    def check(self) -> None:
        """Raise SettingError if one is impossible whatever the series, or of no type that it has.

        What is fitted can so be saved, and what was saved be read back.
        """
        instance("data", self.data, Data, "Use Data(...).")
        if self.recipe != "auto":
            instance("recipe", self.recipe, Recipe, 'Use "auto" or Recipe(...).')
        types = types_in(Settings)
        read_fields(types, "", {name: as_document(getattr(self, name)) for name in types})
        if self.horizon is not None:
            at_least("horizon", self.horizon, 1)
        for season in self.given_seasons or ():
            at_least("season", season, 1)
        if isinstance(self.bounds, str):
            one_of("bounds", self.bounds, ("auto",))
        elif self.bounds is not None:
            low, high = self.bounds
            if low is not None and high is not None and not low < high:
                fix = "Give the least one first."
                raise SettingError("bounds", self.bounds, "leave nothing between them", fix)
        at_least("seed", self.seed, 0, SEED)

    @property
    def given_seasons(self) -> tuple[int, ...] | None:
        """The seasons that were asked for, or None."""
        if self.season is None:
            return None
        given = self.season if isinstance(self.season, Sequence) else (self.season,)
        return tuple(given)

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """The settings by name, and if ``deep`` those of the groups, as ``recipe__lags``."""
        found = {each.name: getattr(self, each.name) for each in fields(Settings)}
        if deep:
            for group, kind in GROUPS.items():
                whole = self.group(group)
                found |= {f"{group}__{name}": getattr(whole, name) for name in words(kind)}
        return found

    def set_params(self, **params: Any) -> Self:
        """Set some of them for the next fit; raises SettingError for a name that is none.

        A setting of a group is named as ``recipe__lags``, and leaves the rest of the group.
        """
        parts = [f"{group}__{name}" for group, kind in GROUPS.items() for name in words(kind)]
        for name in params:
            inner = next((each for each in parts if each.endswith(f"__{name}")), None)
            if inner is not None:
                fix = f"It is {inner!r}."
                raise SettingError("parameter", name, "is not a known name", fix)
            one_of("parameter", name, [*words(Settings), *parts])
        for name in sorted(params, key=lambda each: "__" in each):  # a group before its parts
            (group, _, part), value = name.partition("__"), params[name]
            if part:
                value = replace(self.group(group), **{part: value})
            setattr(self, group, value)
        return self

    def group(self, name: str) -> Any:
        """A group of settings: "recipe" or "data", with nothing said where it is "auto"."""
        given, kind = getattr(self, name), GROUPS[name]
        return given if isinstance(given, kind) else kind()

    def __sklearn_tags__(self) -> Any:
        """What scikit-learn asks of an estimator before it searches over its settings."""
        from sklearn.utils import Tags, TargetTags

        return Tags(estimator_type=None, target_tags=TargetTags(required=False))

    def clone(self) -> Self:
        """Another with the same settings, not fitted."""
        return type(self)(**self.get_params(deep=False))


GROUPS: dict[str, type[Table]] = {"recipe": Recipe, "data": Data}
"""The groups of settings, by the settings that hold them."""


def words(table: type = Settings) -> dict[str, str]:
    """What each setting of a table means, by its name."""
    return {each.name: each.metadata["words"] for each in fields(table)}


def refuse_unknown(owner: str, known: Sequence[str], given: Mapping[str, Any]) -> None:
    """Raise SettingError for a setting that ``owner`` does not have; it says where one near it is.

    Example:
        >>> refuse_unknown("Forecaster", ["horizon"], {"epoch": 9})
        Traceback (most recent call last):
        statewise.errors.SettingError: epoch = 9: is no setting of Forecaster. Did you mean \
recipe=Recipe(epochs=9)?
    """
    inside = dict.fromkeys(words(Settings), "Forecaster(")
    for group, kind in GROUPS.items():
        outer = "" if owner in {"Recipe", "Data"} else f"{group}="
        inside |= dict.fromkeys(words(kind), f"{outer}{kind.__name__}(")
    inside |= dict.fromkeys(known, "")
    for name, value in given.items():
        if name in known:
            continue
        place = name if name in inside else next(iter(get_close_matches(name, inside, 1)), None)
        fix = f"The settings are {', '.join(known)}."
        if place is not None:
            written = f"{inside[place]}{place}={value!r}{')' * bool(inside[place])}"
            fix = f"Use {written}." if place == name else f"Did you mean {written}?"
        raise SettingError(name, value, f"is no setting of {owner}", fix)


def documented(cls: C, table: type | None = None) -> C:
    """A class whose docstring lists the settings where it says ``{settings}``."""
    source = table or cls
    width, margin = 92, " " * 8
    rows = [
        textwrap.fill(
            f"{name}: {said}.", width, initial_indent=margin, subsequent_indent=margin + "    "
        )
        for name, said in words(source).items()
    ]
    cls.__doc__ = (cls.__doc__ or "").replace("        {settings}", "\n".join(rows))
    return cls


for each in (Data, Recipe):
    documented(each)
