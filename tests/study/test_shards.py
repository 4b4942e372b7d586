from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from statewise.data.panel import Panel
from statewise.engine import Stopped
from statewise.model.network import Training
from statewise.model.regime import REGIMES
from statewise.model.spec import Model
from statewise.study import Arm, Store, Study
from statewise.study.shards import Shard, plan, run_shard, stretches

RNG = np.random.default_rng(3)
PANEL = Panel.of(
    Panel.from_values(RNG.normal(50, 9, length), unique_id=f"s{i}").only
    for i, length in enumerate((24, 24, 30, 27))
)
ARMS = tuple(
    Arm(name, Model(REGIMES[name], training=Training(4)))
    for name in ("stateful", "stateful-warm", "stateless")
)
STUDY = Study(ARMS, PANEL, test_size=3, repeats=10, cutoffs=2)


def shards(study: Study, store: Store, size: int) -> list[Shard]:
    return list(plan(study, store, lambda _: size))


def written(study: Study, size: int) -> dict[Any, Any]:
    with Store.in_memory() as store:
        for shard in shards(study, store, size):
            store.write(run_shard(shard, threads=1).parts)
        found = {key: store.runs(cell) for key, cell in store.cells().items()}
        return {
            key: (runs.scores.tobytes(), runs.forecasts.tobytes()) for key, runs in found.items()
        }


@given(st.sets(st.integers(0, 60)))
def test_stretches_cover_the_set_without_gaps(numbers: set[int]) -> None:
    chosen = np.zeros(61, bool)
    chosen[list(numbers)] = True
    found = stretches(chosen)
    assert [n for stretch in found for n in stretch] == sorted(numbers)
    assert all(a.stop < b.start for a, b in pairwise(found))


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_every_run_is_planned_once(size: int) -> None:
    with Store.in_memory() as store:
        cut = shards(STUDY, store, size)
    planned = [
        (cell.key, repeat)
        for shard in cut
        for cells in shard.cells
        for cell in cells
        for repeat in shard.repeats
    ]
    assert len(planned) == len(set(planned)) == 3 * 4 * 2 * 10
    assert all(shard.runs <= size for shard in cut)


def test_arms_that_train_alike_share_a_shard_and_data_sets_of_one_length_too() -> None:
    with Store.in_memory() as store:
        first = shards(STUDY, store, 1000)[0]
    assert [arm.name for arm in first.arms] == ["stateful", "stateful-warm"]
    assert {len(series) for series in first.series} == {24}
    assert len(first.series) == 2


def test_results_do_not_depend_on_how_they_are_cut() -> None:
    assert written(STUDY, 3) == written(STUDY, 64) == written(STUDY, 1000)


def test_what_is_there_is_not_planned_again() -> None:
    with Store.in_memory() as store:
        todo = shards(STUDY, store, 8)
        for shard in todo[::2]:
            store.write(run_shard(shard, threads=1).parts)
        rest = shards(STUDY, store, 8)
        assert sum(s.runs for s in rest) == sum(s.runs for s in todo[1::2])
        for shard in rest:
            store.write(run_shard(shard, threads=1).parts)
        assert shards(STUDY, store, 8) == []


def test_a_stopped_shard_has_no_result() -> None:
    with Store.in_memory() as store:
        shard = shards(STUDY, store, 8)[0]
    with pytest.raises(Stopped):
        run_shard(shard, stop=np.ones(1, np.uint8))
