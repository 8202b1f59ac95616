"""One run as an iterator of evaluations: ``for evaluation in run(config, folder): ...``

Trains to the next evaluation and yields it; stopping is closing the iterator. It connects the four
peers (gan, data, metrics, stability), writes the run's folder, and resumes from its checkpoint:
an interrupted run gives the numbers of an undisturbed one.
"""

from __future__ import annotations

import math
import socket
import time
from collections.abc import Generator
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

from torch import Tensor

from lab.config import RunConfig
from lab.gan.average import copy_of
from lab.gan.game import Game
from lab.gan.games import game_class
from lab.gan.networks import Generator as GeneratorNetwork
from lab.gan.ranks import ALONE, Ranks
from lab.gan.sampling import captions, generate, latents
from lab.gan.texts import Texts
from lab.metrics import Examination
from lab.record import FAILURES, Row, Stage, neighbours_file, sample_file, sole_writer
from lab.record.columns import (
    IMAGES_SEEN,
    LIVE_PREFIX,
    QUALITY,
    SCHEDULED_PREFIX,
    SECONDS_EVALUATING,
    SECONDS_TRAINING,
    SIGNAL_PREFIX,
    STEP,
    under_columns,
)
from lab.record.score import final_quality, score
from lab.run.bench import Bench, open_bench_for, resolve_precision, settle_algorithms, wait_for
from lab.run.curvature import curvature, require_small_game
from lab.run.feed import Feed
from lab.run.folder import Finished, Resumed, RunFolder, RunLabel
from lab.run.pictures import save_lookalikes, save_samples
from lab.run.probe import Probe
from lab.stability.signals import SignalWindow
from lab.stability.verdict import Verdict, judge

NON_FINITE_CHECK_STEPS = 32
"""Steps between two checks for non-finite values: a check at every step would stall a GPU."""
PURPOSE = "evaluation"
"""Of the codes and conditions of evaluations, the same at each."""
WAIT_FOR_FOLDER_SECONDS = 30.0
"""The last worker of a killed search may hold its run's folder for a moment longer."""


class Evaluation(NamedTuple):
    """What a run yields: the row it stored, and a verdict once there is one."""

    row: Row
    verdict: Verdict | None
    score: float | None
    """The score when the run is over, else None."""


def run(
    config: RunConfig,
    folder: Path,
    *,
    trial: int = 0,
    stage: Stage = "explore",
    attempt: int = 1,
    fence: int | None = None,
    device: str = "auto",
    ranks: Ranks = ALONE,
    make_game: type[Game] | None = None,
) -> Generator[Evaluation, None, None]:
    """Train one configuration with one seed into `folder`, or continue what is there.

    Several workers iterate in step, each over its own call: all yield the same evaluations, and
    only rank 0 touches the folder. The numbers are those of one worker, to rounding. `make_game`
    replaces the configured game by a changed one: the validation plants its failures there.

    Yields an `Evaluation` of the untrained generator (0 images seen) and one every
    `evaluation.every_images`; the last carries the verdict. A folder that holds a finished run
    yields that run's last evaluation and trains nothing. run.json notes `fence`, the number of the
    driver's lease. Raises InputError for a damaged checkpoint or data that cannot be had.
    """
    started = time.perf_counter()
    files = RunFolder(folder, RunLabel(trial, config.seed, stage, attempt, fence))
    finished = ranks.from_first(files.finished)
    if finished is None:
        # Before the folder is touched: a person's mistake must not leave one.
        bench = ranks.everywhere(lambda: open_bench_for(config, device))
        with ExitStack() as held:
            finished = ranks.from_first(lambda: _held(files, held))
            if finished is None:
                training = _Training(config, bench, files, ranks, make_game)
                training.begin(started)
                yield from _evaluations(training)
                return
    yield Evaluation(finished.row, finished.verdict, finished.score)


def _held(files: RunFolder, held: ExitStack) -> Finished | None:
    """Hold the folder; the end of its run, if the worker that held it before reached that."""
    held.enter_context(sole_writer(files.folder, wait_seconds=WAIT_FOR_FOLDER_SECONDS))
    return files.finished()


def _evaluations(training: _Training) -> Generator[Evaluation, None, None]:
    if not training.rows:
        yield training.evaluate()
    elif training.verdict is not None:
        yield training.conclude()
    while training.verdict is None:
        training.train_to_next_evaluation()
        yield training.evaluate()


class _Training:
    """One run under way: the game, the rows so far, and what ends it."""

    def __init__(
        self,
        config: RunConfig,
        bench: Bench,
        files: RunFolder,
        ranks: Ranks,
        make_game: type[Game] | None,
    ) -> None:
        self.make_game = make_game or game_class(config)
        self.config = config
        self.bench = bench
        self.files = files
        self.ranks = ranks
        self.verdict: Verdict | None = None
        self.window = SignalWindow()

    def begin(self, started: float) -> None:
        """Build the game, continue from the folder if it holds anything, note the start."""
        config, bench, ranks = self.config, self.bench, self.ranks
        settle_algorithms(config, bench.device)
        resumed = ranks.from_first(self.files.resume)
        precision = ranks.from_first(
            lambda: resumed.precision or resolve_precision(config, bench.shape, bench.device)
        )
        self.game = self.make_game(
            config, bench.shape, device=bench.device, precision=precision, ranks=ranks
        )
        self.game.draws.class_counts = bench.pack.class_counts
        if (texts := bench.texts(config.data.limit)) is not None:
            self.game.draws.texts = texts.on(bench.device, self.game.draws.dtype)
        if self.make_game is game_class(config):
            self.game.record_where_possible()
        require_small_game(self.game)
        self.feed = Feed(config, bench, self.game.share)
        self._continue(resumed)
        hosts = ranks.gather(socket.gethostname()) or []
        seconds = time.perf_counter() - started
        ranks.from_first(
            lambda: self.files.note_start(config, self.game, hosts, starting_seconds=seconds)
        )

    def _continue(self, resumed: Resumed) -> None:
        self.rows = self._on_our_scale(resumed.rows)
        if resumed.state is not None:
            self.files.load_into(self.game, resumed.state)
        last = self.rows[-1] if self.rows else {}
        self.training_seconds: float = last.get(SECONDS_TRAINING, 0.0)
        self.evaluating_seconds: float = last.get(SECONDS_EVALUATING, 0.0)
        if self.rows:
            self.verdict = self._judge()

    def _on_our_scale(self, rows: list[Row]) -> list[Row]:
        """Rows under today's columns, with the quality of their distances."""
        evaluator = self.bench.evaluator
        named = [under_columns(row, self.bench.columns) for row in rows]
        return [
            row | {QUALITY: evaluator.scale.quality(row.get(evaluator.names.kernel, math.nan))}
            for row in named
        ]

    def train_to_next_evaluation(self) -> None:
        """Play rounds until the next multiple of `evaluation.every_images`, or a failure."""
        every = self.config.evaluation.every_images
        next_multiple = (self.game.images_seen // every + 1) * every
        target = min(next_multiple, self.config.training.budget_images)
        probe = Probe(self.game)
        started = time.perf_counter()
        while self.game.images_seen < target:
            self._one_round(probe)
            if self._failed_numerically():
                break
        wait_for(self.bench.device)
        self.training_seconds += time.perf_counter() - started

    def _one_round(self, probe: Probe) -> None:
        step = self.game.num_steps_done
        if step % self.config.stability.signal_every_steps == 0:
            played = probe.step(self.feed.real, self.feed.heldout(step))
        else:
            played = probe.step_after(self.feed.real)
        self.window.add(self.game.images_seen, played.observed._asdict(), *played.sampled)

    def _failed_numerically(self) -> bool:
        if not self.config.stability.stop_on_failure:
            return False
        due = self.game.num_steps_done % NON_FINITE_CHECK_STEPS == 0
        return due and self.window.non_finite()

    def evaluate(self) -> Evaluation:
        """Measure the averaged generator, judge, and store the row and the checkpoint."""
        started = time.perf_counter()
        if self.config.training.ema_statistics == "estimated":
            self.game.estimate_average()
        images = self._generated_images(self.game.average)
        due = self._live_is_due()
        live = self._generated_images(copy_of(self.game.generator)) if due else None
        signals = self.window.close()
        self.ranks.require_agreement(self.game.tensors())
        evaluation = self.ranks.from_first(
            lambda: self._evaluation(images, live, signals, started)
        )
        if not self.ranks.first:
            self.rows.append(evaluation.row)
            self.verdict = evaluation.verdict
        return evaluation

    def conclude(self) -> Evaluation:
        """The newest evaluation; a run that has its verdict is finished in the record first."""
        images = self._generated_images(self.game.average)
        return self.ranks.from_first(lambda: self._concluded(images, self._examined(images)))

    def _live_is_due(self) -> bool:
        """Whether the generator itself is measured beside its average."""
        if self.config.training.ema_half_life_images == 0:
            return False
        every = self.config.evaluation.live_every
        at_budget = self.game.images_seen >= self.config.training.budget_images
        return at_budget or (every > 0 and len(self.rows) > 0 and len(self.rows) % every == 0)

    def _evaluation(
        self,
        images: Tensor | None,
        live: Tensor | None,
        signals: dict[str, float | int],
        started: float,
    ) -> Evaluation:
        examined = self._examined(images)
        metrics = self._metrics_of(examined, images)
        if live is not None:
            distances = self.bench.evaluator.distances(live)
            metrics |= {LIVE_PREFIX + column: value for column, value in distances.items()}
        self.evaluating_seconds += time.perf_counter() - started

        row = self._row(metrics, signals)
        self.rows.append(row)
        self.verdict = self._judge()

        # A row before its checkpoint: a killed run makes its newest row again, never skips one.
        self.files.store_row(row)
        if self._is_kept():
            self.files.keep_generator(self.game.average, self.game.images_seen)
        self.files.store_checkpoint(self.game.state(), self.game.images_seen)
        return self._concluded(images, examined)

    def _is_kept(self) -> bool:
        """Whether the newest row is the first at or after one of `keep_generators` equal parts."""
        training = self.config.training
        parts = [
            row[IMAGES_SEEN] * training.keep_generators // training.budget_images
            for row in self.rows[-2:]
        ]
        return len(parts) == 2 and parts[1] > parts[0]

    def _generated_images(self, generator: GeneratorNetwork) -> Tensor | None:
        """Images [N, C, H, W] uint8 of the same codes every time; None if one is not finite."""
        codes = latents(
            self.bench.evaluator.num_samples,
            self.config.network.latent_size,
            self.bench.shape.num_classes,
            seed=self.config.seed,
            purpose=PURPOSE,
            class_counts=self.bench.pack.class_counts,
            texts=self._texts,
        )
        return generate(generator, codes, autocast=self.game.autocast(), ranks=self.ranks)

    def _examined(self, images: Tensor | None) -> Examination | None:
        if images is None:
            return None
        save_samples(images, sample_file(self.files.folder, self.game.images_seen))
        return self.bench.evaluator.examine(images)

    @property
    def _texts(self) -> Texts | None:
        return self.bench.texts(self.config.data.limit)

    def _metrics_of(self, examined: Examination | None, images: Tensor | None) -> dict[str, float]:
        """Columns of the row; every metric is NaN for images that are not finite."""
        if examined is None or images is None:
            return dict.fromkeys(self.bench.columns, math.nan)
        if self.bench.text is None or self._texts is None:
            return examined.columns
        of_images = captions(len(images), self._texts, seed=self.config.seed, purpose=PURPOSE)
        return examined.columns | self.bench.text.measure(images, of_images)

    def _row(self, metrics: dict[str, float], signals: dict[str, float | int]) -> Row:
        evaluator = self.bench.evaluator
        return {
            IMAGES_SEEN: self.game.images_seen,
            STEP: self.game.num_steps_done,
            QUALITY: evaluator.scale.quality(metrics[evaluator.names.kernel]),
            SECONDS_TRAINING: self.training_seconds,
            SECONDS_EVALUATING: self.evaluating_seconds,
            **metrics,
            **signals,
            **{SIGNAL_PREFIX + name: to for name, to in self.game.present_signals().items()},
            **{SCHEDULED_PREFIX + path: to for path, to in self.game.present_numbers().items()},
            **self._curvature(),
        }

    def _curvature(self) -> dict[str, float]:
        if not self.config.stability.jacobian:
            return {}
        coming = self.game.num_steps_done * self.config.training.critic_steps
        return curvature(self.game, self.feed.whole(coming))

    def _judge(self) -> Verdict | None:
        """The verdict that ends the run now, else None."""
        evaluator = self.bench.evaluator
        verdict = judge(
            self.rows,
            names=evaluator.names,
            baseline=self.bench.of_real,
            num_samples=evaluator.num_paired,
            scale=evaluator.scale,
            budget_images=self.config.training.budget_images,
            settings=self.bench.settled(self.config.stability),
        )
        at_budget = self.game.images_seen >= self.config.training.budget_images
        return verdict if at_budget or self.config.stability.stop_on_failure else None

    def _concluded(self, images: Tensor | None, examined: Examination | None) -> Evaluation:
        """The newest evaluation, after the end of a run that has its verdict was recorded."""
        if self.verdict is None:
            return Evaluation(self.rows[-1], None, None)
        failed = self.verdict.name in FAILURES
        run_score = score(
            [row[IMAGES_SEEN] for row in self.rows],
            [row[QUALITY] for row in self.rows],
            self.config.training.budget_images,
            self.verdict.onset_images if failed else None,
        )
        self.files.save_generator(self.game.average)
        if images is not None and examined is not None:
            path = neighbours_file(self.files.folder, self.game.images_seen)
            save_lookalikes(images, examined, self.bench.pack.train, path)
        self.files.note_end(
            self.verdict,
            score=run_score,
            final_quality=final_quality(self.rows[-1][QUALITY], self.verdict.name),
            images_seen=self.game.images_seen,
            seconds={"training": self.training_seconds, "evaluating": self.evaluating_seconds},
        )
        return Evaluation(self.rows[-1], self.verdict, run_score)
