"""Numbers and names as the page prints them: short, with units, no more digits than are known."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Any

from lab.record import SIGNAL_PREFIX
from lab.record.columns import SCHEDULED_PREFIX

MISSING = "–"
LARGE, LARGE_WHOLE, SMALL = 1e6, 1e9, 1e-2
"""From here on, or below, a number is written with an exponent."""

SHORT = {
    "optimizer.generator.lr": "generator rate",
    "optimizer.critic.lr": "critic rate",
    "optimizer.generator.beta1": "generator beta1",
    "optimizer.generator.beta2": "generator beta2",
    "optimizer.critic.beta1": "critic beta1",
    "optimizer.critic.beta2": "critic beta2",
    "optimizer.schedule": "schedule",
    "training.batch_size": "batch size",
    "training.critic_steps": "critic steps",
    "network.critic_norm": "critic norm",
    "network.architecture": "architecture",
    "network.width": "width",
    "network.text_conditioning": "text conditioning",
    "penalty.kind": "penalty",
    "penalty.weight": "penalty weight",
    "penalty.every_steps": "penalty every",
    "penalty.clip": "weight clip",
    "loss": "loss",
    "data.limit": "training images",
    "network.grow_images": "images a phase of growth",
    "network.minibatch_std": "minibatch deviation",
    "network.pack": "images a pack",
    "training.game": "game",
    "augmentation.kind": "augmentation",
    "augmentation.probability": "augmentation probability",
    "augmentation.instance_noise": "instance noise",
    "augmentation.instance_noise.start": "instance noise at start",
    "optimizer.lookahead.steps": "lookahead steps",
    "optimizer.critic.max_grad_norm": "critic gradient limit",
    "optimizer.generator.max_grad_norm": "generator gradient limit",
}
_TERM = re.compile(r"terms\.(\w+)\.weight")


def short_name(path: str) -> str:
    """A parameter's or a metric's name for axes and tables; the path itself when it has none."""
    path = path.removeprefix(SCHEDULED_PREFIX)
    if path in SHORT:
        return SHORT[path]
    if term := _TERM.fullmatch(path):
        return f"{term[1].replace('_', ' ')} weight"
    return path.removeprefix(SIGNAL_PREFIX).replace("_", " ").replace(".", " ")


def number(value: Any, digits: int = 3) -> str:
    """A number in at most `digits` significant digits: `2.44e-4`, `0.0244`, `24.4`, `2,440`.

    Whole numbers below a billion keep all digits. A dash for None. reports/browser/words.js holds
    the same rule, so that a value reads the same everywhere on the page.
    """
    if value is None:
        return MISSING
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return str(value)
    if not math.isfinite(value):
        return str(value)
    size = abs(value)
    if value == int(value) and size < LARGE_WHOLE:
        return f"{int(value):,}"
    if size >= LARGE or size < SMALL:
        return f"{_significant(value, digits):e}".replace("e+", "e")
    if size >= 10 ** (digits - 1):
        return f"{_rounded(value, 0):,f}"
    return f"{_significant(value, digits):,f}"


def _significant(value: float, digits: int) -> Decimal:
    """The value in `digits` significant digits, without trailing zeros."""
    return Context(digits, ROUND_HALF_UP).create_decimal(Decimal(value)).normalize()


def _rounded(value: float, decimals: int) -> Decimal:
    # A script rounds a tie up, Python's own formatting to the even digit: 0.125 must not be 0.13
    # in one place of the page and 0.12 in another.
    return Decimal(value + 0.0).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)


def fixed(value: float | None, decimals: int = 2) -> str:
    """A number with `decimals` decimals, or a dash."""
    if value is None or not math.isfinite(value):
        return MISSING if value is None else str(value)
    return f"{_rounded(value, decimals):f}"


def images(count: float | None) -> str:
    """Images seen: `640`, `6.4k`, `64k`, `1.2M`."""
    if count is None or not math.isfinite(count):
        return MISSING
    for size, unit in ((1e6, "M"), (1e3, "k")):
        if count >= size:
            return f"{_significant(count / size, 3):f}{unit}"
    return f"{_rounded(count, 0):f}"


def duration(seconds: float | None) -> str:
    """`48 s`, `9 min 30 s`, `3 h 05 min`."""
    if seconds is None or not math.isfinite(seconds):
        return MISSING
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


def counted(count: int, noun: str, plural: str | None = None) -> str:
    """`1 run`, `3 runs`."""
    return f"{count:,} {noun if count == 1 else plural or noun + 's'}"


def listed(parts: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    if len(parts) < 2:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} and {parts[-1]}"


def percents(low: float, high: float) -> str:
    """An interval of shares: `45–88%`."""
    return f"{100 * low:.0f}–{100 * high:.0f}%"


def shortened(name: str, most: int = 16) -> str:
    """A name cut to the room beside an axis."""
    return name if len(name) <= most else f"{name[: most - 1]}…"


def percent(share: float) -> str:
    """A share in percent, with decimals below 1%."""
    return f"{share:.0%}" if share >= 0.01 or share == 0 else f"{share:.2%}"


def day(written: object) -> str:
    """`3 March 2026` of a time as the record writes it, in UTC; empty for anything else."""
    try:
        moment = datetime.fromisoformat(str(written))
    except ValueError:
        return ""
    moment = moment.astimezone(UTC) if moment.tzinfo else moment
    return moment.strftime("%d %B %Y").lstrip("0")


def trial_name(trial: int) -> str:
    """A trial as it is named in the table and on disk."""
    return f"trial {trial}"
