"""Files that may be TOML of a study: fields of other types, and text that was damaged."""

import copy
import datetime as dt
import json
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from statewise.data.datasets import shampoo
from statewise.model.spec import Model
from statewise.study import Arm, Study, better
from statewise.study.template import template

DATA = "ds,y,z\n" + "".join(f"{i},{(i * 7) % 11 + i},{i}\n" for i in range(1981, 2021))
FIRST = {"kind": "no_worse", "first": "a", "second": "naive", "margin": 0.02, "family": "mine"}
RICH: dict[str, Any] = {
    "data": "data.csv",
    "column": "y",
    "time_column": "ds",
    "date_format": "%Y",
    "decimal": ".",
    "fill": "linear",
    "skip_lines": 0,
    "skip_footer": 0,
    "encoding": "utf-8",
    "max_rows": 1000,
    "store": "runs/mine.db",
    "test_size": 4,
    "repeats": 6,
    "cutoffs": 2,
    "seed": 3,
    "margin": 0.02,
    "alpha": 0.1,
    "keep_loss": True,
    "looks": 2,
    "horizon": 2,
    "season": 4,
    "adjust": {"seasons": [4], "transform": "none"},
    "past": ["z"],
    "framing": {"difference": [1, 2], "lags": 2, "steps": 2, "scale": [-1, 1], "samples": 20},
    "network": {"units": 2, "profile": "keras-2", "initial_state": "learned"},
    "training": {
        "epochs": 7,
        "batch_size": 1,
        "optimizer": {"kind": "SGD", "learning_rate": 0.1, "momentum": 0.5},
        "schedule": {"factor": 0.5, "patience": 2, "lowest": 0.1},
        "validation": 0.2,
        "early_stopping": {"patience": 3, "improvement": 0.1},
        "clip_error": 2.0,
        "divergence": 1e6,
    },
    "arms": [
        {"name": "a", "regime": "stateful", "restarts": 1, "engine": "statewise"},
        {"name": "b", "regime": {"reset_training": 2, "warm_up": 3, "reset_forecast": "never"}},
        {
            "name": "c",
            "regime": {"reset_training": "batch", "shuffle": True},
            "framing": {"transform": "box-cox", "relative": "last", "target_scale": "same"},
            "training": {"schedule": "cosine", "optimizer": {"beta_1": 0.8, "epsilon": 1e-6}},
            "engine": {"kind": "statewise"},
        },
    ],
    "hypotheses": [FIRST, {"kind": "better", "first": "b", "second": "c", "claim": "b is better"}],
}
ODD: list[Any] = [
    True, False, 0, 1, -1, 2, 3, 12, 2**31, 2**63, 10**20, 16**5000, 0.0, -0.5, 0.5, 1.0, 1e308,
    float("inf"), float("-inf"), float("nan"), "", " ", "a", "1", "naive", "none", "train", "🌊",
    "\0", "\x7f", "a\nb", "../..", "/dev/zero", "x" * 300, "x" * 5000, "cp037", "hex", "idna",
    "%", "%Q%Q", ",", [], [[]], [1], [0, 1], ["a"], [1, "a"], [[1, 2], [3]], [{}], {}, {"kind": 1},
    {"kind": "SGD"}, {"kind": "statewise"}, {"a": {"b": {"c": 1}}}, dt.date(2020, 1, 1),
    dt.time(12, 30), dt.datetime(2020, 1, 1, tzinfo=dt.UTC), dt.datetime(1, 1, 1),  # noqa: DTZ001
]  # fmt: skip
PLAIN = Study(
    (Arm("a", Model()), Arm("b", Model())),
    shampoo(),
    test_size=9,
    repeats=2,
    hypotheses=(better("a", "simple"),),
)
TEXTS = ["[", "]", "{", "}", "=", '"', "'''", "\n", "\r", "\0", "[[arms]]\n", "a.b.c = 1\n", "#",
         "\ufeff", "é", "[" * 5000, "{a=" * 3000, "1" * 5000, "-", "inf", "1979-05-27"]  # fmt: skip


def places(value: Any, place: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Where every part of a document is."""
    pairs = enumerate(value) if isinstance(value, list) else ()
    inner = value.items() if isinstance(value, dict) else pairs
    return [place, *(further for key, part in inner for further in places(part, (*place, key)))]


def toml(value: Any) -> str:
    """A value as TOML, a table on one line."""
    match value:
        case bool() | float():
            return str(value).lower()
        case int():
            return hex(value) if value >= 2**64 else str(value)
        case str():
            return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
        case list():
            return f"[{', '.join(map(toml, value))}]"
        case dict():
            return f"{{{', '.join(f'{toml(key)} = {toml(part)}' for key, part in value.items())}}}"
    return str(value.isoformat())


def text_of(document: dict[str, Any]) -> str:
    """A document as a file, a line for each field at the top."""
    return "".join(f"{toml(name)} = {toml(value)}\n" for name, value in document.items())


@st.composite
def changed(draw: st.DrawFn) -> bytes:
    """A valid study of which a few values are others, lacking, or of another name."""
    document = copy.deepcopy(RICH)
    for _ in range(draw(st.integers(1, 3))):
        *outer, last = draw(st.sampled_from(places(document)[1:]))
        inner = document
        for key in outer:
            inner = inner[key]
        match draw(st.sampled_from(["other", "other", "other", "gone", "new", "within"])):
            case "other":
                inner[last] = copy.deepcopy(draw(st.sampled_from(ODD)))
            case "gone":
                del inner[last]
            case "new" if isinstance(inner, dict):
                inner[draw(st.text(max_size=5))] = inner.pop(last)
            case _:
                inner[last] = draw(st.sampled_from([[inner[last]], {"kind": inner[last]}]))
    return text_of(document).encode()


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A valid file with a byte or two altered, cut short, put in, or in another encoding."""
    whole = draw(st.sampled_from([template(Path("data.csv"), PLAIN, {}), text_of(RICH)]))
    if draw(st.integers(0, 9)) == 0:
        return whole.encode(draw(st.sampled_from(["utf-16", "utf-8-sig", "utf-32", "cp500"])))
    content = bytearray(whole.encode())
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, max(0, len(content) - 1)))
        match draw(st.sampled_from(["byte", "byte", "cut", "put", "twice"])):
            case "byte":
                content[at : at + 1] = bytes([draw(st.integers(0, 255))])
            case "cut":
                del content[at : at + draw(st.sampled_from([1, 10, 10**6]))]
            case "put":
                content[at:at] = draw(st.sampled_from(TEXTS)).encode()
            case _:
                content[at:at] = content[at : at + draw(st.integers(1, 200))]
    return bytes(content)


contents = changed() | damaged() | st.binary(max_size=100)
