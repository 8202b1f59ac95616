"""Which device, which torch, which driver."""

from __future__ import annotations

import os
import platform
import subprocess
from typing import Any

import torch

from benchmarks.gpu_parts.setting import Cases, Setting

QUERY = ("name", "driver_version", "memory.total", "power.limit", "clocks.max.sm")


def cases(setting: Setting) -> Cases:
    """One case."""
    yield "machine", lambda: describe(setting)


def describe(setting: Setting) -> dict[str, Any]:
    """Names and versions; computes one small product, which fails where the device does."""
    facts: dict[str, Any] = {
        "device": platform.processor() or platform.machine(),
        "torch": torch.__version__,
        "python": platform.python_version(),
        "num_cpus": len(os.sched_getaffinity(0)),
    }
    if setting.device.type == "cuda":
        facts |= {
            "device": torch.cuda.get_device_name(setting.device),
            "capability": list(torch.cuda.get_device_capability(setting.device)),
            "cuda": torch.version.cuda,
            "cudnn": torch.backends.cudnn.version(),
            "nvidia_smi": _asked_nvidia_smi(),
        }
        facts["driver"] = facts["nvidia_smi"].get("driver_version")
    ones = torch.ones(8, 8, device=setting.device)
    return {**facts, "ok": float((ones @ ones).sum()) == 512.0}


def _asked_nvidia_smi() -> dict[str, str]:
    """What the driver's own tool reports; empty where there is none."""
    command = ["nvidia-smi", f"--query-gpu={','.join(QUERY)}", "--format=csv,noheader"]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, timeout=20, check=True)
    except (OSError, subprocess.SubprocessError):
        return {}
    words = answer.stdout.strip().splitlines()[0].split(",")
    return {key: word.strip() for key, word in zip(QUERY, words, strict=False)}
