"""The augmentation pipeline of StyleGAN2-ADA at a given probability (Karras et al. 2020).

Appendix B of the paper: flips, quarter turns and shifts by whole pixels; scaling, rotation,
stretching and fractional shifts; then five changes of colour. All geometric ones of an image are
one affine map and one resampling, all colour ones one matrix. R3GAN adds a cut-out, and halves
the probability of the colour ones.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from functools import lru_cache, reduce
from typing import NamedTuple

import torch
from torch import Tensor

from lab.config import RunConfig
from lab.gan.augment import ImageAugmentation, policy_words
from lab.gan.augment.linear import linear
from lab.gan.augment.resample import resampled
from lab.gan.draws import PassDraws

BLIT = ("flip", "quarter-turn", "whole-shift")
GEOMETRIC = ("scale", "rotation", "stretch", "shift")
COLOUR = ("brightness", "contrast", "luma-flip", "hue", "saturation")
GROUPS = {"blit": BLIT, "geometric": GEOMETRIC, "colour": COLOUR, "half-colour": COLOUR}
DEFAULT = ("blit", "geometric", "colour")
"""`bgc` in the authors' code."""
WORDS = (*GROUPS, *BLIT, *GEOMETRIC, *COLOUR, "cutout")

LARGEST_SHIFT = 0.125
"""Of a shift by whole pixels; also the standard deviation of the fractional one. Of the side."""
SCALE_STD, STRETCH_STD = 0.2, 0.2
"""Standard deviations of the logarithm to base 2."""
BRIGHTNESS_STD, CONTRAST_STD, SATURATION_STD = 0.2, 0.5, 1.0
"""Of contrast and saturation: of the logarithm to base 2."""
CUTOUT = 0.5
"""Side of the square that is cut out, as a share of the image's."""

GATES = (*BLIT, *GEOMETRIC, *COLOUR, "cutout", "second rotation")
"""What is decided for each image, in the order of its draws."""
NUM_UNIFORM, NUM_NORMAL = 10, 8


class Parameters(NamedTuple):
    """What happens to each image; a transformation that is not applied has its neutral value."""

    flip: Tensor
    """0 or 1, [n]."""
    quarter_turns: Tensor
    """0 to 3, [n]."""
    whole_shift: Tensor
    """Pixels along x and y, whole numbers, [n, 2]."""
    scale: Tensor
    """[n]"""
    before: Tensor
    """Angle of the rotation before the stretch, [n]."""
    stretch: Tensor
    """Factor along x, and its inverse along y, [n]."""
    after: Tensor
    """Angle of the rotation after the stretch, [n]."""
    shift: Tensor
    """Pixels along x and y, [n, 2]."""
    brightness: Tensor
    """[n]"""
    contrast: Tensor
    """[n]"""
    luma_flip: Tensor
    """0 or 1, [n]."""
    hue: Tensor
    """Angle, [n]."""
    saturation: Tensor
    """[n]"""
    hole: Tensor
    """Centre of what is cut out in x and y, in [0, 1), [n, 2]."""
    hole_size: Tensor
    """Its side, [n]: CUTOUT or 0."""


def levels(strengths: Tensor, rotates: Tensor, probability: float | Tensor) -> Tensor:
    """Probability of each gate, from each one's factor and whether it rotates; [len(GATES)] each.

    Two rotations have 1 - sqrt(1 - p) each, so that at least one happens with p.
    """
    each = strengths * probability
    return torch.where(rotates, 1 - (1 - each).clamp(0, 1).sqrt(), each)


def parameters(applied: Tensor, u: Tensor, normal: Tensor, side: int) -> Parameters:
    """From gates [n, len(GATES)], uniform [n, NUM_UNIFORM] and normal numbers [n, NUM_NORMAL]."""
    gate = dict(zip(GATES, applied.unbind(1), strict=True))
    angles = (2 * u[:, 4:7] - 1) * math.pi
    whole = ((2 * u[:, 2:4] - 1) * LARGEST_SHIFT * side).round()

    def given(name: str, value: Tensor, neutral: float) -> Tensor:
        chosen = gate[name] if value.dim() == 1 else gate[name][:, None]
        return torch.where(chosen, value, neutral)

    return Parameters(
        flip=given("flip", (2 * u[:, 0]).floor(), 0),
        quarter_turns=given("quarter-turn", (4 * u[:, 1]).floor(), 0),
        whole_shift=given("whole-shift", whole, 0),
        scale=given("scale", (SCALE_STD * normal[:, 0]).exp2(), 1),
        before=given("rotation", angles[:, 0], 0),
        stretch=given("stretch", (STRETCH_STD * normal[:, 1]).exp2(), 1),
        after=given("second rotation", angles[:, 1], 0),
        shift=given("shift", LARGEST_SHIFT * side * normal[:, 2:4], 0),
        brightness=given("brightness", BRIGHTNESS_STD * normal[:, 4], 0),
        contrast=given("contrast", (CONTRAST_STD * normal[:, 5]).exp2(), 1),
        luma_flip=given("luma-flip", (2 * u[:, 7]).floor(), 0),
        hue=given("hue", angles[:, 2], 0),
        saturation=given("saturation", (SATURATION_STD * normal[:, 6]).exp2(), 1),
        hole=u[:, 8:10],
        hole_size=given("cutout", torch.full_like(u[:, 0], CUTOUT), 0),
    )


def geometry(to: Parameters) -> Tensor:
    """The inverse of the affine map, [n, 3, 3]: a position in the result -> one in the image.

    Positions are homogeneous, in pixels from the centre, y downwards. Each factor is the inverse
    of one transformation; the last one acts on the result first.
    """
    return _product(
        _affine(1 - 2 * to.flip, 0, 0, 1),
        _rotation(math.pi / 2 * to.quarter_turns),
        _affine(1, 0, 0, 1, -to.whole_shift),
        _affine(1 / to.scale, 0, 0, 1 / to.scale),
        _rotation(to.before),
        _affine(1 / to.stretch, 0, 0, to.stretch),
        _rotation(to.after),
        _affine(1, 0, 0, 1, -to.shift),
    )


def colour(to: Parameters) -> Tensor:
    """The affine map of colours (r, g, b, 1), [n, 4, 4].

    Luma is the axis v = (1, 1, 1) / sqrt 3: it is reflected by I - 2 v v^T, hues turn round it,
    and saturation s stretches what is orthogonal to it, v v^T + (I - v v^T) s.
    """
    luma, across, cross, last, offset = _colour_matrices(to.hue.dtype, to.hue.device)

    def times(factor: Tensor, matrix: Tensor) -> Tensor:
        return factor[:, None, None] * matrix

    return _product(
        luma + last + times(to.saturation, across),
        luma + last + times(to.hue.cos(), across) + times(to.hue.sin(), cross),
        across + last + times(1 - 2 * to.luma_flip, luma),
        last + times(to.contrast, luma + across),
        luma + across + last + times(to.brightness, offset),
    )


@lru_cache(maxsize=8)
def _colour_matrices(dtype: torch.dtype, device: torch.device) -> tuple[Tensor, ...]:
    """v v^T, what is orthogonal to it, the product with v, the constant 1, the white offset."""
    luma, across, cross, last, offset = torch.zeros(5, 4, 4, dtype=dtype)
    luma[:3, :3] = 1 / 3
    across[:3, :3] = torch.eye(3) - luma[:3, :3]
    cross[0, 2] = cross[1, 0] = cross[2, 1] = 1 / math.sqrt(3)
    cross -= cross.T.clone()
    last[3, 3] = 1
    offset[:3, 3] = 1
    return tuple(made.to(device) for made in (luma, across, cross, last, offset))


def recoloured(images: Tensor, matrix: Tensor) -> Tensor:
    """Images [n, C, H, W] under a map [n, 4, 4] of colours; of grey ones C = 1, of others 3.

    A grey image is three equal channels, of which the mean is taken afterwards.
    """
    channels = images.shape[1]
    mix, offset = matrix[:, :3, :3], matrix[:, :3, 3]
    if channels == 1:
        mix, offset = mix.sum(2, keepdim=True).mean(1, keepdim=True), offset.mean(1, keepdim=True)

    def mixed(x: Tensor, by: Tensor) -> Tensor:
        return (by @ x.reshape(*x.shape[:2], -1)).view(x.shape)

    changed = linear(images, lambda x: mixed(x, mix), lambda y: mixed(y, mix.mT))
    return changed + offset[:, :, None, None]


def cut(images: Tensor, to: Parameters) -> Tensor:
    """Images [n, C, H, W] with a square of zeros."""
    side = images.shape[-1]
    centres = (torch.arange(side, device=images.device) + 0.5) / side
    distance = (centres - to.hole[:, :, None]).abs()
    beyond = distance >= to.hole_size[:, None, None] / 2
    keep = beyond[:, 1, :, None] | beyond[:, 0, None, :]
    return images * keep[:, None].to(images.dtype)


class Pipeline(ImageAugmentation):
    """The transformations of the policy, each of each image with the probability given."""

    strengths: Tensor
    rotates: Tensor

    def __init__(self, config: RunConfig) -> None:
        super().__init__(config)
        by_gate = _strengths(policy_words(config, WORDS) or DEFAULT)
        strengths = torch.tensor([by_gate.get(gate, 0.0) for gate in GATES])
        rotates = torch.tensor([gate.endswith("rotation") for gate in GATES])
        # Constants: no part of a run's state.
        self.register_buffer("strengths", strengths, persistent=False)
        self.register_buffer("rotates", rotates, persistent=False)
        self.moves = any(name in by_gate for name in (*BLIT, *GEOMETRIC))
        self.recolours = any(name in by_gate for name in COLOUR)
        self.cuts = "cutout" in by_gate

    def apply_to(
        self, images: Tensor, draw: PassDraws, side: str, probability: float | Tensor
    ) -> Tensor:
        """[n, C, H, W] -> the same."""
        with torch.autocast(images.device.type, enabled=False):
            chances = draw.uniform(f"{side} chances", len(GATES))
            to = parameters(
                chances < levels(self.strengths, self.rotates, probability),
                draw.uniform(f"{side} transformations", NUM_UNIFORM),
                draw.normal(f"{side} sizes", NUM_NORMAL),
                images.shape[-1],
            )
            if self.moves:
                images = resampled(images, geometry(to))
            if self.recolours:
                images = recoloured(images, colour(to))
            return cut(images, to) if self.cuts else images


def _strengths(words: Iterable[str]) -> dict[str, float]:
    """Each transformation's own factor of the probability."""
    strengths: dict[str, float] = {}
    for word in words:
        factor = 0.5 if word == "half-colour" else 1.0
        strengths |= dict.fromkeys(GROUPS.get(word, (word,)), factor)
    if "rotation" in strengths:
        strengths["second rotation"] = strengths["rotation"]
    return strengths


def _product(*matrices: Tensor) -> Tensor:
    return reduce(torch.matmul, matrices)


Entry = Tensor | float


def _affine(a: Entry, b: Entry, c: Entry, d: Entry, offset: Tensor | None = None) -> Tensor:
    """Rows (a, b, offset_x), (c, d, offset_y), (0, 0, 1): [n, 3, 3], one of them a tensor [n]."""
    x, y = (0.0, 0.0) if offset is None else offset.unbind(1)
    entries: tuple[Entry, ...] = (a, b, x, c, d, y, 0.0, 0.0, 1.0)
    like = next(entry for entry in entries if isinstance(entry, Tensor))
    filled = [
        entry if isinstance(entry, Tensor) else torch.full_like(like, entry) for entry in entries
    ]
    return torch.stack(filled, dim=1).view(-1, 3, 3)


def _rotation(angle: Tensor) -> Tensor:
    """[n] -> [n, 3, 3]"""
    cos, sin = angle.cos(), angle.sin()
    return _affine(cos, -sin, sin, cos)
