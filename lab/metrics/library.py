"""The lab's metrics for a training loop of one's own.

evaluator = Evaluator("photos.zip", "efficientnet", resolution=64)
evaluator.measure(images)  # {"fd_efficientnet_2k": 31.2, "kid_efficientnet_2k": ..., ...}
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lab.config import DataConfig, make_config
from lab.data import Pack, find
from lab.errors import InputError
from lab.metrics.classes import Labels
from lab.metrics.distances import MIN_SAMPLES
from lab.metrics.evaluator import PackEvaluator, make_evaluator
from lab.metrics.extractors import require_fitting, settled


class Evaluator:
    """Measures generated images against the training images of a data set.

    Arguments:
        pack: a pack, or what `--dataset` takes: a named set, a folder or a zip of images, a pack's
            path. Its first use packs images and computes their features, which are kept.
        extractor: what `--extractor` takes; `auto` chooses by the colour channels.
        resolution: side of the images in pixels, unless `pack` is one already.
        weights: file of the extractor `inception` or `dinov2`.
        device: where features are computed: `cpu`, or `cuda`.

    Raises InputError for data or an extractor that cannot be had, or do not fit each other.
    """

    def __init__(
        self,
        pack: Pack | str | Path,
        extractor: str = "auto",
        *,
        resolution: int = 32,
        weights: str | Path | None = None,
        device: str = "cpu",
    ) -> None:
        values = {
            "evaluation.extractor": extractor,
            "evaluation.extractor_weights": None if weights is None else str(weights),
            "data.resolution": resolution,
        }
        config = make_config({}, values)
        if not isinstance(pack, Pack):
            pack = find(DataConfig(source=str(pack), resolution=config.data.resolution))
        self.pack = pack
        self._files = config.files
        self._evaluation = settled(config.evaluation, pack.channels)
        require_fitting(self._evaluation, pack.channels)
        self._device = device
        self._by_count: dict[int, PackEvaluator] = {}

    def measure(self, images: Tensor | NDArray[Any]) -> dict[str, float]:
        """Metrics of [N, C, H, H] images by column, whose names have the number of samples.

        Images are uint8, or floats in [-1, 1]; of torch on any device, or of numpy. At least 20
        are needed. Distances to the training images fall as images become better; `of_real` has
        what held-out real images measure.
        Raises InputError for images of another kind than those of the pack.
        """
        taken = self._as_images(images)
        return self._evaluator(len(taken)).measure(taken)

    def of_real(self, num_samples: int) -> dict[str, float]:
        """`measure` of held-out real images: what perfect images would have."""
        return dict(self._evaluator(num_samples).of_real)

    def description(self, num_samples: int) -> dict[str, Any]:
        """The protocol of every number, as `study.json` has it."""
        return self._evaluator(num_samples).description()

    def _evaluator(self, num_samples: int) -> PackEvaluator:
        if num_samples not in self._by_count:
            if num_samples < MIN_SAMPLES:
                raise InputError(
                    f"there are {num_samples} images; metrics need at least {MIN_SAMPLES}"
                )
            pack = self.pack
            self._by_count[num_samples] = make_evaluator(
                self._evaluation.model_copy(update={"num_samples": num_samples}),
                pack.train,
                pack.heldout,
                fingerprint=pack.card.fingerprint,
                labels=Labels(pack.train.labels, pack.heldout.labels, pack.num_classes),
                device=self._device,
                files=self._files,
            )
        return self._by_count[num_samples]

    def _as_images(self, images: Tensor | NDArray[Any]) -> Tensor:
        """uint8 [N, C, H, H] on the CPU."""
        if isinstance(images, np.ndarray):
            images = torch.from_numpy(np.ascontiguousarray(images))
        taken = images.detach().cpu()
        side, channels = self.pack.resolution, self.pack.channels
        if taken.ndim != 4 or tuple(taken.shape[1:]) != (channels, side, side):
            shape = "x".join(map(str, taken.shape))
            raise InputError(
                f"the images are {shape}; those of {self.pack.card.name} are "
                f"Nx{channels}x{side}x{side}: give such, or another resolution"
            )
        if taken.dtype == torch.uint8:
            return taken
        if not taken.dtype.is_floating_point:
            raise InputError(f"the images are {taken.dtype}; give uint8, or floats in [-1, 1]")
        if not bool(torch.isfinite(taken).all()):
            raise InputError("an image has a pixel that is not finite; nothing can be measured")
        return ((taken.float().clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8)
