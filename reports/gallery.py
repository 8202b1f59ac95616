"""Sample grids as pictures inside the page: the best runs, and one exemplar of each failure."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from lab.record import RunRecord, StudyRecord
from reports.conclusions import leader_word, leading_run
from reports.markup import Html, element, joined
from reports.tables import explored, finished, run_table
from reports.verdicts import glyph, in_order
from reports.words import counted, fixed, images

NUM_BEST = 4
NUM_FRAMES = 7
MOST_BYTES = 3_000_000
"""All pictures of a page together; what does not fit is named, not shown."""


@dataclass
class Album:
    """Pictures taken so far, and those that were not."""

    bytes_left: int = MOST_BYTES
    num_shown: int = 0
    num_refused: int = 0

    def picture(self, path: Path | None, about: str) -> Html | None:
        """The file as an image, or None when it is missing, no WebP, or too large for the page."""
        if path is None or not path.is_file():
            return None
        content = path.read_bytes()
        is_webp = content[:4] == b"RIFF" and content[8:12] == b"WEBP"
        if not is_webp or len(content) > self.bytes_left:
            self.num_refused += 1
            return None
        self.bytes_left -= len(content)
        self.num_shown += 1
        source = "data:image/webp;base64," + base64.b64encode(content).decode()
        return element("img", src=source, alt=about, decoding="async")


def sample_files(run: RunRecord) -> list[tuple[int, Path]]:
    """(images seen, file) of a run's grids in order of time."""
    found = [
        (int(path.stem), path)
        for path in (run.folder / "samples").glob("*.webp")
        if path.stem.isdigit()
    ]
    return sorted(found)


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


def gallery(study: StudyRecord, album: Album) -> Html:
    """A filmstrip of the best run, the last grids of the next best, one exemplar a failure."""
    runs = run_table(study)
    best = leading_run(study)
    parts: list[Html | None] = []
    if best is not None:
        parts.append(_filmstrip(study, runs, best, album))
        parts.append(
            _row("The next best, at their end", study, runs, _next_best(runs, best), album)
        )
    parts.append(_row("One of each failure, at its end", study, runs, _exemplars(runs), album))
    return joined([*(part for part in parts if part is not None), _left_out(study, album)])


def _filmstrip(study: StudyRecord, runs: pd.DataFrame, best: int, album: Album) -> Html | None:
    files = sample_files(study.runs[best])
    if not files:
        return None
    last = len(files) - 1
    steps = min(NUM_FRAMES, len(files))
    chosen = sorted({round(i * last / max(1, steps - 1)) for i in range(steps)})
    frames = [
        _frame(album.picture(files[i][1], f"Samples at {images(files[i][0])} images"),
               element("span", f"{images(files[i][0])} images"))
        for i in chosen
    ]  # fmt: skip
    whose = _whose(study, runs.iloc[best])
    title = f"{whose[0].upper()}{whose[1:]} over time, the same latent codes"
    return _strip(title, frames)


def _row(
    title: str, study: StudyRecord, runs: pd.DataFrame, chosen: list[int], album: Album
) -> Html | None:
    frames = []
    for index in chosen:
        row = runs.iloc[index]
        files = sample_files(study.runs[index])
        picture = (
            album.picture(files[-1][1], f"Last samples of trial {row['trial']}") if files else None
        )
        quality = "" if row["outcome"] != "stable" else f", quality {fixed(row['final_quality'])}"
        at = f" at {images(files[-1][0])} images" if files else ""
        caption = element(
            "span", glyph(row["outcome"]),
            element("a", f"trial {row['trial']}", href=f"#trial-{row['trial']}"),
            f" {row['outcome']}{at}{quality}",
        )  # fmt: skip
        frames.append(_frame(picture, caption))
    return _strip(title, frames)


def _whose(study: StudyRecord, run: pd.Series[Any]) -> str:
    """The leading run in words: no luckier than its trial where that was confirmed."""
    if run["stage"] == "confirm":
        return f"trial {run['trial']}'s confirm run of median quality (seed {run['seed']})"
    return f"the {leader_word(study)} (trial {run['trial']})"


def _strip(title: str, frames: list[Html | None]) -> Html | None:
    shown = [frame for frame in frames if frame is not None]
    if not shown:
        return None
    return element(
        "div", element("h3", title), element("div", *shown, class_="strip"), class_="wide"
    )


def _frame(picture: Html | None, caption: Html) -> Html | None:
    if picture is None:
        return None
    return element("figure", picture, element("figcaption", caption))


def _next_best(runs: pd.DataFrame, best: int) -> list[int]:
    """Explore runs of other trials than the leading one."""
    stable = finished(explored(runs))
    stable = stable[(stable["outcome"] == "stable") & stable["score"].notna()]
    stable = stable[stable["trial"] != runs["trial"][best]]
    order = stable.sort_values("score", ascending=False).index.tolist()
    return [int(index) for index in order[: NUM_BEST - 1]]


def _exemplars(runs: pd.DataFrame) -> list[int]:
    """Of each failure the run with the median score: neither the mildest nor the worst."""
    chosen = []
    done = finished(runs)
    for outcome in in_order(set(done["outcome"]) - {"stable"}):
        group = done[done["outcome"] == outcome].sort_values("score")
        chosen.append(int(group.index[len(group) // 2]))
    return chosen


def _left_out(study: StudyRecord, album: Album) -> Html:
    total = sum(len(sample_files(run)) for run in study.runs)
    if total == 0:
        return element("p", "The record holds no sample grids.", class_="note")
    refused = (
        f" {counted(album.num_refused, 'file')} not shown: damaged, or too large for a page."
        if album.num_refused
        else ""
    )
    return element(
        "p", f"Shown: {album.num_shown} of {counted(total, 'grid')}. The others are in ",
        element("code", "trials/<trial>/seed-<seed>/samples/"), " of the study's folder.", refused,
        class_="note",
    )  # fmt: skip
