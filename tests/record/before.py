"""A study that version 0.1 made and that was stopped before its end, kept as data.

Three of its four trials have begun: two have their verdict, the third a checkpoint at 208 of 400
images. Only the checkpoint that a resume takes was kept; names of machines and folders were
replaced.
"""

from __future__ import annotations

import shutil
from pathlib import Path

BEFORE = Path(__file__).parent / "data" / "before-0.2"


def copied(folder: Path) -> Path:
    """A copy to work on, of the same name."""
    return Path(shutil.copytree(BEFORE, folder / BEFORE.name))
