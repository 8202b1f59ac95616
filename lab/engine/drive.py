"""One search from start to end: a study made or resumed, its runs driven, the record closed."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from typing import Any

from rich.console import Console

from lab.cli import undisturbed
from lab.engine.cluster import (
    connected,
    dedicated_head,
    will_start_here,
    working_machines,
)
from lab.engine.conclusion import (
    close_record,
    how_to_go_on,
    mark_interrupted,
    print_conclusion,
    to_be_fixed,
)
from lab.engine.forecast.budget import fitted_options
from lab.engine.gang.gang import GangPlan, worker_environment
from lab.engine.options import SearchOptions
from lab.engine.place import new_place, resumed_place
from lab.engine.progress import Board, Display
from lab.engine.proof import prove_on_cluster
from lab.engine.ray_end import in_order_without_ray
from lab.engine.run_callback import RunCallback
from lab.engine.searcher import PlannerSearcher
from lab.engine.slots import ONE, parse_workers
from lab.engine.study import Study, asked_space, check_here, create, fitted, reopen
from lab.engine.track.trackers import require_trackers, trackings
from lab.engine.watchdog import fate_of, start_watchdog, stop_watchdog
from lab.metrics.extractors import caution
from lab.plan import Mirror, Space
from lab.record import OPTUNA_FILE, is_study, read_study
from lab.record.leases import held
from lab.record.scratch import scratch_folder
from lab.record.storage import Storage, in_its_words
from lab.record.words import in_number

Show = Callable[[Storage], None]
Ended = Callable[[Storage, Exception], None]
"""What is done where Ray ends before its search: the study's storage and the error to report."""


class StudyInterrupted(Exception):
    """A search was stopped by the person; its record is closed and can be resumed."""

    def __init__(self, storage: Storage) -> None:
        super().__init__(f"study {storage.name} was stopped")
        self.storage = storage
        self.hint = how_to_go_on(storage)


class RayEnded(Exception):
    """The processes of a local Ray ended before the search; its record can be resumed."""

    def __init__(self, gone: str, storage: Storage) -> None:
        super().__init__(
            f"Ray's own processes ended ({gone}), and the search with them; "
            + how_to_go_on(storage)
        )


def report_on_stderr(storage: Storage, error: Exception) -> None:
    """Print the error."""
    print(error, file=sys.stderr, flush=True)


@dataclass(frozen=True)
class Searched:
    """A search that came to its end."""

    storage: Storage
    num_errored: int
    """Runs that were given up after crashes."""


def search_study(
    options: SearchOptions,
    console: Console,
    show: Show,
    given: Space | None = None,
    callbacks: Sequence[Any] = (),
    ended: Ended = report_on_stderr,
) -> Searched:
    """Run (or resume) the search that `options` describe, or of the given space.

    `show` is called once with the study's storage, before its first run. `callbacks` are Ray
    Tune's: a trial of Tune is one start of a run, its configuration has every setting by its path,
    its results have the numbers of an evaluation by their columns. `ended` is called, by a thread
    and with the record closed, when a local Ray ends before the search: the caller's thread waits
    for Ray then, until Ray ends the process a minute later.

    Raises InputError for a person's mistake, before anything is written, and StudyInterrupted
    after Ctrl-C once the study is there, with the record closed.
    """
    options.check()
    require_trackers(options.track)
    resumed = resumed_place(options)
    space = None if resumed else asked_space(options, given)
    target = resumed or new_place(options)
    if will_start_here(options.address):
        check_here(space, options)
    if space is None:
        with held(target, wait_seconds=60 * options.wait), in_its_words(target):
            stored = reopen(target, options, given)
            with (
                _stopped_in_order(target),
                connected(
                    options.address, verbose=options.verbose, gangs=not stored.slot.alone
                ) as cluster,
            ):
                prove_on_cluster(target)
                may_grow = options.address is not None
                study = fitted(stored, cluster, may_grow=may_grow)
                _drive(study, options, console, show, callbacks, ended)
    else:
        gangs = parse_workers(options.workers or "1") != ONE
        with (
            _stopped_in_order(target),
            connected(options.address, verbose=options.verbose, gangs=gangs) as cluster,
        ):
            prove_on_cluster(target)
            if options.budget_hours is not None:
                options = fitted_options(space, options, cluster, console)
            study = create(target, space, options, cluster, console)
            with held(target), in_its_words(target):
                _drive(study, options, console, show, callbacks, ended)
    return Searched(target, len(study.planner.errored))


@contextmanager
def _stopped_in_order(target: Storage) -> Iterator[None]:
    """Ctrl-C ends a study that is there as StudyInterrupted, its record closed."""
    try:
        yield
    except KeyboardInterrupt:
        if not is_study(target.folder):
            raise
        with undisturbed():
            mark_interrupted(target)
        raise StudyInterrupted(target) from None


def _print_start(study: Study, console: Console) -> None:
    card, done = study.card, study.num_done
    training = study.space.base_config().training
    trainer = study.space.trainer
    what = f" of {card.data.name}" if card.data.name else ""
    who = f"in {training.precision}" if trainer is None else f"by {trainer.in_words}"
    console.print(
        f"study {study.storage.name}\n"
        f"{in_number(study.planner.num_trials, 'trial')}"
        f"{f', {done} of them done' if done else ''}; "
        f"{study.planner.in_words}; "
        f"{training.budget_images / 1000:g} kimg each{what} {who}; "
        f"{study.num_slots} at a time with "
        f"{study.slot} each",
        highlight=False,
        soft_wrap=True,
    )
    if study.planner.num_trials < study.settings.trials and not study.settings.known_only:
        console.print(
            f"the space has {in_number(study.planner.num_settings, 'setting')}: more of the "
            f"{study.settings.trials} trials would repeat runs",
            style="yellow",
            highlight=False,
            soft_wrap=True,
        )
    if trainer is not None:
        return
    evaluation = study.space.base_config().evaluation
    if warning := caution(evaluation, card.data.channels or 1, card.data.name):
        console.print(warning, style="yellow", highlight=False, soft_wrap=True)


def _drive(
    study: Study,
    options: SearchOptions,
    console: Console,
    show: Show,
    callbacks: Sequence[Any],
    ended: Ended,
) -> None:
    """Let Tune work through the planner's jobs, then close the record."""
    _print_start(study, console)
    for file in study.space.files:
        if file.changed:
            console.print(file.change("the study"), highlight=False, soft_wrap=True)
    show(study.storage)
    started = time.monotonic()
    try:
        with (
            Display(_board(study), console) as display,
            closing(_mirror(study)) as mirror,
        ):
            searcher = PlannerSearcher(
                study.planner,
                study.folder,
                study.slot,
                study.num_slots,
                mirror,
                study.storage,
            )
            if not study.planner.finished:
                tracked = trackings(options.track, study.card.study, study.storage)

                def without_ray(gone: str) -> None:
                    display.stop()
                    close_record(study, time.monotonic() - started)
                    ended(study.storage, RayEnded(gone, study.storage))

                try:
                    scheduler = _scheduler(study, searcher)
                    with in_order_without_ray(without_ray):
                        _fit(searcher, options, scheduler, [display, *callbacks, *tracked])
                finally:
                    searcher.settle()
                    for tracking in tracked:
                        tracking.finish()
        if searcher.mistake is not None:
            raise to_be_fixed(searcher.mistake, study.storage)
    finally:
        with undisturbed():
            close_record(study, time.monotonic() - started)
    if not study.planner.finished:
        raise StudyInterrupted(study.storage)
    print_conclusion(study, console)


def _board(study: Study) -> Board:
    return Board(
        study=study.folder.name,
        num_planned=study.planner.num_runs - study.planner.num_ended,
        budget_images=study.space.base_config().training.budget_images,
        names=study.card.metrics.columns,
        num_slots=study.num_slots,
        workers="" if study.slot.alone else study.slot.workers.in_words,
    )


def _mirror(study: Study) -> Mirror:
    planner = study.planner
    return Mirror(
        study.folder / OPTUNA_FILE,
        study.card.study,
        planner.trials(),
        planner.objective.directions,
        store=lambda: study.storage.push(OPTUNA_FILE),
    )


def _stopper(searcher: PlannerSearcher) -> Any:
    """Ends all runs once a person has to fix something; a resume continues them."""
    from ray import tune

    class Stopper(tune.Stopper):  # type: ignore[misc]
        def __call__(self, trial_id: str, result: dict[str, Any]) -> bool:
            return False

        def stop_all(self) -> bool:
            return searcher.mistake is not None

    return Stopper()


def _scheduler(study: Study, searcher: PlannerSearcher) -> Any:
    """What may stop runs early: Tune's default, which does not, or the pruner of --prune."""
    if study.settings.prune == "none":
        return None
    from lab.engine.pruning import ExplorePruner

    budget = study.space.base_config().training.budget_images
    pruner = ExplorePruner(searcher, study.settings, budget)
    pruner.recall(read_study(study.folder).runs)
    return pruner


def _fit(
    searcher: PlannerSearcher, options: SearchOptions, scheduler: Any, callbacks: Sequence[Any]
) -> None:
    from ray import tune

    from lab.engine.trainable import RunTrainable

    # By default Tune asks a custom searcher for one run and waits until it has begun: slots would
    # start one after the other, and an autoscaler would see a demand of one.
    os.environ.setdefault("TUNE_MAX_PENDING_TRIALS_PG", str(searcher.num_slots))
    scratch = tempfile.mkdtemp(prefix="tune-", dir=scratch_folder())
    plan = GangPlan(searcher.slot, environment=worker_environment(), verbose=options.verbose)
    seconds = None if options.hung_after is None else 60 * options.hung_after
    if seconds is not None:
        plan = replace(plan, hung_after_seconds=seconds)
    watchdog = start_watchdog(seconds)
    searcher.fate_of = lambda folder: fate_of(watchdog, folder)
    searcher.machines = working_machines
    searcher.callbacks = [one for one in callbacks if isinstance(one, RunCallback)]
    trainable = tune.with_parameters(RunTrainable, plan=plan, watchdog=watchdog)

    def resources(config: dict[str, Any]) -> Any:
        """Of a slot, which is not placed on a node that is avoided."""
        avoid = config["avoid"].split(",") if config["avoid"] else []
        if plan.slot.alone:
            placed = plan.slot.placed((), avoid=avoid)
        else:
            placed = plan.slot.placed(working_machines(), avoid=avoid, head=dedicated_head())
        where: dict[str, Any] = {}
        if placed.selector is not None:
            where["bundle_label_selector"] = [placed.selector]
        return tune.PlacementGroupFactory([placed.resources], strategy=placed.strategy, **where)

    tuner = tune.Tuner(
        tune.with_resources(trainable, resources),
        tune_config=tune.TuneConfig(
            search_alg=searcher,
            scheduler=scheduler,
            num_samples=-1,
            reuse_actors=True,
            trial_dirname_creator=lambda trial: trial.trial_id,
        ),
        run_config=tune.RunConfig(
            name="search",
            storage_path=scratch,
            verbose=1 if options.verbose else 0,
            stop=_stopper(searcher),
            callbacks=list(callbacks),
            failure_config=tune.FailureConfig(max_failures=0),
            checkpoint_config=tune.CheckpointConfig(checkpoint_at_end=False),
        ),
    )
    try:
        tuner.fit()
    finally:
        stop_watchdog(watchdog)
        shutil.rmtree(scratch, ignore_errors=True)
