"""Two studies side by side on one page, or one study at two dates: what differs, and by how much.

What the studies are comes first, with a plain warning where a quantity is another one in each;
then what they found, every difference with its interval.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from lab.errors import InputError
from lab.record import read_study, trial_folder, write_whole
from lab.record.storage import Storage, for_reading, in_its_words
from reports.compare.blocks import (
    curve_blocks,
    differs_blocks,
    fate_blocks,
    matched_blocks,
    only_blocks,
    share_blocks,
)
from reports.compare.card import Pair, pair_of, same_study
from reports.compare.ends import end_blocks
from reports.compare.rows import ends_of
from reports.kit.blocks import Block, Section
from reports.kit.document import age, contents, document
from reports.kit.markup import Html, element, joined
from reports.kit.words import counted
from reports.study.commands import copyable


def store_comparison(first: Storage, second: Storage, out: Path | None = None) -> str:
    """Write the page of two studies, by default beside the first one's; returns where it is.

    Raises InputError when either is no study, or both are the same.
    """
    if first.name == second.name or first.folder.resolve() == second.folder.resolve():
        raise InputError(
            f"{first.name} was given twice: there is nothing to compare; give two studies, or a "
            "copy of the folder from another date"
        )
    studies = []
    for storage in (first, second):
        with in_its_words(storage):
            storage.pull(for_reading)
            studies.append(read_study(storage.folder))
    pair = pair_of((studies[0], studies[1]), (first.name, second.name))
    content = build_comparison(pair)
    for storage in (first, second):
        content = content.replace(str(storage.folder), storage.name)
    if out is not None:
        write_whole(out, content.encode())
        return str(out)
    name = f"compare-{second.folder.name}.html"
    first.write(name, content.encode())
    return f"{first.name}/{name}"


def build_comparison(pair: Pair, now: datetime | None = None) -> str:
    """The whole HTML document."""
    title = f"{pair.names[0]} against {pair.names[1]}"
    return document(
        f"{title}: comparison",
        [
            _header(pair, title),
            age(now or datetime.now(UTC)),
            contents(SECTIONS),
            element("main", *(it.drawn(pair) for it in SECTIONS), id="main", class_="comparison"),
            element(
                "footer",
                "Made from the two records alone. This page loads nothing from a network.",
            ),
        ],
        ["reports.compare", "reports.sections.findings"],
    )


def _header(pair: Pair, title: str) -> Html:
    facts = [
        f"{name}: {counted(len(study.trials), 'trial')}, "
        f"{counted(len(study.runs), 'run')}, {study.card.status}"
        for name, study in zip(pair.names, pair.studies, strict=True)
    ]
    kicker = "One study at two dates" if same_study(pair) else "Two studies compared"
    return element(
        "header",
        element("p", kicker, class_="kicker"),
        element("h1", title),
        *(element("p", fact, class_="facts-line") for fact in facts),
    )


def command_blocks(pair: Pair) -> list[Block]:
    """The page of each, what trains its trial, and this page."""
    entries = [("This page", f"python -m reports {pair.places[0]} {pair.places[1]}")]
    for name, study, place in zip(pair.names, pair.studies, pair.places, strict=True):
        entries.append((f"The report of {name}", f"python -m reports {place}"))
        end = ends_of(study)
        if end is not None:
            folder = trial_folder(Path(place), end.trial) if "://" not in place else None
            shown = folder or f"{place}/trials/{end.trial:04d}"
            entries.append((f"Trial {end.trial} of {name}, trained again",
                            f"python -m lab.train --trial {shown}"))  # fmt: skip
    rows = [joined([element("dt", what), element("dd", copyable(it))]) for what, it in entries]
    return [element("dl", joined(rows), class_="commands")]


SECTIONS: list[Section[Pair]] = [
    Section("differs", "What differs", "Are these numbers of one kind?", differs_blocks),
    Section("shares", "Stable runs", "Which space, or which change of it, is safer?",
            share_blocks),
    Section("ends", "Where they end", "Which trial would each have you train?", end_blocks),
    Section("matched", "Matched configurations", "What does the change do to equal settings?",
            matched_blocks),
    Section("fates", "How runs end", "Do they fail of other causes, or at other times?",
            fate_blocks),
    Section("curves", "Curves", "Do they learn at another pace?", curve_blocks),
    Section("only", "Only in one", "What has no counterpart?", only_blocks),
    Section("commands", "Commands", "How is each of them made again?", command_blocks),
]  # fmt: skip
"""The sections of a comparison in reading order."""
