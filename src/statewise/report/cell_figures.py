"""What a page shows of one series from one cutoff: figures, and their numbers as tables."""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from statewise.report.figure_parts import Bars
from statewise.report.study_figures import (
    cumulative_scores_plot,
    difference_plot,
    ensemble_plot,
    half_width_plot,
    loss_plot,
    score_plot,
)
from statewise.report.study_tables import SHOWN
from statewise.scoring.simple_forecasts import NAIVE
from statewise.show.tables import Row
from statewise.show.words import NONE, listed, number, p_value, shorten, signed
from statewise.study.observations import UNPAIRED
from statewise.study.results import StudyResult

__all__ = ["STEPS", "best_and_worst", "details"]

STEPS = 200  # forecasts in a figure, at most
PANELS = 60  # figures of one kind on a page, at most
ROWS, LINES = 40, 12  # arms in the figure of scores, and in the others
TOGETHER = 6  # curves in one figure; more of them have a figure each
SMALL = 2.2  # inches, the height of such a figure
EPOCHS = 12  # in the table of losses, at most

Tables = Mapping[str, list[Row]]


def details(result: StudyResult, tables: Tables) -> Iterator[Row]:
    """What the page shows of each of the first cells, drawn when the page comes to it."""
    cells = list(result.naive_scores)[:SHOWN]
    for k, (series, cutoff) in enumerate(cells, start=1):
        here = {
            name: [r for r in rows if (r["series"], r["cutoff"]) == (series, cutoff)]
            for name, rows in tables.items()
            if rows and {"series", "cutoff"} <= rows[0].keys()
        }
        yield {"key": f"cell{k}", "series": series, "cutoff": cutoff} | cell_figures(
            here, most=max(1, PANELS // len(cells))
        )


def cell_figures(rows: Tables, most: int) -> Row:
    """All figures of one series and cutoff, at most so many of one kind."""
    cells, bars = rows["cells"], bars_of(rows["cells"][0])
    places = {r["arm"]: i for i, r in enumerate(cells)}
    scored, lined = best_and_worst(cells, ROWS), best_and_worst(cells, min(LINES, most))
    drawn = {r["arm"]: places[r["arm"]] for r in lined}
    seen = [f"{r['arm']} median {number(r['p50'])}, mean {number(r['mean'])}" for r in scored[:20]]
    together = len(drawn) <= TOGETHER
    sets = {"": drawn} if together else {arm: {arm: i} for arm, i in drawn.items()}
    height = {} if together else {"height": SMALL}

    def curves(name: str, draw: Any, *more: Any) -> list[tuple[str, Figure]]:
        part = [row for row in rows.get(name, []) if row["arm"] in drawn]
        there = {row["arm"] for row in part}
        return [
            (arm, draw(part, shown, *more, **height))
            for arm, shown in sets.items()
            if there & shown.keys()
        ]

    return {
        "arms": len(cells),
        "places": places,
        "bars": bars,
        "diverged": sum(r["diverged"] for r in cells),
        "scored": scored,
        "lined": lined,
        "together": together,
        "seen": "; ".join(seen),
        "scores": score_plot(scored, rows.get("strip", []), places, bars),
        "score_values": [score_cells(row) for row in cells],
        "shares": curves("cumulative", cumulative_scores_plot, bars),
        **differences(rows, most),
        "accuracy": [accuracy_cells(row) for row in rows.get("forecast_accuracy", [])],
        "forecasts": (
            (arm, ensemble_plot(list(part)[-STEPS:], places[arm], bars))
            for arm, part in itertools.groupby(rows["forecasts"], lambda r: r["arm"])
            if arm in drawn
        ),
        "forecast_values": by_arm(
            rows["forecasts"], drawn, {"time": "ds", "actual": "actual"}
            | {name: look for look, (name, _) in bars.items()}, "{median} [{lo-90}, {hi-90}]", STEPS
        ),
        "loss": curves("loss", loss_plot),
        "loss_values": by_arm(rows.get("loss", []), drawn, {"epoch": "epoch"}, "{median}", 0),
    }  # fmt: skip


def bars_of(cell: Row) -> Bars:
    """The forecasts of a cell that arms have to beat."""
    if cell["best_simple"] == NAIVE:
        return {"naive": ("naive, also the best simple forecast", cell["naive"])}
    return {
        "simple": (f"{cell['best_simple']}, the best simple forecast", cell["simple"]),
        "naive": ("naive", cell["naive"]),
    }


def score_cells(row: Row) -> Row:
    """The distribution of an arm's scores."""
    names = {"mean": "mean", "std": "sd", "min": "least", "p25": "lower quartile",
             "p50": "median", "p75": "upper quartile", "max": "most"}  # fmt: skip
    return {
        "arm": shorten(row["arm"]),
        "runs": f"{row['n']:,}",
        **{said: number(row[name]) for name, said in names.items()},
    }


def by_arm(
    rows: Sequence[Row], arms: Mapping[str, int], keys: Mapping[str, str], form: str, last: int
) -> list[Row]:
    """Rows of arms side by side: what they share, and a column an arm.

    The ``last`` ones where there are more; with zero some of all, evenly spaced.
    """
    parts = [[r for r in rows if r["arm"] == arm] for arm in arms]
    if not parts or not parts[0]:
        return []
    count = len(parts[0])
    places = (
        range(max(0, count - last), count)
        if last
        else np.unique(np.linspace(0, count - 1, EPOCHS).round().astype(int)).tolist()
    )

    def said(value: object) -> str:
        return number(value) if value is None or isinstance(value, float) else str(value)

    return [
        {name: said(parts[0][i][key]) for name, key in keys.items()}
        | {
            shorten(arm): form.format(**{key: said(value) for key, value in part[i].items()})
            for arm, part in zip(arms, parts, strict=True)
            if i < len(part)
        }
        for i in places
    ]


def differences(rows: Tables, most: int) -> Row:
    """The hypotheses of one cell: differences, and how their precision grows with repeats.

    Of the precision those are drawn whose intervals are widest beside their margins. Differences
    from two simple forecasts vary alike, so that one line is of both.
    """
    found, histogram, widths = (
        rows.get(name, []) for name in ("differences", "histogram", "half_widths")
    )
    bars = {r["hypothesis"]: [b for b in histogram if b["hypothesis"] == r["hypothesis"]]
            for r in found[:most]}  # fmt: skip
    alike: dict[tuple[str, str, float], Row] = {}
    for row in found:
        key = f"{row['planning_sd'] or 0.0:.6g}", row["test"], row["margin"]
        first = alike.setdefault(key, row | {"said": [], "numbers": []})
        first["said"].append(f"{row['hypothesis']}. {shorten(row['claim'])}")
        first["numbers"].append(str(row["hypothesis"]))
    widest = sorted(alike.values(), key=lambda r: -(r["planning_sd"] or 0.0) / (r["margin"] or 1.0))
    widest = sorted(widest[:TOGETHER], key=lambda r: r["hypothesis"])
    places = {row["hypothesis"]: row["hypothesis"] - 1 for row in widest}
    return {
        "hypotheses": len(found),
        "paired": any(row["test"] != UNPAIRED for row in found),
        "unpaired": any(row["test"] == UNPAIRED for row in found),
        "differences": [
            row
            | {"paired": row["test"] != UNPAIRED,
               "figure": difference_plot(row, drawn) if (drawn := bars[row["hypothesis"]])
               else None}
            for row in found[:most]
        ],
        "difference_values": [difference_cells(row) for row in found],
        "widest": widest,
        "alike": len(alike),
        "width_values": width_cells(widths, widest),
        "widths": half_width_plot(widths, widest, places) if widths else None,
    }  # fmt: skip


def difference_cells(row: Row) -> Row:
    """The numbers of one hypothesis in one cell."""
    interval = NONE if row["low"] is None else f"[{signed(row['low'])}, {signed(row['high'])}]"
    return {
        "hypothesis": f"{row['hypothesis']}. {shorten(row['claim'])}",
        "mean, first": number(row["mean_first"]),
        "mean, second": number(row["mean_second"]),
        "difference": NONE if row["difference"] is None else signed(row["difference"]),
        "interval": interval,
        "margin": number(row["margin"]),
        "n": f"{row['n']:,}",
        "left out": f"{row['left_out']:,}",
        "test": row["test"],
    }


def width_cells(widths: Sequence[Row], shown: Sequence[Row]) -> list[Row]:
    """The half-widths of hypotheses by the number of repeats, every third of those drawn."""
    names = {row["hypothesis"]: f"half-width of {listed(row['numbers'])}" for row in shown}
    found: dict[int, Row] = {}
    for row in widths:
        if row["hypothesis"] in names:
            cells = found.setdefault(row["repeats"], {"repeats": f"{row['repeats']:,}"})
            cells[names[row["hypothesis"]]] = number(row["half_width"])
    whole = [cells for cells in found.values() if len(cells) == max(map(len, found.values()))]
    return whole[::3]


def accuracy_cells(row: Row) -> Row:
    """Diebold and Mariano's test of mean forecasts on one series from one cutoff."""
    return {
        "forecasts": f"{row['hypothesis']}. {shorten(row['first'])} against "
        f"{shorten(row['second'])}",
        "times": f"{row['steps']:,}",
        "RMSE, first": number(row["rmse_first"]),
        "RMSE, second": number(row["rmse_second"]),
        "statistic": NONE if row["statistic"] is None else signed(row["statistic"]),
        "p": p_value(row["p_value"]),
    }


def best_and_worst(cells: list[Row], most: int) -> list[Row]:
    """At most so many arms in their order: two thirds the best by median score, the rest the worst.

    Example:
        >>> rows = [{"arm": name, "p50": score} for name, score in zip("abcde", (5, None, 1, 3, 2))]
        >>> [row["arm"] for row in best_and_worst(rows, 3)]
        ['b', 'c', 'e']
    """
    medians = [np.inf if row["p50"] is None else row["p50"] for row in cells]
    order = sorted(range(len(cells)), key=medians.__getitem__)
    if len(order) > most:
        worst = most // 3
        order = order[: most - worst] + order[len(order) - worst :]
    return [cells[i] for i in sorted(order)]
