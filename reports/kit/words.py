"""Numbers and names as a reader meets them: short, with units, no more digits than are known."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

MISSING = "–"

SHORT = {
    "optimizer.generator_lr": "generator rate",
    "optimizer.critic_lr": "critic rate",
    "optimizer.generator_beta1": "generator beta1",
    "optimizer.generator_beta2": "generator beta2",
    "optimizer.critic_beta1": "critic beta1",
    "optimizer.critic_beta2": "critic beta2",
    "optimizer.schedule": "schedule",
    "training.batch_size": "batch size",
    "training.critic_steps": "critic steps",
    "network.critic_norm": "critic norm",
    "network.architecture": "architecture",
    "network.width": "width",
    "penalty.kind": "penalty",
    "penalty.weight": "penalty weight",
    "penalty.every_steps": "penalty every",
    "penalty.clip": "weight clip",
    "loss": "loss",
}


def short_name(path: str) -> str:
    """A parameter's or a metric's name for axes and tables; the path itself when we have none."""
    if path in SHORT:
        return SHORT[path]
    return path.removeprefix("signal_").replace("_", " ").replace(".", " ")


def number(value: Any, digits: int = 3) -> str:
    """A number in at most `digits` significant digits; a dash for None, words for nan and inf."""
    if value is None:
        return MISSING
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return str(value)
    if isinstance(value, int):
        return f"{value:,}" if abs(value) >= 10_000 else str(value)
    if not math.isfinite(value):
        return str(value)
    if value != 0 and (abs(value) < 1e-3 or abs(value) >= 1e6):
        mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
        mantissa = mantissa.rstrip("0").rstrip(".") if "." in mantissa else mantissa
        return f"{mantissa}e{int(exponent)}"
    if abs(value) >= 10 ** (digits - 1):
        return f"{value:,.0f}"
    shown = f"{value:.{digits}g}"
    return shown if "e" not in shown else f"{value:.6f}".rstrip("0")


def setting(value: Any, digits: int = 3) -> str:
    """A parameter's value; small ones as `3.5e-4`, the way rates are written and compared."""
    if isinstance(value, float) and 0 < abs(value) < 1e-2:
        mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
        return f"{mantissa.rstrip('0').rstrip('.')}e{int(exponent)}"
    return number(value, digits)


def fixed(value: float | None, decimals: int = 2) -> str:
    """A number with so many decimals, or a dash."""
    if value is None or not math.isfinite(value):
        return MISSING if value is None else str(value)
    return f"{value:.{decimals}f}"


def images(count: float | None) -> str:
    """Images seen: `640`, `6.4k`, `64k`, `1.2M`."""
    if count is None or not math.isfinite(count):
        return MISSING
    for size, unit in ((1e6, "M"), (1e3, "k")):
        if count >= size:
            return f"{count / size:.3g}{unit}"
    return f"{count:.0f}"


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
    """A name no longer than there is room for beside an axis."""
    return name if len(name) <= most else f"{name[: most - 1]}…"


def day(written: object) -> str:
    """`3 March 2026` of a time as the record writes it, in UTC; empty where there is none."""
    try:
        moment = datetime.fromisoformat(str(written))
    except ValueError:
        return ""
    moment = moment.astimezone(UTC) if moment.tzinfo else moment
    return moment.strftime("%d %B %Y").lstrip("0")


def trial_name(trial: int) -> str:
    """A trial as the reader finds it in the table and on the disk."""
    return f"trial {trial}"
