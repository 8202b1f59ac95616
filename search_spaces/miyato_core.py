"""The nine cells that decide Miyato et al. 2018's claim: three methods at the settings D, E, F.

Spectral norm, WGAN-GP and weight clipping at the rates of 1e-3, where the paper's WGAN-GP fails
and spectral norm holds. The rest is the space `miyato`'s; `--known-only --seeds 5` takes a quarter
of an hour on two cores.
"""

from __future__ import annotations

from search_spaces import miyato
from search_spaces.miyato import BASE, PRESETS, suggest

__all__ = ["BASE", "KNOWN_POINTS", "PRESETS", "suggest"]

KNOWN_POINTS = {
    f"{setting}-{method}": miyato.KNOWN_POINTS[f"{setting}-{method}"]
    for setting in "def"
    for method in ("spectral", "wgan-gp", "clipping")
}
