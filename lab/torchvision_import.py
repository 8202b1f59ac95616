"""Imports torchvision, and works around a mismatched build; nothing else imports it.

Where a CPU build of torch sits beside the registry's torchvision, the latter's compiled
operators do not load and ``import torchvision`` dies with "operator torchvision::nms does not
exist". The lab uses none of those operators, so declaring them is enough to import the rest.
"""

from __future__ import annotations

import importlib
import sys
from types import ModuleType

_SIGNATURE = "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"


def import_torchvision() -> ModuleType:
    """torchvision, imported; call this before importing any package that needs it.

    Raises the original error when it is not the one about torchvision's missing operators.
    """
    try:
        return importlib.import_module("torchvision")
    except RuntimeError as error:
        if "operator torchvision::" not in str(error):
            raise
    import torch

    for name in [name for name in sys.modules if name.partition(".")[0] == "torchvision"]:
        del sys.modules[name]
    for operator in ("nms", "qnms"):
        torch.library.define(f"torchvision::{operator}", _SIGNATURE)
    return importlib.import_module("torchvision")
