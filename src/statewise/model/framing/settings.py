"""Settings of a framing: checked, and in their plainest form, so that equal framings are equal."""

from typing import Any

from statewise.base.checks import at_least, finite, one_of
from statewise.errors import SettingError

__all__ = ["LONGEST", "plain_lags", "plain_scale", "plain_transform"]

LONGEST = 100_000  # values that a window shows, a difference spans, or a network forecasts at once


def plain_lags(lags: Any) -> int | tuple[int, ...]:
    """One lag, 0 for none, or several; raises SettingError otherwise."""
    if not isinstance(lags, tuple | list):
        return at_least("difference", lags, 0, LONGEST)
    plain = tuple(at_least("difference", lag, 1, LONGEST) for lag in lags)
    if sum(plain) > LONGEST:
        raise SettingError("difference", lags, "spans too much", f"Let it span at most {LONGEST}.")
    return plain if len(plain) > 1 else sum(plain)


def plain_transform(transform: Any) -> Any:
    """A known name, or an exponent; raises SettingError otherwise."""
    if isinstance(transform, str):
        return one_of("transform", transform, ("none", "log", "box-cox"))
    return finite("transform", transform)


def plain_scale(scale: Any) -> Any:
    """A finite range, "standard" or None, which is "none" too; raises SettingError otherwise."""
    if scale is None or (isinstance(scale, str) and scale == "none"):
        return None
    if isinstance(scale, str):
        return one_of("scale", scale, ("standard", "none"))
    try:
        low, high = (finite("scale", bound) for bound in scale)
    except (TypeError, ValueError):
        low = high = 0.0
    if not low < high:
        raise SettingError(
            "scale", scale, "is not a finite range", 'Use for example (-1, 1), "standard" or None.'
        )
    return low, high
