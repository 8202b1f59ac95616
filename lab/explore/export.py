"""A page from disk that holds a generator and runs it in the browser, without a network."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch

from lab.errors import InputError
from lab.explore.latent import Explored, code_of
from lab.explore.onnx_file import BATCH, onnx_of
from lab.explore.server import describe, space_of
from lab.explore.shelf import Shelf
from lab.record import StorageFailed
from lab.record.durable import write_whole
from reports.explorer.page import build_exported

PAGE, MODEL = "index.html", "generator.onnx"
LARGEST_CODE = 255
"""Codes of numbers up to this one are in the page, and those of a grid that begins there."""
RUNTIME = "runtime"
"""Folder of the package `reports.explorer` that npm installs onnxruntime-web into."""
SCRIPT, WASM = "ort.wasm.bundle.min.mjs", "ort-wasm-simd-threaded.wasm"


class Exported(NamedTuple):
    """What was written."""

    page: Path
    model: Path


def export_run(shelf: Shelf, folder: Path) -> Exported:
    """Write the page and the ONNX file of the shelf's one run into a folder.

    Raises InputError for several runs, for what the export needs and lacks, and for a folder that
    cannot be written; then nothing is.
    """
    if len(shelf.sources) != 1:
        raise InputError(
            f"--export writes one run and {len(shelf.sources)} are given "
            f"({', '.join(source.name for source in shelf.sources)}); name one run's folder"
        )
    source = shelf.sources[0]
    runtime = _runtime()
    explored = shelf.opened(source.name)
    model = onnx_of(explored)
    page = build_exported(
        {
            "runs": [{**describe(source), "kept": [], "samples": []}],
            "start": None,
            "space": space_of(explored),
            "latentSize": source.config.network.latent_size,
            "largest": LARGEST_CODE,
        },
        {**runtime, "model": model, "codes": _codes(explored)},
    )
    written = Exported(folder / PAGE, folder / MODEL)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_whole(written.model, model)
        write_whole(written.page, page.encode())
    except (OSError, StorageFailed) as error:
        raise InputError(f"--export {folder} cannot be written ({error}); give another folder") \
            from None  # fmt: skip
    return written


def _codes(explored: Explored) -> bytes:
    """The codes [LARGEST_CODE + BATCH, latent_size] as little-endian float32."""
    size = explored.run.config.network.latent_size
    codes = torch.stack([code_of(number, size) for number in range(LARGEST_CODE + BATCH)])
    return codes.numpy().astype(np.dtype("<f4")).tobytes()


def _runtime() -> dict[str, bytes]:
    """onnxruntime-web's script and WebAssembly."""
    folder = Path(str(files("reports.explorer"))) / RUNTIME
    dist = folder / "node_modules" / "onnxruntime-web" / "dist"
    parts: dict[str, Any] = {"runtime": dist / SCRIPT, "wasm": dist / WASM}
    missing = [path for path in parts.values() if not path.exists()]
    if missing:
        raise InputError(
            f"--export needs onnxruntime-web, whose {missing[0].name} is missing; run "
            f"npm ci --prefix {folder}"
        )
    return {name: path.read_bytes() for name, path in parts.items()}
