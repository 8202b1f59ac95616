"""A judge for a person's own training loop: called once an evaluation, it names a failure.

monitor = Monitor(budget_images=10_000_000, record="studies/mine")
for images_seen in ...:
    verdict = monitor.update(images_seen=images_seen, fid=fid, critic_loss=loss)
    if verdict is not None:
        break
monitor.finish()
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from lab.config import StabilityConfig
from lab.errors import InputError
from lab.record import (
    EVALUATIONS_FILE,
    IMAGES_SEEN,
    OWN_LOOP,
    QUALITY,
    RUN_FILE,
    STUDY_FILE,
    TRIAL_FILE,
    MetricsCard,
    Row,
    RunCard,
    SpaceCard,
    StudyCard,
    TrialCard,
    append_row,
    now,
    read_card,
    read_rows,
    run_folder,
    trial_folder,
    write_card,
    write_rows,
)
from lab.record.columns import uncounted
from lab.record.scale import Scale
from lab.record.score import final_quality, score
from lab.stability.history import number
from lab.stability.log import Log, read_log
from lab.stability.log_clock import Placed
from lab.stability.log_columns import (
    LogOptions,
    NothingYet,
    names_among,
    quality_column,
    renaming,
)
from lab.stability.log_values import with_counted
from lab.stability.verdict import Verdict, judge

MEASURED = "as the training measures it; the lab has not checked it"


class Monitor:
    """The verdict of a run so far, from the numbers of its evaluations.

    Arguments:
        budget_images: images at which the run ends; without it, `finish` ends it.
        initial: distance of the untrained generator; that of the first evaluation if left out.
        floor: distance of real images.
        target: quality in (0, 1) that a stable run reaches; none if left out.
        record: folder of a study to write the run to, which `read_study` and `lab.judge` read;
            nothing is written without it. A run that is there already is continued.
        trial: number of the run's trial in the study.
        seed: that of the run; trial and seed name its folder.
        config: the person's own settings, kept in trial.json.
    """

    def __init__(
        self,
        *,
        budget_images: int | None = None,
        initial: float | None = None,
        floor: float = 0.0,
        target: float | None = None,
        record: str | Path | None = None,
        trial: int = 0,
        seed: int = 0,
        config: Mapping[str, Any] | None = None,
    ) -> None:
        if budget_images is not None and budget_images < 1:
            raise InputError(f"budget_images is {budget_images}; it must be at least 1")
        if target is not None and not 0 < target < 1:
            raise InputError(f"target is {target}; quality lies between 0 and 1")
        self.budget_images = budget_images
        self.settings = StabilityConfig()
        if target is not None:
            self.settings = self.settings.model_copy(update={"target_quality": target})
        self._options = LogOptions(clock=IMAGES_SEEN, initial=initial, floor=floor)
        self._rows: list[Row] = []
        self.verdict: Verdict | None = None
        """The verdict so far; None while nothing failed and the budget is not reached."""
        self._writer: _Writer | None = None
        if record is not None:
            limits = self.settings.model_dump(include=self.settings.model_fields_set)
            settings = {**(config or {}), "stability": limits}
            scale = None if initial is None else Scale(initial, floor)
            self._writer = _Writer(Path(record), trial, seed, budget_images, settings, scale)
            self._rows = self._writer.earlier_rows()
            self.verdict = self._judged(self._end)

    def update(self, *, images_seen: int, **numbers: Any) -> Verdict | None:
        """Take the numbers of an evaluation; returns the verdict so far, or None without one.

        A distance (`fid`, `kid`, `fd_<extractor>`) or `quality` is judged, and losses
        (`critic_loss`, `generator_loss`), `precision`, `recall` and others support it; names are
        recognised as those of a log's columns. `images_seen` counts the real images that the
        critic has seen. One that is not above the last evaluation's is a training that was taken
        up again from a checkpoint: the evaluations from there on are replaced.
        Raises InputError for what is no number, and BrokenMetric for distances that cannot be.
        """
        seen = _as_number(IMAGES_SEEN, images_seen)
        if not (math.isfinite(seen) and seen >= 0):
            raise InputError(f"images_seen is {images_seen}; it must be a finite number from 0 on")
        row: Row = {IMAGES_SEEN: int(seen)}
        row |= {
            name: _as_number(name, value) for name, value in numbers.items() if value is not None
        }
        kept = [earlier for earlier in self._rows if earlier[IMAGES_SEEN] < row[IMAGES_SEEN]]
        is_replaced = len(kept) < len(self._rows)
        self._rows = [*kept, row]
        self.verdict = self._judged(self._end)
        if self._writer is not None:
            self._writer.store(
                self._stored_rows() if is_replaced else self._stored_rows()[-1:], again=is_replaced
            )
            if self.verdict is not None:
                self._write_end(self.verdict)
        return self.verdict

    def finish(self) -> Verdict | None:
        """End the run at its last evaluation; returns its verdict, None without an evaluation."""
        if self.verdict is None and self._rows:
            self.verdict = self._judged(self._rows[-1][IMAGES_SEEN])
            if self.verdict is not None and self._writer is not None:
                self._write_end(self.verdict)
        return self.verdict

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if kind is None:
            self.finish()

    @property
    def _end(self) -> int:
        """Images at which the run ends: past the last row where no budget is given."""
        if self.budget_images is not None:
            return self.budget_images
        return self._rows[-1][IMAGES_SEEN] + 1 if self._rows else 1

    def _judged(self, budget_images: int) -> Verdict | None:
        try:
            return judge(
                self._rows,
                budget_images=budget_images,
                settings=self.settings,
                log=self._options,
            )
        except NothingYet:
            return None

    def _stored_rows(self) -> list[Row]:
        """The rows as the lab's own records have them: its column names, quality, counts."""
        columns = list(dict.fromkeys(column for row in self._rows for column in row))
        renamed = renaming(columns, names_among(columns))
        losses = [name for name, meaning in renamed.items() if meaning.endswith("_loss")]
        counted = with_counted([Placed(row[IMAGES_SEEN], row) for row in self._rows], losses)
        log = self._log(self._end)
        stored = []
        for _, row, _ in counted:
            row = {renamed.get(name, name): value for name, value in row.items()}
            distance = number(row, log.distance) if log is not None else None
            if log is not None and log.scale is not None and _is_finite(distance):
                row[QUALITY] = log.scale.quality(distance or 0.0)
            stored.append(row)
        return stored

    def _log(self, budget_images: int) -> Log | None:
        try:
            return read_log(
                self._rows, names=None, budget_images=budget_images, options=self._options
            )
        except NothingYet:
            return None

    def _write_end(self, verdict: Verdict) -> None:
        assert self._writer is not None
        end = self.budget_images or max(1, self._rows[-1][IMAGES_SEEN])
        log = self._log(end)
        assert log is not None, "there is no verdict without a row that can be judged"
        self._writer.end(verdict, log)


def _is_finite(value: float | None) -> bool:
    return value is not None and math.isfinite(value)


def _as_number(name: str, value: Any) -> float:
    """A Python, NumPy or torch number as a float."""
    cell = number({name: value}, name)
    if cell is None or isinstance(value, bool):
        raise InputError(f"{name} is {value!r:.60}; give a number")
    return cell


def _metrics(row: Row, scale: Scale | None) -> MetricsCard:
    """The columns of a run by its first row, with the distance that quality is made of."""
    columns = [column for column in row if column != QUALITY]
    names = names_among(columns)
    frechet = uncounted(names.frechet)
    try:
        _, judged = quality_column(columns, LogOptions(), names)
    except NothingYet:
        judged = None
    distance = judged or names.kernel
    names = names.model_copy(update={"kernel": distance, "kernel_error": f"{distance}_se"})
    card = MetricsCard(
        extractor="the training itself",
        family="inception" if frechet == "fid" else frechet.removeprefix("fd_"),
        frechet=MEASURED,
        kernel=MEASURED,
        names=names.model_dump(),
    )
    if scale is None:
        return card
    return card.changed(anchor={distance: scale.anchor}, baseline={distance: scale.floor})


class _Writer:
    """One run's part of a study on disk, begun at its first row. One process only."""

    def __init__(
        self,
        study: Path,
        trial: int,
        seed: int,
        budget_images: int | None,
        config: Mapping[str, Any],
        scale: Scale | None,
    ) -> None:
        self.study, self.trial, self._scale = study, trial, scale
        self.budget_images, self.config = budget_images, dict(config)
        self.folder = run_folder(study, trial, seed)
        self._card = RunCard(trial=trial, seed=seed, status="running")
        self._has_begun = False

    def earlier_rows(self) -> list[Row]:
        """The rows of a run that is continued; their quality is computed again."""
        rows = read_rows(self.folder / EVALUATIONS_FILE).rows
        columns = [column for row in rows for column in row if column != QUALITY]
        try:
            quality_column(columns, LogOptions(), names_among(columns))
        except InputError:
            return rows
        return [{k: v for k, v in row.items() if k != QUALITY} for row in rows]

    def store(self, rows: list[Row], *, again: bool) -> None:
        """Append rows, or replace all where the run was taken up again."""
        if not self._has_begun:
            self._begin(rows[0])
        path = self.folder / EVALUATIONS_FILE
        if again:
            write_rows(path, rows)
            return
        for row in rows:
            append_row(path, row)

    def _begin(self, row: Row) -> None:
        """Write what is missing of the study and the trial, and that the run is training."""
        if not (self.study / STUDY_FILE).exists():
            base: dict[str, Any] = {"stability": self.config["stability"]}
            if self.budget_images is not None:
                base["training"] = {"budget_images": self.budget_images}
            study = StudyCard(
                study=self.study.resolve().name,
                space=SpaceCard(name="own training"),
                base=base,
                created=now(),
                status="running",
                metrics=_metrics(row, self._scale),
            )
            write_card(self.study / STUDY_FILE, study)
        trial_file = trial_folder(self.study, self.trial) / TRIAL_FILE
        if not trial_file.exists():
            trial = TrialCard(
                number=self.trial, origin=OWN_LOOP, config=self.config, created=now()
            )
            write_card(trial_file, trial)
        if (self.folder / RUN_FILE).exists():
            self._card = read_card(self.folder / RUN_FILE, RunCard)
        self._card = self._card.without("verdict", "score", "final_quality", "ended").changed(
            status="running",
            started=self._card.started or now(),
            budget_images=self.budget_images,
        )
        write_card(self.folder / RUN_FILE, self._card)
        self._has_begun = True

    def end(self, verdict: Verdict, log: Log) -> None:
        """Write the rows with their quality, and the verdict."""
        images = [row[IMAGES_SEEN] for row in log.rows]
        qualities = [number(row, QUALITY) or 0.0 for row in log.rows]
        failed_at = None if verdict.onset_images is None else int(verdict.onset_images)
        self._card = self._card.changed(
            status="finished",
            verdict=verdict.stored(),
            score=score(images, qualities, log.budget_images, failed_at),
            final_quality=final_quality(qualities[-1], verdict.name),
            budget_images=log.budget_images,
            images_seen=images[-1],
            ended=now(),
        )
        write_card(self.folder / RUN_FILE, self._card)
        study = read_card(self.study / STUDY_FILE, StudyCard)
        write_card(self.study / STUDY_FILE, study.changed(status="finished", finished=now()))
