"""Sample grids inside the page, each stored once: which runs are shown, and which have no room."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from lab.record import SAMPLES_FOLDER, RunRecord, StudyRecord
from reports.kit.axes import quality_words
from reports.kit.markup import Html, element
from reports.kit.outcomes import NO_FAILURES, glyph, in_order
from reports.kit.words import counted, images
from reports.study.conclusions import (
    conclusions_of,
    finalists_of,
    leader_word,
    leading_run,
    shown_run,
)
from reports.study.tables import explored, finished, ruler_of, run_table

NUM_BEST = 4
NUM_FRAMES = 7
MOST_BYTES = 3_000_000
"""All pictures of a page together, as they are written into it; others are named, not shown."""
NEIGHBOURS = "neighbours-"
MOST_TRIED = 200
"""Runs of a failure that are searched for one with pictures."""


@dataclass(frozen=True)
class Chosen:
    """Indexes of the runs whose pictures the page contains, by reason."""

    finalists: tuple[int, ...]
    """One run per finalist; without finalists, one of each of the best trials."""
    pareto: tuple[int, ...]
    exemplars: tuple[int, ...]
    """For each failure the run with the median score."""
    seeds: tuple[int, ...]
    """The other runs of the finalists."""

    @property
    def first(self) -> tuple[int, ...]:
        """All but `seeds`, the most important first."""
        return tuple(dict.fromkeys((*self.finalists, *self.exemplars, *self.pareto)))

    @property
    def in_turn(self) -> tuple[int, ...]:
        """All of them, in the order in which they are given room."""
        return (*self.first, *self.seeds)


@dataclass
class Album:
    """Pictures taken into the page, each once, by a key made of its path."""

    bytes_left: int = MOST_BYTES
    filmstrips: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    """By run index: images seen and key of each frame, in order of time."""
    neighbours: dict[int, dict[str, Any]] = field(default_factory=dict)
    """By run index: images seen and key of the grid of nearest training images."""
    damaged: set[str] = field(default_factory=set)
    """Keys of files that are not WebP."""
    _pictures: dict[str, str] = field(default_factory=dict)

    def key(self, path: Path | None) -> str | None:
        """The key of a file's picture; None when it is missing, not WebP, or has no room."""
        if path is None:
            return None
        key = _key(path)
        if key in self._pictures:
            return key
        picture = self._read(path)
        if picture is None or len(picture) > self.bytes_left:
            return None
        self.bytes_left -= len(picture)
        self._pictures[key] = picture
        return key

    def picture(self, path: Path | None, about: str) -> Html | None:
        """The file as an image that the page's script fills in; None as for `key`."""
        key = self.key(path)
        return None if key is None else element("img", data_picture=key, alt=about)

    def take_run(self, index: int, run: RunRecord, most: int = NUM_FRAMES) -> None:
        """A run's filmstrip of `most` frames, always with the last one, complete or not at all.

        A filmstrip of all frames includes the nearest training images.
        """
        if len(self.filmstrips.get(index, ())) >= most:
            return
        frames = spaced(sample_files(run), most)
        if not frames:
            return
        new = [path for _, path in frames if _key(path) not in self._pictures]
        if sum(_size(path) for path in new) > self.bytes_left:
            return
        keyed = [(count, self.key(path)) for count, path in frames]
        self.filmstrips[index] = [{"images": n, "key": key} for n, key in keyed if key is not None]
        for count, path in sample_files(run, NEIGHBOURS)[-1:] if most == NUM_FRAMES else ():
            key = self.key(path)
            if key is not None:
                self.neighbours[index] = {"images": count, "key": key}

    def take(self, study: StudyRecord, chosen: Chosen) -> None:
        """Filmstrips of the chosen runs; of `seeds` first the last grids, then all frames."""
        for index in chosen.first:
            self.take_run(index, study.runs[index])
        for most in (1, NUM_FRAMES):
            for index in chosen.seeds:
                self.take_run(index, study.runs[index], most)

    def stored(self) -> dict[str, str]:
        """Every picture taken: key to data URI."""
        return dict(self._pictures)

    def _read(self, path: Path) -> str | None:
        uri = webp_uri(path)
        if uri is None:
            self.damaged.add(_key(path))
        return uri


def webp_uri(path: Path) -> str | None:
    """A picture's file as a data URI; None where it is missing or not WebP."""
    content = path.read_bytes() if path.is_file() else b""
    if content[:4] != b"RIFF" or content[8:12] != b"WEBP":
        return None
    return "data:image/webp;base64," + base64.b64encode(content).decode()


def _key(path: Path) -> str:
    """`0007/seed-0/00000640`, from <study>/trials/0007/seed-0/samples/00000640.webp."""
    return "/".join((*path.parts[-4:-2], path.stem))


def _size(path: Path) -> int:
    """Upper bound of what a file's picture takes on the page."""
    return 32 + 4 * (path.stat().st_size // 3 + 1) if path.is_file() else 0


def sample_files(run: RunRecord, kind: str = "") -> list[tuple[int, Path]]:
    """(images seen, file) of a run's grids in order of time; plain samples, or another `kind`."""
    files = [
        (int(path.stem.removeprefix(kind)), path)
        for path in (run.folder / SAMPLES_FOLDER).glob(f"{kind}*.webp")
        if path.stem.removeprefix(kind).isdigit()
    ]
    return sorted(files)


def spaced(files: Sequence[tuple[int, Path]], most: int) -> list[tuple[int, Path]]:
    """At most `most` of them, evenly spaced, with the last one and, if two fit, the first one."""
    last = len(files) - 1
    steps = min(most, len(files))
    indexes = {last - round(i * last / max(1, steps - 1)) for i in range(steps)}
    return [files[index] for index in sorted(indexes)]


def hero(study: StudyRecord, album: Album) -> Html | None:
    """The last grid of the run that leads."""
    best = leading_run(study)
    if best is None:
        return None
    files = sample_files(study.runs[best])
    whose = _whose(study, run_table(study).iloc[best])
    picture = album.picture(files[-1][1], f"Samples of {whose}") if files else None
    if picture is None:
        return None
    caption = f"Samples of {whose} after {images(files[-1][0])} images"
    return element("figure", picture, element("figcaption", caption), class_="hero")


def chosen_runs(study: StudyRecord) -> Chosen:
    """Runs to picture: the finalists', the Pareto set's, and one exemplar of each failure."""
    runs = run_table(study)
    finalist_trials = finalists_of(study)
    trials = finalist_trials or _best_trials(runs)
    finalists, exemplars = _shown(study, trials), _exemplars(study)
    pareto = _shown(study, conclusions_of(study).pareto)
    first = {*finalists, *exemplars, *pareto}
    of_trials = runs.index[runs["trial"].isin(finalist_trials)]
    seeds = tuple(int(index) for index in of_trials if index not in first)
    return Chosen(finalists, pareto, exemplars, seeds)


def _shown(study: StudyRecord, trials: Sequence[int]) -> tuple[int, ...]:
    runs = (shown_run(study, trial) for trial in trials)
    return tuple(run for run in runs if run is not None)


def _best_trials(runs: pd.DataFrame) -> tuple[int, ...]:
    """Trials of the best stable explore runs by score, or of the best run when none is stable."""
    done = finished(explored(runs))
    done = done[done["score"].notna()].sort_values("score", ascending=False, kind="stable")
    stable = done[done["outcome"] == "stable"]
    trials = (stable if len(stable) else done.head(1))["trial"].drop_duplicates()
    return tuple(int(trial) for trial in trials.head(NUM_BEST))


def _exemplars(study: StudyRecord) -> tuple[int, ...]:
    """For each failure the run with the median score, neither the mildest nor the worst; if it
    has no pictures, the nearest one that has some."""
    chosen = []
    done = finished(run_table(study))
    for outcome in in_order(set(done["outcome"]) - set(NO_FAILURES)):
        group = done.index[done["outcome"] == outcome]
        ranked = done.loc[group].sort_values("score", kind="stable").index.tolist()
        middle = len(ranked) // 2
        near = sorted(range(len(ranked)), key=lambda i: abs(i - middle))[:MOST_TRIED]
        pictured = (i for i in near if sample_files(study.runs[ranked[i]]))
        chosen.append(int(ranked[next(pictured, middle)]))
    return tuple(chosen)


def samples_row(study: StudyRecord, chosen: Chosen, album: Album) -> Html | None:
    """Last grids of the finalists and of one run of each failure; each leads to its trial."""
    runs = run_table(study)
    order = dict.fromkeys((*chosen.finalists, *chosen.exemplars))
    frames = [_frame(study, runs.iloc[index], index, album) for index in order]
    drawn = [frame for frame in frames if frame is not None]
    if not drawn:
        return None
    best = "the finalists" if finalists_of(study) else "the best trials"
    return element(
        "div",
        element("h3", f"Last samples of {best} and of one run of each failure"),
        element("div", *drawn, class_="strip"),
        class_="wide samples",
    )


def _frame(study: StudyRecord, run: pd.Series[Any], index: int, album: Album) -> Html | None:
    files = sample_files(study.runs[index])
    trial, outcome = int(run["trial"]), str(run["outcome"])
    about = f"Last samples of trial {trial}, seed {run['seed']}: {outcome}"
    picture = album.picture(files[-1][1], about) if files else None
    if picture is None:
        return None
    reached = quality_words(run["final_quality"], ruler_of(study))
    quality = f", quality {reached}" if outcome == "stable" else ""
    words = f"trial {trial} {outcome}{quality}"
    caption = element("figcaption", glyph(outcome), words, f" at {images(files[-1][0])} images")
    return element("figure", element("a", picture, caption, href=f"#trial-{trial}"))


def _whose(study: StudyRecord, run: pd.Series[Any]) -> str:
    """The leading run as text: of a confirmed trial the run of median quality."""
    if run["stage"] == "confirm":
        return f"trial {run['trial']}'s confirm run of median quality (seed {run['seed']})"
    return f"the {leader_word(study)} (trial {run['trial']})"


def pictures_note(study: StudyRecord, album: Album, chosen: Chosen) -> Html:
    """Which runs have pictures here, which had no room, and where all of them are."""
    folder = element("code", "trials/<trial>/seed-<seed>/samples/")
    taken = sum(1 for frames in album.filmstrips.values() if frames)
    damaged = (
        f" {counted(len(album.damaged), 'file')} not shown: damaged, or not WebP."
        if album.damaged
        else ""
    )
    if not taken:
        return element("p", "No sample grid is on this page; the record keeps them in ", folder,
                       " of the study's folder.", damaged, class_="note")  # fmt: skip
    return element(
        "p", f"Sample grids of {taken:,} of {counted(len(study.runs), 'run')} are on this page: "
        f"finalists, the Pareto set and one run of each failure{_no_room(study, album, chosen)}. ",
        "All grids are in ", folder, " of the study's folder.", damaged, class_="note",
    )  # fmt: skip


def _no_room(study: StudyRecord, album: Album, chosen: Chosen) -> str:
    """How many of the chosen runs have only their last grid, and how many have none."""
    frames = [len(album.filmstrips.get(index, ())) for index in chosen.in_turn]
    has_files = [bool(sample_files(study.runs[index])) for index in chosen.in_turn]
    only_last = sum(count == 1 for count in frames)
    none = sum(count == 0 and some for count, some in zip(frames, has_files, strict=True))
    text = f"; {counted(only_last, 'run')} with the last grid only" if only_last else ""
    return text + (f"; no room was left for {counted(none, 'run')} of these" if none else "")
