"""R-precision by list of captions: training, held-out combinations, held-out meanings."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from rich.table import Table
from torch import Tensor

from lab.data.split import Split
from lab.statistics.shares import wilson_interval
from lab.text.bench import MOST_REAL, TextBench, halves
from lab.text.captioned import Captioned, captioned
from lab.text.precision import CHANCE, Count, Ranking

SPLITS = {
    "train": "training captions",
    "combinations": "held-out combinations",
    "heldout": "held-out meanings",
}


class Score(NamedTuple):
    """Of one list of captions."""

    split: str
    counts: dict[str, Count]
    """By what the images are: generated, real, lookup."""

    @property
    def shares(self) -> dict[str, float]:
        """R-precision by what the images are."""
        return {kind: count.share for kind, count in self.counts.items()}


class _List(NamedTuple):
    split: Split
    images: Captioned
    ranking: Ranking
    vectors: Tensor
    """[M, E], of its captions as conditions."""
    positions: Tensor
    """int64 [n], the images whose first captions are scored."""


def of_real_images(bench: TextBench) -> list[Score]:
    """Of real images of their own captions, and of the training images nearest by caption."""
    return _scores(bench, {"real": _real, "lookup": _looked_up})


def of_generated_images(
    bench: TextBench, generate: Callable[[Tensor], Tensor], most: int = MOST_REAL
) -> list[Score]:
    """`generate` makes images uint8 [n, C, H, H] of texts' vectors [n, E]; beside real images."""
    made = {"generated": lambda _, one, captions: generate(one.vectors[captions])}
    return _scores(bench, {**made, "real": _real, "lookup": _looked_up}, most)


def scores_table(scores: list[Score], title: str) -> Table:
    """A row for each list of captions, with Wilson's intervals."""
    table = Table(title=title, caption=f"chance {CHANCE:g}; the nearest of 100 texts")
    table.add_column("captions")
    table.add_column("images", justify="right")
    kinds = list(scores[0].counts)
    for kind in kinds:
        table.add_column(kind, justify="right")
    for score in scores:
        counts = score.counts
        total = f"{counts[kinds[0]].total:,}"
        table.add_row(SPLITS[score.split], total, *(_in_words(counts[kind]) for kind in kinds))
    return table


def _in_words(count: Count) -> str:
    low, high = wilson_interval(count.hits, count.total)
    return f"{count.share:.3f} ({low:.3f}-{high:.3f})"


Make = Callable[[TextBench, _List, Tensor], Tensor]
"""Images uint8 [n, C, H, H] for captions of a list, int64 [n]."""


def _scores(bench: TextBench, kinds: dict[str, Make], most: int = MOST_REAL) -> list[Score]:
    scores = []
    for name in SPLITS:
        split: Split | None = getattr(bench.pack, name)
        if split is None or not len(images := captioned(split)):
            continue
        one = _list(bench, name, split, images, most)
        captions = images.firsts[one.positions]
        counts = {}
        for kind, make in kinds.items():
            made = make(bench, one, captions)
            vectors = bench.encoders.scoring.of_levels(made)
            counts[kind] = one.ranking.count(vectors, captions)
        scores.append(Score(name, counts))
    return scores


def _list(bench: TextBench, name: str, split: Split, images: Captioned, most: int) -> _List:
    positions, ranking = torch.arange(len(images)), bench.ranking_of(images, name)
    if name == "train":
        positions, ranking = halves(len(images))[1], bench.ranking
    vectors = bench.vectors(images, name, "conditioning")
    return _List(split, images, ranking, vectors, positions[:most])


def _real(bench: TextBench, one: _List, captions: Tensor) -> Tensor:
    return one.split.at(one.images.rows[one.positions])


def _looked_up(bench: TextBench, one: _List, captions: Tensor) -> Tensor:
    """The training image with the caption nearest to each, but never the image itself."""
    rows, texts = bench.train
    scores = one.vectors[captions] @ texts.vectors.t()
    owners = torch.repeat_interleave(torch.arange(texts.num_images), texts.firsts.diff())
    if one.split is bench.pack.train:
        scores[owners == one.positions[:, None]] = -2.0
    return bench.pack.train.at(rows[owners[scores.argmax(dim=1)]])
