"""Files and folders written beside their target and then renamed to it: whole or not at all."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lab.errors import InputError
from lab.record.durable import reason_of


@contextmanager
def written_beside(target: Path, cannot: str, remedy: str) -> Iterator[Path]:
    """A path of the same name in a scratch folder, renamed to `target` once it is written.

    Raises InputError, `{cannot}: {reason}; {remedy}`, where the file system refuses.
    """
    whole = target.absolute()
    scratch: Path | None = None
    try:
        whole.parent.mkdir(parents=True, exist_ok=True)
        scratch = Path(tempfile.mkdtemp(prefix=f".{whole.name}-", dir=whole.parent))
        content = scratch / whole.name
        yield content
        content.rename(whole)
    except OSError as error:
        raise InputError(f"{cannot}: {reason_of(error)}; {remedy}") from None
    finally:
        if scratch is not None:
            shutil.rmtree(scratch, ignore_errors=True)
