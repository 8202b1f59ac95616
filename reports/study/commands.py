"""Commands that reproduce, continue, inspect or check what a page shows."""

from __future__ import annotations

import shlex
from collections.abc import Container, Sequence
from pathlib import Path
from typing import NamedTuple

from lab.record import StudyRecord, trial_folder
from lab.statistics import SUGGESTED_FRESH_SEEDS
from reports.kit.markup import Html, element, joined
from reports.study.conclusions import (
    conclusions_of,
    is_confirmed,
    is_raced,
    leading_run,
    leading_trial,
)
from reports.study.left_out import has_own_trainer
from reports.study.tables import from_elsewhere

FINALISTS = 3
"""Trials worth confirming in a study that did not race."""


class Command(NamedTuple):
    """A command and what it is for."""

    title: str
    line: str
    note: str = ""


def commands_section(study: StudyRecord) -> Html:
    """All commands by purpose, each with a button that copies it."""
    groups = {
        "Reproduce": making(study),
        "Continue": going_on(study),
        "Inspect": looking(study),
        "Check the lab itself": CHECKING,
    }
    return element(
        "div",
        *(_group(title, commands) for title, commands in groups.items() if commands),
        class_="method-columns",
    )


def making(study: StudyRecord) -> list[Command]:
    """Commands that reproduce these numbers."""
    folder = shown_folder(study.folder)
    if from_elsewhere(study):
        made = [Command("The import as it was made", command_of(study))]
        return [
            *(made if made[0].line else []),
            Command("This page", f"python -m reports {folder}"),
        ]
    leader = "best" if conclusions_of(study).recommended is None else "recommended"
    train = train_command(study)
    commands = [
        Command("The search as it was started", command_of(study)),
        Command(f"The {leader} trial, trained again", train or ""),
        Command("This page", f"python -m reports {folder}"),
    ]
    return [command for command in commands if command.line]


def going_on(study: StudyRecord) -> list[Command]:
    """Commands that add to the record; none for runs that were trained elsewhere."""
    if from_elsewhere(study):
        return []
    folder = shown_folder(study.folder)
    resume = f"python -m lab.search --resume {folder}"
    commands = [
        Command("Continue or finish this study", resume, "continues where it stopped"),
        Command("The same, with this page served meanwhile", f"{resume} --serve",
                "prints its address on this machine"),
    ]  # fmt: skip
    if not is_confirmed(study) and study.trials:
        commands.append(
            Command("Confirm on fresh seeds", confirm_command(study),
                    "headline numbers then come from runs that no choice was based on")
        )  # fmt: skip
    return commands


def looking(study: StudyRecord) -> list[Command]:
    """Commands that show the record in other ways."""
    page = f"python -m reports {shown_folder(study.folder)}"
    commands = [
        Command("This page while the search runs", f"{page} --watch",
                "written again after each change of the record"),
        Command("This page, served on this machine", f"{page} --watch --serve"),
        Command("Every figure as a picture", f"{page} --png figures", "needs a Chromium"),
        Command("The rows behind every figure", f"{page} --csv tables"),
        Command("A comparison with another study", f"{page} ANOTHER-STUDY",
                "or with a copy of this one from another date"),
    ]  # fmt: skip
    run = _finished_run(study)
    if run is not None and has_own_trainer(study):
        commands.append(Command("The verdict of the leading run, judged again from its rows",
                                f"python -m lab.judge {shown_folder(run)}"))  # fmt: skip
    elif run is not None:
        commands += [
            Command("The leading run, evaluated again",
                    f"python -m lab.evaluate {shown_folder(run)} --samples samples.webp",
                    "all metrics, and a grid of its images"),
            Command("The leading run, drawn from on a page of this machine", explore_command(run),
                    "principal directions, interpolation, nearest training images"),
            Command("Its verdict, judged again from its rows",
                    f"python -m lab.judge {shown_folder(run)}"),
        ]  # fmt: skip
    return commands


CHECKING = (
    Command("The judge on planted failures and healthy runs",
            "python -m lab.validate --part planted", "the error rates under Trust"),
    Command("The lab against theory and known data", "python -m lab.validate",
            "exit code 1 when a claim does not hold"),
    Command("The benefit of race and confirm, simulated", "python -m benchmarks.race.study"),
)  # fmt: skip


def command_of(study: StudyRecord, without: Container[str] = ()) -> str:
    """The search's command line as it was given, quoted for a shell.

    Options in `without` are left out, each with the value that follows it.
    """
    words = study.card.command
    left_out = {at + i for at, word in enumerate(words) if word in without for i in (0, 1)}
    return shlex.join(word for at, word in enumerate(words) if at not in left_out)


def train_command(study: StudyRecord) -> str | None:
    """The command that trains the leading trial again, or None when nothing here can."""
    trial = leading_trial(study)
    if trial is None or from_elsewhere(study):
        return None
    folder = trial_folder(study.folder, trial)
    options = study.card.settings.train_options
    return f"python -m lab.train --trial {shown_folder(folder)} {options}"


def confirm_command(study: StudyRecord) -> str:
    """The command that continues the study and trains the finalists on fresh seeds.

    A study that did not race has no finalists, so the command names their number.
    """
    race = "" if is_raced(study) else f" --race {min(FINALISTS, len(study.trials))}"
    folder = shown_folder(study.folder)
    return f"python -m lab.search --resume {folder}{race} --confirm {SUGGESTED_FRESH_SEEDS}"


def explore_command(folder: Path) -> str:
    """The command that draws from a run, or from all finished runs of a trial."""
    return f"python -m lab.explore {shown_folder(folder)}"


def shown_folder(folder: Path) -> str:
    """A folder as a command names it: relative where it lies under the working folder."""
    here = Path.cwd()
    return shlex.quote(str(folder.relative_to(here) if folder.is_relative_to(here) else folder))


def copyable(command: str, what: str = "the command") -> Html:
    """A command, or another text named by `what`, with a button that copies it."""
    button = element("button", "copy", type="button", class_="copy", aria_label=f"Copy {what}")
    return element("div", element("pre", element("code", command)), button, class_="command")


def _finished_run(study: StudyRecord) -> Path | None:
    """The leading run's folder, once it has ended: its weights are kept then."""
    index = leading_run(study)
    if index is None or study.runs[index].status != "finished":
        return None
    return study.runs[index].folder


def _unbroken(line: str) -> Html:
    """A command whose lines break between words only, not after the hyphens of an option."""
    return joined([element("span", word) for word in line.split(" ")], " ")


def _group(title: str, commands: Sequence[Command]) -> Html:
    rows = [
        joined(
            [
                element("dt", command.title),
                element(
                    "dd",
                    copyable(_unbroken(command.line)),
                    element("p", command.note, class_="note") if command.note else None,
                ),
            ]
        )
        for command in commands
    ]
    return element("div", element("h4", title), element("dl", joined(rows), class_="commands"))
