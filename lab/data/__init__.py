"""Packed image sets: build them once, find them, sample from them (docs/design.md section 5).

A pack is a folder with ``images.npy`` (uint8 [N, H, W, C], memory-mapped), ``labels.npy``,
``card.json``, and files of captions and attributes where the images have any (docs/data.md).
`find` opens the pack a configuration names, packing it into the cache on first use.
"""

from lab.data.captions import Captions
from lab.data.lookup import find
from lab.data.order import training_indices
from lab.data.pack import Pack, PackCard, open_pack
from lab.data.split import ImageBatch, Split

__all__ = [
    "Captions",
    "ImageBatch",
    "Pack",
    "PackCard",
    "Split",
    "find",
    "open_pack",
    "training_indices",
]
