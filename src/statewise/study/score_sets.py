"""Sets of scores from elsewhere, as in result files, settled by the rules of a study."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from statewise.base.checks import fraction, label, positive
from statewise.data.csv_rows import CsvRows, read_rows
from statewise.data.number_text import is_missing, looks_like_number, read_numbers
from statewise.errors import DataError, SettingError
from statewise.show.tables import Row, digits_of, table, wrap
from statewise.stats.comparison import Floats, one_dimensional
from statewise.study.design import NAIVE
from statewise.study.hypotheses import better
from statewise.study.observations import Observations
from statewise.study.summary import summarise
from statewise.study.verdicts import Verdict, verdicts_on
from statewise.text import visible

__all__ = ["ScoreComparison", "compare_scores", "read_scores"]

RESULTS = "results"  # what the origin calls its column
MARGIN = 0.01  # of the naive forecast's RMSE, or of the mean of the first set


@dataclass(frozen=True, eq=False)
class ScoreComparison:
    """Sets of scores side by side, and what they settle.

    Attributes:
        sets: by name, one score a repeat.
        verdicts: that each set beats each that comes after it, and the naive forecast if there is
            one.
        paired: whether repeats were compared in pairs.
        margin: differences below it do not matter.
        naive: the score of the naive forecast, or None.
        alpha: the error rate of all verdicts together.
    """

    sets: Mapping[str, Floats]
    verdicts: list[Verdict]
    paired: bool
    margin: float
    naive: float | None
    alpha: float

    @property
    def rows(self) -> list[Row]:
        """A row a set: how many scores, their mean, deviation and quartiles."""
        rows = [{"set": k, **summarise(v)._asdict()} for k, v in self.sets.items()]
        if not any(row["diverged"] for row in rows):
            rows = [{k: v for k, v in row.items() if k != "diverged"} for row in rows]
        if self.naive is not None:
            rows = [
                row | {"beat naive": f"{np.mean(scores < self.naive):.1%}"}
                for row, scores in zip(rows, self.sets.values(), strict=True)
            ]
        return rows

    @property
    def head(self) -> str:
        """How the sets were compared, in a sentence or two."""
        how = "in pairs, repeat by repeat" if self.paired else "unpaired, by Welch's tests"
        count = len(self.verdicts)
        many = f", with Holm's correction over {count} verdicts" if count > 1 else ""
        bar = "" if self.naive is None else f" The naive forecast has {self.naive:g}."
        return (
            f"Scores (lower is better) are compared {how}{many}, at {self.alpha:.3g} and with a "
            f"margin of {self.margin:.4g}.{bar} Verdicts speak of repeats on what these were "
            "scored on, and not of other series or times."
        )

    def __str__(self) -> str:
        spread = [s for v in self.sets.values() if (s := summarise(v).std)]
        digits = digits_of(min(spread, default=1.0), 3)
        parts = [wrap(self.head), table(self.rows, digits)]
        for number, verdict in enumerate(self.verdicts, start=1):
            said = f"{number}. {visible(verdict.hypothesis.claim)}: {verdict.said.upper()}"
            parts.append(f"{said}\n{wrap(verdict.reason, '   ')}")
        return "\n\n".join(parts)

    def _repr_html_(self) -> str:
        from statewise.show.notebook import shown

        return shown(f"{len(self.sets)} sets of scores", self.rows, self.head)


def compare_scores(
    sets: Mapping[str, ArrayLike],
    *,
    paired: bool = False,
    margin: float | None = None,
    naive: float | None = None,
    alpha: float = 0.05,
) -> ScoreComparison:
    """Settle sets of scores, as RMSEs of repeats, two by two, by the rules of ``settle``.

    Args:
        sets: (repeats,) scores by name, two sets or more, or one beside ``naive``; a run that
            diverged is infinite.
        paired: compare repeat by repeat, as where both have the same random restarts; by default
            sets are compared by Welch's tests.
        margin: a difference that matters to nobody, in units of the scores; by default 1 % of
            ``naive``, or else of the mean of the first set.
        naive: the score of the naive forecast.
        alpha: the error rate of all verdicts together.

    Raises:
        DataError: a set is empty or has a score that is NaN, or paired sets differ in length.
        SettingError: there is nothing to compare, or a number is out of range.

    Example:
        >>> rng = np.random.default_rng(1)
        >>> sets = {"A": rng.normal(100, 2, 30), "B": rng.normal(90, 2, 30)}
        >>> [verdict.outcome.value for verdict in compare_scores(sets).verdicts]
        ['contradicted']
    """
    found = {
        label("name", name): one_dimensional(name, np.asarray(scores, np.float64))
        for name, scores in sets.items()
    }
    bars = {} if naive is None else {NAIVE: positive("naive", naive)}
    if len(found) + len(bars) < 2:
        fix = "Give two sets, or the score of the naive forecast."
        raise SettingError("sets", list(found), "is nothing to compare", fix)
    if bars.keys() & found.keys():
        fix = "Give it another name."
        raise SettingError("sets", NAIVE, "is what the naive forecast is called", fix)
    sizes = {name: len(scores) for name, scores in found.items()}
    if paired and len(set(sizes.values())) > 1:
        raise DataError("paired", sizes, "are sets of other lengths", "Compare them unpaired.")
    fraction("alpha", positive("alpha", alpha))
    if margin is None:
        mean = summarise(next(iter(found.values()))).mean if naive is None else naive
        if mean is None or not mean > 0.0:
            fix = "Give a margin, in units of the scores."
            raise SettingError("margin", margin, "has nothing above zero to be 1% of", fix)
        margin = MARGIN * mean
    else:
        positive("margin", margin)
    pairs = [(a, b, paired) for a, b in combinations(found, 2)]
    pairs += [(name, bar, True) for name in found for bar in bars]
    seen, equal = [], []
    for first, second, shared in pairs:
        a = found[first]
        b = found[second] if second in found else np.full(len(a), naive)
        claim = better(first, second)
        seen.append(Observations(claim, "restart", shared, margin, (a[None], b[None]), score=""))
        alike = shared and bool(np.isfinite(a).all()) and np.array_equal(a, b)
        equal.append("Every pair of scores is equal to the bit." if alike else None)
    return ScoreComparison(found, verdicts_on(seen, equal, alpha), paired, margin, naive, alpha)


def read_scores(paths: Sequence[str | Path], **reading: Any) -> dict[str, Floats]:
    """Sets of scores from CSV files, by name: those of the files, and of columns if there are more.

    A file has a column ``results`` with a score a repeat, as the origin study writes them, which is
    taken alone; or one column, with or without a name; or several named ones, a set each, of which
    the shorter end in empty fields. A first column that only counts the rows is left out.

    Args:
        paths: of the files.
        reading: ``encoding``, ``skip_lines``, ``skip_footer``, ``max_rows`` and ``decimal``, as of
            ``read_file``.

    Raises:
        DataError: a file cannot be read, or a score is missing or no number; the line is named.
        SettingError: a file is named twice.
    """
    decimal = reading.pop("decimal", None)
    names = [Path(path).stem for path in paths]
    sets: dict[str, Floats] = {}
    for path, name in zip(map(Path, paths), names, strict=True):
        own = visible(name if names.count(name) == 1 else str(path))
        columns = scores_of(read_rows(path, **reading), decimal)
        for column, scores in columns.items():
            title = own if len(columns) == 1 else f"{own}: {column}"
            if title in sets:
                problem = "is given twice"
                raise SettingError("files", str(path), problem, "Name each file once.")
            sets[title] = scores
    return sets


def scores_of(rows: CsvRows, decimal: str | None) -> dict[str, Floats]:
    """The sets of scores in the columns of a file, by their names."""
    columns = [RESULTS] if RESULTS in rows.header else rows.header[counted_in(rows) :]
    nameless = len(columns) > 1 and any("no header" in note for note in rows.notes)
    problem = "has columns without names" if nameless else ""
    if any(map(is_number, columns)):
        problem = f"begins with {columns[0]}, which is no name of a column"
    elif not len(rows):
        problem = "has a header and no scores"
    if problem:
        fix = f"Give a column of scores, with a name such as {RESULTS!r}."
        raise DataError("file", rows.path, problem, fix)
    convention, _ = rows.convention(columns, decimal)
    sets = {}
    for column in columns:
        texts = rows.texts(column)
        there = [not is_missing(text) for text in texts]
        count = len(there) - there[::-1].index(True) if any(there) else 0
        scores, wrong = read_numbers(texts[:count], convention)
        bad = np.flatnonzero(np.isnan(scores)).tolist()
        row = bad[0] if wrong is None and bad else wrong
        if row is not None or not count:
            at, text = rows.line(row or 0), texts[row or 0]
            problem = f"is no score (column {column!r})"
            fix = "Give a number; inf for a run that diverged."
            raise DataError(at, text, problem, fix)
        sets[column] = scores
    return sets


def counted_in(rows: CsvRows) -> int:
    """1 if a first column beside others only counts the rows, else 0."""
    if len(rows.header) < 2:
        return 0
    numbers = rows.texts(rows.header[0])
    return int(any(numbers == list(map(str, range(i, i + len(rows)))) for i in (0, 1)))


def is_number(name: str) -> bool:
    """Whether the name of a column is itself a score, as where the first run diverged."""
    return looks_like_number(name) or name.strip("+-").lower() in {"inf", "infinity"}
