"""Seconds of an evaluation of 10,000 images with torch-fidelity's Inception network.

Without a weights file the network has random weights, which cost the same; the case reports it.
On a CPU the evaluation is of few images with the lab's small network.
"""

from __future__ import annotations

import copy
import math
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from benchmarks.evaluation import parts_of
from benchmarks.gpu_parts.full_size import full_config
from benchmarks.gpu_parts.setting import SHAPE, Cases, Setting, game_of
from lab.config import EvaluationConfig
from lab.gan.sampling import generate, latents
from lab.metrics import make_evaluator

NUM_SAMPLES, NUM_SAMPLES_ON_CPU = 10_000, 50
NUM_COMPARED = 64
TOLERANCE = 0.01
"""Of the features on both devices: TF32 keeps ten bits of a product."""


def cases(setting: Setting) -> Cases:
    """The features on both devices, then the evaluation."""
    yield "features on the device and the CPU", partial(compared, setting)
    yield "one evaluation", partial(evaluated, setting)


def evaluated(setting: Setting) -> dict[str, Any]:
    """Seconds of making the images, of building the evaluator, of each part and of the whole."""
    number = NUM_SAMPLES_ON_CPU if setting.reduced else NUM_SAMPLES
    weights, random = weights_of(setting)
    config = EvaluationConfig(
        extractor="inception", extractor_weights=str(weights), num_samples=number
    )
    if setting.reduced:
        config = EvaluationConfig(num_samples=number)
    seconds: dict[str, float] = {}
    results: dict[str, Any] = {}

    def timed(name: str, work: Callable[[], Any]) -> Any:
        started = time.perf_counter()
        results[name] = work()
        setting.wait()
        seconds[name] = round(time.perf_counter() - started, 4)
        print(f"{name}: {seconds[name]} s", file=sys.stderr, flush=True)
        return results[name]

    images = timed("making the images", lambda: generated(setting, number))
    evaluator = timed(
        f"building the evaluator, {2 * number} real images",
        lambda: make_evaluator(
            config,
            random_images(number, seed=1),
            random_images(number, seed=2),
            fingerprint="random images",
            device=setting.device,
            cache=setting.scratch / "features",
        ),
    )
    # The evaluator's own start has warmed the device up, so once is enough for seconds.
    for name, part in parts_of(evaluator, images).items():
        timed(name, part)
    columns = results["whole evaluation"]
    return {
        "ok": all(math.isfinite(value) for value in columns.values()),
        "extractor": evaluator.extractor,
        "weights": "random" if random else "given",
        "num_samples": number,
        "seconds": seconds,
    }


def compared(setting: Setting) -> dict[str, Any]:
    """The largest difference of a feature over the largest feature."""
    from lab.metrics.fidelity import inception_extractor

    weights, _ = weights_of(setting)
    extractor = inception_extractor(weights)
    images = random_images(2 if setting.reduced else NUM_COMPARED, seed=0)
    with torch.no_grad():
        here = extractor(images)[0]
        there = copy.deepcopy(extractor).to(setting.device)(images.to(setting.device))[0].cpu()
    difference = float((here - there).abs().max() / here.abs().max())
    return {"ok": difference <= TOLERANCE, "difference": difference}


def weights_of(setting: Setting) -> tuple[Path, bool]:
    """The weights file given, or one of random weights; and whether they are random."""
    if setting.inception_weights is not None:
        return Path(setting.inception_weights), False
    path = setting.scratch / "random-inception.pth"
    if not path.exists():
        write_random_weights(path)
    return path, True


def write_random_weights(path: Path) -> None:
    """The state of torch-fidelity's network with He's initialisation, which keeps the scale.

    The network reads weights while it is built, so it is built from none by a class that skips
    reading.
    """
    from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3

    import lab.metrics.fidelity  # noqa: F401  (torchvision, which torch-fidelity needs)

    class Unread(FeatureExtractorInceptionV3):  # type: ignore[misc]
        def load_state_dict(self, *arguments: Any, **options: Any) -> None:
            """Keep what the layers drew."""

    nothing = path.with_suffix(".none")
    torch.save({}, nothing)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = Unread("random", ["2048"], feature_extractor_weights_path=str(nothing))
        for module in network.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
    torch.save(network.state_dict(), path)


def random_images(number: int, seed: int) -> Tensor:
    """uint8 [number, 3, 32, 32] of smooth random patterns."""
    draw = torch.Generator().manual_seed(seed)
    coarse = torch.rand((number, SHAPE.channels, 4, 4), generator=draw)
    fine = nn.functional.interpolate(coarse, size=(32, 32), mode="bilinear")
    return (255 * fine).to(torch.uint8)


def generated(setting: Setting, number: int) -> Tensor:
    """uint8 images [number, 3, 32, 32] of an untrained full-size generator."""
    config = full_config(setting, "sngan-resnet")
    game = game_of(config, setting.device, "float32")
    codes = latents(number, config.network.latent_size, SHAPE.num_classes, seed=0, purpose="speed")
    images = generate(game.average, codes, autocast=game.autocast())
    if images is None:
        raise RuntimeError("an untrained generator made a pixel that is not finite")
    return images
