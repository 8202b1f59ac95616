"""Counted randomness: every draw comes from a generator made for (seed, purpose, step).

No random state is carried or saved, so a resumed run continues bit for bit. Draws are made for
the *global* batch and each rank takes its slice, so the numbers do not depend on the workers.
"""

from __future__ import annotations

import hashlib

import torch


def counted_seed(seed: int, purpose: str, step: int) -> int:
    """A 63-bit seed that depends on all three parts (BLAKE2b)."""
    words = f"{seed}/{purpose}/{step}".encode()
    return int.from_bytes(hashlib.blake2b(words, digest_size=8).digest(), "little") >> 1


def counted_generator(
    seed: int, purpose: str, step: int, device: torch.device | str = "cpu"
) -> torch.Generator:
    """A fresh generator on `device` for one purpose at one step."""
    return torch.Generator(device).manual_seed(counted_seed(seed, purpose, step))
