"""Column names of evaluations.jsonl: the clock, quality, metrics by extractor, signals.

This is the one list of them; docs/record.md states what each holds.
"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

IMAGES_SEEN = "images_seen"
STEP = "step"
QUALITY = "quality"
SECONDS_PREFIX = "seconds_"
SECONDS_TRAINING = SECONDS_PREFIX + "training"
SECONDS_EVALUATING = SECONDS_PREFIX + "evaluating"
CLASS_SHARE_PREFIX = "class_share_"

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
DIVERSITY = SIGNAL_PREFIX + "diversity"
PARTICIPATION_RATIO = SIGNAL_PREFIX + "participation_ratio"
LIPSCHITZ = SIGNAL_PREFIX + "lipschitz"
NON_FINITE = SIGNAL_PREFIX + "non_finite"
FIRST_NON_FINITE = SIGNAL_PREFIX + "first_non_finite_images"
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


def metric_names(family: str) -> MetricNames:
    """Columns for an extractor family, say `fashion` -> `fd_fashion`, `inception` -> `fid`."""
    frechet, kernel = (
        ("fid", "kid") if family == "inception" else (f"fd_{family}", f"kid_{family}")
    )
    return MetricNames(
        frechet=frechet,
        kernel=kernel,
        kernel_error=f"{kernel}_se",
        precision=f"precision_{family}",
        recall=f"recall_{family}",
        density=f"density_{family}",
        coverage=f"coverage_{family}",
        ct=f"ct_{family}",
        authenticity=f"authenticity_{family}",
        duplicates=f"duplicates_{family}",
        rke=f"rke_{family}",
    )
