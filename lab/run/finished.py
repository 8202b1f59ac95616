"""A finished run of the record: its configuration, its averaged generator, and images of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from lab.config import RunConfig, change_config, read_config
from lab.data import Pack
from lab.data.progress import tracked_later
from lab.errors import InputError
from lab.gan.networks import Generator, build_generator
from lab.gan.networks.stylegan2 import StyleGAN2Generator
from lab.gan.sampling import BATCH, generate, latents
from lab.randomness import counted_generator
from lab.record import (
    CONFIG_FILE,
    GENERATOR_FILE,
    RUN_FILE,
    TRIAL_FILE,
    RunCard,
    kept_generator_file,
    read_card,
)
from lab.record.storage import is_url, open_storage
from lab.text import TextBench, text_bench
from lab.trust import require_own_file

LONG = 5_000
"""Images from which progress is shown."""
NUM_MEAN_CODES = 10_000
"""Codes that the mean of w is taken over, as many as in the authors' code of StyleGAN2."""

MEAN_CODES = "mean of w"
"""Purpose of those."""


@dataclass(frozen=True)
class FinishedRun:
    """The averaged generator of a run."""

    name: str
    """As the command line has it."""
    config: RunConfig
    generator: Generator
    num_classes: int
    """Of the data."""
    class_counts: tuple[int, ...] | None = None
    """Of the data, if its classes are not alike."""
    text: TextBench | None = None
    """The data's texts, if the generator takes some."""

    def images(self, count: int) -> Iterator[Tensor]:
        """`count` images in parts, [n, C, H, H] uint8, always the same.

        The first of them are those of a smaller count. Raises InputError when one is not finite.
        """
        codes = self.codes(count, "full evaluation")
        with ExitStack() as stack:
            advance = tracked_later(stack, "generated images", count)
            for batch in codes:
                images = generate(self.generator, iter([batch]), autocast=nullcontext())
                if images is None:
                    raise self._diverged()
                yield images
                if count >= LONG:
                    advance(len(images))

    def images_of(self, conditions: Tensor, *, seed: int, row: int | None = None) -> Tensor:
        """Images [n, C, H, H] uint8 of classes, int64 [n], or of texts' vectors, [n, E].

        An image's code depends on the seed and its position alone, with `row` on that in its row
        of so many images. Raises InputError as `images`.
        """
        size = self.config.network.latent_size
        codes = latents(row or len(conditions), size, 0, seed=seed, purpose="samples")
        z = torch.cat([part for part, _ in codes])
        z = z.repeat(-(-len(conditions) // len(z)), 1)[: len(conditions)]
        given = zip(torch.split(z, BATCH), torch.split(conditions, BATCH), strict=True)
        images = generate(self.generator, given, autocast=nullcontext())
        if images is None:
            raise self._diverged()
        return images

    def _diverged(self) -> InputError:
        return InputError(f"the generator of {self.name} makes non-finite images; it diverged")

    def truncate(self, psi: float) -> None:
        """Truncate all further images (Karras et al. 2019, appendix B); psi in [0, 1].

        Raises InputError for a generator without a mapping network.
        """
        if not isinstance(self.generator, StyleGAN2Generator):
            raise InputError(
                f"--truncation is {psi:g} and the generator of network.architecture "
                f"{self.config.network.architecture} has no w to truncate; leave it out, or "
                "evaluate a run of stylegan2"
            )
        self.generator.truncate(psi, self.codes(NUM_MEAN_CODES, MEAN_CODES))

    def codes(self, count: int, purpose: str) -> Iterator[tuple[Tensor, Tensor]]:
        """Batches of codes [n, latent_size] and classes [n], the same for a purpose every time."""
        return latents(
            count,
            self.config.network.latent_size,
            self.num_classes,
            seed=self.config.seed,
            purpose=purpose,
            class_counts=self.class_counts,
            texts=None if self.text is None else self.text.train.texts,
        )


def local_folder(run: str, *, whole: bool = False) -> Path:
    """The folder of a run, or a local copy of the required files of a run behind a URL.

    With `whole` the copy has all of its files, evaluations, pictures and checkpoints too.
    """
    if not is_url(run):
        return Path(run)
    trial, _, name = run.rstrip("/").rpartition("/")
    storage = open_storage(trial)
    needed = {TRIAL_FILE, *(f"{name}/{file}" for file in (RUN_FILE, CONFIG_FILE, GENERATOR_FILE))}
    storage.pull(lambda path: path in needed or (whole and path.startswith(f"{name}/")))
    return storage.folder / name


def store_beside(run: str, folder: Path, *files: str) -> None:
    """Store files that were written into the local copy of a run behind a URL.

    Raises StorageFailed.
    """
    if not is_url(run):
        return
    trial, _, name = run.rstrip("/").rpartition("/")
    storage = open_storage(trial)
    for file in files:
        storage.write(f"{name}/{file}", (folder / file).read_bytes())


def stored_config(folder: Path, name: str, *, trust: bool) -> RunConfig:
    """The configuration of the run in `folder`, its seed included.

    Raises InputError for a folder that is no run, and unless `trust` for a record with code that
    nothing on this machine began with.
    """
    if not (folder / RUN_FILE).exists():
        raise InputError(f"{name} is not a run: it has no {RUN_FILE}; give a seed-* folder")
    alone, trial = folder / CONFIG_FILE, folder.parent / TRIAL_FILE
    file = alone if alone.exists() else trial
    require_own_file(file, f"the run {name}", trust=trust)
    config = read_config(file)
    if config.trainer is not None:
        raise InputError(
            f"{name} was trained by {config.trainer.in_words}, so that the lab has no generator "
            "of it; what it saved is in the run's folder trainer"
        )
    seed = read_card(folder / RUN_FILE, RunCard).seed
    return change_config(config, {"seed": seed})


def require_generator(folder: Path, name: str, images_seen: int | None = None) -> Path:
    """The file of the run's last generator, or of the one that it kept at `images_seen`.

    Raises InputError when it is missing.
    """
    path = folder / GENERATOR_FILE
    if images_seen is not None:
        path = kept_generator_file(folder, images_seen)
    if not path.exists():
        raise InputError(f"{name} has no {path.name}: the run has not finished; continue it first")
    return path


def with_extractor(config: RunConfig, extractor: str | None, weights: str | None) -> RunConfig:
    """The configuration with another extractor or file of its weights, where one is given."""
    values = {"evaluation.extractor": extractor, "evaluation.extractor_weights": weights}
    return change_config(config, {path: to for path, to in values.items() if to is not None})


def open_finished(
    folder: Path,
    config: RunConfig,
    pack: Pack,
    device: torch.device,
    name: str,
    *,
    images_seen: int | None = None,
) -> FinishedRun:
    """The run in `folder`, with the generator that it kept at `images_seen`, or its last.

    Raises InputError when that generator is missing or damaged.
    """
    path = require_generator(folder, name, images_seen)
    text = None
    if config.network.has_texts:
        text = text_bench(pack, config.data.source, config.text, device)
    generator = _generator(path, config, pack, text)
    placed = generator.to(device).eval()
    return FinishedRun(name, config, placed, pack.num_classes, pack.class_counts, text)


def _generator(path: Path, config: RunConfig, pack: Pack, text: TextBench | None) -> Generator:
    generator = build_generator(
        config.network,
        resolution=pack.resolution,
        channels=pack.channels,
        num_classes=pack.num_classes,
        rng=counted_generator(config.seed, "initial generator", 0),
        text_size=0 if text is None else text.text_size,
        files=config.files,
    )
    try:
        generator.load_state_dict(load_file(path))
    except (SafetensorError, RuntimeError) as error:
        first = str(error).splitlines()[0]
        raise InputError(f"{path} is damaged or of another configuration: {first}") from None
    return generator
