"""``python -m lab.evaluate RUN``: full metrics of a finished run's averaged generator."""

from __future__ import annotations

import json
import sys
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import tyro
from rich.console import Console
from rich.table import Table

from lab.cli import run_command
from lab.config import RunConfig, change_config
from lab.errors import InputError
from lab.record import StorageFailed
from lab.user_file import UserFile, files_for, is_reference

if TYPE_CHECKING:
    import torch

    from lab.data import Pack
    from lab.metrics import PackEvaluator
    from lab.metrics.by_protocol import Measured
    from lab.metrics.protocols import Part, Protocol
    from lab.run.finished import FinishedRun
    from lab.text.scores import Score

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
    """fashion, inception, efficientnet, emoji, dinov2, a file by lab.metrics, or mine.py:NAME; the
    run's own when left out."""
    extractor_weights: str | None = None
    """Weights file of the extractor inception or dinov2."""
    protocol: Annotated[tuple[str, ...], tyro.conf.UseAppendAction] = ()
    """Measure by a named protocol instead, or by several between commas: fid50k_full, kid50k_full,
    is50k, fid10k_test, fd_fashion50k_full; _full is against all training images, _test against
    the held-out ones, _all against both."""
    split: Literal["train", "heldout", "all"] = "train"
    """Real images to measure distances to; with heldout or all only distances are measured."""
    truncation: float = 1.0
    """psi of StyleGAN2's truncation, from 0 to 1: lower, better images of less variety. 1, as
    published metrics have it: none."""
    samples: Path | None = None
    """Write a grid of samples to this WebP file."""
    json: bool = False
    """Print JSON instead of a table."""
    device: str = "auto"
    """auto, cpu or cuda."""
    trust: bool = False
    """Run the Python files whose text the record holds, though nothing of yours on this machine
    began with them."""


def command(options: EvaluateOptions) -> int:
    """What the command line does; returns the exit code."""
    from lab.run.bench import open_bench_for
    from lab.run.finished import local_folder, stored_config, with_extractor

    folder = local_folder(options.run)
    config = stored_config(folder, options.run, trust=options.trust)
    config = with_extractor(config, options.extractor, options.extractor_weights)
    config = _settled(config, options)
    if not 0 <= options.truncation <= 1:
        raise InputError(
            f"--truncation is {options.truncation:g}; it must be from 0 to 1: 1 changes nothing"
        )
    if options.protocol or options.split != "train":
        return _by_name(folder, config, options)
    config = _at_full_count(config, options)
    bench = open_bench_for(config, options.device)
    run = _opened(folder, config, bench.pack, bench.device, options)
    examined = bench.evaluator.examine_parts(run.images(bench.evaluator.num_samples))
    _write_samples(run, options)
    _show(examined.columns, bench.evaluator, options, _scores_of_texts(run))
    return 0


def _scores_of_texts(run: FinishedRun) -> list[Score]:
    """R-precision by list of captions, of a generator that takes texts."""
    if run.text is None:
        return []
    from lab.text.scores import of_generated_images

    seed = run.config.seed
    return of_generated_images(run.text, lambda texts: run.images_of(texts, seed=seed))


def _opened(
    folder: Path, config: RunConfig, pack: Pack, device: torch.device, options: EvaluateOptions
) -> FinishedRun:
    """The run's generator, truncated where the options ask for it."""
    from lab.run.finished import open_finished

    run = open_finished(folder, config, pack, device, options.run)
    if options.truncation < 1:
        run.truncate(options.truncation)
    return run


def _by_name(folder: Path, config: RunConfig, options: EvaluateOptions) -> int:
    """Measure by the protocols that the options name."""
    from lab.data import find
    from lab.metrics.extractors import WITH_WEIGHTS
    from lab.metrics.protocols import INCEPTION
    from lab.run.bench import choose_device

    pack, device = find(config.data), choose_device(options.device)
    family = _family(config, device)
    protocols = _protocols(options, config, pack, family)
    for one in protocols:
        _check_counts(one, pack)
    run = _opened(folder, config, pack, device, options)
    results: dict[str, Measured] = {}
    families = list(dict.fromkeys(one.family for one in protocols))
    # Given weights are the run's own extractor's, where that takes some, else Inception's.
    owner = family if family in WITH_WEIGHTS else INCEPTION
    without = config
    if owner in families:
        without = change_config(config, {"evaluation.extractor_weights": None})
    for of in families:
        named = [one for one in protocols if one.family == of]
        measuring = _config_of(
            of, family, config if of == owner else without, named[0], pack.channels
        )
        columns = [one for one in named if one.kind == "column"]
        results |= _of_columns(columns, measuring, run, options)
        if papers := [one for one in named if one.kind != "column"]:
            results |= _of_papers(papers, measuring, run, pack, device)
    _write_samples(run, options)
    _show_named({one.name: results[one.name] for one in protocols}, options)
    return 0


def _family(config: RunConfig, device: torch.device) -> str:
    """Family of the configured extractor."""
    from lab.metrics.extractors import WITH_WEIGHTS, load_extractor

    name = config.evaluation.extractor
    if name in WITH_WEIGHTS:  # they may not be needed, nor be here
        return name
    values = {"evaluation.extractor_weights": None}
    alone = change_config(config, values).evaluation
    return load_extractor(alone, device, _files_of(config)).family


def _files_of(config: RunConfig) -> tuple[UserFile, ...]:
    return files_for(filter(is_reference, [config.evaluation.extractor]), config.files)


def _protocols(
    options: EvaluateOptions, config: RunConfig, pack: Pack, family: str
) -> list[Protocol]:
    """Those that the options name, or the distances to the split that they name."""
    from lab.metrics.protocols import SUBSET_SIZE, Protocol, parse_protocols

    if not options.protocol:
        count = _at_full_count(config, options).evaluation.num_samples
        part: Part = "test" if options.split == "heldout" else "all"
        distances = [Protocol("frechet", family, count, part)]
        num_real = len(pack.heldout) + (len(pack.train) if part == "all" else 0)
        if min(count, num_real) >= SUBSET_SIZE:
            distances.append(Protocol("kernel", family, count, part))
        return distances
    named = f"--protocol {','.join(options.protocol)}"
    if options.num_samples is not None:
        raise InputError(
            f"{named} has its own number of samples; drop --num-samples, or change the number in "
            "the protocol's name"
        )
    if options.split != "train":
        raise InputError(
            f"{named} has its own real images; drop --split, or end the protocol's name in _full, "
            "_test or _all"
        )
    return parse_protocols(options.protocol, family)


def _check_counts(protocol: Protocol, pack: Pack) -> None:
    most = min(len(pack.train), len(pack.heldout))
    if protocol.needs_equal_counts and protocol.num_samples > most:
        raise InputError(
            f"the protocol {protocol.name} needs as many real images as samples, but the data has "
            f"{len(pack.train):,} train and {len(pack.heldout):,} held-out images; take at most "
            f"{protocol.at(most)}"
        )


def _config_of(
    family: str, usual: str, config: RunConfig, protocol: Protocol, channels: int
) -> RunConfig:
    """The run's configuration with the extractor of a family."""
    from lab.catalogue import EXTRACTORS
    from lab.metrics.extractors import require_fitting

    if family == usual:
        return config
    if family not in EXTRACTORS:
        raise InputError(
            f"the protocol {protocol.name} is of an extractor of the family '{family}', and the "
            f"run's is of '{usual}'; give --extractor the file of that family"
        )
    changed = change_config(config, {"evaluation.extractor": family})
    require_fitting(changed.evaluation, channels)
    return changed


def _of_columns(
    protocols: list[Protocol], config: RunConfig, run: FinishedRun, options: EvaluateOptions
) -> dict[str, Measured]:
    """Columns of a search, measured as a search does at each count."""
    from lab.metrics.by_protocol import Measured
    from lab.run.bench import open_bench_for

    results = {}
    for count in dict.fromkeys(one.num_samples for one in protocols):
        counted = change_config(config, {"evaluation.num_samples": count})
        evaluator = open_bench_for(counted, options.device).evaluator
        row = evaluator.examine_parts(run.images(count)).columns
        for one in protocols:
            if one.num_samples == count:
                sentence = evaluator.protocol_of(one.column)
                results[one.name] = Measured({one.name: row[one.column]}, sentence)
    return results


def _of_papers(
    protocols: list[Protocol],
    config: RunConfig,
    run: FinishedRun,
    pack: Pack,
    device: torch.device,
) -> dict[str, Measured]:
    """Protocols of one extractor that have a fixed recipe."""
    from lab.config import cache_folder
    from lab.data.progress import tracked_later
    from lab.metrics.by_protocol import Splits, measure_by
    from lab.metrics.extractors import load_extractor
    from lab.metrics.reference import real_features

    extractor = load_extractor(config.evaluation, device, _files_of(config))
    splits = None
    if any(one.part is not None for one in protocols):
        counts = len(pack.train), len(pack.heldout)
        with ExitStack() as stack:
            features = real_features(
                extractor,
                pack.train,
                pack.heldout,
                num_samples=min(counts),
                fingerprint=pack.card.fingerprint,
                cache=cache_folder() / "features",
                progress=tracked_later(stack, "features of real images", sum(counts)),
            )
        splits = Splits(features, *counts)
    most = max(one.num_samples for one in protocols)
    return measure_by(protocols, extractor, splits, run.images(most))


def _write_samples(run: FinishedRun, options: EvaluateOptions) -> None:
    import torch

    from lab.run.pictures import NUM_GRID_SAMPLES, save_samples

    if options.samples is None:
        return
    try:
        save_samples(torch.cat(list(run.images(NUM_GRID_SAMPLES))), options.samples)
    except StorageFailed as failed:
        raise InputError(
            f"--samples {options.samples} cannot be written ({failed.reason}); give another path"
        ) from None


def _settled(config: RunConfig, options: EvaluateOptions) -> RunConfig:
    """The configuration with what `auto` stands for.

    Raises InputError for an extractor that the options name and that does not fit the data.
    """
    from lab.data import find
    from lab.metrics.extractors import require_fitting, settled

    channels = find(config.data).channels
    evaluation = settled(config.evaluation, channels)
    if options.extractor is not None:
        require_fitting(evaluation, channels)
    return change_config(config, {"evaluation.extractor": evaluation.extractor})


def _at_full_count(config: RunConfig, options: EvaluateOptions) -> RunConfig:
    """With --num-samples, else as many samples as there are held-out images."""
    from lab.data import find

    count = options.num_samples
    if count is None:
        count = max(MIN_SAMPLES, len(find(config.data).heldout))
    return change_config(config, {"evaluation.num_samples": count})


def _show(
    measured: dict[str, float],
    evaluator: PackEvaluator,
    options: EvaluateOptions,
    of_texts: list[Score],
) -> None:
    if options.json:
        stated = {"metrics": measured, "baseline": evaluator.of_real, **_truncated(options)}
        if of_texts:
            stated["r_precision"] = {one.split: one.shares for one in of_texts}
        print(json.dumps(stated))
        return
    facts = [f"{evaluator.num_samples} samples", f"extractor {evaluator.extractor}"]
    facts += [f"{name} {psi:g}" for name, psi in _truncated(options).items()]
    table = Table(title=f"{options.run}  ({', '.join(facts)})")
    table.add_column("metric")
    table.add_column("generated", justify="right")
    table.add_column("held-out real", justify="right")
    for name, value in measured.items():
        real = evaluator.of_real.get(name)
        table.add_row(name, f"{value:.5g}", "-" if real is None else f"{real:.5g}")
    Console().print(table)
    if of_texts:
        from lab.text.scores import scores_table

        Console().print(scores_table(of_texts, "R-precision"))


def _truncated(options: EvaluateOptions) -> dict[str, float]:
    """What is stated with the numbers where images are truncated: no published metric's are."""
    return {"truncation": options.truncation} if options.truncation < 1 else {}


def _show_named(results: dict[str, Measured], options: EvaluateOptions) -> None:
    columns = {name: value for one in results.values() for name, value in one.columns.items()}
    sentences = {name: one.sentence for name, one in results.items()}
    if options.json:
        print(json.dumps({"metrics": columns, "protocols": sentences, **_truncated(options)}))
        return
    facts = [f"{name} {psi:g}" for name, psi in _truncated(options).items()]
    table = Table(title="  ".join([options.run, *facts]))
    table.add_column("protocol")
    table.add_column("generated", justify="right")
    for name, value in columns.items():
        table.add_row(name, f"{value:.5g}")
    console = Console()
    console.print(table)
    for name, sentence in sentences.items():
        console.print(f"{name}: {sentence}.", soft_wrap=True, markup=False, highlight=False)


def main(args: list[str] | None = None) -> int:
    """Entry point."""
    return run_command(EvaluateOptions, command, prog="python -m lab.evaluate", args=args)


if __name__ == "__main__":
    sys.exit(main())
