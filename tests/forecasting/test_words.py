"""A fitted model in words: true, whole sentences, whatever was fitted."""

import re
import warnings
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from statewise.forecasting import Forecaster
from statewise.forecasting.words import decided, found, weights_table
from tests.forecasting.frames import later, long, small, whole

MANY = {chr(97 + i): 30 + i for i in range(8)}


@pytest.mark.parametrize(
    "changes",
    [
        {}, {"combine": False}, {"intervals": False}, {"combine": False, "intervals": False},
        {"scope": "local", "regime": "continuous"}, {"season": 1}, {"season": (4, 12)},
        {"lags": 18, "steps": 4, "horizon": 9},
    ],
)  # fmt: skip
@pytest.mark.parametrize("lengths", [{"a": 3}, {"a": 5}, {"a": 9, "b": 14}, {"a": 40}, MANY])
def test_every_model_is_said_in_whole_sentences(changes: Any, lengths: Any) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = whole(**{"freq": "MS"} | changes).fit(long(lengths=lengths))
        text = model.explain()
    for line in text.splitlines():
        assert line.endswith("."), line
        assert line[0].isupper() or line.split(":")[0] in lengths, line
    assert not re.search(r"\bnan\b|\binf\b|\{|\}", text)


def test_decisions_are_said() -> None:
    model = whole(calendar=["month"], known=["price"], regime="stateful-warm", members=3)
    model.fit(long(price=True))
    text = "\n".join(decided(model.fitted_))
    for said in (
        "Series: 3, whose times are months; fitted for 3 ahead.",
        "Seasons: 12 steps",
        "Transform: logarithms.",
        "Networks: 3 LSTMs of 2 units, shared by all series; windows of 2 steps of 3 lags",
        "3 epochs in batches of",
        "State: carried; warm-up: train.",
        "Columns known ahead: price.",
        "Columns of the calendar: month.",
        "Intervals: ",
    ):
        assert said in text
    mixed = long().assign(y=lambda f: f["y"].mask(f.index == 5, -1.0))
    text = "\n".join(decided(small(past=False).fit(mixed).fitted_))
    assert "Transform: logarithms (2 of 3), area hyperbolic sines (1 of 3)." in text
    assert "Seasons: none known of this frequency" in text
    assert "of each series its own" in text
    assert "Columns" not in text


def test_what_was_found_is_counted_from_the_errors() -> None:
    model = whole().fit(long(lengths=MANY)).fitted_
    mixed = model.combination
    ratios = mixed.errors / mixed.errors[:, :1]
    best = int(np.argmin(ratios.mean(axis=0)))
    text = found(model)
    called = "the network" if mixed.names[best] == "network" else mixed.names[best]
    assert f"the best single forecast was {called}, with" in text
    assert f"of {ratios.mean(axis=0)[best]:.2f} of the naive" in text
    assert f"{mixed.weights[:, -1].mean():.0%} of the weight" in text or "no weight" in text


def test_a_network_without_weight_is_said_to_have_none() -> None:
    model = whole().fit(long()).fitted_
    everything = np.ones(3, bool)
    without = replace(model, combination=model.combination.only(everything, "naive"))
    assert "The network has no weight: it does not help here." in found(without)


def test_weights_are_a_row_for_each_series() -> None:
    model = whole().fit(long())
    rows = weights_table(model.fitted_)
    assert [row["unique_id"] for row in rows] == ["a", "b", "c"]
    names = list(model.fitted_.combination.names)
    assert list(rows[0]) == ["unique_id", *names, "error"]
    for row in rows:
        assert sum(float(str(row[name])) for name in names) == pytest.approx(1.0)


def test_what_was_decided_is_said_after_loading_and_moving_on(tmp_path: Any) -> None:
    model = whole().fit(long())
    said = model.explain()
    model.update(later(2)).save(tmp_path / "model")
    assert Forecaster.load(tmp_path / "model").explain() == said
