"""``python -m lab.validate``: the lab against ground truth, part by part, with a page."""

from __future__ import annotations

import dataclasses
import json
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Any, Literal, get_args

from rich.console import Console

from lab.cli import run_command
from lab.errors import InputError
from lab.record.conditions import versions
from lab.record.durable import StorageFailed
from lab.validate.part import Part, Say
from lab.validate.screen import show_opening, show_part, show_result

PartName = Literal["dirac", "mixtures", "stacked", "planted", "logs", "texts", "audit"]
PARTS: tuple[PartName, ...] = get_args(PartName)
RECORD_FILE = "validation.json"
PAGE_FILE = "validation.html"
FAILED = 1
"""Exit code when a claim does not hold."""


@dataclass(frozen=True)
class ValidateOptions:
    """Check the lab against ground truth; the exit code is 1 when a claim does not hold."""

    quick: bool = False
    """Smaller sizes: all parts in ten minutes on two cores."""
    part: tuple[PartName, ...] = PARTS
    """Parts to run; all when left out."""
    out: Path = Path("validation")
    """Folder for validation.json and validation.html."""
    processes: int = 2
    """Number of processes; the numbers do not depend on it."""
    markdown: Path | None = None
    """Also write the findings as Markdown; docs/validation.md is written in this way."""
    budget_kimg: int | None = None
    """Train each method of `stacked` on so many thousand images at full width; needs a GPU."""
    publish: Path | None = None
    """Run nothing; store the judge's error rates of this validation.json in the lab."""
    join: tuple[Path, ...] = ()
    """Run nothing; write the parts of these validation.json files as one, say parts that were run
    at full size beside quick ones."""


def command(options: ValidateOptions) -> int:
    """Run the command; returns its exit code."""
    if options.publish is not None:
        return _publish(options.publish)
    _check(options)
    if options.join:
        return _join(options)
    from lab.validate.conditions import PACKAGES, hardware

    console = Console()
    started = time.perf_counter()
    chosen = [name for name in PARTS if name in options.part]
    show_opening(console, chosen, options.quick)
    parts = []
    for name in chosen:
        part = _validated(name, options, console)
        show_part(console, part)
        parts.append(part)
    seconds = time.perf_counter() - started
    record = {
        "format": 1,
        "command": _command(options),
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "quick": options.quick,
        "passed": all(part.passed for part in parts),
        "seconds": seconds,
        "versions": versions(PACKAGES),
        "hardware": hardware(options.processes),
        "parts": [part.row() for part in parts],
    }
    files = _store(record, options)
    show_result(console, parts, seconds, files)
    return 0 if record["passed"] else FAILED


def _publish(validation: Path) -> int:
    from lab.stability.validated import PUBLISHED, publish

    publish(validation)
    print(f"published: {PUBLISHED}")
    return 0


def _join(options: ValidateOptions) -> int:
    from lab.validate.join import joined

    record = joined(options.join, PARTS)
    for path in _store(record, options):
        print(path)
    return 0 if record["passed"] else FAILED


def _check(options: ValidateOptions) -> None:
    if options.processes < 1:
        raise InputError(f"--processes is {options.processes}; it must be >= 1")
    if not options.part:
        raise InputError(f"--part is empty; give some of {', '.join(PARTS)}, or leave it out")
    if options.budget_kimg is not None and options.budget_kimg < 1:
        raise InputError(f"--budget-kimg is {options.budget_kimg}; it must be >= 1")
    if options.budget_kimg is not None and "stacked" not in options.part:
        raise InputError("--budget-kimg is for the part stacked, which --part leaves out")
    try:
        options.out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise InputError(
            f"--out {options.out} cannot be made: {reason}; give another folder"
        ) from None
    if options.markdown is not None and not options.markdown.resolve().parent.is_dir():
        raise InputError(
            f"the folder of --markdown {options.markdown} does not exist; create it first"
        )


def _validated(name: PartName, options: ValidateOptions, console: Console) -> Part:
    """Run one part and show its progress on the last line of the console."""
    with console.status(f"{name} ...") as status:

        def say(line: str) -> None:
            if console.is_terminal:
                status.update(f"{name}: {line}")
            else:
                console.print(f"  {name}: {line}", highlight=False, markup=False, soft_wrap=True)

        return _part(name, options, say)


def _part(name: PartName, options: ValidateOptions, say: Say) -> Part:
    validate = import_module(f"lab.validate.{name}").validate
    more: dict[str, Any] = {}
    if name == "stacked" and options.budget_kimg is not None:
        more["budget_kimg"] = options.budget_kimg
    part: Part = validate(options.quick, options.processes, say, **more)
    return part


def _store(record: dict[str, Any], options: ValidateOptions) -> list[Path]:
    """Write the record, the page and, if requested, the Markdown; returns the files."""
    from lab.record import write_json, write_whole
    from reports.validation.markdown import validation_markdown
    from reports.validation.page import build_validation_page

    record = json.loads(json.dumps(record))
    files = [options.out / RECORD_FILE, options.out / PAGE_FILE]
    try:
        write_json(files[0], record)
        write_whole(files[1], build_validation_page(record).encode())
        if options.markdown is not None:
            write_whole(options.markdown, validation_markdown(record).encode())
            files.append(options.markdown)
    except StorageFailed as failed:
        raise InputError(f"the findings cannot be written: {failed}; give another path") from None
    return files


def _command(options: ValidateOptions) -> str:
    """The command that produces these numbers, without options at their defaults."""
    words = ["python -m lab.validate"]
    for field in dataclasses.fields(options):
        value = getattr(options, field.name)
        if value == field.default:
            continue
        name = "--" + field.name.replace("_", "-")
        values = value if isinstance(value, tuple) else (value,)
        words.append(name if value is True else " ".join([name, *map(str, values)]))
    return " ".join(words)


def main(args: list[str] | None = None) -> int:
    """Entry point."""
    return run_command(ValidateOptions, command, prog="python -m lab.validate", args=args)


if __name__ == "__main__":
    sys.exit(main())
