"""Published training logs, as numbers, with what happened to each run.

`published.json` holds them: the columns of each log, where it comes from, and the truth, which was
read off the whole log by a person and off no rule of ours.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np

from lab.validate.logs.truth import Truth

CLOCK = "kimg"
FILE = Path(__file__).parent / "published.json"


@dataclass(frozen=True)
class PublishedLog:
    """One log and its truth."""

    name: str
    source: str
    """Program, data set and method."""
    truth: Truth
    what_happened: str
    """The distances that show it, in a few words."""
    onset_kimg: tuple[float, float] | None
    """Between which thousands of images a run broke; None where none did."""
    columns: Mapping[str, Sequence[float]]
    """As in the log: `kimg`, a Frechet distance and, for some, `inception_score`."""

    @property
    def rows(self) -> list[dict[str, float]]:
        """A row an evaluation, as a file of the log has them."""
        values = zip(*self.columns.values(), strict=True)
        return [dict(zip(self.columns, row, strict=True)) for row in values]

    @property
    def every_kimg(self) -> float:
        """Thousands of images from one evaluation to the next: the median."""
        return float(median(np.diff(np.unique(self.columns[CLOCK]))))


def published_logs() -> tuple[PublishedLog, ...]:
    """All logs, in the order of the file."""
    return tuple(_log(entry) for entry in json.loads(FILE.read_text()))


def _log(entry: Mapping[str, object]) -> PublishedLog:
    onset = entry["onset_kimg"]
    return PublishedLog(**{**entry, "onset_kimg": None if onset is None else tuple(onset)})  # type: ignore[arg-type]
