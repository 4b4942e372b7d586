"""What a study asked, how it was set up, and what came out, in sentences for page and terminal."""

from collections.abc import Iterable, Sequence

from statewise.model.regime import REGIMES
from statewise.scoring.simple_forecasts import NAIVE, SIMPLE
from statewise.show.tables import Row
from statewise.show.words import counted, listed, number, shorten
from statewise.study.design import Study
from statewise.study.engines import NAME
from statewise.study.hypotheses import better
from statewise.study.observations import observe
from statewise.study.results import StudyResult, arm_rows
from statewise.study.verdicts import Verdict, settle

__all__ = ["asked", "best_arm", "came_out", "set_up", "simple_said"]

NAMED = 4  # arms that are named in the question
TRANSFORMS = {"auto": "on a logarithm or asinh scale where its values ask for it",
              "log": "on a logarithm scale", "asinh": "on an asinh scale"}  # fmt: skip


def asked(study: Study) -> str:
    """What a study asks, as a question.

    Example:
        >>> from statewise.data.datasets import shampoo
        >>> from statewise.model.spec import Model
        >>> from statewise.study import Arm, Study
        >>> asked(Study((Arm("stateless", Model()),), shampoo(), test_size=12, repeats=4))
        'Does stateless, a network of 1 unit on 1 lag, forecast Sales one step ahead better than \
a simple forecast?'
    """
    names, series = [shorten(arm.name) for arm in study.arms], study.panel.series
    what = shorten(series[0].unique_id) if len(series) == 1 else f"{len(series)} series"
    ahead = "one step ahead" if study.horizon == 1 else f"over {study.horizon} steps"
    shape = f"{_units(study)}on {_span((a.model.framing.lags for a in study.arms), 'lag')}"
    if len(names) == 1:
        return (
            f"Does {names[0]}, a network {shape}, forecast {what} {ahead} better than a simple "
            "forecast?"
        )
    alike = len({(a.model.network, a.model.framing, a.model.training) for a in study.arms}) == 1
    named = all(REGIMES.get(arm.name) == arm.model.regime for arm in study.arms)
    kind = f"regimes of a network {shape}" if alike or named else f"networks {shape}"
    which = f"{listed(names)}, {kind}," if len(names) <= NAMED else f"{len(names)} {kind}"
    most = "better" if len(names) == 2 else "best"
    return f"Which of {which} forecasts {what} {most} {ahead}, and does it beat a simple forecast?"


def set_up(study: Study) -> str:
    """The networks, what they see, and how they are tested, in a line.

    Example:
        >>> from statewise.data.datasets import shampoo
        >>> from statewise.model.spec import Model
        >>> from statewise.study import Arm, Study
        >>> set_up(Study((Arm("stateless", Model()),), shampoo(), test_size=12, repeats=4))
        'LSTM of 1 unit on 1 lag of the series, differenced at 1. Tested on 12 observations, \
one step ahead. 4 restarts, seed 1.'
    """
    arms, adjust = study.arms, study.adjust
    models = [arm.model for arm in arms]
    engines = list(dict.fromkeys(arm.engine.label(arm.model) for arm in arms))
    what = "LSTM" if engines == [NAME] else f"Networks of {listed(engines)}"
    seen = [f"{what} {_units(study)}on {_lags(study)} of the series"]
    if adjust is not None and adjust.seasons:
        seasons = listed([str(season) for season in adjust.seasons])
        seen.append(f"less its season{'s' if len(adjust.seasons) > 1 else ''} of {seasons}")
    transforms = [m.framing.transform for m in models] if adjust is None else [adjust.transform]
    seen += [TRANSFORMS.get(str(each), f"transform {each}") for each in dict.fromkeys(transforms)
             if each != "none"]  # fmt: skip
    differences = dict.fromkeys(m.framing.differences for m in models)
    seen += [f"differenced at {listed([str(lag) for lag in each])}" for each in differences if each]
    relatives = dict.fromkeys(m.framing.relative for m in models)
    seen += [f"less the {each} of each window" for each in relatives if each != "none"]
    ahead = len(study.panel.columns) - study.past
    known, past = study.panel.columns[:ahead], study.panel.columns[ahead:]
    columns = [f"{listed([shorten(n) for n in names])} known {until}"
               for names, until in ((known, "ahead"), (past, "up to now")) if names]  # fmt: skip
    shown = f" Columns: {'; '.join(columns)}." if columns else ""
    series = len(study.panel.series)
    of = f" of each of {series} series" if series > 1 else ""
    after = f"{of} after each of {study.cutoffs} cutoffs" if study.cutoffs > 1 else of
    steps = "one step ahead" if study.horizon == 1 else f"{study.horizon} steps at a time"
    each = " of each" if len(arms) > 1 else ""
    return (
        f"{', '.join(seen)}.{shown} Tested on {counted(study.test_size, 'observation')}"
        f"{after}, {steps}. {counted(study.repeats, 'restart')}{each}, seed {study.seed}."
    )


def best_arm(rows: Sequence[Row]) -> Row | None:
    """The row of ``arm_rows`` with the lowest error on average; None where none has one."""
    compared = [row for row in rows if row["relative"] is not None]
    return min(compared, key=lambda row: row["relative"], default=None)


def came_out(result: StudyResult) -> list[str]:
    """What came out, against the best simple forecast and against the naive one, in sentences."""
    rows = arm_rows(result)
    best = best_arm(rows)
    if best is None:
        exact = not any(result.naive_scores.values())
        return [
            "The naive forecast makes no error here, so nothing can be better than it."
            if exact
            else "No arm has a score that can be compared with the naive forecast's."
        ]
    said = [_lowest(result, best, alone=len(rows) == 1), *_not_shown(result, best, rows)]
    told = [" ".join(said)]
    runs = f"of its {counted(best['runs'], 'run')}"
    counts = (
        f"{_share(best['share']).capitalize()} {runs} beat the naive forecast."
        if set(result.chosen()) == {NAIVE}
        else f"{_share(best['share_simple']).capitalize()} {runs} beat the best simple forecast, "
        f"and {_share(best['share'])} the naive one."
    )
    if best["runs"] == 1:
        counts = "With one run nothing is known of others."
    picked = " It was picked after seeing the scores, which flatters it." if len(rows) > 1 else ""
    told.append(counts + picked)
    if best["cells_left_out"]:
        told.append(
            f"{counted(best['cells_left_out'], 'test part')} could not be compared: no run "
            "finished, or the naive forecast makes no error."
        )
    return told


def simple_said(result: StudyResult) -> str:
    """Which simple forecast is the best on the training part, in a few words."""
    counts = result.chosen()
    if len(result.simple) == 1:
        return next(iter(counts))
    return listed([f"{name} in {count}" for name, count in counts.items()])


def _lowest(result: StudyResult, best: Row, *, alone: bool) -> str:
    """The lowest error, beside both bars."""
    single, bar = best["unit"] == "restart", best["relative_simple"]
    which = shorten(best["arm"]) if alone else f"Best on average is {shorten(best['arm'])}"
    score = (
        f"a mean RMSE of {number(best['mean'])}"
        if single
        else f"{best['relative']:.3f} times the RMSE of the naive forecast, averaged over "
        f"{counted(best['units'], best['unit'])}"
    )
    size = f", {number(best['naive'])}" if single else ""
    naive = f"the naive forecast's (persistence{size})"
    low, high = best["skill_low"], best["skill_high"]
    level = f"{1.0 - result.study.alpha:.0%}"
    interval = (
        ""
        if low is None
        else f", with a {level} interval over {counted(best['units'], best['unit'])} of "
        f"{_between(low, high)}"
    )
    against_naive = f"{_less(best['skill'])} than {naive}{interval}"
    if set(result.chosen()) == {NAIVE}:
        middle = (
            f"{against_naive}. The naive forecast is also the best simple one on the training part"
        )
    else:
        size = number(best["simple"]) if single else f"{bar:.3f} times the naive one's"
        part = "part" if len(result.simple) == 1 else "parts"
        amount = "" if best["skill_simple"] is None else f"{_less(best['skill_simple'])} than "
        middle = (
            f"{amount}that of the best simple forecast on the training {part} "
            f"({simple_said(result)}; {size}), and {against_naive}"
        )
    return f"{which}{' has' if alone else ', with'} {score}: {middle}."


def _not_shown(result: StudyResult, best: Row, rows: Sequence[Row]) -> list[str]:
    """Which of the bars is not beaten, or not shown to be: a sentence for each of the two."""
    names = {SIMPLE: "the best simple forecast", NAIVE: "the naive forecast"}
    if set(result.chosen()) == {NAIVE}:
        del names[SIMPLE]
    skills = {SIMPLE: best["skill_simple"] or 0.0, NAIVE: best["skill"]}
    lost = [said for name, said in names.items() if skills[name] <= 0.0]
    verdicts = settle(result)
    beaten = {name: said for name, said in names.items() if skills[name] > 0.0}
    chance = [
        said for name, said in beaten.items() if not _shown(result, verdicts, best["arm"], name)
    ]
    who = "it does not beat" if len(rows) == 1 else "no arm beats"
    others = {"restart": "restarts and times", "cutoff": "cutoffs"}.get(result.unit, "series")
    told = [f"On average {who} {' or '.join(lost)} here."] if lost else []
    if chance:
        told.append(
            f"That it beats {' and '.join(chance)} may be chance: it is not shown for other "
            f"{others}."
        )
    return told


def _shown(result: StudyResult, verdicts: Sequence[Verdict], arm: str, bar: str) -> bool:
    """Whether an arm is shown to have the lower error, by the p-value of its verdict if it has one.

    Without one there is no correction for other questions.
    """
    for verdict in verdicts:
        h = verdict.hypothesis
        if (h.kind, h.first, h.second) == ("better", arm, bar):
            p, found = verdict.p_adjusted, verdict.comparison
            break
    else:
        seen = observe(result, better(arm, bar))
        found = seen.compare(1.0 - result.study.alpha)
        p = seen.p_difference(found)
    return p is not None and p < result.study.alpha and (found.difference or 0.0) < 0.0


def _share(share: float) -> str:
    """A share of runs in words."""
    return {0.0: "none", 1.0: "all"}.get(share, f"{share:.1%}")


def _less(skill: float) -> str:
    """A share of an error less or more, without a sign to puzzle over."""
    return f"{abs(skill):.1%} {'less' if skill >= 0.0 else 'more'}"


def _between(low: float, high: float) -> str:
    """The ends of an interval of such shares, the smaller amount first."""
    if low * high < 0.0:
        return f"{_less(low)} to {_less(high)}"
    least, most = sorted((low, high), key=abs)
    return f"{abs(least):.1%} to {_less(most)}"


def _units(study: Study) -> str:
    """How large the networks are; what another engine builds may have no units to tell of."""
    if any(arm.engine.label(arm.model) != NAME for arm in study.arms):
        return ""
    return f"of {_span((arm.model.network.units for arm in study.arms), 'unit')} "


def _lags(study: Study) -> str:
    """How many values a network is shown at a time."""
    framings = [arm.model.framing for arm in study.arms]
    lags = _span((f.lags for f in framings), "lag")
    steps = _span((f.steps for f in framings), "time step")
    return lags if steps == "1 time step" else f"{steps} of {lags}"


def _span(values: Iterable[int], noun: str) -> str:
    """Values from the least to the most, with their noun."""
    sizes = list(values)
    low, high = min(sizes), max(sizes)
    return counted(high, noun) if low == high else f"{low:,} to {counted(high, noun)}"
