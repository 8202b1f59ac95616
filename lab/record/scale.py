"""The scale of quality: from images that show nothing to real ones (docs/science.md section 1).

Two anchors belong to the data, its resolution, the extractor and the number of samples, never to
a run: d_0, the distance of images whose every pixel is drawn independently from that pixel's
training values, and d_rr, the distance of held-out real images. Of the relative distance
r = (d - d_rr) / (d_0 - d_rr), quality is u = clip(1 - ln(1 + 100 r) / ln 101, 0, 1): equal steps
of u are equal factors of the distance, down to one per cent of the way.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

STEEPNESS = 100.0
"""Below 1 / 100 of the way, quality grows with the distance itself instead of its logarithm."""
LEAST_SHARE = 1 / 400
"""The distance is not resolved below this share of d_0 - d_rr (1 for a FID from 400)."""


@dataclass(frozen=True)
class Scale:
    """What one distance to real images means."""

    anchor: float
    """d_0, the distance at which quality is 0."""
    floor: float = 0.0
    """d_rr, the distance of real images, at which quality is 1."""
    floor_error: float = 0.0
    """Standard error of `floor`."""

    @property
    def is_empty(self) -> bool:
        """Whether d_0 is not above d_rr: then no distance has a quality above 0."""
        finite = math.isfinite(self.anchor) and math.isfinite(self.floor)
        return not finite or self.anchor <= self.floor

    def quality(self, distance: float) -> float:
        """u of one distance, in [0, 1]; 0 if it is not finite, or on an empty scale."""
        return float(self.qualities([distance])[0])

    def qualities(self, distances: ArrayLike) -> NDArray[np.float64]:
        """u of each distance, in [0, 1]; 0 where it is not finite, and on an empty scale."""
        d = np.asarray(distances, dtype=np.float64)
        if self.is_empty:
            return np.zeros(d.shape)
        above = np.maximum(np.where(np.isfinite(d), d, self.anchor) - self.floor, 0.0)
        r = np.minimum(above / (self.anchor - self.floor), 1.0)
        return np.clip(1.0 - np.log1p(STEEPNESS * r) / math.log1p(STEEPNESS), 0.0, 1.0)

    def distance(self, quality: float) -> float:
        """The distance of a quality in [0, 1]: the inverse of `quality`."""
        r = math.expm1((1.0 - quality) * math.log1p(STEEPNESS)) / STEEPNESS
        return self.floor + r * (self.anchor - self.floor)

    @property
    def resolution(self) -> float:
        """s, the smallest difference of two distances that means anything."""
        return max(self.floor_error, LEAST_SHARE * (self.anchor - self.floor))

    def log_distances(self, distances: ArrayLike) -> NDArray[np.float64]:
        """x = ln(s + max(0, d - d_rr)), in which equal steps are equal factors; NaN stays NaN."""
        d = np.asarray(distances, dtype=np.float64)
        return np.asarray(np.log(self.resolution + np.maximum(0.0, d - self.floor)))


UNIT_SCALE = Scale(1.0)
"""The scale of relative distances, for records that hold quality alone."""
