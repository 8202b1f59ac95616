"""``ganlab VERB ...``, and the same as ``python -m lab VERB ...``: every command by one name."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version

from lab.cli import MISTAKEN
from lab.errors import nearest

PROG = "ganlab"
DISTRIBUTION = "gan-stability-lab"


@dataclass(frozen=True)
class Verb:
    """A command: the module whose `main` runs it, and one line of help."""

    module: str
    help: str


VERBS: dict[str, Verb] = {
    "search": Verb("lab.search", "search a space of settings, write the record and the report"),
    "report": Verb("reports.__main__", "write the report of a study, or compare two"),
    "train": Verb("lab.train", "train one configuration with one seed"),
    "evaluate": Verb("lab.evaluate", "measure the generator of a finished run"),
    "sample": Verb("lab.sample", "draw images of a finished run, of texts or classes"),
    "audit": Verb("lab.audit.__main__", "fairness and privacy of finished runs"),
    "explore": Verb("lab.explore.__main__", "draw from trained generators on a local page"),
    "export": Verb("lab.export.__main__", "write a generator for programs without the lab"),
    "judge": Verb("lab.judge", "the verdict of a training log, from this lab or elsewhere"),
    "validate": Verb("lab.validate.__main__", "check the lab against ground truth"),
    "data": Verb("lab.data.__main__", "list, pack and show image sets"),
    "metrics": Verb("lab.metrics.__main__", "train a feature extractor on a labelled pack"),
    "text": Verb("lab.text.__main__", "train the encoders of a pack's captions"),
    "config": Verb("lab.config.__main__", "print every setting, or those whose path has a word"),
    "record": Verb("lab.record.__main__", "import runs of other programs, export a study"),
}


def main(args: list[str] | None = None) -> int:
    """Entry point: run the command that the first word names; returns its exit code.

    Nothing but the named command is imported, so that the help appears at once.
    """
    words = sys.argv[1:] if args is None else args
    if not words or words[0] in ("-h", "--help"):
        print(_help())
        return 0
    if words[0] == "--version":
        print(f"{PROG} {_version()}")
        return 0
    verb = VERBS.get(words[0])
    if verb is None:
        suggestion = nearest(words[0], VERBS) or f"; the commands are {', '.join(VERBS)}"
        print(f"{PROG}: the command '{words[0]}' is unknown{suggestion}", file=sys.stderr)
        return MISTAKEN
    # A command reads its words from sys.argv, as it does under `python -m`.
    sys.argv[1:] = words[1:]
    code: int = import_module(verb.module).main()
    return code


def _help() -> str:
    width = max(map(len, VERBS))
    return "\n".join(
        [
            f"usage: {PROG} COMMAND ...",
            "",
            "Which settings of a GAN train stably, and how do the others fail?",
            "",
            *(f"  {name:{width}}  {verb.help}" for name, verb in VERBS.items()),
            "",
            f"`{PROG} COMMAND --help` lists the options of a command; {PROG} --version.",
        ]
    )


def _version() -> str:
    try:
        return version(DISTRIBUTION)
    except PackageNotFoundError:
        return "(not installed)"


if __name__ == "__main__":
    sys.exit(main())
