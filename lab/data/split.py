"""One part of a pack: rows of uint8 images, mapped from the disk or resident on a device."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from lab.data.captions import Captions


@dataclass(frozen=True)
class ImageBatch:
    """Real images in the format of the critic's input."""

    images: Tensor
    """float32 [B, C, H, W] in [-1, 1], channels-last in memory."""
    labels: Tensor
    """int64 [B]; -1 where unlabelled."""


class Split:
    """A part of a pack's images, say those that train; an index is a row within this split."""

    def __init__(
        self,
        images: Tensor,
        labels: Tensor,
        captions: Captions | None = None,
        attributes: Mapping[str, Tensor] | None = None,
    ) -> None:
        """`images` is uint8 [n, H, W, C] (possibly a read-only memory map), `labels` int64 [n].

        `captions` are those of n images, None where the pack has none; `attributes` are int64 [n]
        by name, -1 where an image has no value.
        """
        assert images.dtype == torch.uint8
        assert len(images) == len(labels)
        assert captions is None or len(captions) == len(images)
        self._images = images
        self._device_labels = labels.to(images.device)
        self.labels = labels
        self.captions = captions
        self.attributes = dict(attributes or {})

    def __len__(self) -> int:
        return len(self._images)

    def __getitem__(self, rows: slice) -> Tensor:
        """uint8 [n, C, H, W] of a slice of rows, copied out of the map; on the split's device."""
        return self._images[rows].permute(0, 3, 1, 2).clone(memory_format=torch.contiguous_format)

    def at(self, rows: Tensor) -> Tensor:
        """uint8 [n, C, H, W] of the images at `rows` (int64 [n]); only those are read."""
        taken = self._images.index_select(0, rows.to(self._images.device))
        return taken.permute(0, 3, 1, 2).clone(memory_format=torch.contiguous_format)

    def batch(
        self, indices: Tensor, device: torch.device | str, mirror: Tensor | None = None
    ) -> ImageBatch:
        """The images at `indices` (int64 [B]), flipped left to right where `mirror` (bool [B]).

        Only the rows asked for are read. A pixel p of 0..255 becomes p / 127.5 - 1.
        """
        indices = indices.to(self._images.device, non_blocking=True)
        rows = _moved(self._images.index_select(0, indices), torch.device(device))
        labels = _moved(self._device_labels.index_select(0, indices), torch.device(device))
        if mirror is not None:
            flipped = mirror.to(device, non_blocking=True)[:, None, None, None]
            rows = torch.where(flipped, rows.flip(2), rows)
        # Rows lie as NHWC, so the permuted view is channels-last already and stays so as float.
        images = rows.permute(0, 3, 1, 2).to(torch.float32).div_(127.5).sub_(1.0)
        return ImageBatch(images, labels)

    def resident(self, device: torch.device | str) -> Split:
        """This split on `device` if it takes at most a third of the memory free there, else self.

        On the CPU the map stays: the page cache holds it once for all workers of a machine.
        """
        target = torch.device(device)
        free = _free_bytes(target)
        if free is None or self._images.nbytes * 3 > free:
            return self
        return Split(self._images.to(target), self.labels, self.captions, self.attributes)


def _moved(rows: Tensor, device: torch.device) -> Tensor:
    """`rows` on `device`, without making the host wait for it."""
    if device.type == "cuda" and rows.device.type == "cpu":
        return rows.pin_memory().to(device, non_blocking=True)
    return rows.to(device)


def _free_bytes(device: torch.device) -> int | None:
    """Free bytes of a device with its own memory; None for other devices."""
    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[0]
    return None
