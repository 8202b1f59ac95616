"""What runs of one study share in a process: data, metrics, device, precision."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import torch

from lab.config import DataConfig, EvaluationConfig, RunConfig, StabilityConfig, TextConfig
from lab.data import Pack, find
from lab.errors import InputError, unknown
from lab.gan.games import game_class
from lab.gan.precision import faster_precision
from lab.gan.rounds import ImageShape
from lab.gan.texts import Texts
from lab.metrics import Labels, PackEvaluator, make_evaluator
from lab.metrics.extractors import settled
from lab.record.target import quality_of_target
from lab.text import TextBench, text_bench
from lab.user_file import UserFile, files_for, is_reference

DEVICES = ("auto", "cpu", "cuda")


@dataclass(frozen=True)
class Bench:
    """What runs of one study share in a process: the data, the metrics, the device."""

    pack: Pack
    evaluator: PackEvaluator
    device: torch.device
    evaluation: EvaluationConfig
    """With the name of the extractor, where the configuration has `auto`."""
    text: TextBench | None = None
    """The texts of runs with network.text_conditioning."""

    @property
    def shape(self) -> ImageShape:
        size = 0 if self.text is None else self.text.text_size
        pack = self.pack
        return ImageShape(pack.resolution, pack.channels, pack.num_classes, size)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of all metrics, without class shares."""
        return (*self.evaluator.columns, *self._text_baseline)

    @property
    def of_real(self) -> dict[str, float]:
        """The metrics of real images: of the evaluator, and of texts."""
        return {**self.evaluator.of_real, **self._text_baseline}

    @property
    def _text_baseline(self) -> dict[str, float]:
        return {} if self.text is None else self.text.baseline

    def texts(self, limit: int | None = None) -> Texts | None:
        """The texts that generated images are of: those of the first `limit` training images."""
        if self.text is None:
            return None
        rows, texts = self.text.train
        return texts if limit is None else texts.of_first(int((rows < limit).sum()))

    def settled(self, settings: StabilityConfig) -> StabilityConfig:
        """The settings with the quality of a target that is given as a distance.

        Raises InputError for a distance that is not measured.
        """
        if not settings.target_distance:
            return settings
        evaluator = self.evaluator
        quality = quality_of_target(
            settings.target_distance, evaluator.names, evaluator.anchor, evaluator.baseline
        )
        return settings.model_copy(update={"target_quality": quality})


def choose_device(name: str = "auto") -> torch.device:
    """`auto`: the current GPU when there is one, else the CPU.

    Raises InputError for a device that is not there.
    """
    if name not in DEVICES:
        raise unknown("the device", name, DEVICES)
    has_gpu = torch.cuda.is_available()
    if name == "auto":
        name = "cuda" if has_gpu else "cpu"
    if name == "cuda" and not has_gpu:
        raise InputError(
            "the device is cuda, but torch finds no GPU here; take cpu, or install a build of "
            "torch for your GPU"
        )
    return torch.device(name)


def settle_algorithms(config: RunConfig, device: torch.device) -> None:
    """Make torch repeat a GPU's numbers bit for bit in this process, or not, as configured.

    A CPU always does. cuBLAS needs CUBLAS_WORKSPACE_CONFIG to be set before its first use; torch
    raises an error where it is missing.
    """
    if device.type != "cuda":
        return
    wanted = config.training.deterministic
    torch.use_deterministic_algorithms(wanted)
    torch.backends.cudnn.deterministic = wanted
    torch.backends.cudnn.benchmark = not wanted


@lru_cache(maxsize=4)
def open_bench(
    data: DataConfig,
    evaluation: EvaluationConfig,
    device: torch.device,
    files: tuple[UserFile, ...] = (),
    text: TextConfig | None = None,
) -> Bench:
    """Open (and pack, on first use) the data, and build the evaluator; kept for later runs.

    `files` are those that the configuration refers to, and `text` is given for runs with texts.
    """
    pack = find(data)
    evaluation = settled(evaluation, pack.channels)
    evaluator = make_evaluator(
        evaluation,
        pack.train,
        pack.heldout,
        fingerprint=pack.card.fingerprint,
        labels=Labels(pack.train.labels, pack.heldout.labels, pack.num_classes),
        device=device,
        files=files,
    )
    texts = None if text is None else text_bench(pack, data.source, text, device)
    return Bench(pack, evaluator, device, evaluation, texts)


def open_bench_for(config: RunConfig, device: str = "auto") -> Bench:
    """The bench of one run.

    Raises InputError when data, metrics, device or labels are missing, and when a method of a
    person's file is not usable.
    """
    of_extractor = files_for(filter(is_reference, [config.evaluation.extractor]), config.files)
    data = config.data.model_copy(update={"limit": None})  # runs of every limit share it
    text = config.text if config.network.has_texts else None
    bench = open_bench(data, config.evaluation, choose_device(device), of_extractor, text)
    bench.settled(config.stability)  # a target that is not measured must not leave a folder
    if config.network.conditional and bool((bench.pack.train.labels < 0).any()):
        raise InputError(
            f"network.conditional is true, but {bench.pack.card.name} has images without a class; "
            "set network.conditional to false or take labelled images"
        )
    limit, num_train = config.data.limit, len(bench.pack.train)
    if limit is not None and limit > num_train:
        raise InputError(
            f"data.limit is {limit}, but {bench.pack.card.name} has {num_train} training images; "
            "set data.limit to fewer, or to null for all"
        )
    if config.files:  # a mistake in a person's file must not leave a folder
        make_game = game_class(config)
        make_game(config, bench.shape, device=torch.device("cpu"), precision="float32")
    return bench


@lru_cache(maxsize=64)
def resolve_precision(config: RunConfig, shape: ImageShape, device: torch.device) -> str:
    """The configured precision; `auto` becomes what measures faster on the device."""
    if config.training.precision != "auto":
        return config.training.precision
    return faster_precision(config, shape, device)


def wait_for(device: torch.device) -> None:
    """Wait until a GPU has done what it was given: before a clock is read."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def describe(bench: Bench) -> dict[str, Any]:
    """The record's `data` and `metrics` entries."""
    metrics = bench.evaluator.description()
    described = {"data": bench.pack.card.model_dump(), "metrics": metrics}
    if bench.text is None:
        return described
    for column, value in bench.text.baseline.items():
        metrics["names"][column] = column
        metrics["baseline"][column] = value
    return {**described, "text": bench.text.description()}
