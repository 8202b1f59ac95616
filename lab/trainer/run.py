"""What a training function gets: its parameters, its folder, and `report`.

def train(run):
    networks = build(run.parameters["width"], seed=run.seed)
    if run.checkpoint is not None:
        networks.load(run.checkpoint / "networks.pt")
    while True:
        ...
        run.report(images_seen=seen, fid=fid, critic_loss=loss, samples=images)

It is imported by the person's process, so that it must need no torch and none of the lab's own
heavy parts.
"""

from __future__ import annotations

import json
import math
import socket
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lab.errors import InputError

SAMPLES = "reported-samples.npy"
"""In the trainer's folder: images on their way into the record."""
MOST_SAMPLES = 64
GO_ON, OVER = b"g", b"s"
"""The lab's answers to a report."""


class TrainingOver(BaseException):
    """Raised by `report` once the run has its verdict; let it pass.

    No `Exception`, so that no handler of the person's own takes it for an error.
    """


class Run:
    """One training of one setting with one seed."""

    def __init__(self, described: Mapping[str, Any], connection: socket.socket) -> None:
        self.parameters: Mapping[str, Any] = dict(described["parameters"])
        """Values by the names of the space."""
        self.seed: int = described["seed"]
        """Seed of all random numbers."""
        self.folder = Path(described["folder"])
        """Where to save checkpoints; it is kept, and handed back when the run continues."""
        self.device: str = described["device"]
        """`cpu` or `cuda`; the slot's GPUs alone are visible."""
        self.budget_images: int = described["budget_images"]
        """Real images at which the run ends."""
        self.data: str | None = described["data"]
        """What the search was given as `data.source`."""
        self.images_seen: int = described["images_seen"]
        """Images seen at the last evaluation of earlier starts; 0 in a new run."""
        self.checkpoint: Path | None = self.folder if described["continues"] else None
        """`folder`, if an earlier start was interrupted and left files there; None at first."""
        self._metric: str = described["metric"]
        self._connection = connection
        self._thread = threading.get_ident()
        self._last = -1
        self._is_over = False

    def report(self, *, images_seen: int, samples: Any = None, **numbers: Any) -> None:
        """Hand over an evaluation; returns nothing while all is well.

        `images_seen` counts the real images that the critic has seen. The space's metric must be
        among the numbers; NaN is a value that was measured. `samples` are images [N, C, H, W] or
        [N, H, W, C] of numpy or torch, uint8 or floats in [-1, 1].
        Raises TrainingOver once the run failed or its budget is reached, and InputError for a
        report that cannot be one, which marks the run errored.
        """
        if self._is_over:
            raise TrainingOver
        try:
            message = self._message(images_seen, numbers)
            if samples is not None:
                _save_samples(samples, self.folder / SAMPLES)
                message["samples"] = SAMPLES
        except InputError as error:
            self._send({"mistake": str(error)})
            raise
        self._last = message["row"]["images_seen"]
        self._send(message)
        if self._connection.recv(1) != GO_ON:
            self._is_over = True
            raise TrainingOver

    def _message(self, images_seen: int, numbers: Mapping[str, Any]) -> dict[str, Any]:
        if threading.get_ident() != self._thread:
            raise InputError(
                f"run.report was called in the thread {threading.current_thread().name}; call it "
                "in the thread that the training function runs in"
            )
        seen = _as_number("images_seen", images_seen)
        if not (math.isfinite(seen) and seen >= 0):
            raise InputError(f"run.report got images_seen {seen}; give a number from 0 on")
        if int(seen) <= self._last:
            raise InputError(
                f"run.report got images_seen {int(seen)} after {self._last}; report evaluations "
                "in the order of training, each once"
            )
        row = {
            name: _as_number(name, value) for name, value in numbers.items() if value is not None
        }
        if self._metric not in row:
            given = ", ".join(row) or "no number"
            raise InputError(
                f"run.report got {given} and not '{self._metric}', which METRIC names; give it at "
                "every evaluation"
            )
        return {"row": {"images_seen": int(seen), **row}}

    def _send(self, message: Mapping[str, Any]) -> None:
        self._connection.sendall(json.dumps(message).encode() + b"\n")


def _as_number(name: str, value: Any) -> float:
    """A Python, numpy or torch number, on any device, as a float."""
    if not isinstance(value, (bool, str, bytes)):
        try:
            return float(value)
        except (TypeError, ValueError, RuntimeError):
            pass
        except OverflowError:
            return math.inf if value > 0 else -math.inf
    raise InputError(f"run.report got {name} as {value!r:.60}; give one number")


def _save_samples(samples: Any, path: Path) -> None:
    """The first images as uint8 [N, C, H, W]."""
    import numpy as np

    if hasattr(samples, "detach"):
        samples = (
            samples[:MOST_SAMPLES].detach().float().cpu().numpy()
            if (samples.dtype.is_floating_point)
            else samples[:MOST_SAMPLES].detach().cpu().numpy()
        )
    images = np.asarray(samples)[:MOST_SAMPLES]
    shape = "x".join(map(str, images.shape))
    if images.ndim != 4 or not len(images):
        raise InputError(f"run.report got samples of {shape}; give images [N, C, H, W]")
    if images.shape[1] not in (1, 3) and images.shape[3] in (1, 3):
        images = images.transpose(0, 3, 1, 2)
    if images.shape[1] not in (1, 3):
        raise InputError(f"run.report got samples of {shape}; images have 1 or 3 channels")
    if images.dtype.kind == "f":
        finite = np.nan_to_num(images, nan=-1.0, posinf=1.0, neginf=-1.0)
        images = (np.clip(finite, -1, 1) + 1) * 127.5
    elif images.dtype != np.uint8:
        raise InputError(f"run.report got samples of {images.dtype}; give uint8, or floats")
    np.save(path, images.round().astype(np.uint8))
