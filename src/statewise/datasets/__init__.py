"""Small series that ship with the package."""

from importlib.resources import as_file, files

from statewise.panel import Panel

__all__ = ["shampoo"]


def shampoo() -> Panel:
    """Monthly sales of shampoo over three years, 36 values (Makridakis, Wheelwright, Hyndman 1998).

    Example:
        >>> len(shampoo().only)
        36
    """
    with as_file(files("statewise.datasets") / "shampoo.csv") as path:
        return Panel.from_csv(path, column="Sales")
