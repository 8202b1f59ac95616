"""Named protocols: one name fixes metric, extractor, number of samples and real images.

`fid50k_full` is what papers print: the Frechet distance of 50,000 samples, in Inception's
features, to all training images. The scheme of the names is StyleGAN2-ADA's (Karras et al. 2020):

    fid50k_full kid50k_full fid10k_test is50k    Inception's features
    fd_fashion50k_full kid_fashion50k_full       those of another extractor, by its family
    fid_2k coverage_fashion_2k                   a search's columns, measured as a search does

Another number may stand for 50k. `_full` is against the training images, `_test` against the
held-out ones, `_all` against both.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from lab.catalogue import EXTRACTORS
from lab.errors import InputError, nearest
from lab.metrics.metric import all_metrics, columns_of
from lab.record.columns import count_word, counted

Kind = Literal["frechet", "kernel", "score", "column"]
Part = Literal["full", "test", "all"]

USUAL = ("fid50k_full", "kid50k_full", "is50k", "fid10k_test")
PAPER = re.compile(r"(?:(fid|kid)|(fd|kid)_([a-z0-9-]+?)_?)([1-9]\d*k?)_(full|test|all)")
SCORE = re.compile(r"is([1-9]\d*k?)")
COLUMN = re.compile(r"[a-z0-9_-]+_([1-9]\d*k?)(?:_se)?")
INCEPTION = "inception"
NUM_SUBSETS, SUBSET_SIZE = 100, 1_000
"""torch-fidelity's for the kernel distance."""
NUM_SPLITS = 10
"""torch-fidelity's for the Inception Score."""
FEWEST, MOST = 50, 1_000_000
"""Samples that `evaluation.num_samples` allows."""
PARTS: dict[str, Part] = {"full": "full", "test": "test", "all": "all"}
IMAGES: dict[Part, str] = {
    "full": "training images",
    "test": "held-out images",
    "all": "training and held-out images",
}


@dataclass(frozen=True)
class Protocol:
    """One named way to measure a generator."""

    kind: Kind
    family: str
    """Family of the extractor."""
    num_samples: int
    part: Part | None = None
    """The real images; None where there are none, or a search's."""
    column: str = ""
    """For a search's column: its name."""

    @property
    def name(self) -> str:
        """Its column, which holds the number of samples and the real images."""
        count = count_word(self.num_samples)
        if self.kind == "score":
            return f"is{count}"
        if self.kind == "column":
            return self.column
        if self.family == INCEPTION:
            metric = "fid" if self.kind == "frechet" else "kid"
            return f"{metric}{count}_{self.part}"
        between = "_" if self.family[-1].isdigit() else ""
        metric = "fd" if self.kind == "frechet" else "kid"
        return f"{metric}_{self.family}{between}{count}_{self.part}"

    @property
    def columns(self) -> tuple[str, ...]:
        """The value's, and for some kinds that of its standard deviation over subsets."""
        with_spread = self.kind in ("kernel", "score")
        return (self.name, f"{self.name}_std") if with_spread else (self.name,)

    @property
    def needs_equal_counts(self) -> bool:
        """Whether it takes no more samples than there are real images."""
        if self.kind != "column":
            return False
        paired = (metric for metric in all_metrics().values() if metric.stream is None)
        return any(self.column in columns_of(one, self.family, self.num_samples) for one in paired)

    def at(self, num_samples: int) -> str:
        """The name of a search's column at another number of samples."""
        ending = f"{counted(num_samples)}\\1"
        return re.sub(f"{counted(self.num_samples)}(_se)?$", ending, self.column)

    def sentence(self, num_real: int, num_kept: int, extractor: str) -> str:
        """How it is measured; of `num_real` real images the features of `num_kept` are kept."""
        samples = f"{self.num_samples:,} samples"
        if self.kind == "score":
            return (
                f"Inception Score of {samples}: mean and standard deviation over {NUM_SPLITS} "
                f"splits (torch-fidelity's); {extractor}"
            )
        images = IMAGES[self.part or "full"]
        if self.kind == "frechet":
            return (
                f"Frechet distance of {samples} to the moments of all {num_real:,} {images}; "
                f"{extractor}"
            )
        of = f"all {num_real:,} {images}"
        if num_kept < num_real:
            of = f"{num_kept:,} of {num_real:,} {images}"
        return (
            f"Kernel distance of {samples} to {of}: mean and standard deviation over "
            f"{NUM_SUBSETS} subsets of {SUBSET_SIZE:,} (torch-fidelity's); {extractor}"
        )


def parse_protocols(words: Iterable[str], family: str) -> list[Protocol]:
    """The protocols of words with one name each, or several between commas; each once.

    `family` is that of the run's own extractor, whose columns a name may have.
    Raises InputError for an unknown name, and for a count that is not allowed.
    """
    names = [name.strip() for word in words for name in word.split(",")]
    return list(dict.fromkeys(_parsed(name, family) for name in names))


def _parsed(name: str, family: str) -> Protocol:
    if match := PAPER.fullmatch(name):
        short, long, other, count, part = match.groups()
        kind: Kind = "kernel" if (short or long) == "kid" else "frechet"
        return Protocol(kind, other or INCEPTION, _count(name, count), PARTS[part])
    if match := SCORE.fullmatch(name):
        return Protocol("score", INCEPTION, _count(name, match.group(1)))
    if match := COLUMN.fullmatch(name):
        count = _count(name, match.group(1))
        for one in (family, *EXTRACTORS):
            if name in _columns(one, count):
                return Protocol("column", one, count, column=name)
    raise _unknown(name, family)


def _columns(family: str, num_samples: int) -> list[str]:
    """A search's columns at a number of samples."""
    metrics = all_metrics().values()
    return [column for one in metrics for column in columns_of(one, family, num_samples)]


def _count(name: str, word: str) -> int:
    count = int(word.removesuffix("k")) * (1000 if word.endswith("k") else 1)
    if not FEWEST <= count <= MOST:
        raise InputError(
            f"the protocol {name} takes {count:,} samples; it must be from {FEWEST} to {MOST:,}"
        )
    return count


def _unknown(name: str, family: str) -> InputError:
    other = "fashion" if family == INCEPTION else family
    distances = f"fd_{other}50k_full", f"kid_{other}50k_full"
    search = _columns(other, 2_000)[:2]
    near = nearest(name, (*USUAL, *distances)) or ""
    return InputError(
        f"the protocol '{name}' is unknown{near}; allowed are "
        f"{', '.join((*USUAL, *distances))}, with any number for 50k and _full, _test or _all, "
        f"and a search's columns such as {' and '.join(search)}"
    )
