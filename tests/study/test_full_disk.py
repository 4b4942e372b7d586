"""A study whose disk is full in the middle: a small file system of its own is filled and freed."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from statewise.data.datasets import shampoo
from statewise.errors import StoreError
from statewise.model.network import Training
from statewise.model.regime import REGIMES
from statewise.model.spec import Model
from statewise.study import Arm, Store, Study, run_study
from statewise.study.shards import ShardResult
from tests.study.test_executors import same

ARMS = tuple(
    Arm(name, Model(REGIMES[name], training=Training(40))) for name in ("stateful", "stateless")
)
STUDY = Study(ARMS, shampoo(), test_size=4, repeats=400, cutoffs=2, keep_loss=True)
MOUNT = 'mount -t tmpfs -o size=1m tmpfs "$0" && exec "$@"'  # seen by the command alone


def in_its_own_disk(folder: Path, *command: str) -> "subprocess.CompletedProcess[str]":
    """A command that finds ``folder`` on a file system of a megabyte; nobody else does."""
    whole = ["unshare", "--map-root-user", "--mount", "sh", "-c", MOUNT, str(folder), *command]
    return subprocess.run(whole, capture_output=True, text=True, check=False, timeout=120)


def test_a_study_outlives_a_full_disk(tmp_path: Path) -> None:
    if shutil.which("unshare") is None or in_its_own_disk(tmp_path, "true").returncode != 0:
        pytest.skip("user namespaces are not available here, so no small disk can be mounted")
    done = in_its_own_disk(tmp_path, sys.executable, "-m", __name__, str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert list(tmp_path.iterdir()) == []  # it was another disk


def fill_and_free(folder: Path) -> None:
    """Run the study until the disk is full, and again when there is space."""
    path, ballast = folder / "study.db", folder / "ballast"
    ballast.write_bytes(bytes(800 * 1024))
    acknowledged = 0

    def count(result: ShardResult) -> None:
        nonlocal acknowledged
        acknowledged += result.shard.runs

    for _ in range(2):  # a second try finds the disk as full, and says the same
        with pytest.raises(StoreError, match=r"is full.*Free some space and resume") as said:
            run_study(STUDY, store=path, on_shard=count)
        assert str(path) in str(said.value)
        with Store.read(path) as store:
            assert store.damage() == []
            assert sum(store.counts().values()) == acknowledged
    runs = 2 * 2 * STUDY.repeats
    assert 0 < acknowledged < runs
    ballast.unlink()
    resumed = run_study(STUDY, store=path)
    assert resumed.trained_runs == runs - acknowledged
    same(resumed, run_study(STUDY))


if __name__ == "__main__":
    fill_and_free(Path(sys.argv[1]))
