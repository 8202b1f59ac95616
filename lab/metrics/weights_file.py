"""The weights file of a feature network: tensors and training facts in one .safetensors."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Literal

import torch
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from lab.errors import InputError
from lab.metrics.network import FeatureNetwork, channels_last
from lab.record import write_whole


class WeightsCard(BaseModel):
    """Facts about a weights file; stored as strings in its metadata."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    format: Literal["1"] = "1"
    family: str = Field(pattern="^[a-z0-9-]+$")
    """Names the metrics' columns: `fashion` -> `fd_fashion`."""
    version: str = ""
    """Say `v1`; without one, the file's digest distinguishes versions."""
    channels: int = Field(ge=1, le=3)
    side: int = Field(ge=32)
    """Pixels of the square images the network takes."""
    num_classes: int = Field(ge=2)
    width: int = Field(ge=1)
    accuracy: float = Field(ge=0.0, le=1.0)
    """On the data's held-out images, which the training never saw."""
    num_train: int = Field(ge=1)
    num_heldout: int = Field(ge=1)
    data: str
    """Name of the training data."""
    data_fingerprint: str
    epochs: int = Field(ge=1)
    seed: int = Field(ge=0)
    command: str
    """The command that reproduces this file."""
    torch: str
    """Version of torch that trained it."""


def family_name(text: str) -> str:
    """Any text as an extractor's family: lower case, [a-z0-9-].

    Raises InputError when nothing is left of it, or when it is `inception`, whose metrics are
    called `fid` and `kid`.
    """
    name = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
    if not name or name == "inception":
        raise InputError(
            f"'{text}' cannot name an extractor's family; use letters and digits, and leave "
            "'inception' to the reference network: give --family NAME"
        )
    return name


def write_weights(
    path: Path, network: FeatureNetwork, card: WeightsCard, dtype: torch.dtype = torch.float32
) -> None:
    """Write a folded network, its weights in `dtype`, and its card as one whole file."""
    tensors = {
        name: tensor.to(dtype).contiguous() for name, tensor in network.state_dict().items()
    }
    facts = {name: str(value) for name, value in card.model_dump().items()}
    write_whole(path, save(tensors, facts))


def read_weights(path: Path) -> tuple[FeatureNetwork, WeightsCard]:
    """The network, in single precision whatever the file has, and the card of a weights file.

    Raises InputError with one sentence when it is missing, damaged or not such a file.
    """
    if not path.is_file():
        raise InputError(
            f"the extractor weights {path} do not exist; give the path of a .safetensors file "
            "made by `python -m lab.metrics train`, or use --extractor fashion"
        )
    try:
        facts, tensors = _opened(path)
        card = WeightsCard.model_validate(facts)
        network = FeatureNetwork(card.channels, card.num_classes, card.width, folded=True)
        network.load_state_dict(tensors)
    except (SafetensorError, OSError, ValidationError, RuntimeError) as error:
        raise _damaged(path, str(error).strip().split("\n")[0]) from None
    if not all(bool(torch.isfinite(tensor).all()) for tensor in tensors.values()):
        raise _damaged(path, "it holds non-finite weights")
    return channels_last(network).eval().requires_grad_(False), card


def file_digest(path: Path) -> str:
    """SHA-256 of a file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _opened(path: Path) -> tuple[dict[str, str], dict[str, Tensor]]:
    with safe_open(path, framework="pt") as file:
        return file.metadata() or {}, {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118


def _damaged(path: Path, reason: str) -> InputError:
    return InputError(
        f"the extractor weights {path} cannot be used ({reason}); "
        "make them again with `python -m lab.metrics train`, or use --extractor fashion"
    )
