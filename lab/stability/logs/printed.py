"""Logs that programs print: StudioGAN's .log, and StyleGAN's log.txt of any generation."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from lab.record import Row
from lab.stability.log_columns import NothingYet
from lab.stability.logs.objects import flat, object_of
from lab.stability.logs.parts import LogFile, LogRun, number_or_text, unread
from lab.stability.logs.settings import printed_settings
from lab.stability.logs.text import LogText
from lab.stability.logs.thinned import thinned

NUMBER = r"[-+]?(?:\d+\.?\d*(?:[eE][-+]?\d+)?|\.\d+|nan|inf)"
STUDIOGAN_SCORE = re.compile(
    rf"(?P<best>Best )?(?P<name>FID score|Inception score|Improved Precision|Improved Recall|"
    rf"Density|Coverage) \(Step: (?P<step>\d+)[^)]*\):\s*(?P<value>{NUMBER})",
    re.IGNORECASE,
)
STUDIOGAN_NAMES = {
    "fid score": "fid",
    "inception score": "inception_score",
    "improved precision": "precision",
    "improved recall": "recall",
    "density": "density",
    "coverage": "coverage",
}
STUDIOGAN_STEP = re.compile(r"\bStep:\s*(\d+)\s+Progress:")
STUDIOGAN_LOSS = re.compile(
    rf"\b(?P<player>Dis|Gen|Discriminator|Generator)_loss:\s*(?P<value>{NUMBER})", re.IGNORECASE
)
STYLEGAN_TICK = re.compile(rf"^tick\s+\d+\s+kimg\s+(?P<kimg>{NUMBER})", re.MULTILINE)
STYLEGAN_METRIC = re.compile(
    rf"network-snapshot-(?P<kimg>\d+)\s+time\s+.*?\s(?P<name>(?:fid|kid|pr|is|ppl)\w*)\s+"
    rf"(?P<value>{NUMBER})",
)
SIGNS = (STUDIOGAN_SCORE, STUDIOGAN_STEP, STYLEGAN_TICK, STYLEGAN_METRIC)


def looks_printed(text: str) -> bool:
    """Whether a line of a known program is in it."""
    return any(sign.search(text) for sign in SIGNS)


def read_printed(text: LogText) -> LogFile:
    """The rows of the lines that hold numbers; other lines are prose and go unmentioned.

    Rows are in the order in which they were printed.
    Raises InputError where no line has a score.
    """
    path = text.path
    notes: list[str] = []
    rows, kept = thinned(_rows(text.lines, path, notes), path, text.long_by)
    if not any(len(row) > 1 for row in rows):
        raise NothingYet(
            f"the log {path} has no line with a score; give one of a run that was evaluated"
        )
    settings = printed_settings(text.beginning.splitlines())
    return LogFile((LogRun(path.stem, rows, settings),), (*kept, *notes))


def _rows(lines: Iterable[str], path: Path, notes: list[str]) -> Iterator[Row]:
    torn = 0
    for line in lines:
        if not line.lstrip().startswith("{"):
            row = _studiogan(line) or _stylegan(line)
            if row:
                yield row
        elif content := object_of(line):
            row = flat(content)
            if "kimg" in row:
                yield row
        else:
            torn += 1
    notes += unread(torn, "line", path.name)


def _studiogan(line: str) -> Row:
    score = STUDIOGAN_SCORE.search(line)
    if score:
        # "Best FID score" repeats an earlier evaluation, and would hide every rise.
        if score["best"]:
            return {}
        name = STUDIOGAN_NAMES[score["name"].lower()]
        return {"step": float(score["step"]), name: number_or_text(score["value"])}
    step = STUDIOGAN_STEP.search(line)
    if not step:
        return {}
    row: Row = {"step": float(step.group(1))}
    for loss in STUDIOGAN_LOSS.finditer(line):
        player = "d_loss" if loss["player"].lower().startswith("dis") else "g_loss"
        row[player] = number_or_text(loss["value"])
    return row if len(row) > 1 else {}


def _stylegan(line: str) -> Row:
    metric = STYLEGAN_METRIC.search(line)
    if metric:
        return {"kimg": float(metric["kimg"]), metric["name"]: number_or_text(metric["value"])}
    tick = STYLEGAN_TICK.search(line)
    return {"kimg": number_or_text(tick["kimg"])} if tick else {}
