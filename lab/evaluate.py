"""``python -m lab.evaluate RUN``: full metrics of a finished run's averaged generator."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import tyro
from rich.console import Console
from rich.table import Table

from lab.cli import run_command
from lab.config import RunConfig, change_config, read_config
from lab.errors import InputError
from lab.record import (
    CONFIG_FILE,
    GENERATOR_FILE,
    RUN_FILE,
    TRIAL_FILE,
    RunCard,
    StorageFailed,
    read_card,
)
from lab.record.storage import is_url, open_storage

if TYPE_CHECKING:
    from torch import Tensor

    from lab.gan.networks import Generator
    from lab.gan.rounds import ImageShape
    from lab.metrics import Evaluator
    from lab.run.bench import Bench

MIN_SAMPLES = 50
"""The least that evaluation.num_samples may be."""


@dataclass(frozen=True)
class EvaluateOptions:
    """Measure the averaged generator of a finished run, next to held-out real images."""

    run: Annotated[str, tyro.conf.Positional]
    """The run's folder or URL, say studies/mine/trials/0007/seed-3."""
    num_samples: int | None = None
    """Generated images to measure; as many as there are held-out images when left out. Metrics
    of equal counts take the first of them where there are fewer real images."""
    extractor: str | None = None
    """fashion, inception, a file by lab.metrics, or mine.py:NAME; the run's own when left out."""
    extractor_weights: str | None = None
    """Weights file of the inception extractor."""
    samples: Path | None = None
    """Write a grid of samples to this WebP file."""
    json: bool = False
    """Print JSON instead of a table."""
    device: str = "auto"
    """auto, cpu or cuda."""


def command(options: EvaluateOptions) -> int:
    """What the command line does; returns the exit code."""
    import torch

    from lab.run.bench import open_bench_for
    from lab.run.pictures import NUM_GRID_SAMPLES, save_samples

    folder = _local_folder(options.run)
    config = _at_full_count(_stored_config(folder, options), options)
    bench = open_bench_for(config, options.device)
    generator = _generator(folder / GENERATOR_FILE, config, bench)
    count = bench.evaluator.num_samples
    shown: list[Tensor] = []

    def parts() -> Iterator[Tensor]:
        for images in generated(generator, config, bench.shape, count, options.run):
            if sum(map(len, shown)) < NUM_GRID_SAMPLES:
                shown.append(images)
            yield images

    measured = bench.evaluator.examine_parts(parts()).columns
    if options.samples is not None:
        try:
            save_samples(torch.cat(shown), options.samples)
        except StorageFailed as failed:
            raise InputError(
                f"--samples {options.samples} cannot be written ({failed.reason}); "
                "give another path"
            ) from None
    _show(measured, bench.evaluator, options, count)
    return 0


def generated(
    generator: Generator, config: RunConfig, shape: ImageShape, count: int, run: str
) -> Iterator[Tensor]:
    """`count` images of a run's generator in parts, [n, C, H, H] uint8, always the same.

    The first of them are those of a smaller count. Raises InputError when one is not finite.
    """
    from lab.gan.sampling import generate, latents

    codes = latents(
        count,
        config.network.latent_size,
        shape.num_classes,
        seed=config.seed,
        purpose="full evaluation",
    )
    for batch in codes:
        images = generate(generator, iter([batch]), autocast=nullcontext())
        if images is None:
            raise InputError(f"the generator of {run} makes non-finite images; it diverged")
        yield images


def _local_folder(run: str) -> Path:
    """The run's folder, or a local copy of the required files of a remote one."""
    if not is_url(run):
        return Path(run)
    trial, _, name = run.rstrip("/").rpartition("/")
    storage = open_storage(trial)
    needed = {TRIAL_FILE, *(f"{name}/{file}" for file in (RUN_FILE, CONFIG_FILE, GENERATOR_FILE))}
    storage.pull(needed.__contains__)
    return storage.folder / name


def _stored_config(folder: Path, options: EvaluateOptions) -> RunConfig:
    """The run's configuration with the extractor that the options select."""
    if not (folder / RUN_FILE).exists():
        raise InputError(f"{options.run} is not a run: it has no {RUN_FILE}; give a seed-* folder")
    alone, trial = folder / CONFIG_FILE, folder.parent / TRIAL_FILE
    config = read_config(alone if alone.exists() else trial)
    values: dict[str, Any] = {
        "seed": read_card(folder / RUN_FILE, RunCard).seed,
        "evaluation.extractor": options.extractor,
        "evaluation.extractor_weights": options.extractor_weights,
    }
    return change_config(config, {path: to for path, to in values.items() if to is not None})


def _at_full_count(config: RunConfig, options: EvaluateOptions) -> RunConfig:
    """With --num-samples, else as many samples as there are held-out images."""
    from lab.data import find

    count = options.num_samples
    if count is None:
        count = max(MIN_SAMPLES, len(find(config.data).heldout))
    return change_config(config, {"evaluation.num_samples": count})


def _generator(path: Path, config: RunConfig, bench: Bench) -> Generator:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    from lab.gan.networks import build_generator
    from lab.randomness import counted_generator

    if not path.exists():
        raise InputError(f"{path} is missing: the run has not finished; continue it first")
    shape = bench.shape
    generator = build_generator(
        config.network,
        resolution=shape.resolution,
        channels=shape.channels,
        num_classes=shape.num_classes,
        rng=counted_generator(config.seed, "initial generator", 0),
        files=config.files,
    )
    try:
        generator.load_state_dict(load_file(path))
    except (SafetensorError, RuntimeError) as error:
        first = str(error).splitlines()[0]
        raise InputError(f"{path} is damaged or of another configuration: {first}") from None
    return generator.to(bench.device).eval()


def _show(
    measured: dict[str, float], evaluator: Evaluator, options: EvaluateOptions, count: int
) -> None:
    if options.json:
        print(json.dumps({"metrics": measured, "baseline": evaluator.of_real}))
        return
    table = Table(title=f"{options.run}  ({count} samples, extractor {evaluator.extractor})")
    table.add_column("metric")
    table.add_column("generated", justify="right")
    table.add_column("held-out real", justify="right")
    for name, value in measured.items():
        real = evaluator.of_real.get(name)
        table.add_row(name, f"{value:.5g}", "-" if real is None else f"{real:.5g}")
    Console().print(table)


def main(args: list[str] | None = None) -> int:
    """Entry point."""
    return run_command(EvaluateOptions, command, prog="python -m lab.evaluate", args=args)


if __name__ == "__main__":
    sys.exit(main())
