"""Progress by a clock of its own: lines, bars, and what is announced."""

import io
import sys
import threading
from contextlib import suppress

import pytest

from statewise.show import progress as module
from statewise.show.progress import SILENT, Progress, duration, say, showing


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def shown(terminal: bool) -> tuple[Progress, Clock, io.StringIO]:
    clock, stream = Clock(), io.StringIO()
    return Progress(stream, terminal, clock), clock, stream


def test_where_there_is_no_terminal_a_line_is_written_every_ten_seconds() -> None:
    progress, clock, stream = shown(terminal=False)
    progress.at("training")
    for tick in range(68):
        clock.now = tick / 2
        progress.at("training", tick / 80)
        progress.look()
    assert stream.getvalue().splitlines() == [
        "training: 25% in 10 seconds, about 30 seconds to go",
        "training: 50% in 20 seconds, about 20 seconds to go",
        "training: 75% in 30 seconds, about 10 seconds to go",
    ]
    progress.clear()
    assert "\x1b" not in stream.getvalue()
    assert "\r" not in stream.getvalue()


def test_each_stage_has_its_own_time() -> None:
    progress, clock, stream = shown(terminal=False)
    progress.at("reading")
    clock.now = 15.0
    progress.look()
    progress.at("training", 0.0)
    clock.now = 25.0
    progress.look()
    assert stream.getvalue().splitlines() == ["reading: 15 seconds", "training: 10 seconds"]


def test_on_a_terminal_there_is_a_bar_after_two_seconds_which_vanishes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    progress, clock, stream = shown(terminal=True)
    progress.at("training \x1b[2J", 0.5)
    clock.now = 1.5
    progress.look()
    progress.clear()
    assert stream.getvalue() == ""
    clock.now = 2.0
    progress.look()
    drawn = stream.getvalue()
    bar = f"[{10 * '#'}{10 * ' '}] 50% in 2 seconds, about 2 seconds to go"
    assert drawn == module.CLEAR + rf"training \x1b[2J {bar}"
    progress.clear()
    progress.clear()
    assert stream.getvalue() == drawn + module.CLEAR


@pytest.mark.parametrize(("columns", "marks"), [("80", 7), ("200", 24)])
def test_a_bar_leaves_room_for_how_long_it_will_take(
    columns: str, marks: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    progress, clock, stream = shown(terminal=True)
    progress.at("running 6,000 runs of 2 arms", 0.25)
    clock.now = 5.0
    progress.look()
    line = stream.getvalue().removeprefix(module.CLEAR)
    assert len(line) < int(columns)
    assert line.index("]") - line.index("[") == marks + 1
    assert line.endswith("25% in 5 seconds, about 15 seconds to go")


def test_long_work_is_announced_once_for_all_its_parts(
    capsys: pytest.CaptureFixture[str],
) -> None:
    progress, clock, stream = shown(terminal=False)
    progress.announce("Training", 10.0)
    progress.go_to(1, 3)
    progress.announce("Training", 4.0)
    progress.at("training")
    progress.go_to(2, 3)
    progress.announce("Training", 4.0)
    progress.at("training")
    clock.now = 12.0
    progress.look()
    assert capsys.readouterr().err == "Training, 3 times: about 12 seconds.\n"
    assert stream.getvalue() == "2 of 3: training: 12 seconds\n"


def test_a_block_within_another_joins_it_and_the_clock_ends(
    capsys: pytest.CaptureFixture[str],
) -> None:
    threads = threading.active_count()
    with suppress(KeyboardInterrupt), showing() as outer:
        assert threading.active_count() == threads + 1
        with showing() as inner, showing(shown=False) as third:
            assert inner is outer
            assert third is outer
        outer.at("reading", 0.5)
        say("a note")
        raise KeyboardInterrupt
    assert threading.active_count() == threads
    with showing(shown=False) as none:
        assert none is SILENT
        none.go_to(2, 3)
        none.announce("Training", 1e9)
        none.look()
    assert (SILENT.part, SILENT.parts) == (1, 1)
    assert capsys.readouterr().err == "a note\n"


def test_a_note_makes_the_bar_make_room(monkeypatch: pytest.MonkeyPatch) -> None:
    progress, clock, stream = shown(terminal=True)
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setattr(module.SHOWN, "progress", progress)
    progress.at("training")
    clock.now = 3.0
    progress.look()
    say("a note")
    assert stream.getvalue().endswith(f"{module.CLEAR}a note\n")


def test_without_standard_error_nothing_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", None)
    say("nobody hears it")
    with showing() as progress:
        assert progress is SILENT


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0.2, "0 seconds"), (99.4, "99 seconds"), (100.0, "1.7 minutes"), (7200.0, "2.0 hours")],
)
def test_times_are_said_in_words(seconds: float, said: str) -> None:
    assert duration(seconds) == said
