"""Generators that follow a known share of their texts: which of them are `deaf`?

A generator is made up of real images: a share of them are those of their texts, the others those
of random ones. Its quality is perfect, so nothing but R-precision can show what is wrong.
"""

from __future__ import annotations

import time
from typing import NamedTuple

import torch

from lab.config import DataConfig, StabilityConfig, TextConfig
from lab.data import find
from lab.randomness import counted_generator
from lab.record import STABLE
from lab.record.columns import IMAGES_SEEN, QUALITY, R_PRECISION, metric_names
from lab.stability.verdict import Verdict, judge
from lab.statistics.shares import wilson_interval
from lab.text import TextBench, text_bench
from lab.text.bench import halves
from lab.text.captioned import captioned
from lab.validate.part import Check, Part, Say, Table

SOURCE = "emoji-mini"
SHARES = (0.0, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
"""Of images that are those of their texts."""
FOLLOWED = 0.2
"""Share from which no run may be called deaf."""
NUM_IMAGES = 500
"""Of an evaluation: about as many captions as are scored of 1,000 samples."""
NUM_EVALUATIONS = 6
QUICK_RUNS, FULL_RUNS = 20, 200
BUDGET = 60_000
REACHED = 0.9


class Followed(NamedTuple):
    """Runs of one share."""

    share: float
    precision: float
    """Mean R-precision."""
    num_deaf: int
    num_stable: int


def validate(quick: bool, processes: int, say: Say) -> Part:
    """Judge runs whose R-precision is that of made-up generators."""
    started = time.perf_counter()
    bench = text_bench(find(DataConfig(source=SOURCE)), SOURCE, TextConfig(), torch.device("cpu"))
    num_runs = QUICK_RUNS if quick else FULL_RUNS
    hits = hits_of(bench)
    rows = []
    for share in SHARES:
        rows.append(_judged(bench, hits, share, num_runs))
        say(f"{share:.0%} followed: {rows[-1].num_deaf} of {num_runs} runs deaf")
    return Part(
        name="texts",
        question="Is a generator of texts called deaf where it ignores them, and only there?",
        checks=[_deaf_found(rows, num_runs), _following_left(rows, num_runs)],
        tables=[_table(bench, rows, num_runs)],
        seconds=time.perf_counter() - started,
        settings={
            "source": SOURCE,
            "encoder": bench.encoders.digest[:12],
            "images": NUM_IMAGES,
            "evaluations": NUM_EVALUATIONS,
            "runs": num_runs,
            "deaf_alignment": StabilityConfig().deaf_alignment,
        },
    )


class Hits(NamedTuple):
    """Whether images are nearest to a text, by position of the text."""

    right: torch.Tensor
    """bool [n], real images with their own text."""
    wrong: torch.Tensor
    """bool [n], those of other images."""


def hits_of(bench: TextBench) -> Hits:
    """Which real images, and which of other texts, are nearest to a text."""
    images = captioned(bench.pack.train)
    positions = halves(len(images))[1]
    vectors = bench.encoders.scoring.of_levels(bench.pack.train.at(images.rows[positions]))
    captions = images.firsts[positions]
    order = torch.randperm(len(captions), generator=counted_generator(0, "other texts", 0))
    return Hits(
        bench.ranking.hits(vectors, captions), bench.ranking.hits(vectors[order], captions)
    )


def made_up_rows(hits: Hits, share: float, run: int) -> list[dict[str, float]]:
    """A run that follows a share of its texts, each evaluation of images of its own."""
    rng = counted_generator(run, f"followed texts at {share}", 0)
    rows: list[dict[str, float]] = [{IMAGES_SEEN: 0, QUALITY: 0.0, R_PRECISION: 0.01}]
    for number in range(1, NUM_EVALUATIONS + 1):
        picks = torch.randint(len(hits.right), (NUM_IMAGES,), generator=rng)
        followed = torch.rand(NUM_IMAGES, generator=rng) < share
        of_images = torch.where(followed, hits.right[picks], hits.wrong[picks])
        precision = float(of_images.double().mean())
        images_seen = BUDGET * number // NUM_EVALUATIONS
        rows.append({IMAGES_SEEN: images_seen, QUALITY: REACHED, R_PRECISION: precision})
    return rows


def judge_rows(rows: list[dict[str, float]], bench: TextBench) -> Verdict:
    """The verdict of made-up rows."""
    verdict = judge(
        rows,
        names=metric_names("emoji", NUM_IMAGES),
        baseline=bench.baseline,
        budget_images=BUDGET,
        settings=StabilityConfig(),
        num_samples=NUM_IMAGES,
    )
    assert verdict is not None, "at the budget every run has a verdict"
    return verdict


def _judged(bench: TextBench, hits: Hits, share: float, num_runs: int) -> Followed:
    """Runs that follow a share of their texts."""
    runs = [made_up_rows(hits, share, run) for run in range(num_runs)]
    names = [judge_rows(rows, bench).name for rows in runs]
    precisions = [rows[-1][R_PRECISION] for rows in runs]
    mean = sum(precisions) / num_runs
    return Followed(share, mean, names.count("deaf"), names.count(STABLE))


def _deaf_found(rows: list[Followed], num_runs: int) -> Check:
    row = next(row for row in rows if row.share == 0)
    low, high = wilson_interval(row.num_deaf, num_runs)
    return Check(
        "A generator that ignores its texts is deaf",
        row.num_deaf >= 0.95 * num_runs,
        f"{row.num_deaf} of {num_runs} runs ({low:.3f}-{high:.3f}); at least 95 % are asked",
    )


def _following_left(rows: list[Followed], num_runs: int) -> Check:
    following = [row for row in rows if row.share >= FOLLOWED]
    wrong, total = sum(num_runs - row.num_stable for row in following), num_runs * len(following)
    return Check(
        f"A generator that follows {FOLLOWED:.0%} of its texts or more is not",
        wrong == 0,
        f"{wrong} of {total} runs were not stable; none may be",
    )


def _table(bench: TextBench, rows: list[Followed], num_runs: int) -> Table:
    return Table(
        "Runs by the share of their texts that they follow",
        ("texts followed", "R-precision", "deaf", "stable"),
        [(row.share, row.precision, row.num_deaf, row.num_stable) for row in rows],
        f"{num_runs} runs a row, {NUM_EVALUATIONS} evaluations of {NUM_IMAGES} images; real "
        f"images have R-precision {bench.baseline[R_PRECISION]:.3f}",
    )
