"""A study's table of methods by settings as Markdown, and whether it agrees with the paper.

python -m lab.search --space miyato_core --known-only --seeds 5 --name miyato-core
python -m lab.search --space miyato --known-only --seeds 1 --name miyato
python -m benchmarks.paper_table studies/miyato-core studies/miyato > docs/miyato.md
python -m lab.search --space lucic --known-only --seeds 1 --name lucic
python -m benchmarks.paper_table studies/lucic > docs/lucic.md
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
from tyro.conf import Positional

from lab.cli import run_command
from lab.errors import InputError
from lab.record import StudyRecord, read_study, require_study
from reports.kit.axes import Ruler, quality_words
from reports.kit.outcomes import in_order
from reports.kit.shares import RunShare
from reports.sections.findings.grid import grid_rows, is_wide, method_rows
from reports.sections.findings.paper import agreements
from reports.study.commands import command_of
from reports.study.tables import ruler_of

WHERE = ("--storage", "--concurrent", "--name")
"""Options of a search that say where and how fast it runs."""


class Paper(NamedTuple):
    """What the head of the document states of the paper behind a named space."""

    title: str
    protocol: str


MIYATO_PROTOCOL = "CIFAR-10, full width, batch 64, 100,000 generator steps"
PAPERS = {
    "miyato": Paper(
        "Miyato et al. 2018, settings A-F by seven methods",
        MIYATO_PROTOCOL,
    ),
    "miyato_core": Paper(
        "Miyato et al. 2018, the settings D-F by three methods",
        MIYATO_PROTOCOL,
    ),
    "lucic": Paper(
        "Lucic et al. 2018, seven methods under random optimizer settings",
        "Fashion-MNIST, batch 64, 20 epochs, 100 settings for each method",
    ),
}


def table(study: StudyRecord) -> list[str]:
    """A line a method; a column a setting, or of many settings what the method did over all."""
    rows = grid_rows(study)
    if rows.empty:
        raise InputError(
            f"{study.folder} has no table: its known points form no settings x methods"
        )
    return by_method(study) if is_wide(rows) else by_setting(rows, ruler_of(study))


def by_setting(rows: pd.DataFrame, ruler: Ruler | None) -> list[str]:
    """Stable of total, quality, other verdicts in each cell."""
    cells = {(row["setting"], row["method"]): row for row in rows.to_dict("records")}
    settings = sorted(rows["setting"].unique())
    lines = []
    for method in dict.fromkeys(rows["method"]):
        row = [_cell(cells.get((setting, method)), ruler) for setting in settings]
        lines.append([method, *row])
    return _markdown(["method", *(setting.upper() for setting in settings)], lines)


def by_method(study: StudyRecord) -> list[str]:
    """Share of stable runs, best and typical quality, and how runs ended, best first."""
    ruler = ruler_of(study)
    head = ["method", "stable (Wilson 95%)", "best u", "interquartile mean of u", "how runs ended"]
    lines = [
        [
            row["method"],
            row["share"].brief,
            quality_words(row["best"], ruler, ", "),
            quality_words(row["quality"], ruler, ", "),
            ", ".join(f"{number} {outcome}" for outcome, number in row["outcomes"].items()),
        ]
        for row in method_rows(study).to_dict("records")
    ]
    return _markdown(head, lines)


def _markdown(head: list[str], lines: list[list[str]]) -> list[str]:
    rule = ["---"] * len(head)
    return [f"| {' | '.join(cells)} |" for cells in (head, rule, *lines)]


def _cell(row: dict[Any, Any] | None, ruler: Ruler | None) -> str:
    if row is None:
        return "not run"
    share = RunShare(row["stable"], row["total"])
    others = ", ".join(in_order(set(row["others"])))
    quality = quality_words(row["quality"], ruler, ", ")
    cell = f"{share.count}/{share.total} ({share.bounds}), u {quality}"
    return f"{cell}; {others}" if others else cell


@dataclass(frozen=True)
class Arguments:
    """Print studies of methods by settings as one Markdown document."""

    studies: Positional[tuple[Path, ...]] = ()
    """Folders of the studies, in the order of their chapters."""


def main(arguments: Arguments) -> int:
    """Print the document."""
    if not arguments.studies:
        raise InputError("give the folder of a study, say studies/miyato")
    for folder in arguments.studies:
        require_study(folder)
    chapters = [chapter(read_study(folder)) for folder in arguments.studies]
    print("\n\n#".join("\n".join(lines) for lines in chapters))
    return 0


def chapter(study: StudyRecord) -> list[str]:
    """The lines of a study: what was run, the table, and where it agrees with the paper."""
    cells = table(study)
    base, name = study.card.base, study.card.space.name
    training, network, target = base["training"], base["network"], base["stability"]
    paper = PAPERS.get(name, Paper(f"Methods by setting in the space {name}", ""))
    far = f" That is far from the paper's protocol ({paper.protocol})." if paper.protocol else ""
    finished = sum(run.status == "finished" for run in study.runs)
    (num_seeds,) = study.card.settings.seeds
    planned = num_seeds * len(study.card.space.known)
    runs = f"{finished} runs" if finished >= planned else f"{finished} of {planned} planned runs"
    command, seeds = command_of(study, WHERE), f"--seeds {num_seeds}"
    resumed = "" if seeds in command else f", resumed to end with {seeds}"
    return [
        f"# {paper.title}, at laptop size",
        "",
        f"{runs} of {training['budget_images'] / 1000:g} kimg on "
        f"{study.card.data.name}, `{network['architecture']}` at width "
        f"{network['width']:g}, batch {training['batch_size']}.{far} A run is stable when nothing "
        f"failed and its quality ended at {target['target_quality']} or more. u is the "
        "interquartile mean of the final quality, failures as 0, with the distance it stands for; "
        "percents are Wilson's 95% interval; verdicts other than stable are named.",
        "",
        f"Made by `{command}`{resumed}; printed by `python -m benchmarks.paper_table`.",
        "",
        *cells,
        "",
        *(f"- **{finding.claim}** {finding.detail}" for finding in agreements(study)),
    ]


if __name__ == "__main__":
    sys.exit(run_command(Arguments, main, prog="benchmarks.paper_table"))
