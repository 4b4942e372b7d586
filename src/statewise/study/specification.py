"""A study as a plain document: written down, hashed, compared, read back."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import fields
from typing import Any

import numpy as np

from statewise.base.records import as_document, made, needed, read_fields, types_in
from statewise.data.panel import Panel, Series
from statewise.errors import SettingError
from statewise.model.spec import Model
from statewise.study.design import Arm, Study, arm_path, weights_of
from statewise.study.engines import engine_from

__all__ = [
    "TYPES",
    "arm_from",
    "cell_key",
    "differences",
    "digest",
    "from_document",
    "restarts_key",
    "to_document",
]

Document = dict[str, Any]

GROWS = ("arms", "panel", "hypotheses", "repeats")  # what a study may have more of

TYPES = types_in(Study) | {
    "arms": tuple[Document, ...],
    "panel": tuple[Document, ...],
    "columns": tuple[str, ...],
}
"""The types of the fields of a study's document; those of an arm and of a series follow."""

ARM = {"name": str, **types_in(Model), "restarts": int, "engine": Any}
SERIES = {
    "unique_id": str,
    "ds": tuple[str, ...],
    "y": tuple[float, ...],
    "x": tuple[tuple[float, ...], ...],
}


def to_document(study: Study) -> Document:
    """The whole study, its data included, as plain values that JSON can hold."""
    document = {field.name: getattr(study, field.name) for field in fields(Study)} | {
        "arms": [arm_document(arm) for arm in study.arms],
        "panel": [series_document(series) for series in study.panel.series],
        "columns": list(study.panel.columns),
        "hypotheses": [as_document(h) for h in study.hypotheses],
        "adjust": as_document(study.adjust),
    }
    plain: Document = json.loads(json.dumps(document))  # lists for tuples, as it will be read
    return plain


def from_document(document: Document) -> Study:
    """The study that ``to_document`` described.

    Raises:
        SettingError: an unknown field, or a field that a study refuses.
    """
    values = read_fields(TYPES, "", document)
    needed("study", document, "arms", "panel", "columns", "test_size", "repeats")
    arms = tuple(arm_from(arm, at) for at, arm in enumerate(values.pop("arms")))
    series = [series_from(one, f"panel[{at}]") for at, one in enumerate(values.pop("panel"))]
    return Study(arms, Panel.of(series, values.pop("columns")), **values)


def digest(document: Document | list[Any]) -> str:
    """A hash of the document that does not depend on the order of its fields."""
    text = json.dumps(document, sort_keys=True, separators=(",", ":"))
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def cell_key(study: Study, arm: Arm, series: Series, cutoff: int) -> str:
    """A hash of everything that the results of a cell depend on, but the repeat.

    Only the observations that are used are in it: up to the last one of the cell's test part.
    """
    document = arm_document(arm)
    del document["name"]
    used = slice(cutoff + study.test_size)
    return digest(
        {"arm": document, "y": series.y[used].tolist(), "cutoff": cutoff, "seed": study.seed,
         "horizon": study.horizon, "adjust": as_document(study.adjust),
         "x": series.x[used].tolist() if series.x.size else [], "past": study.past}
    )  # fmt: skip


def restarts_key(study: Study, arm: Arm, cutoff: int) -> str:
    """A hash of what the initial weights of an arm's repeats derive from, and one of their orders.

    A repeat has the same initial weights in two arms whose keys begin alike, up to the colon, and
    the same sample orders too where the keys are equal. Nothing follows the colon where an arm does
    not shuffle.
    """
    order = [study.seed, arm.restarts, study.samples_of(arm, cutoff)]
    orders = digest(order) if arm.model.regime.shuffle else ""
    return f"{digest([study.seed, *weights_of(arm)])}:{orders}"


def arm_document(arm: Arm) -> Document:
    """An arm as plain values; the optimizer says its kind, and an engine that is not our own."""
    engine = arm.engine.document(arm.model)
    document = {"name": arm.name, **as_document(arm.model), "restarts": arm.restarts}
    return document | ({"engine": engine} if engine else {})


def arm_from(document: Document, at: int = 0) -> Arm:
    """The arm that ``arm_document``, or a hand-written file, described.

    Args:
        document: a table of its fields.
        at: its place among the arms of its study, for errors.

    Raises:
        SettingError: a field is unknown, missing, of another type or refused; the path is named.
    """
    path = arm_path(at, document.get("name"))
    values = read_fields(ARM, path, document)
    needed(path, document, "name")
    if "regime" not in values:
        fix = 'Give one, for example regime = "stateless".'
        raise SettingError(path, document, "has no regime", fix)
    parts = {name: values.pop(name) for name in types_in(Model) if name in values}
    model = made(Model, path, parts)
    try:
        engine = engine_from(values.pop("engine", "statewise"))
    except SettingError as error:
        error.argument = f"{path}.{error.argument}"
        raise
    return made(Arm, path, {"model": model, "engine": engine, **values})


def series_document(series: Series) -> Document:
    """A series as plain values; its columns are there if it has any."""
    columns = {"x": series.x.tolist()} if series.x.size else {}
    plain = {"unique_id": series.unique_id, "ds": list(series.ds), "y": series.y.tolist()}
    return plain | columns


def series_from(document: Document, path: str) -> Series:
    """The series that ``series_document`` described."""
    values = read_fields(SERIES, path, document)
    needed(path, document, "unique_id", "ds", "y")
    numbers = [np.array(values[name], np.float64) for name in ("y", "x") if name in values]
    return Series(values["unique_id"], values["ds"], *numbers)


def differences(old: Document, new: Document) -> list[str]:
    """What resuming with ``new`` would change of ``old``, a line each; empty if nothing.

    Further repeats, arms and series extend a study and are no difference, nor are hypotheses that
    speak of a further arm.
    """
    lines: list[str] = []
    for name, noun in (("arms", "name"), ("panel", "unique_id")):
        after = {part[noun]: part for part in new[name]}
        for part in old[name]:
            where = f"{name}.{part[noun]}"
            if part[noun] in after:
                lines += changed(part, after[part[noun]], where)
            else:
                lines.append(f"{where} is missing")
    added = {arm["name"] for arm in new["arms"]} - {arm["name"] for arm in old["arms"]}
    for hypothesis in old["hypotheses"]:
        if hypothesis not in new["hypotheses"]:
            lines.append(f"hypothesis {hypothesis['claim']!r} is missing or altered")
    for hypothesis in new["hypotheses"]:
        both = {hypothesis["first"], hypothesis["second"]}
        if hypothesis not in old["hypotheses"] and not both & added:
            lines.append(
                f"hypothesis {hypothesis['claim']!r} is new, and speaks of arms whose results are "
                "already there"
            )
    for name in old:
        if name not in GROWS:
            lines += changed(old[name], new[name], name)
    if new["repeats"] < old["repeats"]:
        lines.append(f"repeats: {old['repeats']} -> {new['repeats']}")
    return lines


def changed(old: Any, new: Any, where: str) -> Iterator[str]:
    """The leaves in which two documents differ."""
    if isinstance(old, dict) and isinstance(new, dict):
        for name in sorted(old.keys() | new.keys()):
            yield from changed(old.get(name), new.get(name), f"{where}.{name}")
    elif old != new:
        long = isinstance(old, list) and len(old) > 4
        yield f"{where} differs" if long else f"{where}: {old!r} -> {new!r}"
