"""Progress of long work: a bar on a terminal, two plain lines elsewhere."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable, Iterator


@contextlib.contextmanager
def tracked(title: str, total: int, unit: str = "images") -> Iterator[Callable[[int], None]]:
    """Yields `advance(count)`; writes to stderr, so that piped output stays clean."""
    if sys.stderr.isatty():
        with _bar(title, total) as advance:
            yield advance
        return
    started = time.monotonic()
    print(f"{title}: {total:,} {unit}", file=sys.stderr, flush=True)
    yield lambda count: None
    print(f"{title}: done in {time.monotonic() - started:.0f} s", file=sys.stderr, flush=True)


@contextlib.contextmanager
def _bar(title: str, total: int) -> Iterator[Callable[[int], None]]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
    from rich.progress import TimeRemainingColumn as TimeLeft

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeLeft())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task(title, total=total)
        yield lambda count: progress.advance(task, count)


def tracked_later(
    stack: contextlib.ExitStack, title: str, total: int, unit: str = "images"
) -> Callable[[int], None]:
    """Progress that is shown from its first step on; without a step nothing is written."""
    steps: list[Callable[[int], None]] = []

    def advance(count: int) -> None:
        if not steps:
            steps.append(stack.enter_context(tracked(title, total, unit)))
        steps[0](count)

    return advance
