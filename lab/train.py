"""``python -m lab.train``: one run on one or many workers, with progress."""

from __future__ import annotations

import sys
from collections.abc import Generator, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import tyro
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from lab.cli import INTERRUPTED, run_command
from lab.config import (
    RunConfig,
    change_config,
    parse_setting,
    read_config,
    restored_config,
    stored_config,
)
from lab.cores import own_cores
from lab.errors import InputError
from lab.record import (
    CONFIG_FILE,
    IMAGES_SEEN,
    QUALITY,
    RUN_FILE,
    TRIAL_FILE,
    StorageFailed,
    read_json,
    write_json,
)
from lab.record.columns import metric_names, names_in
from lab.record.storage import in_its_words, is_url, open_storage
from lab.trust import note_own, require_own_file

if TYPE_CHECKING:
    from lab.gan.ranks import Ranks
    from lab.run import Evaluation

ERRORED = 3
"""Exit code of a run whose trainer ended without a verdict."""


@dataclass(frozen=True)
class TrainOptions:
    """Train one configuration with one seed: a known point, a config file, or a stored trial."""

    space: str | None = None
    """The space that --point belongs to."""
    point: str | None = None
    """A known point of the space, say miyato-c."""
    config: Path | None = None
    """A JSON file with a full or partial configuration."""
    trial: str | None = None
    """A trial's folder or URL in a study, say studies/mine/trials/0007."""
    out: Path | None = None
    """Folder of the run; default runs/<name>-seed-<seed>. An unfinished run in it is continued."""
    seed: int | None = None
    """Seed of the run."""
    preset: str | None = None
    """With --space: laptop, gpu or cluster; chosen by the hardware when left out."""
    set: Annotated[list[str], tyro.conf.UseAppendAction] = field(default_factory=list)
    """path=value: change one setting (`python -m lab.config` lists them); may be given again."""
    jacobian: bool = False
    """Compute eigenvalues of the game's Jacobian and G's condition number at each evaluation; for
    small networks."""
    device: str = "auto"
    """auto, cpu or cuda."""
    workers: int = 1
    """Processes on this machine that train together; use torchrun for several machines."""
    trust: bool = False
    """With --trial or --config: run the Python files whose text it holds, though nothing of yours
    on this machine began with them."""
    accumulate: int | None = None
    """Number of passes that compute the batch of an update."""
    threads: int | None = None
    """CPU threads of a worker; when left out, the cores are shared by the workers."""


def command(options: TrainOptions) -> int:
    """Run the command; returns its exit code."""
    name, config = _base_config(options)
    values = dict(parse_setting(text) for text in options.set)
    if options.accumulate is not None:
        values["training.accumulate"] = options.accumulate
    if options.jacobian:
        values["stability.jacobian"] = True
    if options.seed is not None:
        values["seed"] = options.seed
    config = change_config(config, values)
    note_own((file.name, file.text) for file in config.files)
    folder = options.out or Path("runs") / f"{name}-seed-{config.seed}"
    return _train(config, folder, options)


def _base_config(options: TrainOptions) -> tuple[str, RunConfig]:
    """A name and the configuration that the options select, before --set."""
    sources = [options.space, options.config, options.trial]
    if sum(source is not None for source in sources) != 1:
        raise InputError(
            "name what to train with exactly one of --space (and --point), --config or --trial"
        )
    if options.space is None and (options.point is not None or options.preset is not None):
        raise InputError("--point and --preset belong to --space; leave them out or give --space")
    if options.trial is not None:
        return _stored_trial(options.trial, trust=options.trust)
    if options.config is not None:
        require_own_file(options.config, f"the config file {options.config}", trust=options.trust)
        return options.config.stem, read_config(options.config)
    return _point(str(options.space), options)


def _stored_trial(trial: str, *, trust: bool) -> tuple[str, RunConfig]:
    storage = open_storage(trial)
    with in_its_words(storage):
        storage.pull(TRIAL_FILE.__eq__)
        remote = is_url(trial)
        file = storage.folder / TRIAL_FILE if remote or storage.folder.is_dir() else Path(trial)
        require_own_file(file, f"the trial {trial}", trust=trust)
        return f"trial-{file.parent.name}", read_config(file)


def _point(space_name: str, options: TrainOptions) -> tuple[str, RunConfig]:
    from lab.plan import choose_preset, find_preset, load_space

    space = load_space(space_name)
    if options.point is None:
        raise InputError(
            f"--space {space_name} needs --point; its known points are "
            f"{', '.join(space.known_points)}"
        )
    preset = options.preset
    if preset is None:
        import torch

        preset = choose_preset(torch.cuda.device_count(), 1)
    space = space.with_preset(find_preset(preset))
    return options.point, space.known_config(options.point)


def _train(config: RunConfig, folder: Path, options: TrainOptions) -> int:
    from lab.gan.ranks import ALONE
    from lab.gan.share import Share
    from lab.metrics.extractors import caution, require_fitting
    from lab.run.bench import open_bench_for
    from lab.run.launch import on_workers, started_by_torchrun

    for name, value in (("--threads", options.threads), ("--workers", options.workers)):
        if value is not None and value < 1:
            raise InputError(f"{name} is {value}; it must be at least 1")
    if config.trainer is not None:
        return _train_own(config, folder, options)
    training = config.training
    of_all = (training.accumulate, config.network.pack)
    Share(0, options.workers, *of_all).require_samples(training.batch_size)
    is_new = not (folder / CONFIG_FILE).exists()
    config = _agreed(folder, config)
    bench = open_bench_for(config, options.device)
    evaluation, pack = bench.evaluation, bench.pack
    if is_new:
        require_fitting(evaluation, pack.channels)
    config = change_config(config, {"evaluation.extractor": evaluation.extractor})
    _claim(folder, config)
    if warning := caution(evaluation, pack.channels, pack.card.name):
        print(warning)
    threads = options.threads or max(1, own_cores() // options.workers)
    if options.workers == 1 and not started_by_torchrun():
        return _work(ALONE, config, folder, options.device, threads)
    return on_workers(options.workers, _work, config, folder, options.device, threads)


def _train_own(config: RunConfig, folder: Path, options: TrainOptions) -> int:
    """Let the trainer of a space run one of its settings."""
    import torch

    from lab.trainer.check import require_startable
    from lab.trainer.loop import run_trainer
    from lab.trainer.process import TrainingFailed

    if options.workers != 1 or options.jacobian or options.accumulate is not None:
        raise InputError(
            "--workers, --jacobian and --accumulate are for the lab's own networks, and this "
            "configuration has a trainer of its own; leave them out"
        )
    config = _agreed(folder, config)
    require_startable(config)
    _claim(folder, config)
    gpus = 0 if options.device == "cpu" else torch.cuda.device_count()
    device = "cuda" if gpus else "cpu"
    threads = options.threads or own_cores()
    evaluations = run_trainer(config, folder, device=device, gpus=gpus, threads=threads)
    try:
        return _to_its_end(evaluations, config, folder, Console())
    except TrainingFailed as error:
        print(error, file=sys.stderr)
        return ERRORED


def _work(ranks: Ranks, config: RunConfig, folder: Path, device: str, threads: int) -> int:
    """What every worker does; rank 0 prints it."""
    import torch

    from lab.run import run

    torch.set_num_threads(threads)
    evaluations = run(config, folder, device=device, ranks=ranks)
    return _to_its_end(evaluations, config, folder, Console(quiet=not ranks.first))


def _to_its_end(
    evaluations: Generator[Evaluation, None, None],
    config: RunConfig,
    folder: Path,
    console: Console,
) -> int:
    """Print a run while it trains, and its verdict; returns the exit code."""
    try:
        last = _print_progress(evaluations, config, folder, console)
    except KeyboardInterrupt:
        evaluations.close()
        console.print("interrupted; the same command continues the run", highlight=False)
        return INTERRUPTED
    assert last.verdict is not None
    outcome = f"{last.verdict.name}: {last.verdict.evidence}"
    summary = f"{outcome}\nscore {last.score:.3f}; run {folder}"
    console.print(summary, highlight=False, soft_wrap=True)
    return 0


def _print_progress(
    evaluations: Iterable[Evaluation], config: RunConfig, folder: Path, console: Console
) -> Evaluation:
    """Print a line for each evaluation and a bar of images seen; returns the last evaluation."""
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed:.1f}/{task.total:g} kimg"),
        TimeRemainingColumn(),
        console=console,
    )
    with bar:
        task = bar.add_task(folder.name, total=config.training.budget_images / 1000)
        for evaluation in evaluations:
            row = evaluation.row
            bar.update(task, completed=row[IMAGES_SEEN] / 1000)
            console.print(_line(row), highlight=False, soft_wrap=True)
    return evaluation


def _agreed(folder: Path, config: RunConfig) -> RunConfig:
    """The configuration to train in `folder`: a run found there keeps the text of its files.

    Raises InputError for a folder that holds a run of another configuration.
    """
    stored = folder / CONFIG_FILE
    if not stored.exists():
        if (folder / RUN_FILE).exists():
            raise InputError(f"{folder} holds a run of a study; give another --out")
        return config
    kept = restored_config({"config": {}, **read_json(stored)})
    if config.trainer is None and config.evaluation.extractor == "auto":
        config = change_config(config, {"evaluation.extractor": kept.evaluation.extractor})
    if kept.model_copy(update={"files": config.files}) != config:
        raise InputError(f"{folder} holds a run of another configuration; give another --out")
    for file, begun_with in zip(config.files, kept.files, strict=True):
        if file != begun_with:
            print(begun_with.change("the run"), file=sys.stderr)
    return kept


def _claim(folder: Path, config: RunConfig) -> None:
    """Store the configuration, after every check of it."""
    try:
        write_json(folder / CONFIG_FILE, stored_config(config))
    except StorageFailed as failed:
        raise InputError(
            f"{folder} cannot be written ({failed.reason}); give another --out"
        ) from None


def _line(row: dict[str, object]) -> str:
    """One evaluation as a line: the clock and five metrics; evaluations.jsonl has all."""
    names = names_in(row) or metric_names("inception")
    columns = (QUALITY, names.frechet, names.precision, names.recall, names.coverage)
    metrics = "  ".join(f"{key} {row[key]:<8.4g}" for key in columns if key in row)
    return f"{row[IMAGES_SEEN]:>9,} images  {metrics}".rstrip()


def main(args: list[str] | None = None) -> int:
    """Entry point."""
    return run_command(TrainOptions, command, prog="python -m lab.train", args=args)


if __name__ == "__main__":
    sys.exit(main())
