"""What terms check of their settings when a game is built."""

from __future__ import annotations

from lab.config import Ramp, RunConfig
from lab.errors import InputError


def highest(setting: float | Ramp) -> float:
    """The largest value of a number that may have a schedule."""
    return max(setting.start, setting.end) if isinstance(setting, Ramp) else setting


def constant(path: str, setting: float | Ramp, allowed: tuple[float, ...] = ()) -> float:
    """A number without a schedule, one of `allowed` if there are any; InputError otherwise."""
    if isinstance(setting, Ramp):
        raise InputError(f"{path} has a schedule; it must be one number: set it to one")
    if allowed and setting not in allowed:
        words = " or ".join(f"{number:g}" for number in allowed)
        raise InputError(f"{path} is {setting:g}; it must be {words}")
    return setting


def require_texts(term: str, config: RunConfig) -> None:
    """Raise InputError for a term on texts in a run without them."""
    if not config.network.has_texts:
        raise InputError(
            f"terms.{term}.weight is not 0 and network.text_conditioning is 'none'; the term "
            "needs texts: set network.text_conditioning, or the weight to 0"
        )
