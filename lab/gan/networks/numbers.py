"""Random numbers that a network gets in a training pass."""

from __future__ import annotations

from typing import Protocol

from torch import Tensor


class Numbers(Protocol):
    """Random numbers of a training pass; the same purpose gives the same ones."""

    def normal(self, purpose: str, *shape: int) -> Tensor:
        """[B, *shape]"""

    def uniform(self, purpose: str, *shape: int) -> Tensor:
        """In [0, 1), [B, *shape]"""
