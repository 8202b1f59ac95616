"""``python -m lab.audit RUN [RUN ...]``: fairness and privacy of finished runs."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import tyro
from rich.console import Console

from lab.cli import run_command
from lab.config import RunConfig
from lab.errors import InputError
from lab.record import AuditCard, StorageFailed

if TYPE_CHECKING:
    from lab.audit.measure import AuditBench


@dataclass(frozen=True)
class AuditOptions:
    """Measure which groups a generator serves worse than the data does, and what it and its critic
    show of their training images; written into each run's folder as audit.json."""

    runs: Annotated[tuple[str, ...], tyro.conf.Positional]
    """Folders or URLs of finished runs, say studies/mine/trials/0007/seed-3; several are shown
    beside each other."""
    num_samples: int | None = None
    """Generated images; as many as training images when left out, but 2,000 to 10,000."""
    attribute: Annotated[tuple[str, ...], tyro.conf.UseAppendAction] = ()
    """An attribute of the data, or `class`; may be given again. All when left out."""
    extractor: str | None = None
    """As of lab.evaluate: efficientnet, emoji, fashion, inception, dinov2, a file by lab.metrics,
    or mine.py:NAME; the run's own when left out."""
    extractor_weights: str | None = None
    """Weights file of the extractor inception or dinov2."""
    out: Path | None = None
    """Also write a page of these audits to this HTML file."""
    json: bool = False
    """Print JSON instead of tables."""
    device: str = "auto"
    """auto, cpu or cuda."""
    trust: bool = False
    """Run the Python files whose text the record holds, though nothing of yours on this machine
    began with them."""


LEAST_SAMPLES, MOST_SAMPLES = 2_000, 10_000


def command(options: AuditOptions) -> int:
    """What the command line does; returns the exit code."""
    if not options.runs:
        raise InputError("no run is given; name the folder of a finished run, a seed-* folder")
    _require_writable(options)
    jobs = [_job(run, options) for run in options.runs]
    cards: dict[str, AuditCard] = {}
    benches: dict[tuple[object, ...], AuditBench] = {}
    for job in jobs:
        cards[job.name] = _audited(job, options, benches)
    _show(cards, options)
    if options.out is not None:
        _write_page({job.name: (job.folder, cards[job.name]) for job in jobs}, options.out)
    return 0


@dataclass(frozen=True)
class _Job:
    """A run that was named."""

    name: str
    folder: Path
    config: RunConfig


def _job(run: str, options: AuditOptions) -> _Job:
    """The run's folder and configuration, both checked before anything is computed."""
    from lab.run.finished import local_folder, require_generator, stored_config, with_extractor

    folder = local_folder(run, whole=True)
    config = stored_config(folder, run, trust=options.trust)
    config = with_extractor(config, options.extractor, options.extractor_weights)
    require_generator(folder, run)
    return _Job(run.rstrip("/"), folder, config)


def _require_writable(options: AuditOptions) -> None:
    if options.num_samples is not None and options.num_samples < 50:
        raise InputError(
            f"--num-samples is {options.num_samples}; an audit needs at least 50 generated images"
        )
    if options.out is not None and not options.out.resolve().parent.is_dir():
        raise InputError(f"the folder of --out {options.out} does not exist; create it first")


def _audited(
    job: _Job, options: AuditOptions, benches: dict[tuple[object, ...], AuditBench]
) -> AuditCard:
    from lab.audit.measure import audit
    from lab.record import AUDIT_FILE, AUDIT_PICTURE
    from lab.run.finished import open_finished, store_beside

    data, evaluation = job.config.data, job.config.evaluation
    key = (data, evaluation, job.config.files)
    if key not in benches:
        benches[key] = _bench(job.config, options)
    bench = benches[key]
    run = open_finished(job.folder, job.config, bench.pack, bench.device, job.name)
    count = options.num_samples
    if count is None:
        count = min(max(len(bench.pack.train), LEAST_SAMPLES), MOST_SAMPLES)
    card = audit(bench, run, job.folder, count)
    store_beside(job.name, job.folder, AUDIT_FILE, AUDIT_PICTURE)
    return card


def _bench(config: RunConfig, options: AuditOptions) -> AuditBench:
    from lab.audit.groups import groupings_of
    from lab.audit.measure import AuditBench
    from lab.audit.real import real_images
    from lab.data import find
    from lab.metrics.extractors import require_fitting, settled
    from lab.run.bench import choose_device

    pack, device = find(config.data), choose_device(options.device)
    groupings = groupings_of(pack, options.attribute)
    if options.extractor is not None:
        require_fitting(settled(config.evaluation, pack.channels), pack.channels)
    return AuditBench(pack, real_images(config, pack, device), groupings, device)


def _show(cards: dict[str, AuditCard], options: AuditOptions) -> None:
    from lab.audit.screen import show_audit, show_beside

    if options.json:
        print(json.dumps({name: card.model_dump(mode="json") for name, card in cards.items()}))
        return
    console = Console()
    for name, card in cards.items():
        show_audit(console, name, card)
    if len(cards) > 1:
        show_beside(console, list(cards), list(cards.values()))


def _write_page(audits: dict[str, tuple[Path, AuditCard]], out: Path) -> None:
    from lab.record import write_whole
    from reports.audit.page import build_audit_page

    page = build_audit_page([(name, folder, card) for name, (folder, card) in audits.items()])
    try:
        write_whole(out, page.encode())
    except (OSError, StorageFailed) as failed:
        reason = failed.reason if isinstance(failed, StorageFailed) else failed.strerror
        raise InputError(f"--out {out} cannot be written ({reason}); give another path") from None
    print(f"page: {out}", file=sys.stderr)


def main(args: list[str] | None = None) -> int:
    """Entry point."""
    return run_command(AuditOptions, command, prog="python -m lab.audit", args=args)


if __name__ == "__main__":
    sys.exit(main())
