"""Column names of evaluations.jsonl: the clock, quality, metrics by extractor, signals.

This is the one list of them; docs/record.md states what each holds.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict

IMAGES_SEEN = "images_seen"
STEP = "step"
QUALITY = "quality"
SECONDS_PREFIX = "seconds_"
SECONDS_TRAINING = SECONDS_PREFIX + "training"
SECONDS_EVALUATING = SECONDS_PREFIX + "evaluating"
SCHEDULED_PREFIX = "scheduled_"
"""Before the path of a setting with a schedule: its value at that evaluation."""
CLASS_SHARE_PREFIX = "class_share_"
R_PRECISION = "r_precision"
"""Share of generated images nearest to their own text of 100 (lab.text)."""
LIVE_PREFIX = "live_"
"""Before the column of a distance: that of the generator itself instead of its average."""

SIGNAL_PREFIX = "signal_"
CRITIC_LOSS = SIGNAL_PREFIX + "critic_loss"
CRITIC_LOSS_MAX = SIGNAL_PREFIX + "critic_loss_max"
CRITIC_LOSS_MIN = SIGNAL_PREFIX + "critic_loss_min"
GENERATOR_LOSS = SIGNAL_PREFIX + "generator_loss"
LOGIT_REAL = SIGNAL_PREFIX + "logit_real"
LOGIT_HELDOUT = SIGNAL_PREFIX + "logit_heldout"
LOGIT_FAKE = SIGNAL_PREFIX + "logit_fake"
GAP_AUTOCORRELATION = SIGNAL_PREFIX + "logit_gap_autocorrelation"
GAP_DEVIATION = SIGNAL_PREFIX + "logit_gap_std"
CRITIC_ACCURACY = SIGNAL_PREFIX + "critic_accuracy"
R_V = SIGNAL_PREFIX + "r_v"
R_T = SIGNAL_PREFIX + "r_t"
CRITIC_GRAD_NORM = SIGNAL_PREFIX + "critic_grad_norm"
GENERATOR_GRAD_NORM = SIGNAL_PREFIX + "generator_grad_norm"
CRITIC_UPDATE_RATIO = SIGNAL_PREFIX + "critic_update_ratio"
GENERATOR_UPDATE_RATIO = SIGNAL_PREFIX + "generator_update_ratio"
CRITIC_UPDATE_COSINE = SIGNAL_PREFIX + "critic_update_cosine"
GENERATOR_UPDATE_COSINE = SIGNAL_PREFIX + "generator_update_cosine"
CRITIC_SIGMA_MAX = SIGNAL_PREFIX + "critic_sigma_max"
GENERATOR_SIGMA_MAX = SIGNAL_PREFIX + "generator_sigma_max"
RECONSTRUCTION = SIGNAL_PREFIX + "reconstruction"
KL_DIVERGENCE = SIGNAL_PREFIX + "kl_divergence"
ENCODER_GRAD_NORM = SIGNAL_PREFIX + "encoder_grad_norm"
ENCODER_UPDATE_RATIO = SIGNAL_PREFIX + "encoder_update_ratio"
ENCODER_UPDATE_COSINE = SIGNAL_PREFIX + "encoder_update_cosine"
ENCODER_SIGMA_MAX = SIGNAL_PREFIX + "encoder_sigma_max"
DIVERSITY = SIGNAL_PREFIX + "diversity"
PARTICIPATION_RATIO = SIGNAL_PREFIX + "participation_ratio"
LIPSCHITZ = SIGNAL_PREFIX + "lipschitz"
NON_FINITE = SIGNAL_PREFIX + "non_finite"
FIRST_NON_FINITE = SIGNAL_PREFIX + "first_non_finite_images"
AUGMENTATION_P = SIGNAL_PREFIX + "augmentation_p"
JACOBIAN_REAL_MAX = SIGNAL_PREFIX + "jacobian_real_max"
JACOBIAN_IMAG_MAX = SIGNAL_PREFIX + "jacobian_imag_max"
JACOBIAN_MODULUS_MAX = SIGNAL_PREFIX + "jacobian_modulus_max"
GENERATOR_CONDITION = SIGNAL_PREFIX + "generator_condition"


def class_share(index: int) -> str:
    """The column of evaluations.jsonl with the share of generated images of a class."""
    return f"{CLASS_SHARE_PREFIX}{index}"


def count_word(count: int) -> str:
    """A number of samples within a name: 2,000 is `2k`, 1,500 is `1500`."""
    return f"{count // 1000}k" if count % 1000 == 0 else str(count)


COUNT = re.compile(r"_[1-9][0-9]*k?(?=(_se)?$)")
DISTANCE = re.compile(r"(?:fid|kid)_(\d+k?)|(?:fd|kid)_(?!se$)([a-z0-9-]+)(?:_(\d+k?))?")


class MetricNames(BaseModel):
    """Columns of one extractor's metrics; only Inception has `fid` (docs/design.md section 9)."""

    model_config = ConfigDict(frozen=True)

    frechet: str
    kernel: str
    kernel_error: str
    precision: str
    recall: str
    density: str
    coverage: str
    # Older records lack these: their rows have no such columns either.
    ct: str = "ct"
    authenticity: str = "authenticity"
    duplicates: str = "duplicates"
    rke: str = "rke"


def metric_names(
    family: str, num_samples: int | None = None, num_paired: int | None = None
) -> MetricNames:
    """Columns for an extractor family: `fashion` at 2,000 samples has `fd_fashion_2k`, `inception`
    has `fid_2k`.

    `num_paired` are the samples of metrics that need equal counts, if fewer. Without counts the
    names have none, as in records before version 0.2.
    """
    frechet, kernel = (
        ("fid", "kid") if family == "inception" else (f"fd_{family}", f"kid_{family}")
    )
    every, paired = counted(num_samples), counted(num_paired or num_samples)
    return MetricNames(
        frechet=f"{frechet}{every}",
        kernel=f"{kernel}{every}",
        kernel_error=f"{kernel}{every}_se",
        precision=f"precision_{family}{paired}",
        recall=f"recall_{family}{paired}",
        density=f"density_{family}{paired}",
        coverage=f"coverage_{family}{paired}",
        ct=f"ct_{family}{paired}",
        authenticity=f"authenticity_{family}{paired}",
        duplicates=f"duplicates_{family}{paired}",
        rke=f"rke_{family}{paired}",
    )


def counted(num_samples: int | None) -> str:
    """What a column's name ends in at a number of samples: `_2k`, or nothing without one."""
    return "" if num_samples is None else f"_{count_word(num_samples)}"


def uncounted(column: str) -> str:
    """A column's name without its number of samples, as records before version 0.2 have it."""
    return COUNT.sub("", column)


def under_columns(row: Mapping[str, Any], columns: Iterable[str]) -> dict[str, Any]:
    """A row whose metrics have the names of `columns`, with or without numbers of samples.

    A study that began before version 0.2 keeps its names, so its rows may have either.
    """
    names = {uncounted(column): column for column in columns}
    return {names.get(uncounted(column), column): value for column, value in row.items()}


def names_in(columns: Iterable[str]) -> MetricNames | None:
    """The names that the lab's own distances among some columns belong to; None without one."""
    columns = list(columns)
    for column in columns:
        if (distance := DISTANCE.fullmatch(column)) is None:
            continue
        of_inception, family, count = distance.groups()
        paired = f"coverage_{family or 'inception'}_"
        counts = [_count(one.removeprefix(paired)) for one in columns if one.startswith(paired)]
        return metric_names(family or "inception", _count(of_inception or count), *counts[:1])
    return None


def _count(word: str | None) -> int | None:
    """The number that `count_word` wrote."""
    if word is None or not word.removesuffix("k").isdecimal():
        return None
    return int(word.removesuffix("k")) * (1000 if word.endswith("k") else 1)
