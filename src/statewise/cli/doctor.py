"""``statewise doctor``: versions, threads, the compiled cache, and what Keras' backends do."""

import argparse
import platform
import textwrap
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from importlib.util import find_spec
from typing import Any

from statewise.cli.progress import say
from statewise.version import __version__

__all__ = ["add_to"]


def add_to(commands: Any) -> None:
    doctor = commands.add_parser(
        "doctor",
        help="what is installed here, and which backends of Keras carry state",
        description="Print versions, threads and the state of the compiled cache; train and step a "
        "tiny model on every installed backend of Keras, and say which of them carry state.",
    )
    doctor.set_defaults(run=run_doctor)


def run_doctor(_: argparse.Namespace) -> int:
    """Print everything."""
    from statewise.base.caching import cache_state
    from statewise.engine import available_threads
    from statewise.show.tables import table

    named = ", ".join(f"{name} {version(name)}" for name in ("numpy", "numba", "llvmlite", "scipy"))
    print(f"statewise {__version__}, Python {platform.python_version()}, {named}")
    print(f"{platform.machine()}, {available_threads()} threads to train on")
    cache, holds = cache_state(), "empty: the next training compiles first, some seconds"
    if cache.files:
        holds = f"{cache.files} files, {cache.size / 2**20:.1f} MiB"
    print(f"compiled cache: {cache.folder}: {holds}\n")
    if find_spec("keras") is None:
        print("Keras is not installed: pip install 'statewise[keras]'.")
        return 0
    found = observations()
    if not found:
        print("Keras has no backend here: pip install 'statewise[keras]'.")
        return 0
    words = {True: "yes", False: "no"}
    rows = [
        {"backend": o.backend, "version": o.version, "Keras": o.keras,
         "carries state between calls": words[o.carried],
         "trains with carried state": words[o.trained]}
        for o in found
    ]  # fmt: skip
    print(table(rows))
    for o in found:
        print(f"\n{o.backend}. {textwrap.fill(o.observed, 100)}")
    print("\nStateless regimes run on every backend.")
    return 0


def observations() -> list[Any]:
    """What every installed backend did."""
    from statewise.interop.probe import installed_backends, probe

    names = installed_backends()
    say(f"Probing {', '.join(names) or 'nothing'}: some seconds each.")
    with ThreadPoolExecutor(max(1, len(names))) as pool:
        return list(pool.map(probe, names))
