"""The pictures of docs/verdicts.md, and the sentences that it quotes: a run of each verdict.

    python docs/site/verdicts.py [VERDICT ...]

writes docs/verdicts/<verdict>.svg and prints each sentence of the judge, marked where the page
lacks it. Published logs and synthetic ones take seconds; what the lab trains for its own
validation takes a minute.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import torch
from curve import Curve, draw

from lab.config import DataConfig, StabilityConfig, TextConfig
from lab.data import find
from lab.record.columns import GENERATOR_GRAD_NORM, IMAGES_SEEN, R_PRECISION, MetricNames
from lab.record.scale import Scale
from lab.record.verdicts import VERDICTS
from lab.stability.verdict import Verdict, judge
from lab.text import text_bench
from lab.validate import texts
from lab.validate.logs import scoring
from lab.validate.logs.published import CLOCK, published_logs
from lab.validate.logs.synthetic import START, Cell, make_logs
from lab.validate.planted.cases import CASES
from lab.validate.planted.runs import PlantedJob, play

DOCS = Path(__file__).parents[1]
PAGE = DOCS / "verdicts.md"
SEED = 50
"""The first held-out seed of the planted suite."""
STYLES = {word.name: word.style for word in VERDICTS}


class Example(NamedTuple):
    """A run of one verdict."""

    curve: Curve
    verdict: Verdict


def published(name: str) -> Example:
    """A published log of the judge's validation."""
    log = next(log for log in published_logs() if log.name == name)
    verdict = _given(judge(log.rows))
    column = next(column for column in log.columns if column not in (CLOCK, "inception_score"))
    return _example(verdict, "Fréchet distance", log.columns[CLOCK], log.columns[column])


def synthetic(kind: str) -> Example:
    """A synthetic log of the judge's validation, drawn by its quality."""
    rows = scoring.rows_of(make_logs(Cell(kind, 0.1), scoring.SEED).distances[0])
    verdict = _given(judge(rows, settings=scoring.SETTINGS, log=scoring.OPTIONS))
    quality = Scale(START).qualities([row["fid"] for row in rows]).tolist()
    target = {"target": scoring.SETTINGS.target_quality}
    kimg = [row[CLOCK] for row in rows]
    return _example(verdict, "quality", kimg, quality, is_log=False, levels=target)


def planted(
    case: str, label: str, column_of: Callable[[MetricNames], str], **drawn: Any
) -> Example:
    """A run that the lab trains for its own validation."""
    played = play(PlantedJob(case, SEED))
    settings = StabilityConfig(target_quality=CASES[case].target)
    verdict = _given(played.judged(len(played.rows), settings))
    column = column_of(MetricNames(**played.names))
    rows = [row for row in played.rows if column in row]
    levels = {"real images": played.baseline[column]} if drawn.pop("beside_real", False) else {}
    kimg = [row[IMAGES_SEEN] / 1000 for row in rows]
    return _example(verdict, label, kimg, [row[column] for row in rows], levels=levels, **drawn)


def without_texts() -> Example:
    """A made-up generator of good images that ignores its texts."""
    data = find(DataConfig(source=texts.SOURCE))
    bench = text_bench(data, texts.SOURCE, TextConfig(), torch.device("cpu"))
    rows = texts.made_up_rows(texts.hits_of(bench), 0.0, 0)
    real = {"real images": bench.baseline[R_PRECISION]}
    kimg = [row[IMAGES_SEEN] / 1000 for row in rows]
    values = [row[R_PRECISION] for row in rows]
    verdict = texts.judge_rows(rows, bench)
    return _example(verdict, "R-precision", kimg, values, is_log=False, levels=real)


def _example(verdict: Verdict, label: str, kimg: Any, values: Any, **drawn: Any) -> Example:
    onset = None if verdict.onset_images is None else verdict.onset_images / 1000
    title = f"{label} of a run that is {verdict.name}"
    style = STYLES[verdict.name]
    return Example(Curve(title, label, kimg, values, onset, style, **drawn), verdict)


def _given(verdict: Verdict | None) -> Verdict:
    assert verdict is not None, "every example is a whole run"
    return verdict


EXAMPLES: dict[str, Callable[[], Example]] = {
    "stable": partial(published, "sngan"),
    "diverged": partial(
        planted, "rate x100", "gradient norm of the generator", lambda _: GENERATOR_GRAD_NORM
    ),
    "collapsed": partial(
        planted,
        "classes dropped",
        "coverage",
        lambda names: names.coverage,
        is_log=False,
        beside_real=True,
    ),
    "oscillating": partial(planted, "relapsing", "kernel distance", lambda names: names.kernel),
    "degraded": partial(published, "acgan"),
    "stalled": partial(synthetic, "low plateau"),
    "deaf": without_texts,
    "short": partial(synthetic, "still falling"),
}


def is_quoted(evidence: str) -> bool:
    """Whether the page has a sentence of the judge."""
    return evidence in " ".join(PAGE.read_text().replace("\n> ", " ").split())


def main() -> int:
    """Write the pictures; 1 where the page lacks a sentence."""
    num_missing = 0
    for name in sys.argv[1:] or EXAMPLES:
        example = EXAMPLES[name]()
        assert example.verdict.name == name, example.verdict
        picture = DOCS / "verdicts" / f"{name}.svg"
        picture.parent.mkdir(exist_ok=True)
        picture.write_text(draw(example.curve))
        evidence = example.verdict.evidence
        num_missing += not is_quoted(evidence)
        print(f"{name}{'' if is_quoted(evidence) else ' (not on the page)'}: {evidence}")
    return 1 if num_missing else 0


if __name__ == "__main__":
    sys.exit(main())
