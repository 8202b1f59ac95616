"""`--quick`: the same benchmark in seconds, to see that it runs; its figures mean nothing."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import Any


def parsed(
    parser: argparse.ArgumentParser, args: Sequence[str] | None = None, **quick: Any
) -> argparse.Namespace:
    """The options; with --quick those that are not given have the values in `quick`."""
    parser.add_argument(
        "--quick", action="store_true", help="a smoke run of seconds; its figures mean nothing"
    )
    words = sys.argv[1:] if args is None else list(args)
    if "--quick" in words:
        parser.set_defaults(**quick)
    return parser.parse_args(words)
