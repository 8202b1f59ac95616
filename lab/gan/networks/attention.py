"""Self-attention over the pixels of a layer (Zhang et al. 2019, SAGAN)."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lab.gan.networks.initialisation import Fill
from lab.gan.networks.layers import Conv2d
from lab.gan.networks.spectral import WeightNorm


class SelfAttention(nn.Module):
    """x + gain * W_o softmax(Q K^T) V, every pixel looking at all; `gain` begins at 0.

    Q = W_q x with C / 8 channels, K = W_k x with C / 8 and V = W_v x with C / 2, the last two
    max-pooled 2x2; all are 1x1 convolutions without a bias. Equations 1 to 3, in the form of the
    authors' code (github.com/brain-research/self-attention-gan), which pools and has C / 2
    channels in V; the paper has neither. Logits are not scaled.
    """

    def __init__(self, num_channels: int, *, fill: Fill, weight_norm: WeightNorm) -> None:
        super().__init__()
        num_keys, num_values = max(num_channels // 8, 1), max(num_channels // 2, 1)

        def convolution(num_in: int, num_out: int) -> Conv2d:
            return Conv2d(num_in, num_out, 1, fill=fill, bias=False, weight_norm=weight_norm)

        self.query = convolution(num_channels, num_keys)
        self.key = convolution(num_channels, num_keys)
        self.value = convolution(num_channels, num_values)
        self.output = convolution(num_values, num_channels)
        self.gain = nn.Parameter(torch.zeros(()))

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, H, W] -> the same shape, H and W even"""
        queries = _pixels(self.query(x))
        keys = _pixels(F.max_pool2d(self.key(x), 2))
        values = _pixels(F.max_pool2d(self.value(x), 2))
        # Written out: the fused kernels of torch cannot be differentiated twice.
        weights = torch.bmm(queries, keys.transpose(1, 2)).softmax(dim=-1)
        attended = torch.bmm(weights.to(values.dtype), values)
        image = attended.view(x.shape[0], *x.shape[2:], -1).permute(0, 3, 1, 2)
        return torch.addcmul(x, self.gain.to(x.dtype), self.output(image).to(x.dtype))


def _pixels(x: Tensor) -> Tensor:
    """[B, C, H, W] -> [B, H*W, C]"""
    return x.permute(0, 2, 3, 1).flatten(1, 2)
