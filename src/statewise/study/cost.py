"""How long the runs that are missing of a study will take, in a sentence."""

from statewise.study.design import Study
from statewise.study.shards import plan
from statewise.study.store import Store

__all__ = ["expected"]

ALL = 1 << 40  # runs at once


def expected(study: Study, store: Store, threads: int | None = None) -> tuple[str, float]:
    """What is missing, and about how many seconds it takes, measured on a little of each training.

    Args:
        study: with all its repeats; one that is looked at earlier may take less.
        store: with the runs that are there.
        threads: of this machine; by default one a processor.
    """
    shards = list(plan(study, store, lambda _: ALL))
    seconds = 0.0
    for shard in shards:
        arm, cutoff = shard.arms[0], shard.cutoffs[0]
        framing, columns = arm.model.framing, len(study.panel.columns)
        features = framing.lags + (columns - study.past) * framing.outputs + study.past
        samples = study.samples_of(arm, cutoff)
        seconds += arm.engine.seconds(arm.model, samples, features, shard.runs, threads)
    runs = sum(shard.runs for shard in shards)
    labels = ", ".join(dict.fromkeys(arm.engine.label(arm.model) for arm in study.arms))
    return f"Training {runs:,} networks of {len(study.arms)} arms by {labels}", seconds
