"""Column names of evaluations.jsonl: the clock, quality, signals, and the metrics by extractor."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

IMAGES_SEEN = "images_seen"
STEP = "step"
QUALITY = "quality"
SECONDS_TRAINING = "seconds_training"
SECONDS_EVALUATING = "seconds_evaluating"
SIGNAL_PREFIX = "signal_"
CLASS_SHARE_PREFIX = "class_share_"


def class_share(index: int) -> str:
    """The column of evaluations.jsonl with the share of generated images of a class."""
    return f"{CLASS_SHARE_PREFIX}{index}"


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
