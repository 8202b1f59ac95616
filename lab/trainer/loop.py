"""A run whose training is the person's own, as an iterator of evaluations, like `lab.run.run`."""

from __future__ import annotations

import socket
import time
from collections.abc import Generator
from contextlib import suppress
from pathlib import Path

from lab.config import RunConfig
from lab.errors import InputError
from lab.record import (
    FAILURES,
    IMAGES_SEEN,
    QUALITY,
    UNBROKEN,
    Row,
    Stage,
    StorageFailed,
    sample_file,
    sole_writer,
)
from lab.record.score import final_quality, score
from lab.record.words import kimg
from lab.run.folder import Finished, RunFolder, RunLabel
from lab.run.loop import WAIT_FOR_FOLDER_SECONDS, Evaluation
from lab.stability.log import BrokenMetric
from lab.stability.verdict import Verdict
from lab.trainer.book import NEARLY, Book
from lab.trainer.process import TrainingFailed
from lab.trainer.sources import CommandSource, FunctionSource, Patience, Source, Start

FOLDER = "trainer"
"""In a run's folder: what the person's training writes."""
OUTPUT_FILE = "output.txt"
"""In a run's folder: what it prints."""


def run_trainer(
    config: RunConfig,
    folder: Path,
    *,
    trial: int = 0,
    stage: Stage = "explore",
    attempt: int = 1,
    fence: int | None = None,
    device: str = "cpu",
    gpus: int = 0,
    threads: int = 1,
) -> Generator[Evaluation, None, None]:
    """Let the person's training run into `folder`, or continue what is there.

    Yields each evaluation once it is stored; the last carries the verdict. Closing the iterator
    ends the training's processes. Raises InputError for a person's mistake and TrainingFailed for
    a training that ended without a verdict.
    """
    started = time.monotonic()
    files = RunFolder(folder, RunLabel(trial, config.seed, stage, attempt, fence))
    if (finished := files.finished()) is None:
        with sole_writer(folder, wait_seconds=WAIT_FOR_FOLDER_SECONDS):
            if (finished := files.finished()) is None:
                training = _Training(config, files, device, gpus, threads)
                yield from training.evaluations(started)
                return
    yield _last(finished)


def _last(finished: Finished) -> Evaluation:
    return Evaluation(finished.row, finished.verdict, finished.score)


class _Training:
    """One start of a run: its book, its source, and what ends it."""

    def __init__(
        self, config: RunConfig, files: RunFolder, device: str, gpus: int, threads: int
    ) -> None:
        self._config = config
        self._files = files
        self._book = Book(config, files.folder)
        self._seconds_before = self._book.seconds
        self._problem: InputError | None = None
        """Why the rows that came last could not be read."""
        inner = files.folder / FOLDER
        inner.mkdir(parents=True, exist_ok=True)
        self._start = Start(
            config,
            inner.resolve(),
            (files.folder / OUTPUT_FILE).resolve(),
            device,
            gpus,
            threads,
            self._book.images_seen,
        )

    def evaluations(self, started: float) -> Generator[Evaluation, None, None]:
        """Start the training and yield its evaluations."""
        self._files.recall()
        self._files.note_begin(
            budget_images=self._config.training.budget_images,
            hosts=[socket.gethostname()],
            device=self._start.device,
            starting_seconds=time.monotonic() - started,
        )
        if (verdict := self._verdict()) is not None:  # an earlier start came to the end
            yield self._concluded(verdict)
            return
        is_function = bool(self._start.trainer.function)
        source: Source = FunctionSource(self._start) if is_function else CommandSource(self._start)
        try:
            yield from self._followed(source, time.monotonic())
        finally:
            source.stop()

    def _followed(self, source: Source, began: float) -> Generator[Evaluation, None, None]:
        patience = Patience(self._start.trainer)
        for came, samples in source.batches(patience):
            try:
                new = self._book.take(came, self._seconds_before + time.monotonic() - began)
                verdict = self._verdict()
            except StorageFailed:
                raise
            except BrokenMetric as error:
                raise TrainingFailed(str(error), again=False) from None
            except InputError as error:  # later rows may have what these lack
                self._problem = error
                continue
            self._problem = None
            if samples is not None and new:
                self._keep_samples(samples, new[-1])
            if new:
                patience.renew()
            for row in new if verdict is None else new[:-1]:
                yield Evaluation(row, None, None)
            if verdict is not None:
                source.finish(at_budget=verdict.name not in FAILURES or self._book.at_budget)
                yield self._concluded(verdict)
                return
            source.go_on()
        yield self._concluded(self._verdict_of_the_end())

    def _verdict(self) -> Verdict | None:
        """The verdict that ends the run now, else None."""
        verdict = self._book.verdict()
        stops = self._book.at_budget or self._config.stability.stop_on_failure
        return verdict if stops else None

    def _verdict_of_the_end(self) -> Verdict:
        """The verdict of a training that ended by itself."""
        budget = self._config.training.budget_images
        who = self._start.trainer.in_words
        if self._problem is not None:
            raise self._problem
        if self._book.is_unread:
            raise TrainingFailed(
                f"{who} ended in order without an evaluation that has "
                f"'{self._start.trainer.metric.name}', which METRIC names"
                f"{self._book.what_came}",
                again=False,
            )
        verdict = self._book.verdict(ended=True)
        is_broken = verdict is not None and verdict.name not in UNBROKEN
        if verdict is None or not (is_broken or self._book.images_seen >= NEARLY * budget):
            raise TrainingFailed(
                f"{who} ended by itself at {kimg(self._book.images_seen)} of "
                f"{kimg(budget)}; let it train to training.budget_images, which COMMAND can have "
                "as {budget} and {kimg}, or set that to what it trains",
                again=False,
            )
        return verdict

    def _keep_samples(self, file: Path, row: Row) -> None:
        """The images of a report as the grid of the evaluation."""
        import numpy as np
        import torch

        from lab.run.pictures import save_samples

        with suppress(OSError, ValueError):  # written by the person's process, and no number of it
            images = torch.from_numpy(np.load(file, allow_pickle=False))
            save_samples(images, sample_file(self._files.folder, row[IMAGES_SEEN]))
        file.unlink(missing_ok=True)

    def _concluded(self, verdict: Verdict) -> Evaluation:
        """The last evaluation, after the end was recorded."""
        rows = self._book.rows
        failed = verdict.name in FAILURES
        run_score = score(
            [row[IMAGES_SEEN] for row in rows],
            [row[QUALITY] for row in rows],
            self._config.training.budget_images,
            verdict.onset_images if failed else None,
        )
        self._files.note_end(
            verdict,
            score=run_score,
            final_quality=final_quality(rows[-1][QUALITY], verdict.name),
            images_seen=rows[-1][IMAGES_SEEN],
            seconds={"training": self._book.seconds, "evaluating": 0.0},
        )
        return Evaluation(rows[-1], verdict, run_score)
