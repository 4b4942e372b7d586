"""A bar of networks that are trained, for whoever waits longer than two seconds."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tqdm.auto import tqdm

__all__ = ["bar_of"]

SOON, EVERY = 2.0, 0.5  # seconds until a bar is shown, and from then on


@contextmanager
def bar_of(progress: bool) -> Iterator[Callable[[int, int], None]]:
    """A function that is told how many networks are trained, of how many.

    All networks of a pack are finished at once, so the clock of the bar goes on by itself.
    """
    if not progress:
        yield lambda *_: None
        return
    with tqdm(unit="network", delay=SOON, leave=False) as bar:
        ended = threading.Event()

        def tick() -> None:
            wait = SOON
            while not ended.wait(wait):
                bar.refresh()
                wait = EVERY

        def show(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        clock = threading.Thread(target=tick, daemon=True)
        clock.start()
        try:
            yield show
        finally:
            ended.set()
            clock.join()
