"""Score of a run from the quality of its evaluations (docs/science.md section 1)."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from lab.record.verdicts import UNBROKEN


def score(
    images_seen: ArrayLike,
    quality: ArrayLike,
    budget_images: int,
    failure_images: int | None,
) -> float:
    """J = (1/T) integral of u over images seen, from 0 to the budget T; finite, in [0, 1].

    Trapezoids between evaluations. u is 0 from `failure_images` on (the trapezoid that holds it
    is cut there), past the last row (the run ended early) and before the first. A quality that
    is not finite counts as 0, one outside [0, 1] as the nearer end; a row without a finite number
    of images seen is skipped; of rows at the same number the first counts, as for a verdict.
    """
    assert budget_images > 0, "a budget has images"
    images = np.asarray(images_seen, dtype=np.float64).ravel()
    u = np.asarray(quality, dtype=np.float64).ravel()
    assert images.shape == u.shape, "one quality for each row"
    placed = np.isfinite(images)
    images, u = images[placed], u[placed]
    u = np.where(np.isfinite(u), np.clip(u, 0.0, 1.0), 0.0)

    images, first = np.unique(images, return_index=True)
    u = u[first]
    if images.size < 2:
        return 0.0

    end = min(float(budget_images), images[-1])
    if failure_images is not None:
        end = min(end, float(failure_images))
    start = max(0.0, images[0])
    if end <= start:
        return 0.0
    inside = (images > start) & (images < end)
    edges = np.concatenate([[start], images[inside], [end]])
    area = float(np.trapezoid(np.interp(edges, images, u), edges))
    return min(1.0, max(0.0, area / budget_images))


def final_quality(quality: float, verdict: str) -> float:
    """u_T (docs/science.md section 1): 0 if the run failed before its budget."""
    return quality if verdict in UNBROKEN else 0.0
