"""What the installed backends do with a carried state, each in a process of its own."""

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from statewise.data.datasets import shampoo
from statewise.data.panel import Panel
from statewise.errors import SettingError, StudyError
from statewise.interop import probe as module
from statewise.interop.keras import KerasEngine
from statewise.interop.probe import Observation, installed_backends, observe, probe
from statewise.model.network import Training
from statewise.model.regime import REGIMES, StateRegime
from statewise.model.spec import Model
from statewise.study import Arm, Study, run_study

CARRIES, FORECASTS, NOTHING = (
    StateRegime("epoch", reset_forecast="never"),
    StateRegime("batch", reset_forecast="never"),
    StateRegime("batch"),
)
IGNORES = Observation("jax", "0", "3.15.1", False, False, "Stepping: it is ignored. Training: no.")
BREAKS = Observation("torch", "0", "3.15.1", True, False, "Stepping: carried. Training: an error.")


def test_tensorflow_carries_state() -> None:
    seen = observe()
    assert (seen.backend, seen.carried, seen.trained) == ("tensorflow", True, True)
    assert seen.runs(CARRIES)


@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_what_the_others_do(backend: str) -> None:
    if backend not in installed_backends():
        pytest.skip(f"{backend} is not installed")
    seen = probe(backend)
    assert seen.runs(NOTHING)
    assert not seen.runs(CARRIES)  # Keras 3.15.1; a newer one may do better, and the docs then too


def test_what_a_backend_must_do_depends_on_the_regime() -> None:
    assert [IGNORES.runs(r) for r in (CARRIES, FORECASTS, NOTHING)] == [False, False, True]
    assert [BREAKS.runs(r) for r in (CARRIES, FORECASTS, NOTHING)] == [False, True, True]


def test_a_regime_that_needs_more_is_refused_with_what_was_seen(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "observe", lambda: IGNORES)
    monkeypatch.setattr(module, "installed_backends", lambda: ["tensorflow", "jax"])
    works = Observation("tensorflow", "2", "3.15.1", True, True, "")
    monkeypatch.setattr(module, "probe", lambda _: works)
    panel = Panel.from_values([float(i % 5) for i in range(20)])

    def study(regime: StateRegime) -> Study:
        arm = Arm("a", Model(regime, training=Training(1)), engine=KerasEngine())
        return Study((arm,), panel, test_size=3, repeats=1)

    with pytest.raises(SettingError) as caught:
        study(CARRIES)
    said = str(caught.value)
    assert "Keras 3.15.1 on jax 0 does not. Stepping: it is ignored. Training: no." in said
    assert "Set KERAS_BACKEND=tensorflow, which carries it; stateless regimes run on any" in said
    study(NOTHING)
    monkeypatch.setattr(module, "installed_backends", lambda: ["jax"])
    with pytest.raises(SettingError, match="Install TensorFlow"):
        study(CARRIES)


@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_stateless_regimes_run_on_every_backend(backend: str) -> None:
    if backend not in installed_backends():
        pytest.skip(f"{backend} is not installed")
    code = """
import json
from statewise import Arm, Model, Study, Training, run_study, REGIMES
from statewise.data.datasets import shampoo
from statewise.interop.keras import KerasEngine
arms = [Arm(n, Model(REGIMES[n], training=Training(4)), engine=KerasEngine())
        for n in ("stateless", "stateless-shuffled")]
result = run_study(Study(tuple(arms), shampoo(), test_size=6, repeats=1))
print(json.dumps({name: arm.forecasts[0].tolist() for name, arm in result.arms.items()}))
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"KERAS_BACKEND": backend},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    arms = tuple(Arm(name, Model(REGIMES[name], training=Training(4))) for name in found)
    own = run_study(Study(arms, shampoo(), test_size=6, repeats=1))
    for name, forecasts in found.items():
        assert own.arms[name].forecasts[0].tolist() == pytest.approx(forecasts, abs=0.01)


def test_a_backend_that_cannot_be_started_is_said() -> None:
    with pytest.raises(StudyError, match="backend = 'nothing': could not be probed"):
        probe("nothing")
