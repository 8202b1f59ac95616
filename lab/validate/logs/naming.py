"""Published logs as the judge names them, and how far its onsets are from the true ones."""

from __future__ import annotations

from dataclasses import dataclass

from lab.errors import InputError
from lab.stability.verdict import judge
from lab.validate.logs.published import PublishedLog
from lab.validate.logs.truth import BROKEN_METRIC, NO_VERDICT, REFUSED, is_right


@dataclass(frozen=True)
class NamedLog:
    """A log and what the judge called it."""

    log: PublishedLog
    called: str
    """A verdict's name, or why there is none."""
    onset_kimg: float | None
    evidence: str
    """The judge's, or its error."""

    @property
    def right(self) -> bool:
        """Whether the name is one that the truth allows."""
        return is_right(self.log.truth, self.called, self.evidence)

    @property
    def break_kimg(self) -> float | None:
        """Where the judge dates the break of a run that truly broke; None if it names none."""
        return self.onset_kimg if self.log.truth == "broke" and self.right else None

    @property
    def onset_error(self) -> float | None:
        """Evaluations from the true onset to the judge's, below 0 where that is too early.

        0 anywhere within the true interval; None where there is no `break_kimg`.
        """
        onset = self.break_kimg
        if self.log.onset_kimg is None or onset is None:
            return None
        first, last = self.log.onset_kimg
        return (onset - min(max(onset, first), last)) / self.log.every_kimg


def name_log(log: PublishedLog) -> NamedLog:
    """The judge's verdict on a log by itself, at its default settings."""
    try:
        verdict = judge(log.rows)
    except InputError as error:
        called = BROKEN_METRIC if "metric" in str(error) else REFUSED
        return NamedLog(log, called, None, str(error))
    if verdict is None:
        return NamedLog(log, NO_VERDICT, None, "")
    images = verdict.onset_images
    return NamedLog(log, verdict.name, None if images is None else images / 1000, verdict.evidence)
