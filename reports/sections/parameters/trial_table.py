"""The element of the table of all runs, which the page's script fills from the store."""

from __future__ import annotations

from lab.record import RUN_FILE, StudyRecord
from reports.kit.markup import Html, element
from reports.kit.words import counted
from reports.study.commands import shown_folder

IDENTITY = "runs"


def table_block(study: StudyRecord) -> Html:
    """The element of the table of all runs; without scripts, where to find its rows."""
    tools = element(
        "div",
        element("h3", "All runs", id="runs-title"),
        element("output", counted(len(study.runs), "run"), id="runs-count"),
        element("button", "CSV of these runs", type="button", id="runs-csv", class_="csv"),
        class_="run-tools",
    )
    return element(
        "div",
        tools,
        element("div", class_="scroll", id="trials-table", tabindex=0, role="region",
                aria_labelledby="runs-title"),
        element("noscript", _without_scripts(study)),
        element("p", id="runs-printed", class_="printed-note"),
        id=IDENTITY,
        class_="wide runs",
    )  # fmt: skip


def _without_scripts(study: StudyRecord) -> Html:
    folder = shown_folder(study.folder)
    return element(
        "p",
        "The page's script makes this table. Without it, ",
        element("code", f"python -m reports {folder} --csv tables"),
        f" writes all runs to {IDENTITY}.csv, and each run has a {RUN_FILE} under ",
        element("code", f"{folder}/trials"),
        ".",
        class_="note",
    )
