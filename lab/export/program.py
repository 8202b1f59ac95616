"""A generator as a graph that torch or onnxruntime runs without the lab."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.export import Dim, ExportedProgram

from lab.errors import InputError

OPSET = 18
"""Of ONNX: one that onnxruntime and onnxruntime-web run."""
OUTPUT = "images"


def program_of(generator: nn.Module, inputs: tuple[Tensor, ...], whose: str) -> ExportedProgram:
    """The generator on the CPU as a program of torch.export, for any number of images.

    `inputs` are examples of at least 2 images, codes [n, latent_size] and possibly conditions.
    Raises InputError for a network that torch cannot export.
    """
    number = Dim("n", min=1)
    ready = generator.eval().requires_grad_(False)
    try:
        with _silence():
            return torch.export.export(
                ready, inputs, dynamic_shapes=tuple({0: number} for _ in inputs)
            )
    except Exception as error:  # torch raises errors of a dozen kinds for what it cannot trace
        raise InputError(
            f"the generator of {whose} cannot be exported by torch ({_first_line(error)}); "
            "draw from it with python -m lab.sample or lab.explore"
        ) from None


def onnx_of(
    model: nn.Module | ExportedProgram,
    inputs: tuple[Tensor, ...],
    names: Sequence[str],
    whose: str,
) -> bytes:
    """A model on the CPU as ONNX, with inputs of these names and one output, `images`.

    Raises InputError where the packages are missing, and for a network that torch cannot export.
    """
    require_onnx()
    with _silence():
        try:
            program = torch.onnx.export(
                model.eval().requires_grad_(False) if isinstance(model, nn.Module) else model,
                inputs,
                dynamo=True,
                opset_version=OPSET,
                input_names=list(names),
                output_names=[OUTPUT],
                verbose=False,
            )
        except torch.onnx.errors.OnnxExporterError as error:
            raise InputError(
                f"the generator of {whose} cannot be written as ONNX ({_first_line(error)}); "
                "draw from it with python -m lab.sample or lab.explore"
            ) from None
    assert program is not None, "with dynamo an exported program is returned"
    return bytes(program.model_proto.SerializeToString())


def require_onnx(otherwise: str = "") -> None:
    """Raise InputError where the packages are missing; `otherwise` ends its sentence."""
    try:
        import onnx  # noqa: F401
        import onnxscript  # noqa: F401
    except ImportError as error:
        raise InputError(
            f"ONNX needs the package {error.name}; run pip install 'gan-stability-lab[export]'"
            f"{otherwise}"
        ) from None


@contextmanager
def _silence() -> Iterator[None]:
    """Without the exporter's remarks on its own code."""
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
