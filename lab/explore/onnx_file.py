"""A generator as an ONNX file: codes, classes and sliders in, a grid of images out, in float32."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from lab.errors import InputError
from lab.explore.latent import Explored
from lab.export import program
from lab.gan.networks import Generator
from lab.gan.networks.stylegan2 import StyleGAN2Generator

BATCH = 16
OF_Z = ("z", "label", "sliders")
OF_W = ("z", "label", "end", "end_label", "share", "sliders", "psi")
"""Names of the inputs, which the page's script has as well (reports/explorer/generator.js)."""


class DrawingFromZ(nn.Module):
    """Shifts codes along the directions and draws them."""

    shifts: Tensor

    def __init__(self, generator: Generator, shifts: Tensor) -> None:
        super().__init__()
        self.generator = generator
        self.register_buffer("shifts", shifts)

    def forward(self, z: Tensor, label: Tensor, sliders: Tensor) -> Tensor:
        """[16, latent_size], [16] int64, [K] -> [16, C, H, H] in [-1, 1]"""
        images: Tensor = self.generator(z + sliders @ self.shifts, label)
        return images


class DrawingFromW(nn.Module):
    """Mixes the w of two codes, truncates, shifts along the directions, and draws."""

    shifts: Tensor
    mean: Tensor

    def __init__(self, generator: StyleGAN2Generator, shifts: Tensor, mean: Tensor) -> None:
        super().__init__()
        self.generator = generator
        self.register_buffer("shifts", shifts)
        self.register_buffer("mean", mean)

    def forward(
        self,
        z: Tensor,
        label: Tensor,
        end: Tensor,
        end_label: Tensor,
        share: Tensor,
        sliders: Tensor,
        psi: Tensor,
    ) -> Tensor:
        """Codes [16, latent_size] and classes [16] of both ends, the share of the way to the
        second [16], [K], [1] -> [16, C, H, H] in [-1, 1], unbounded
        """
        generator = self.generator
        start = generator.mapped(z, label)[:, 0]
        mixed = start.lerp(generator.mapped(end, end_label)[:, 0], share[:, None])
        w = self.mean.lerp(mixed, psi) + sliders @ self.shifts
        return generator.cropped(
            generator.from_mapped(w[:, None].expand(-1, generator.num_layers, -1))
        )


def onnx_of(explored: Explored) -> bytes:
    """The generator of a run, on the CPU, as an ONNX model.

    Raises InputError where the packages are missing, and for a network that torch cannot export.
    """
    if explored.run.text is not None:
        raise InputError(
            f"the generator of {explored.run.name} takes texts, whose encoder an exported page "
            "does not have; explore it without --export"
        )
    drawing, inputs = _drawing(explored)
    return program.onnx_of(drawing, inputs, OF_W if explored.has_w else OF_Z, explored.run.name)


def _drawing(explored: Explored) -> tuple[nn.Module, tuple[Tensor, ...]]:
    """The module to write, and inputs of its shapes."""
    generator, shifts = explored.run.generator, explored.directions.shifts.cpu()
    z = torch.randn(BATCH, explored.run.config.network.latent_size)
    label = torch.zeros(BATCH, dtype=torch.int64)
    sliders = torch.zeros(len(shifts))
    if isinstance(generator, StyleGAN2Generator):
        drawing = DrawingFromW(generator, shifts, explored.mean_w)
        return drawing, (z, label, z, label, torch.zeros(BATCH), sliders, torch.ones(1))
    return DrawingFromZ(generator, shifts), (z, label, sliders)
