"""Real series that ship with the package."""

from importlib.resources import as_file, files

from statewise.base.checks import one_of
from statewise.data.files import read_file
from statewise.data.panel import Panel

__all__ = ["NAMES", "csv_text", "nile", "shampoo", "sunspots"]

NAMES = ("nile", "shampoo", "sunspots")


def nile() -> Panel:
    """The flow of the Nile at Aswan in each year from 1871 to 1970, in 10**8 cubic metres.

    It falls near 1898 (Cobb 1978, "The problem of the Nile: conditional solution to a changepoint
    problem", Biometrika 65, 243-251). Public domain; the copy is that of ``statsmodels.datasets``.

    Example:
        >>> len(nile().only)
        100
    """
    return load("nile")


def shampoo() -> Panel:
    """Monthly sales of shampoo over three years, 36 values (Makridakis, Wheelwright, Hyndman 1998).

    Example:
        >>> len(shampoo().only)
        36
    """
    return load("shampoo")


def sunspots() -> Panel:
    """The mean number of sunspots in each year from 1700 to 2008, with its cycle of eleven years.

    From the National Geophysical Data Center of the United States, on the scale in use before 2015.
    Public domain; the copy is that of ``statsmodels.datasets``.

    Example:
        >>> len(sunspots().only)
        309
    """
    return load("sunspots")


def csv_text(name: str) -> str:
    """The CSV file of a data set, as text.

    Raises:
        SettingError: there is none of that name.

    Example:
        >>> csv_text("nile").splitlines()[:2]
        ['Year,Flow', '1871,1120']
    """
    one_of("data set", name, NAMES)
    return (files("statewise.data.datasets") / f"{name}.csv").read_text(encoding="utf-8")


def load(name: str) -> Panel:
    with as_file(files("statewise.data.datasets") / f"{name}.csv") as path:
        return read_file(path)
