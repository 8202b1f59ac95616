"""The encoder of texts and images: two networks with near vectors for what belongs together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor, nn

from lab.gan.texts import unit
from lab.metrics.network import FeatureNetwork, channels_last, fitted
from lab.text.words import MOST_WORDS, NUM_BUCKETS, Words, words_in

SIZE = 64
"""Length of the vectors, and of a word's."""
NUM_HEADS = 4
BATCH = 512
"""Texts or images of one pass."""


class TextNetwork(nn.Module):
    """Words with positions, one transformer layer, the mean over words, a linear map."""

    def __init__(self, size: int = SIZE, num_layers: int = 1) -> None:
        super().__init__()
        self.words = nn.EmbeddingBag(NUM_BUCKETS, size, mode="mean")
        self.positions = nn.Embedding(MOST_WORDS, size)
        layer = nn.TransformerEncoderLayer(
            size, NUM_HEADS, 2 * size, dropout=0.1, batch_first=True, norm_first=True
        )
        self.layers = nn.TransformerEncoder(
            layer, num_layers, norm=nn.LayerNorm(size), enable_nested_tensor=False
        )
        self.last = nn.Linear(size, size)
        nn.init.normal_(self.positions.weight, 0.0, 0.1)

    def forward(self, words: Words) -> Tensor:
        """The words of B texts -> vectors [B, size] of length 1"""
        device = self.last.weight.device
        vectors = self.words(words.pieces.to(device), words.starts.to(device))
        x = nn.utils.rnn.pad_sequence(
            list(torch.split(vectors, list(words.counts))), batch_first=True
        )
        counts = torch.tensor(words.counts, device=device)
        missing = torch.arange(x.shape[1], device=device) >= counts[:, None]
        x = x + self.positions.weight[: x.shape[1]]
        x = self.layers(x, src_key_padding_mask=missing)
        x = x.masked_fill(missing[..., None], 0.0)
        return unit(self.last(x.sum(dim=1) / counts[:, None]))


class Encoder(nn.Module):
    """A text network, and a feature network for images."""

    def __init__(self, texts: TextNetwork, images: FeatureNetwork, side: int) -> None:
        """`side` is that of the square images in pixels which the network takes."""
        super().__init__()
        self.texts = texts
        self.images = images
        self.side = side

    def of_images(self, images: Tensor) -> Tensor:
        """[n, C, H, H] in [-1, 1] -> vectors [n, size], differentiable, in full precision"""
        with torch.autocast(images.device.type, enabled=False):
            levels = (images + 1.0) * 127.5
            return unit(self.images(fitted(levels, self.images.channels, self.side)))

    @torch.inference_mode()
    def of_levels(self, images: Tensor) -> Tensor:
        """uint8 [n, C, H, H] -> vectors [n, size]"""
        device = self.images.head.weight.device
        parts = [
            unit(self.images(fitted(part.to(device), self.images.channels, self.side)))
            for part in torch.split(images, BATCH)
        ]
        return torch.cat(parts)

    def of_texts(self, texts: Sequence[str]) -> Tensor:
        """Vectors [len(texts), size]"""
        return torch.cat(list(self.in_parts(texts)))

    def in_parts(self, texts: Sequence[str]) -> Iterator[Tensor]:
        """`of_texts` in parts."""
        for start in range(0, len(texts), BATCH):
            with torch.inference_mode():
                yield self.texts(words_in(texts[start : start + BATCH]))


def frozen(encoder: Encoder) -> Encoder:
    """The encoder for use alone."""
    channels_last(encoder.images)
    return encoder.eval().requires_grad_(False)
