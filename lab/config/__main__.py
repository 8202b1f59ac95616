"""``python -m lab.config [WORD ...]``: every setting, or those whose path contains a word."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from typing import Any

from lab.catalogue import names_in_words
from lab.config.run_config import RunConfig, config_paths
from lab.config.sections import CATALOGUES


def describe_settings(paths: Sequence[str]) -> str:
    """A line of default and help for each setting, with the names that it may have."""
    lines = []
    for path in paths:
        *parents, leaf = path.split(".")
        section: Any = RunConfig
        for parent in parents:
            section = section.model_fields[parent].annotation
        field = section.model_fields[leaf]
        text = f"{path} = {json.dumps(field.default)}\n    {field.description}"
        if path in CATALOGUES:
            text += f" One of {names_in_words(CATALOGUES[path])}."
        lines.append(text)
    return "\n".join(lines)


def main(words: Sequence[str]) -> int:
    """Print the settings whose path contains any of the words; all without one."""
    paths = [path for path in config_paths() if any(w in path for w in words) or not words]
    print(describe_settings(paths) or f"no setting contains {' or '.join(words)}")
    return 0 if paths else 2


if __name__ == "__main__":
    sys.exit(main([word for word in sys.argv[1:] if not word.startswith("-")]))
