"""A study as a plain document: written down, hashed, compared, read back."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import fields
from typing import Any

import numpy as np

from statewise.base.checks import one_of
from statewise.base.records import as_document
from statewise.base.records import from_document as read_record
from statewise.data.panel import Panel, Series
from statewise.errors import SettingError
from statewise.model.spec import Model
from statewise.study.design import Arm, Hypothesis, Study, weights_of
from statewise.study.engines import engine_from
from statewise.study.seen import Adjust

__all__ = ["cell_key", "differences", "digest", "from_document", "restarts_key", "to_document"]

Document = dict[str, Any]

RECORDS = ("arms", "panel", "columns", "hypotheses", "adjust")  # what is no plain value
GROWS = ("arms", "panel", "hypotheses", "repeats")  # what a study may have more of
MODEL = tuple(field.name for field in fields(Model))


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
    for name in document:
        one_of("study field", name, ["columns", *(field.name for field in fields(Study))])
    adjust = document["adjust"]
    return Study(
        arms=tuple(arm_from(arm) for arm in document["arms"]),
        panel=Panel.of(map(series_from, document["panel"]), document["columns"]),
        hypotheses=tuple(read_record(Hypothesis, "hypothesis", h) for h in document["hypotheses"]),
        adjust=None if adjust is None else read_record(Adjust, "adjust", adjust),
        **{name: value for name, value in document.items() if name not in RECORDS},
    )


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


def arm_from(document: Document) -> Arm:
    """The arm that ``arm_document``, or a hand-written file, described."""
    parts = dict(document)
    for name in parts:
        one_of("arm field", name, ("name", *MODEL, "restarts", "engine"))
    if "regime" not in parts:
        fix = 'Give one, for example regime = "stateless".'
        raise SettingError("arm", parts.get("name"), "has no regime", fix)
    model = read_record(Model, "arm", {name: parts[name] for name in MODEL if name in parts})
    engine = engine_from(parts.get("engine", "statewise"))
    return Arm(parts["name"], model, parts.get("restarts", 0), engine)


def series_document(series: Series) -> Document:
    """A series as plain values; its columns are there if it has any."""
    columns = {"x": series.x.tolist()} if series.x.size else {}
    plain = {"unique_id": series.unique_id, "ds": list(series.ds), "y": series.y.tolist()}
    return plain | columns


def series_from(document: Document) -> Series:
    """The series that ``series_document`` described."""
    y = np.array(document["y"], np.float64)
    x = np.array(document["x"], np.float64) if "x" in document else None
    return Series(document["unique_id"], tuple(document["ds"]), y, *([] if x is None else [x]))


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
