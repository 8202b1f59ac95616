"""The only module that imports torch-fidelity: its distances, and our extractor among its own.

The import takes a second and more: import this module inside the functions that need it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from torch import Tensor, nn

from lab.metrics.network import fitted
from lab.metrics.weights_file import read_weights
from lab.torchvision_import import import_torchvision

import_torchvision()

from torch_fidelity.feature_extractor_base import FeatureExtractorBase  # noqa: E402
from torch_fidelity.metric_fid import (  # noqa: E402
    KEY_METRIC_FID,
    fid_features_to_statistics,
    fid_statistics_to_metric,
)
from torch_fidelity.metric_kid import kernel_mmd  # noqa: E402
from torch_fidelity.registry import (  # noqa: E402
    FEATURE_EXTRACTORS_REGISTRY,
    register_feature_extractor,
)
from torch_fidelity.utils import create_feature_extractor  # noqa: E402

__all__ = [
    "KEY_METRIC_FID",
    "fid_features_to_statistics",
    "fid_statistics_to_metric",
    "inception_extractor",
    "kernel_mmd",
    "small_network_extractor",
]

LAYER = "penultimate"


class SmallNetworkExtractor(FeatureExtractorBase):  # type: ignore[misc]
    """The penultimate layer of a `FeatureNetwork`, from its weights file."""

    def __init__(
        self,
        name: str,
        features_list: list[str],
        feature_extractor_weights_path: str | None = None,
        **_: Any,
    ) -> None:
        super().__init__(name, features_list)
        assert feature_extractor_weights_path is not None, "a small network has a weights file"
        network, self.card = read_weights(Path(feature_extractor_weights_path))
        self.network = network

    @staticmethod
    def get_provided_features_list() -> tuple[str, ...]:
        return (LAYER,)

    @staticmethod
    def get_default_feature_layer_for_metric(metric: str) -> str:
        return LAYER

    @staticmethod
    def can_be_compiled() -> bool:
        return False

    def forward(self, input: Tensor) -> tuple[Tensor]:
        """[n, C, H, H] uint8, C 1 or 3 -> ([n, 64],)."""
        return (self.network.features(fitted(input, self.card.channels, self.card.side)),)


def small_network_extractor(name: str, weights: Path) -> SmallNetworkExtractor:
    """The extractor of a weights file, registered under `name`, on the CPU."""
    if name not in FEATURE_EXTRACTORS_REGISTRY:
        register_feature_extractor(name, SmallNetworkExtractor)
    module = _created(name, LAYER, weights)
    assert isinstance(module, SmallNetworkExtractor)
    return module


def inception_extractor(weights: Path | None) -> nn.Module:
    """torch-fidelity's Inception, from a weights file or its download, on the CPU."""
    return _created("inception-v3-compat", "2048", weights)


def _created(name: str, layer: str, weights: Path | None) -> nn.Module:
    module: nn.Module = create_feature_extractor(
        name,
        [layer],
        cuda=False,
        verbose=False,
        feature_extractor_weights_path=None if weights is None else str(weights),
    )
    return module
