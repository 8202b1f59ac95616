"""The file of a pair of encoders: one that texts become conditions by, and one that scores.

A generator is trained with the first; what it made of a text is scored by the second, which was
trained on other images with another seed.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import torch
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from lab.config import TextConfig, cache_folder
from lab.errors import InputError
from lab.metrics.network import FeatureNetwork
from lab.metrics.weights_file import file_digest
from lab.record import write_whole
from lab.text.encoder import SIZE, Encoder, TextNetwork, frozen

SHIPPED = Path(__file__).parent / "weights"
PARTS = ("conditioning", "scoring")


class EncoderCard(BaseModel):
    """Facts about a file of encoders; stored as strings in its metadata."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    format: Literal["1"] = "1"
    kind: Literal["text-encoders"] = "text-encoders"
    data: str
    """Name of the training data."""
    data_fingerprint: str
    channels: int = Field(ge=1, le=3)
    side: int = Field(ge=32)
    """Pixels of the square images the networks take."""
    width: int = Field(ge=1)
    epochs: int = Field(ge=1)
    seed: int = Field(ge=0)
    command: str
    """The command that reproduces this file."""
    torch: str
    """Version of torch that trained it."""


@dataclass(frozen=True, eq=False)
class EncoderPair:
    """Both encoders, frozen."""

    conditioning: Encoder
    scoring: Encoder
    card: EncoderCard
    digest: str
    """SHA-256 of the file."""


def write_encoders(path: Path, conditioning: Encoder, scoring: Encoder, card: EncoderCard) -> None:
    """Write both encoders, as 16-bit floats, and their card as one whole file."""
    tensors: dict[str, Tensor] = {}
    for part, encoder in zip(PARTS, (conditioning, scoring), strict=True):
        for name, tensor in encoder.state_dict().items():
            tensors[f"{part}.{name}"] = tensor.half().contiguous()
    write_whole(path, save(tensors, {name: str(to) for name, to in card.model_dump().items()}))


def find_encoders(text: TextConfig, source: str, fingerprint: str) -> Path:
    """The configured file, or of `auto` the one of this data.

    Raises InputError with the command that makes it where there is none.
    """
    if text.encoder != "auto":
        return Path(text.encoder)
    shipped = [path for path in SHIPPED.glob("*.safetensors") if _is_of(path, fingerprint)]
    if shipped:
        return shipped[0]
    path = kept_path(fingerprint)
    if not path.exists():
        raise InputError(
            f"text.encoder is auto, and there is no encoder of the captions of {source} yet; make "
            f"it with `python -m lab.text train {source}`"
        )
    return path


def kept_path(fingerprint: str) -> Path:
    """Where `lab.text train` puts the encoders of a pack."""
    return cache_folder() / "texts" / f"encoder-{fingerprint}.safetensors"


def read_encoders(path: Path) -> EncoderPair:
    """Raises InputError when the file is missing, damaged or not one of encoders."""
    if not path.is_file():
        raise InputError(
            f"the text encoder {path} does not exist; give the path of a .safetensors file made "
            "by `python -m lab.text train`, or set text.encoder to auto"
        )
    try:
        with safe_open(path, framework="pt") as file:
            card = EncoderCard.model_validate(file.metadata() or {})
            tensors = {name: file.get_tensor(name).float() for name in file.keys()}  # noqa: SIM118
        conditioning, scoring = (_encoder(card, tensors, part) for part in PARTS)
    except (SafetensorError, OSError, ValidationError, RuntimeError) as error:
        raise _damaged(path, str(error).strip().split("\n")[0]) from None
    if not all(bool(torch.isfinite(tensor).all()) for tensor in tensors.values()):
        raise _damaged(path, "it holds non-finite weights")
    return EncoderPair(conditioning, scoring, card, file_digest(path))


def _encoder(card: EncoderCard, tensors: dict[str, Tensor], part: str) -> Encoder:
    images = FeatureNetwork(card.channels, SIZE, card.width, folded=True)
    encoder = Encoder(TextNetwork(), images, card.side)
    prefix = f"{part}."
    encoder.load_state_dict(
        {name[len(prefix) :]: to for name, to in tensors.items() if name.startswith(prefix)}
    )
    return frozen(encoder)


def _is_of(path: Path, fingerprint: str) -> bool:
    with safe_open(path, framework="pt") as file:
        return (file.metadata() or {}).get("data_fingerprint") == fingerprint


def _damaged(path: Path, reason: str) -> InputError:
    return InputError(
        f"the text encoder {path} cannot be used ({reason}); make it again with "
        "`python -m lab.text train`"
    )
