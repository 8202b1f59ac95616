"""Correctness 3: the metrics of one set of images, on the device and on the CPU."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from benchmarks.gpu_parts.setting import Cases, Setting
from lab.config import DataConfig, EvaluationConfig
from lab.data import Pack, find
from lab.metrics import Labels, PackEvaluator, make_evaluator

NOISE = 24
"""Grey levels of the noise on held-out images, which then have every metric off its extremes."""
RELATIVE, ABSOLUTE = 0.02, 0.01
"""A metric may differ by either. TF32 keeps ten bits of a product; a share counts images."""


def cases(setting: Setting) -> Cases:
    """As torch computes convolutions by default (TF32 on recent GPUs), and in full float32."""
    yield "default", partial(compared, setting, tf32=True)
    if not setting.reduced:
        yield "without TF32", partial(compared, setting, tf32=False)


def compared(setting: Setting, *, tf32: bool) -> dict[str, Any]:
    """Both devices' metrics that differ by more than allowed, and the largest difference."""
    torch.backends.cudnn.allow_tf32 = tf32
    pack = find(DataConfig())
    number = 200 if setting.reduced else 2000
    config = EvaluationConfig(num_samples=number)
    # The features of real images are cached by device, not by arithmetic: a cache for each.
    caches = setting.scratch / f"features-tf32-{tf32}", setting.scratch / "features-cpu"
    devices = setting.device, torch.device("cpu")
    there, here = map(partial(evaluator_of, config, pack), devices, caches)
    images = noisy(pack.heldout[0 : here.num_samples])
    on_device, on_cpu = there.measure(images), here.measure(images)
    apart = {
        name: (on_device[name], expected)
        for name, expected in on_cpu.items()
        if not abs(on_device[name] - expected) <= max(RELATIVE * abs(expected), ABSOLUTE)
    }
    largest = max(
        abs(on_device[name] - expected) / max(abs(expected), ABSOLUTE)
        for name, expected in on_cpu.items()
    )
    return {
        "ok": not apart and on_device.keys() == on_cpu.keys(),
        "num_samples": here.num_samples,
        "num_metrics": len(on_cpu),
        "largest_difference": largest,
        "apart": apart,
    }


def evaluator_of(
    config: EvaluationConfig, pack: Pack, device: torch.device, cache: Path
) -> PackEvaluator:
    """The evaluator that a run on the device has."""
    return make_evaluator(
        config,
        pack.train,
        pack.heldout,
        fingerprint=pack.card.fingerprint,
        labels=Labels(pack.train.labels, pack.heldout.labels, pack.num_classes),
        device=device,
        cache=cache,
    )


def noisy(images: Tensor) -> Tensor:
    """uint8 images with uniform noise, the same every time."""
    draw = torch.Generator().manual_seed(0)
    noise = torch.randint(-NOISE, NOISE + 1, images.shape, generator=draw)
    return (images.int() + noise).clamp(0, 255).to(torch.uint8)
