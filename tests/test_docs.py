"""The Python of the README and the docs runs as it stands."""

import re
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent
PAGES = sorted(page for page in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_python_blocks_run_one_after_the_other(page: Path) -> None:
    names: dict[str, object] = {}
    for block in re.findall(r"```python\n(.*?)```", page.read_text(), re.DOTALL):
        exec(compile(block, page.name, "exec"), names)


def test_the_objective_for_optuna_fits_and_scores_what_a_trial_suggests() -> None:
    class Trial:
        """What an objective needs of Optuna's: it suggests the first of all values."""

        def suggest_categorical(self, name: str, choices: list[str]) -> str:
            asked[name] = choices[0]
            return choices[0]

        def suggest_int(self, name: str, low: int, high: int) -> int:
            assert low < high
            asked[name] = low
            return low

        def suggest_float(self, name: str, low: float, high: float, *, log: bool) -> float:
            assert low < high
            assert log
            asked[name] = low
            return low

    asked: dict[str, Any] = {}
    names: dict[str, Any] = {}
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "docs/tuning.md").read_text(), re.DOTALL)
    exec(compile(next(b for b in blocks if "def objective" in b), "tuning.md", "exec"), names)
    assert names["objective"](Trial()) < 1.0
    assert asked == {"regime": "stateless-shuffled", "lags": 2, "learning_rate": 1e-4}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_within_the_repository_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\((?!http)([^)#]+)", page.read_text()):
        assert (page.parent / target).exists(), target
