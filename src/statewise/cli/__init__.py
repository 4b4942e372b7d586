"""The command line: parse, call one public function, print."""

import argparse
import io
import os
import signal
import sys
import threading
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from difflib import get_close_matches
from typing import Any, NoReturn

from statewise.cli import data as data_command
from statewise.cli import doctor as doctor_command
from statewise.cli import forecast as forecast_command
from statewise.cli import study as study_command
from statewise.cli import tune as tune_command
from statewise.cli import tutorial as tutorial_command
from statewise.cli.options import in_options
from statewise.cli.progress import say
from statewise.errors import StatewiseError
from statewise.text import visible
from statewise.version import __version__

__all__ = ["main"]

INTERRUPTED = 130  # what a shell reports for a command that Ctrl-C ended
GROUPS = "", "recipe", "data"  # of settings that are options


def parser() -> argparse.ArgumentParser:
    """The parser of the whole command line."""
    main = Parser(prog="statewise", description="Recurrent forecasters whose state is explicit.")
    main.add_argument("--version", action="version", version=f"statewise {__version__}")
    commands = main.add_subparsers(required=True, metavar="COMMAND", parser_class=Parser)
    for each in (
        tutorial_command, study_command, forecast_command, tune_command, data_command,
        doctor_command,
    ):  # fmt: skip
        each.add_to(commands)
    return main


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; the exit code is 0, 2 for bad input, 1 for a lost output, 130 or 143.

    The last two are what a shell reports for a command that Ctrl-C or a termination ended.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a name that the terminal cannot show
    in_main_thread = threading.current_thread() is threading.main_thread()
    handler = signal.signal(signal.SIGTERM, terminate) if in_main_thread else None
    try:
        options = parser().parse_args(arguments)  # imports much, and may be stopped too
        with spoken_warnings():
            code: int = options.run(options)
        if sys.stdout is not None:
            sys.stdout.flush()
        return code
    except StatewiseError as error:
        say(f"statewise: {in_words(error, options.said)}")
        return 2
    except MemoryError as error:
        say(f"statewise: there is too little memory ({error}). Give less data or smaller settings.")
        return 2
    except KeyboardInterrupt as stopped:
        say(f"statewise: stopped{f'; {stopped}' if stopped.args else ''}.")
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


def in_words(error: StatewiseError, said: Mapping[str, str]) -> str:
    """An error that names options, and their values as they were given."""
    group, _, name = error.argument.rpartition(".")
    if group in GROUPS:
        error.argument = said.get(name, error.argument)
    error.problem, error.fix = (in_options(text, said) for text in (error.problem, error.fix))
    if isinstance(error.value, tuple) and all(isinstance(each, str) for each in error.value):
        error.value = ",".join(error.value)
    text = str(error)
    return text if error.value is not None else text.replace(" = None: ", ": ", 1)


@contextmanager
def spoken_warnings() -> Iterator[None]:
    """Say each warning to people once, as a line, without the place in the source."""
    said: set[str] = set()

    def show(message: Warning | str, *_: Any, **__: Any) -> None:
        if (text := str(message)) not in said:
            said.add(text)
            say(f"statewise: note: {text}")

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("always", UserWarning)
        warnings.showwarning = show
        yield


def terminate(number: int, _: Any) -> None:
    """End by an exception, so that what is half done is cleaned up."""
    sys.exit(128 + number)


class Parser(argparse.ArgumentParser):
    """A parser whose complaints are one line, and which takes no abbreviations.

    Options whose words are slow to import are added when its command is the one that was given.
    What it parses has ``said``, the names of arguments on the command line by those of the library:
    those of the options, and what a command sets as the default of ``said``.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(allow_abbrev=False, **options)
        self.later: list[Callable[[Parser], Any]] = []

    def parse_known_args(self, *args: Any, **kwargs: Any) -> Any:
        """Add what was left for later, and parse."""
        while self.later:
            self.later.pop(0)(self)
        parsed, rest = super().parse_known_args(*args, **kwargs)
        if rest and self._subparsers is None:
            known = [name for each in self._actions for name in each.option_strings]
            near = get_close_matches(rest[0].partition("=")[0], known, 1)
            meant = f" (did you mean {near[0]}?)" if near else ""
            self.error(f"unrecognized arguments: {' '.join(rest)}{meant}")
        options = {each.dest: each.option_strings[-1] for each in self._actions if each.nargs != 0
                   and each.option_strings}  # fmt: skip
        parsed.said = options | getattr(parsed, "said", {})
        return parsed, rest

    def error(self, message: str) -> NoReturn:
        """Say what is wrong, and end."""
        self.exit(2, f"statewise: {visible(message)}. See {self.prog} --help.\n")
