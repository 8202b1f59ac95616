"""The extractor `dinov2`: a vision transformer's class token, from a file of weights.

Stein et al. 2023 ("Exposing flaws of generative model evaluation metrics") compare images by it,
with the large one. The network is timm's; its weights (Oquab et al. 2023) are never downloaded.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lab.config import EvaluationConfig
from lab.errors import InputError
from lab.metrics.extractors import Extractor
from lab.metrics.weights_file import file_digest
from lab.torchvision_import import import_torchvision

SIZES = {384: "small", 768: "base", 1024: "large", 1536: "giant"}
"""Names of the networks by the length of their class token."""
SIDE = 224
MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""Of ImageNet's red, green and blue in [0, 1]."""


class ClassToken(nn.Module):
    """The normed class token of a vision transformer."""

    mean: Tensor
    deviation: Tensor

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network
        for name, values in (("mean", MEAN), ("deviation", DEVIATION)):
            self.register_buffer(name, torch.tensor(values).view(1, 3, 1, 1))

    def forward(self, images: Tensor) -> tuple[Tensor]:
        """[n, 3, H, H] uint8 -> ([n, d],)"""
        size = (SIDE, SIDE)
        x = F.interpolate(images.float() / 255, size, mode="bicubic", antialias=True)
        return (self.network((x.clamp(0, 1) - self.mean) / self.deviation),)


def dinov2(config: EvaluationConfig, device: torch.device) -> Extractor:
    """The network whose weights `evaluation.extractor_weights` is.

    The file is the authors', say dinov2_vitl14_pretrain.pth, or timm's. Raises InputError without
    timm, without the file, and for a file of other weights.
    """
    if find_spec("timm") is None:
        raise InputError(
            "the extractor 'dinov2' needs the package timm, which is not installed: run pip "
            "install 'gan-stability-lab[dinov2]', or use another --extractor"
        )
    if config.extractor_weights is None or not Path(config.extractor_weights).is_file():
        file = config.extractor_weights
        problem = "none is given" if file is None else f"{file} does not exist"
        raise InputError(
            f"the extractor 'dinov2' reads its weights from a file, and {problem}; download, say, "
            "dinov2_vitl14_pretrain.pth, which github.com/facebookresearch/dinov2 links to, and "
            "give --extractor-weights PATH"
        )
    path = Path(config.extractor_weights)
    network, size = _network(path)
    module = ClassToken(network).eval().requires_grad_(False).to(device)
    name = f"dinov2-{size}-v1"
    return Extractor(
        name, "dinov2", file_digest(path), module, device, batch_size=32, needs_colour=True
    )


def _network(path: Path) -> tuple[nn.Module, str]:
    """The network of a weights file, and the name of its size."""
    import_torchvision()
    models = import_module("timm.models")
    vision_transformer = import_module("timm.models.vision_transformer")
    try:
        state: Mapping[str, Tensor] = models.load_state_dict(str(path), weights_only=True)
        size = SIZES[state["cls_token"].shape[-1]]
        registers = "reg4_" if {"register_tokens", "reg_token"} & set(state) else ""
        network: nn.Module = models.create_model(
            f"vit_{size}_patch14_{registers}dinov2", pretrained=False, img_size=SIDE
        )
        network.load_state_dict(vision_transformer.checkpoint_filter_fn(state, network))
    except Exception as error:  # of pickle, zip, safetensors, timm
        reason = str(error).strip().split("\n")[0] or type(error).__name__
        raise InputError(
            f"the weights {path} of the extractor 'dinov2' cannot be used ({reason}); give a file "
            "of DINOv2's weights, of the authors or of timm"
        ) from None
    return network, size
