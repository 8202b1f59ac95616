"""JSON from anybody: what would break a reader later is a ValueError here."""

from __future__ import annotations

import json
import re
from typing import Any

MOST_DIGITS = 30
"""Of a whole number; no float holds one of 400."""
_LONG = re.compile(rf"\d{{{MOST_DIGITS + 1}}}")


def parsed(text: str | bytes) -> Any:
    """As json.loads. Raises ValueError for no JSON, deep nesting and numbers of many digits."""
    if isinstance(text, bytes):
        text = text.decode()
    try:
        if _LONG.search(text) is None:
            return json.loads(text)
        return json.loads(text, parse_int=_whole_number)  # slower; the digits may be in a string
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _whole_number(digits: str) -> int:
    if len(digits) > MOST_DIGITS:
        raise ValueError(f"a number of {len(digits)} digits")
    return int(digits)
