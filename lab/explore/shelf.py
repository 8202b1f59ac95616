"""The runs that a page draws from, and the few of their generators that are open at a time."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import torch

from lab.config import RunConfig
from lab.data import Pack, find
from lab.errors import InputError
from lab.explore.latent import Explored
from lab.record import (
    GENERATOR_FILE,
    RUN_FILE,
    RunCard,
    kept_generators,
    read_card,
    sample_files,
)
from lab.record.storage import is_url
from lab.run.finished import local_folder, open_finished, require_generator, stored_config

MOST_OPEN = 8
"""Generators that stay in memory; one more closes the one that was not drawn from for longest."""
SEEDS = "seed-*"


@dataclass(frozen=True)
class Source:
    """A finished run that the page draws from."""

    name: str
    """As the command line has it, or its folder within a trial that it names."""
    folder: Path
    config: RunConfig
    card: RunCard
    pack: Pack

    @property
    def kept(self) -> list[int]:
        """Images seen by each generator that the run kept along its way."""
        return list(kept_generators(self.folder))

    @property
    def samples(self) -> list[int]:
        """Images seen at each stored grid of samples."""
        return list(sample_files(self.folder))


def sources_of(names: Iterable[str], *, trust: bool) -> list[Source]:
    """The runs that a command line names; a trial's folder stands for its finished runs.

    Raises InputError for what is neither, for a run without a generator, and for its data.
    """
    return [source for name in dict.fromkeys(names) for source in _of_name(name, trust=trust)]


def _of_name(name: str, *, trust: bool) -> list[Source]:
    folder = local_folder(name)
    if is_url(name) or (folder / RUN_FILE).exists():
        return [_source(name, folder, trust=trust)]
    seeds = sorted(path.parent for path in folder.glob(f"{SEEDS}/{RUN_FILE}"))
    if not seeds:
        raise InputError(
            f"{name} is neither a run nor a trial: it has no {RUN_FILE} and no {SEEDS} folders "
            "with one; give a run's folder, say studies/mine/trials/0007/seed-3, or a trial's"
        )
    finished = [seed for seed in seeds if (seed / GENERATOR_FILE).exists()]
    if not finished:
        raise InputError(f"no run of {name} has finished; continue the trial first")
    return [_source(f"{name.rstrip('/')}/{it.name}", it, trust=trust) for it in finished]


def _source(name: str, folder: Path, *, trust: bool) -> Source:
    config = stored_config(folder, name, trust=trust)
    require_generator(folder, name)
    card = read_card(folder / RUN_FILE, RunCard)
    return Source(name, folder, config, card, find(config.data))


class Shelf:
    """Opens generators as they are asked for. One thread at a time."""

    def __init__(self, sources: list[Source], device: torch.device) -> None:
        self.sources = sources
        self.device = device
        self._open: OrderedDict[tuple[str, int | None], Explored] = OrderedDict()
        self._by_name = {source.name: source for source in sources}

    def source(self, name: str) -> Source:
        """A run of the page. Raises InputError for another."""
        if name not in self._by_name:
            raise InputError(f"run is {name[:80]!r}, which this page does not draw from")
        return self._by_name[name]

    def opened(self, name: str, images_seen: int | None = None) -> Explored:
        """The generator of a run, at its end or one that it kept at `images_seen`.

        Those that a run kept are shifted along the directions of the last, so that a slider means
        the same at any time. Raises InputError for one that was not kept, or is damaged.
        """
        source = self.source(name)
        if images_seen is not None and images_seen not in source.kept:
            raise InputError(
                f"{name} kept no generator at {images_seen} images; training.keep_generators "
                "keeps some along a run"
            )
        key = name, images_seen
        if key not in self._open:
            self._open[key] = self._explored(source, images_seen)
        self._open.move_to_end(key)
        while len(self._open) > MOST_OPEN:
            self._open.popitem(last=False)
        return self._open[key]

    def _explored(self, source: Source, images_seen: int | None) -> Explored:
        directions = None if images_seen is None else self.opened(source.name).directions
        run = open_finished(
            source.folder,
            source.config,
            source.pack,
            self.device,
            source.name,
            images_seen=images_seen,
        )
        return Explored(run, directions)
