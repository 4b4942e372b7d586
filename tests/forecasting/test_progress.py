import time

import pytest

from statewise.forecasting import progress
from statewise.forecasting.progress import bar_of


def test_a_bar_is_shown_only_to_who_waits(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with bar_of(progress=True) as show:
        show(0, 4)
        show(4, 4)
    assert "network" not in capsys.readouterr().err
    monkeypatch.setattr(progress, "SOON", 0.01)
    monkeypatch.setattr(progress, "EVERY", 0.01)
    with bar_of(progress=True) as show:
        show(0, 4)
        time.sleep(0.1)  # nothing is finished, and the clock goes on
    assert "0/4" in capsys.readouterr().err
    with bar_of(progress=False) as show:
        show(4, 4)
        time.sleep(0.1)
    assert capsys.readouterr().err == ""
