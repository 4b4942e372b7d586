"""The command line: parse, call one public function, print."""

import argparse
import io
import os
import signal
import sys
import threading
import warnings
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, NoReturn, Self

from statewise import __version__
from statewise.errors import StatewiseError

__all__ = ["main"]

INTERRUPTED = 130  # what a shell reports for a command that Ctrl-C ended


def parser() -> argparse.ArgumentParser:
    """The parser of the whole command line."""
    main = Parser(
        prog="statewise",
        description="Recurrent forecasters whose state is explicit.",
    )
    main.add_argument("--version", action="version", version=f"statewise {__version__}")
    commands = main.add_subparsers(
        dest="command", required=True, metavar="COMMAND", parser_class=Parser
    )
    tutorial = commands.add_parser(
        "tutorial",
        help="reproduce the origin experiments and settle their six expectations",
        description="Run the eleven origin experiments with all repeats, write their results, "
        "tables and figures, and say what becomes of the six expectations.",
    )
    add = tutorial.add_argument
    add("--repeats", type=int, default=1000, metavar="N", help="random restarts of each (1000)")
    add("--profile", default="keras-3", metavar="NAME", help="keras-2 or keras-3 (keras-3)")
    add("--out", type=folder, default=Path("tutorial-results"), metavar="DIR",
        help="output folder (tutorial-results)")  # fmt: skip
    add("--seed", type=int, default=1, metavar="S", help="key of all randomness (1)")
    add("--threads", type=int, metavar="K", help="threads to train on (all processors)")
    add("--json", action="store_true", help="print one JSON document and nothing else")
    own = tutorial.add_argument_group("your own series instead of the shampoo sales")
    add = own.add_argument
    add("--data", type=Path, metavar="FILE.csv", help="a CSV file with a header line")
    add("--column", metavar="NAME", help="the column of values (the one beside the time)")
    add("--encoding", metavar="E", help="how the file's bytes are read (utf-8)")
    add("--test-size", type=int, default=12, metavar="K", help="last observations to test on (12)")
    tutorial.set_defaults(run=run_tutorial)
    return main


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; the exit code is 0, 2 for bad input, 1 for a lost output, 130 or 143.

    The last two are what a shell reports for a command that Ctrl-C or a termination ended.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a name that the terminal cannot show
    options = parser().parse_args(arguments)
    handler = signal.signal(signal.SIGTERM, terminate) if in_main_thread() else None
    try:
        code: int = options.run(options)
        if sys.stdout is not None:
            sys.stdout.flush()
        return code
    except StatewiseError as error:
        say(f"statewise: {for_command_line(error)}")
        return 2
    except KeyboardInterrupt:
        return INTERRUPTED
    except OSError as error:
        # The reader of our output left, as in "| head", or its disk is full. Python would complain
        # a second time when it closes the stream.
        if sys.stdout is not None:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not isinstance(error, BrokenPipeError):
            say(f"statewise: cannot write ({error.strerror})")
        return 1
    finally:
        if handler is not None:
            signal.signal(signal.SIGTERM, handler)


def terminate(number: int, _: Any) -> None:
    """End by an exception, so that what is half done is cleaned up."""
    sys.exit(128 + number)


def in_main_thread() -> bool:
    """Whether signals may be handled here."""
    return threading.current_thread() is threading.main_thread()


def say(line: str) -> None:
    """A line on standard error, if there is one."""
    if sys.stderr is not None:
        print(line, file=sys.stderr, flush=True)


def for_command_line(error: StatewiseError) -> StatewiseError:
    """The error with the option's name where the library's argument has another."""
    options = {"out": "--out", "file": "--data", "column": "--column", "encoding": "--encoding"}
    error.argument = options.get(error.argument, error.argument)
    return error


class Parser(argparse.ArgumentParser):
    """A parser whose complaints are one line, and which takes no abbreviations."""

    def __init__(self, **options: Any) -> None:
        super().__init__(allow_abbrev=False, **options)

    def error(self, message: str) -> NoReturn:
        """Say what is wrong, and end."""
        self.exit(2, f"statewise: {message}. See {self.prog} --help.\n")


def folder(text: str) -> Path:
    """A path that is not empty."""
    if not text.strip():
        raise argparse.ArgumentTypeError("is empty; name a folder")
    return Path(text)


def run_tutorial(options: argparse.Namespace) -> int:
    from statewise.checks import at_least, one_of
    from statewise.errors import SettingError
    from statewise.network import PROFILES
    from statewise.panel import Panel

    at_least("--repeats", options.repeats, 1)
    at_least("--seed", options.seed, 0)
    at_least("--test-size", options.test_size, 2)
    one_of("--profile", options.profile, PROFILES)
    if options.threads is not None:
        at_least("--threads", options.threads, 1)
    panel = None
    if options.data is not None:
        encoding = options.encoding or "utf-8"
        panel = Panel.from_csv(options.data, column=options.column, encoding=encoding)
    elif options.column or options.encoding:
        given = options.column or options.encoding
        raise SettingError(
            "--column" if options.column else "--encoding",
            given,
            "says how to read a file, and there is none",
            "Add --data FILE.csv.",
        )

    from statewise.report.files import Staging
    from statewise.tutorial import conclude, largest_test_size, tutorial_study

    largest = largest_test_size(panel)
    if options.test_size > largest:
        raise SettingError(
            "--test-size",
            options.test_size,
            "leaves too few observations to train on",
            f"Use at most {largest}."
            if largest >= 2
            else "Give a series of at least 6 observations.",
        )
    study = tutorial_study(
        panel,
        test_size=options.test_size,
        repeats=options.repeats,
        profile=options.profile,
        seed=options.seed,
    )
    with Staging(options.out) as staging:
        from statewise.engine import available_threads
        from statewise.study import run_study

        threads = options.threads or available_threads()
        with Progress(study) as progress:
            result = run_study(study, threads=threads, on_shard=progress.shard)
            tutorial = conclude(result)
            progress.say("drawing")
            write(tutorial, staging)
        document = tutorial.to_json(threads)
        staging.text("tutorial.json", document + "\n")
    if options.json:
        print(document)
    else:
        from statewise.report.text import tutorial_text

        print(tutorial_text(tutorial))
        print(f"\nResults, tables and figures are in {options.out}/")
    return 0


def write(tutorial: Any, staging: Any) -> None:
    """Write every table as CSV and every figure as PNG and SVG."""
    from statewise.report.tables import to_csv

    for name, rows in tutorial.tables().items():
        staging.text(name, to_csv(rows))
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing", UserWarning)  # shown as a box
        for name, figure in tutorial.figures().items():
            figure.savefig(staging.path(f"{name}.png"), dpi=120)
            figure.savefig(staging.path(f"{name}.svg"))


class Progress:
    """How far a study is, on standard error: a bar on a terminal, plain lines elsewhere.

    If the block ends by Ctrl-C, says what was finished.
    """

    def __init__(self, study: Any) -> None:
        self.wanted = study.repeats * study.cutoffs * len(study.panel.series)
        self.counts = {arm.name: 0 for arm in study.arms}
        self.bar: Any = None

    def __enter__(self) -> Self:
        if sys.stderr is not None and sys.stderr.isatty():
            from tqdm import tqdm

            total = self.wanted * len(self.counts)
            self.bar = tqdm(total=total, unit="run", leave=False)
        return self

    @property
    def finished(self) -> int:
        """The number of arms of which every run is there."""
        return sum(count == self.wanted for count in self.counts.values())

    def say(self, what: str) -> None:
        if self.bar is not None:
            self.bar.set_description(what)

    def shard(self, result: Any) -> None:
        for arm in result.shard.arms:
            self.counts[arm.name] += result.shard.runs
            if self.bar is not None:
                self.say(arm.name)
                self.bar.update(result.shard.runs)
            elif self.counts[arm.name] == self.wanted:
                place = f"{self.finished}/{len(self.counts)}"
                say(f"{place} {arm.name}: {self.wanted} runs")

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.bar is not None:
            self.bar.close()
        if kind is KeyboardInterrupt:
            say(
                f"statewise: stopped; {self.finished} of {len(self.counts)} experiments were "
                "finished, and nothing was written."
            )


if __name__ == "__main__":
    sys.exit(main())
