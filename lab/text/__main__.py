"""python -m lab.text train PACK: encoders of a pack's captions, which runs with texts need.

The encoders that the lab ships are made by

    python -m lab.text train emoji-mini --out lab/text/weights/emoji-mini.safetensors \\
        --epochs 40 --width 24
"""

from __future__ import annotations

import shlex
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import torch
import tyro
from rich.console import Console
from torch import Tensor

from lab.cli import run_command
from lab.config import make_config
from lab.data import Pack, find
from lab.errors import InputError
from lab.metrics.training import Progress
from lab.text.bench import TextBench, halves, require_captions
from lab.text.captioned import captioned
from lab.text.encoder import Encoder, frozen
from lab.text.scores import of_real_images, scores_table
from lab.text.training import TrainingPlan, train_encoder
from lab.text.weights import EncoderCard, kept_path, read_encoders, write_encoders

PROG = "python -m lab.text"
SECOND_SEED = 1_000
"""Between the seeds of the two encoders."""


@dataclass(frozen=True)
class TrainArguments:
    """Train the encoders of a pack's captions and images: one that texts become conditions by,
    and one that scores, on half of the images and the held-out ones with another seed."""

    verb: tyro.conf.Positional[Literal["train"]]
    """What to do."""
    pack: tyro.conf.Positional[str]
    """A named data set, or the path of a pack, a folder or a zip of images with captions."""
    out: Path | None = None
    """The file to write, *.safetensors; by default where text.encoder=auto finds it."""
    epochs: int = 80
    """Passes over the training images."""
    width: int = 32
    """Channels of the image networks' first layer."""
    resolution: int = 32
    """Side of the pack's images in pixels."""
    root: str | None = None
    """Folder with a named set's original files."""
    seed: int = 0
    """Seed of every draw."""


def train(arguments: TrainArguments) -> int:
    """Train both encoders, write them, print the R-precision of real images."""
    console = Console()
    _check(arguments)
    pack = _captioned_pack(arguments, console)
    path = arguments.out or kept_path(pack.card.fingerprint)
    images = captioned(pack.train)
    seen, _ = halves(len(images))
    plan = TrainingPlan(arguments.epochs, width=arguments.width, seed=arguments.seed)
    conditioning = _trained("conditioning", pack, images.rows, plan)
    plan = TrainingPlan(arguments.epochs, width=arguments.width, seed=plan.seed + SECOND_SEED)
    scoring = _trained("scoring", pack, images.rows[seen], plan, with_heldout=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_encoders(path, frozen(conditioning), frozen(scoring), _card(arguments, pack))
    console.print(f"{path}: {path.stat().st_size:,} bytes", highlight=False, soft_wrap=True)
    bench = TextBench(pack, read_encoders(path), torch.device("cpu"))
    console.print(scores_table(of_real_images(bench), "R-precision of real images"))
    return 0


def _check(arguments: TrainArguments) -> None:
    for name in ("epochs", "width"):
        value = getattr(arguments, name)
        if not 1 <= value <= 1000:
            raise InputError(f"--{name} is {value}; it must be from 1 to 1000")
    if arguments.seed < 0:
        raise InputError(f"--seed is {arguments.seed}; it must be >= 0")
    out = arguments.out
    if out is not None and out.suffix != ".safetensors":
        raise InputError(f"--out is {out}; its name must end in .safetensors")
    if out is not None and not out.resolve().parent.is_dir():
        raise InputError(f"--out is {out}, in a folder that does not exist; make it first")


def _captioned_pack(arguments: TrainArguments, console: Console) -> Pack:
    values = {
        "data.source": arguments.pack,
        "data.resolution": arguments.resolution,
        "data.root": arguments.root,
    }
    pack = find(make_config({}, values).data)
    require_captions(pack.train, arguments.pack)
    if missing := len(pack.train) - len(captioned(pack.train)):
        console.print(f"{missing:,} of {len(pack.train):,} images have no caption: left out")
    return pack


def _trained(
    name: str, pack: Pack, rows: Tensor, plan: TrainingPlan, *, with_heldout: bool = False
) -> Encoder:
    def show(progress: Progress) -> None:
        epoch, of_all = progress.epoch, progress.num_epochs
        print(f"{name}: epoch {epoch}/{of_all}  loss {progress.loss:.4f}", flush=True)

    splits = [(pack.train, rows)]
    if with_heldout and len(of_heldout := captioned(pack.heldout)):
        splits.append((pack.heldout, of_heldout.rows))
    return train_encoder(splits, max(32, pack.resolution), plan, show)


def _card(arguments: TrainArguments, pack: Pack) -> EncoderCard:
    return EncoderCard(
        data=pack.card.name,
        data_fingerprint=pack.card.fingerprint,
        channels=pack.channels,
        side=max(32, pack.resolution),
        width=arguments.width,
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
