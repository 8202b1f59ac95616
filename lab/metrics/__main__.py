"""python -m lab.metrics train PACK OUT: a feature extractor from any labelled pack.

The metrics of a search can then use it: ``python -m lab.search --extractor OUT``. The extractors
that the lab ships are made by

    python -m lab.metrics train fashion-mnist lab/metrics/weights/fashion-v1.safetensors \\
        --family fashion --version v1
    python -m lab.metrics train emoji-mini lab/metrics/weights/emoji-v1.safetensors \\
        --family emoji --version v1 --epochs 100 --width 48 --half
"""

from __future__ import annotations

import shlex
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import torch
import tyro

from lab.cli import run_command
from lab.config import RESOLUTIONS, RESOLUTIONS_IN_WORDS, DataConfig, make_config
from lab.data import Pack, find
from lab.errors import InputError
from lab.metrics.network import FeatureNetwork
from lab.metrics.training import TrainingPlan, accuracy, initial_network, train_network
from lab.metrics.weights_file import WeightsCard, family_name, write_weights

PROG = "python -m lab.metrics"


@dataclass(frozen=True)
class TrainArguments:
    """Train a feature extractor as a classifier of a labelled pack."""

    verb: tyro.conf.Positional[Literal["train"]]
    """What to do."""
    pack: tyro.conf.Positional[str]
    """A named data set, or the path of a pack, a folder or a zip of labelled images."""
    out: tyro.conf.Positional[Path]
    """The weights file to write, *.safetensors."""
    epochs: int = 12
    """Passes over the training images."""
    width: int = 32
    """Channels of the first layer; 32 gives 0.7 MB, 48 with --half as much."""
    resolution: int = 32
    """Side of the pack's images in pixels: a power of two from 16 to 1,024, or 28."""
    root: str | None = None
    """Folder with a named set's original files."""
    family: str | None = None
    """Names the metrics: fd_<family>; by default the name of OUT."""
    version: str = ""
    """Say v1; by default the file's digest distinguishes versions."""
    half: bool = False
    """Store the weights as 16-bit floats: half the size; the accuracy is that of these."""
    seed: int = 0
    """Seed of every draw."""


def train(arguments: TrainArguments) -> int:
    """Train on the pack's train split, measure on its held-out split, write the weights."""
    plan = _plan(arguments)
    family = family_name(arguments.family or arguments.out.stem)
    pack = _labelled_pack(arguments)
    side = max(32, pack.resolution)
    network = initial_network(pack.channels, pack.num_classes, arguments.width, plan.seed)
    network.to("cuda" if torch.cuda.is_available() else "cpu")
    images, labels = pack.train[:], pack.train.labels
    for progress in train_network(network, images, labels, side, plan):
        print(
            f"epoch {progress.epoch}/{progress.num_epochs}  loss {progress.loss:.4f}", flush=True
        )
    folded = network.cpu().folded()
    stored = torch.float16 if arguments.half else torch.float32
    if arguments.half:
        folded = folded.half().float()
    right = accuracy(folded, pack.heldout[:], pack.heldout.labels, side)
    write_weights(arguments.out, folded, _card(arguments, pack, folded, family, right), stored)
    print(f"{arguments.out}: {right:.2%} of {len(pack.heldout)} held-out images right")
    return 0


def _plan(arguments: TrainArguments) -> TrainingPlan:
    for name in ("epochs", "width"):
        value = getattr(arguments, name)
        if not 1 <= value <= 1000:
            raise InputError(f"--{name} is {value}; it must be from 1 to 1000")
    if arguments.seed < 0:
        raise InputError(f"--seed is {arguments.seed}; it must be >= 0")
    if arguments.resolution not in RESOLUTIONS:
        raise InputError(
            f"--resolution is {arguments.resolution}; it must be {RESOLUTIONS_IN_WORDS}"
        )
    if arguments.out.suffix != ".safetensors":
        raise InputError(f"OUT is {arguments.out}; its name must end in .safetensors")
    if not arguments.out.resolve().parent.is_dir():
        raise InputError(f"OUT is {arguments.out}, in a folder that does not exist; make it first")
    return TrainingPlan(num_epochs=arguments.epochs, seed=arguments.seed)


def _labelled_pack(arguments: TrainArguments) -> Pack:
    values = {
        "data.source": arguments.pack,
        "data.resolution": arguments.resolution,
        "data.root": arguments.root,
    }
    config: DataConfig = make_config({}, values).data
    pack = find(config)
    if pack.num_classes < 2 or bool((pack.train.labels < 0).any()):
        raise InputError(
            f"the pack {arguments.pack} has {pack.num_classes} classes; an extractor is trained "
            "as a classifier: use a pack whose images all have labels of at least two classes"
        )
    return pack


def _card(
    arguments: TrainArguments, pack: Pack, network: FeatureNetwork, family: str, right: float
) -> WeightsCard:
    return WeightsCard(
        family=family,
        version=arguments.version,
        channels=network.channels,
        side=max(32, pack.resolution),
        num_classes=network.num_classes,
        width=network.width,
        accuracy=right,
        num_train=len(pack.train),
        num_heldout=len(pack.heldout),
        data=pack.card.name,
        data_fingerprint=pack.card.fingerprint,
        epochs=arguments.epochs,
        seed=arguments.seed,
        command=f"{PROG} {shlex.join(sys.argv[1:])}",
        torch=torch.__version__,
    )


def main(args: list[str] | None = None) -> int:
    """Entry point."""
    return run_command(TrainArguments, train, prog=PROG, args=args)


if __name__ == "__main__":
    sys.exit(main())
