"""A study's table of methods by settings as Markdown, and whether it agrees with the paper.

python -m lab.search --space miyato --known-only --seeds 3 --target 0.5 --name miyato
python -m benchmarks.paper_table studies/miyato > docs/miyato.md
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from tyro.conf import Positional

from lab.cli import run_command
from lab.errors import InputError
from lab.record import StudyRecord, read_study, require_study
from reports.kit.outcomes import in_order
from reports.sections.findings.grid import grid_rows
from reports.sections.findings.paper import agreements
from reports.study.commands import command_of

WHERE = ("--storage", "--concurrent", "--name")
"""Options of a search that say where and how fast it runs."""


def table(study: StudyRecord) -> list[str]:
    """A line a method, a column a setting: stable of total, quality, other verdicts."""
    rows = grid_rows(study)
    if rows.empty:
        raise InputError(
            f"{study.folder} has no table: its known points form no settings x methods"
        )
    cells = {(row["setting"], row["method"]): row for row in rows.to_dict("records")}
    settings = sorted(rows["setting"].unique())
    lines = [
        f"| method | {' | '.join(setting.upper() for setting in settings)} |",
        f"| --- |{' --- |' * len(settings)}",
    ]
    for method in dict.fromkeys(rows["method"]):
        row = [_cell(cells.get((setting, method))) for setting in settings]
        lines.append(f"| {method} | {' | '.join(row)} |")
    return lines


def _cell(row: dict[str, object] | None) -> str:
    if row is None:
        return "not run"
    others = ", ".join(in_order(set(row["others"])))
    cell = f"{row['stable']}/{row['total']}, u {row['quality']:.2f}"
    return f"{cell} ({others})" if others else cell


@dataclass(frozen=True)
class Arguments:
    """Print a study of methods by settings as Markdown."""

    study: Positional[Path | None] = None
    """Folder of the study."""


def main(arguments: Arguments) -> int:
    """Print the document."""
    if arguments.study is None:
        raise InputError("give the folder of a study, say studies/miyato")
    require_study(arguments.study)
    study = read_study(arguments.study)
    cells = table(study)
    base = study.card.base
    finished = sum(run.status == "finished" for run in study.runs)
    print("# Miyato et al. 2018, settings A-F by seven methods, at laptop size\n")
    training, network, target = base["training"], base["network"], base["stability"]
    print(
        f"{finished} runs of {training['budget_images'] / 1000:g} kimg on "
        f"{study.card.data.name}, `{network['architecture']}` at width "
        f"{network['width']:g}, batch {training['batch_size']}: far from the paper's protocol "
        "(CIFAR-10, full width, batch 64, 100,000 generator steps). A run is stable when nothing "
        f"failed and its quality ended at {target['target_quality']} or more. Cells: stable runs "
        "of all, interquartile mean of the final quality u (failures as 0), the failures seen.\n"
    )
    (num_seeds,) = study.card.settings.seeds
    print(
        f"Made by `{command_of(study, WHERE)}`, resumed to end with --seeds {num_seeds} where "
        "that is fewer; printed by `python -m benchmarks.paper_table`.\n"
    )
    print("\n".join(cells))
    print()
    for finding in agreements(study):
        print(f"- **{finding.claim}** {finding.detail}")
    return 0


if __name__ == "__main__":
    sys.exit(run_command(Arguments, main, prog="benchmarks.paper_table"))
