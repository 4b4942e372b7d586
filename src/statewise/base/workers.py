"""What a worker process does first.

It imports almost nothing: while a worker still imports what it works with, which takes a second, it
already looks after its driver.
"""

import os
import signal
import threading
from multiprocessing import connection, parent_process

__all__ = ["start_worker"]


def start_worker() -> None:
    """Leave Ctrl-C to the driver, which ends its workers, and end when the driver does."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=end_with_driver, daemon=True).start()


def end_with_driver() -> None:
    """Wait for the driver to end, however it ends, and end this process."""
    driver = parent_process()
    if driver is not None:
        connection.wait([driver.sentinel])
        os._exit(1)
