"""Pictures of made-up runs: shirts that come out of the noise as quality rises."""

from __future__ import annotations

import io
from functools import cache

import numpy as np
from PIL import Image, ImageDraw

SHADES = 8
"""Qualities told apart by `shared_grid`."""


def sample_grid(quality: float, verdict: str, *, columns: int = 6, side: int = 28) -> bytes:
    """A small grid of shirts, all one in a collapsed run, as webp."""
    draw = np.random.default_rng(17)
    tiles = []
    for i in range(columns * columns):
        look = 3 if verdict == "collapsed" else i
        canvas = Image.new("L", (side, side), 0)
        pen = ImageDraw.Draw(canvas)
        wide, grey = 6 + look % 4, 120 + 12 * (look % 11)
        pen.rectangle((14 - wide, 6, 14 + wide, 25 - look % 5), fill=grey)
        if look % 3:
            pen.rectangle((2, 6, 26, 10 + look % 4), fill=grey - 20)
        noise = draw.uniform(0, 255, (side, side))
        tiles.append(quality * np.asarray(canvas, float) + (1 - quality) * noise)
    lines = [np.hstack(tiles[row * columns : (row + 1) * columns]) for row in range(columns)]
    file = io.BytesIO()
    Image.fromarray(np.vstack(lines).astype(np.uint8)).save(file, "WEBP", quality=60)
    return file.getvalue()


def shared_grid(quality: float, verdict: str) -> bytes:
    """`sample_grid` at one of few qualities, drawn once: writing a large study is not drawing."""
    return _shade(round(quality * SHADES), verdict == "collapsed")


@cache
def _shade(shade: int, collapsed: bool) -> bytes:
    return sample_grid(shade / SHADES, "collapsed" if collapsed else "stable", columns=8, side=32)
