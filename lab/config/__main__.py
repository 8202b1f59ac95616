"""``python -m lab.config [WORD ...]``: every setting, or those whose path contains a word."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import tyro

from lab.catalogue import names_in_words
from lab.cli import run_command
from lab.config.run_config import RunConfig, config_paths
from lab.config.sections import CATALOGUES
from lab.errors import InputError

PROG = "python -m lab.config"


@dataclass(frozen=True)
class ConfigArguments:
    """Print every setting with its default and its help, or those whose path contains a word."""

    words: Annotated[
        tyro.conf.Positional[tuple[str, ...]],
        tyro.conf.arg(metavar="[WORD ...]", help_behavior_hint=""),
    ] = ()
    """Parts of paths, say `critic.lr` or `evaluation`; all settings without one."""


def describe_settings(paths: Sequence[str]) -> str:
    """A line of default and help for each setting, with the names that it may have."""
    lines = []
    for path in paths:
        *parents, leaf = path.split(".")
        section: Any = RunConfig
        for parent in parents:
            section = section.model_fields[parent].annotation
        field = section.model_fields[leaf]
        help_text = " ".join((field.description or "").split())
        text = f"{path} = {json.dumps(field.default)}\n    {help_text}"
        if path in CATALOGUES:
            text += f" One of {names_in_words(CATALOGUES[path])}."
        lines.append(text)
    return "\n".join(lines)


def print_settings(arguments: ConfigArguments) -> int:
    """Print the settings whose path contains any of the words; all without one."""
    words = arguments.words
    paths = [path for path in config_paths() if any(w in path for w in words) or not words]
    if not paths:
        raise InputError(
            f"no setting's path contains {' or '.join(map(repr, words))}; all settings are "
            "printed when no word is given"
        )
    print(describe_settings(paths))
    return 0


def main(args: list[str] | None = None) -> int:
    """Entry point."""
    return run_command(ConfigArguments, print_settings, prog=PROG, args=args)


if __name__ == "__main__":
    sys.exit(main())
