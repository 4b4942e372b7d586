"""A study as a commented TOML file, to be looked through and changed by hand."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from statewise.base.records import as_document
from statewise.errors import SettingError
from statewise.model.framing import Framing
from statewise.model.network import Network, Training
from statewise.model.regime import REGIMES, StateRegime
from statewise.study.design import Arm, Study
from statewise.study.hypotheses import CLAIMS, FAMILY, Hypothesis

__all__ = ["template"]

HEAD = """\
# A study: arms, repeated from random restarts, and the hypotheses they are to settle.
#   statewise study run FILE.toml
# Runs are kept in FILE.db beside this file: stop whenever you like, and run it again to go on.
# More repeats, arms or series extend the study. Anything else that changes is refused, since
# hypotheses are declared before their results are seen.
"""
SAID = {
    "known": "further columns that networks see, known over the horizon",
    "past": "those that are known up to now alone; all others are not looked at",
    "static": "of one value a series",
    "calendar": "what networks see of a date",
    "test_size": "observations after each cutoff",
    "horizon": "of them are forecast before they are seen, again and again",
    "season": "observations of a season, of the simple forecasts; 1 for none",
    "cutoffs": "test parts of each series, which do not overlap",
    "repeats": "random restarts of each arm",
    "margin": "of the naive forecast's RMSE: smaller differences do not matter",
    "looks": "planned looks on the way to all repeats; stops when everything is decided",
    "alpha": "error rate of each family of hypotheses, corrected by Holm",
    "adjust": "of each series, before networks see it; without this table, nothing",
    "seasons": "observations of each season that is taken out",
    "framing": "how it becomes samples",
    "transform": 'or "log", "asinh", "none"',
    "difference": "1 models changes; 0 models the values; [1, 12] also removes a yearly season",
    "lags": "past values shown at each time step",
    "steps": "time steps of a window",
    "outputs": "values that are forecast at once; beyond them forecasts are fed back",
    "relative": "what each window is shown less of",
    "clip_error": "errors beyond it count linearly",
}
SHOWN = {"difference", "lags", "steps", "units", "profile", "epochs", "batch_size"}
"""Fields that are written though they have their defaults."""

TOP = ("test_size", "horizon", "season", "cutoffs", "repeats", "seed", "margin", "looks", "alpha")
SIMPLE_SAID = """\
# "simple" is the simple forecast that did best on the training part. Others by their names:
# {names}.
"""


def template(data: Path, study: Study, given: Mapping[str, Any]) -> str:
    """A commented study file of a study, ready to run.

    Args:
        data: the file of the series.
        study: of arms of the built-in engine.
        given: fields of how the file is read, and of which columns are taken.

    Raises:
        SettingError: a text cannot be written in UTF-8, as a name of a file in other bytes.

    Example:
        >>> from statewise.data.datasets import shampoo
        >>> from statewise.model.spec import Model
        >>> study = Study((Arm("plain", Model()),), shampoo(), test_size=9, repeats=200)
        >>> print(template(Path("sales.csv"), study, {}).splitlines()[7])
        test_size = 9  # observations after each cutoff
    """
    top = {name: getattr(study, name) for name in TOP}
    parts = [HEAD, table_of({"data": data.as_posix(), **given, **top})]
    if study.adjust is not None:
        parts.append(f"[adjust]  # {SAID['adjust']}\n{table_of(as_document(study.adjust))}")
    models = [arm.model for arm in study.arms]
    shared = [name for name in ("framing", "network", "training")
              if all(getattr(m, name) == getattr(models[0], name) for m in models)]  # fmt: skip
    for name in shared:
        said = f"{SAID[name]}; " if name in SAID else ""
        head = f"[{name}]  # {said}shared by all arms, unless an arm has its own"
        parts.append(f"{head}\n{table_of(unusual(getattr(models[0], name)))}")
    parts += [arm_of(arm, shared) for arm in study.arms]
    names = ", ".join(f'"{name}"' for name in study.simple_names)
    for at, hypothesis in enumerate(study.hypotheses):
        said = "" if at else f"# {', '.join(CLAIMS)}\n"
        if not any(not study.is_arm(h.second) for h in study.hypotheses[:at]):
            said += "" if study.is_arm(hypothesis.second) else SIMPLE_SAID.format(names=names)
        parts.append(f"{said}[[hypotheses]]\n{table_of(claimed(hypothesis))}")
    return "\n".join(parts)


def arm_of(arm: Arm, shared: list[str]) -> str:
    """An arm, with the tables of its model that others do not share."""
    regime = arm.model.regime
    named = next((name for name, each in REGIMES.items() if each == regime), None)
    document = named or {k: v for k, v in as_document(regime).items() if v is not None}
    lines = [f"[[arms]]\n{table_of({'name': arm.name, 'regime': document})}"]
    lines += [
        f"[arms.{name}]\n{table_of(unusual(getattr(arm.model, name)))}"
        for name in ("framing", "network", "training")
        if name not in shared
    ]
    return "".join(lines)


def unusual(record: Framing | Network | Training | StateRegime) -> dict[str, Any]:
    """The fields of a record that are not at their defaults, and those that are always said."""
    document, usual = as_document(record), as_document(type(record)())
    if isinstance(record, Framing) and record.scale is None:
        document["scale"] = "none"
    return {k: v for k, v in document.items() if k in SHOWN or v != usual[k]}


def claimed(hypothesis: Hypothesis) -> dict[str, Any]:
    """The fields of a hypothesis that cannot be left out."""
    found = {"kind": hypothesis.kind, "first": hypothesis.first, "second": hypothesis.second}
    return found | ({} if hypothesis.family == FAMILY else {"family": hypothesis.family})


def table_of(values: Mapping[str, Any]) -> str:
    """A line a field, with what it means."""
    lines = []
    for name, value in values.items():
        said = f"  # {SAID[name]}" if name in SAID else ""
        lines.append(f"{name} = {written(name, value)}{said}\n")
    return "".join(lines)


def written(name: str, value: Any) -> str:
    """A value as TOML has it; raises SettingError for text that UTF-8 does not have.

    Example:
        >>> print(written("column", "Umsatz T€"), written("regime", {"shuffle": True, "x": [1]}))
        "Umsatz T€" { shuffle = true, x = [1] }
    """
    if isinstance(value, Mapping):
        pairs = [f"{k} = {written(k, v)}" for k, v in value.items() if v is not None]
        return f"{{ {', '.join(pairs)} }}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(written(name, each) for each in value)}]"
    if not isinstance(value, str):
        return repr(value).lower()
    if any("\ud800" <= character <= "\udfff" for character in value):
        problem = "has bytes that are no text in UTF-8, which a study file is"
        raise SettingError(name, value, problem, "Give it another name.")
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
