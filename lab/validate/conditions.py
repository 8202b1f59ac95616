"""What a validation ran on, as its record and page state it."""

from __future__ import annotations

from typing import Any

import torch

from lab.cores import own_cores
from lab.record.conditions import system

PACKAGES = ("torch", "numpy", "scipy", "plotly")
"""What the numbers depend on, besides the lab."""


def hardware(processes: int) -> dict[str, Any]:
    """System, cores, GPU, and the number of processes."""
    gpu = torch.cuda.get_device_name() if torch.cuda.is_available() else "none"
    return {
        "system": system(),
        "cores": own_cores(),
        "gpu": gpu,
        "processes": processes,
    }
