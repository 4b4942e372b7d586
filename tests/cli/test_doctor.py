"""``statewise doctor``, with and without Keras."""

import pytest

from statewise.cli import doctor, main
from statewise.interop.probe import Observation


def test_it_prints_versions_cache_threads_and_the_probe(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    seen = [
        Observation("tensorflow", "2.21.0", "3.15.1", True, True, "Stepping: it is carried."),
        Observation("jax", "0.10.2", "3.15.1", False, False, "Stepping: it is ignored."),
    ]
    monkeypatch.setattr(doctor, "observations", lambda: seen)
    assert main(["doctor"]) == 0
    said = capsys.readouterr().out
    for words in ("statewise 0.", "numba ", "threads to train on", "compiled cache: "):
        assert words in said
    rows = {line.split()[0]: line.split() for line in said.splitlines() if line}
    assert rows["tensorflow"][1:] == ["2.21.0", "3.15.1", "yes", "yes"]
    assert rows["jax"][1:] == ["0.10.2", "3.15.1", "no", "no"]
    assert "jax. Stepping: it is ignored." in said


def test_without_keras_or_a_backend(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(doctor, "observations", list)
    assert main(["doctor"]) == 0
    assert "Keras has no backend here" in capsys.readouterr().out
    monkeypatch.setattr(doctor, "find_spec", lambda _: None)
    assert main(["doctor"]) == 0
    assert "Keras is not installed: pip install 'statewise[keras]'" in capsys.readouterr().out
