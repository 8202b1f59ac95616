"""TensorBoard event files, by the tensorboard package where it is installed."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from lab.errors import InputError
from lab.record import Row, Scalar
from lab.stability.logs.parts import LogFile, LogRun, first_bytes, in_order

SIGN = b"brain.Event:"
"""In the first record of every event file."""
HPARAMS = "_hparams_/session_start_info"
"""The tag of a run's hyperparameters."""
KEPT = {"scalars": 0, "tensors": 0, "images": 1, "audio": 1, "histograms": 1, "graph": 0}
"""Events kept of each kind; 0 is all of them. Pictures may be gigabytes."""


def is_event_file(path: Path) -> bool:
    """Whether a file is one of TensorBoard's, by its first bytes."""
    return SIGN in first_bytes(path, 128)


def read_events(path: Path, name: str) -> LogFile:
    """The scalars of an event file, or of all event files of a folder, joined by their step.

    Raises InputError without the tensorboard package, and where there is no scalar.
    """
    try:
        from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    except ImportError:
        raise InputError(
            f"{path} holds TensorBoard's event files; to read them, pip install tensorboard, or "
            "give the scalars that TensorBoard exports as CSV"
        ) from None
    logging.getLogger("tensorboard").setLevel(logging.ERROR)
    events: Any = EventAccumulator(str(path), size_guidance=KEPT)
    try:
        events.Reload()
    except Exception as error:  # the package documents none; any is a damaged file here
        reason = (str(error) or type(error).__name__).splitlines()[0]
        raise InputError(
            f"{path} cannot be read as TensorBoard's events: {reason}; give a whole file"
        ) from None
    tags = events.Tags()
    rows: list[Row] = [
        {"step": float(event.step), tag: float(event.value)}
        for tag in tags.get("scalars", ())
        for event in events.Scalars(tag)
    ]
    rows += [row for tag in tags.get("tensors", ()) for row in _tensor_rows(events, tag)]
    if not rows:
        raise InputError(f"{path} holds no scalar; give the events of a run that was evaluated")
    return LogFile((LogRun(name, in_order(rows, "step"), _settings(events)),))


def _settings(events: Any) -> dict[str, Scalar]:
    """What `add_hparams` wrote, in the first record of its plugin."""
    if HPARAMS not in events.summary_metadata:
        return {}
    from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData

    settings: dict[str, Scalar] = {}
    for content in events.PluginTagToContent("hparams").values():
        start = HParamsPluginData.FromString(content).session_start_info
        for name, value in start.hparams.items():
            given: Scalar = getattr(value, value.WhichOneof("kind"))
            if isinstance(given, float) and given.is_integer():
                given = int(given)
            settings[name] = given
    return settings


def _tensor_rows(events: Any, tag: str) -> list[Row]:
    """TensorFlow 2 writes its scalars as tensors without dimensions."""
    from tensorboard.util.tensor_util import make_ndarray

    rows: list[Row] = []
    for event in events.Tensors(tag):
        value = make_ndarray(event.tensor_proto)
        if value.ndim == 0 and value.dtype.kind in "fiu":
            rows.append({"step": float(event.step), tag: float(value)})
    return rows
