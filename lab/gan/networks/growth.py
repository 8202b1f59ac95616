"""The stages of a growing network that are in use, by the images seen (Karras et al. 2018)."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn


class Level(NamedTuple):
    """The highest stage in use, and how far it has faded in."""

    stage: int
    share: float
    """In (0, 1]: weight of the stage's image; the rest is the image of the stage before."""


class Growth(nn.Module):
    """Stage 0 alone, then for each further stage a phase of fading and one of rest.

    The images seen are a buffer, which a stored generator keeps; its copy is a plain number, so
    that a step does not wait for the device.
    """

    images_seen: Tensor

    def __init__(self, images_per_phase: int, num_stages: int) -> None:
        """`images_per_phase` of 0: all stages at once."""
        super().__init__()
        self.images_per_phase = images_per_phase
        self.last = num_stages - 1
        self._seen = 0
        if images_per_phase:
            self.register_buffer("images_seen", torch.zeros((), dtype=torch.int64))
            self.register_load_state_dict_post_hook(_read)  # type: ignore[no-untyped-call]

    def show(self, images_seen: int) -> None:
        """Move to where the networks are after so many images."""
        if self.images_per_phase:
            self._seen = images_seen
            self.images_seen.fill_(images_seen)

    @property
    def level(self) -> Level:
        """The present one."""
        if not self.images_per_phase:
            return Level(self.last, 1.0)
        return level_after(self._seen / self.images_per_phase, self.last)


def level_after(phases: float, last: int) -> Level:
    """After so many phases: the first is stage 0's, then two for each stage.

    A stage that begins to fade in has no weight yet: the one before is all that is in use.
    """
    fading, share = divmod(max(phases - 1.0, 0.0), 2.0)
    height = min(fading + min(share, 1.0), float(last))
    stage = math.ceil(height)
    return Level(stage, 1.0 if stage == height else height - (stage - 1))


def _read(growth: nn.Module, _: Any) -> None:
    assert isinstance(growth, Growth)
    growth.show(int(growth.images_seen))
