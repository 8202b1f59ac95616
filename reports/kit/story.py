"""What happened in a run, in one line: where it is told of a trial, it is told so."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

from reports.kit.words import fixed, images


def story(run: pd.Series[Any]) -> str:
    """A row of `run_table` in words: the verdict's evidence, confidence, flags, blind spots."""
    if run["error"]:
        return str(run["error"])
    if not run["evidence"]:
        return ""
    onset, sure = run["onset_images"], run["confidence"]
    at = f"at {images(onset)} images: " if not math.isnan(onset) else ""
    confidence = f" (confidence {fixed(sure)})" if not math.isnan(sure) else ""
    flags = [
        f"flagged {flag.name}" + (f": {flag.evidence}" if flag.evidence else "")
        for flag in run["flags"]
    ]
    blind = [f"not judged: {told}" for told in run["not_judged"]]
    return "; ".join([f"{at}{run['evidence']}{confidence}", *flags, *blind])
