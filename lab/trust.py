"""Code that a record brings along is run only if it is the person's own.

A study that somebody sent, or that lies in a shared bucket, names Python files (a space, a
network, a loss) or holds their text. The digest of each such text that a person starts something
with is noted in a file of the person's; any other text needs the person's word.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from lab.errors import InputError
from lab.json_text import parsed
from lab.user_file import digest

FOLDER = "LAB_STATE"
"""Environment variable: where the digests are kept."""
FILE = "own-code"


def note_own(texts: Iterable[tuple[str, str]]) -> None:
    """Remember the texts of files, each with its name, that the person gave on this machine.

    Where nothing can be written, a later resume asks for --trust.
    """
    new = {digest(text): name for name, text in texts}
    noted = _noted() if new else set()
    lines = [f"{sha256}  {name}\n" for sha256, name in new.items() if sha256 not in noted]
    if not lines:
        return
    with suppress(OSError):
        _file().parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with _file().open("a") as file:
            file.writelines(lines)


def require_own(
    texts: Sequence[tuple[str, str]], whose: str, *, trust: bool, remedy: str = ""
) -> None:
    """Raise InputError for a text that the person never began anything with here.

    `texts`: each with its name. `whose`: what brings it, say `the study studies/x`. `trust`: the
    person's word; the texts then count as the person's own. `remedy`: what helps beside --trust.
    """
    if trust:
        note_own(texts)
        return
    noted = _noted() if texts else set()
    for name, text in texts:
        sha256 = digest(text)
        if sha256 not in noted:
            raise InputError(
                f"{whose} would run code that nothing of yours on this machine began with: {name} "
                f"(sha256 {sha256[:12]}); read it, then give --trust{remedy}"
            )


def require_own_file(path: Path, whose: str, *, trust: bool) -> None:
    """As `require_own`, for the texts that a JSON file of a record or of a person holds.

    What is no such file is left to its reader.
    """
    try:
        data = parsed(path.read_text())
        files = data.get("files", {})
        texts = [(str(name), str(entry["text"])) for name, entry in files.items()]
        texts += code_texts(data.get("config", data))
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return
    require_own(texts, whose, trust=trust)


def code_texts(config: Any) -> list[tuple[str, str]]:
    """The command lines and module of a stored configuration's trainer: code that would run."""
    trainer = config.get("trainer") if isinstance(config, Mapping) else None
    if not isinstance(trainer, Mapping):
        return []
    named = [(name, trainer.get(name)) for name in ("command", "resume", "function")]
    return [(name, text) for name, text in named if isinstance(text, str) and text]


def _noted() -> set[str]:
    try:
        lines = _file().read_text(errors="replace").splitlines()
    except OSError:
        return set()
    return {line.partition(" ")[0] for line in lines}


def _file() -> Path:
    folder = os.environ.get(FOLDER)
    if folder:
        return Path(folder) / FILE
    state = os.environ.get("XDG_STATE_HOME")
    return (Path(state) if state else Path.home() / ".local" / "state") / "gan-lab" / FILE
