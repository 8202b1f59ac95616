"""The trackers by name, each opened from its own package, which is an extra of the lab."""

from __future__ import annotations

import hashlib
import importlib.util
import netrc
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from lab.engine.track.tracking import Curve, Open, TrackedRun, Tracking
from lab.errors import InputError, unknown
from lab.exchange.mlflow_runs import MlflowRuns
from lab.record.storage import SharedFolder, Storage

Opener = Callable[[Path, str, str], Open]
"""From the folder for the tracker's files, the study's name and what follows the colon."""


def require_trackers(asked: Sequence[str]) -> None:
    """Raise InputError for a tracker that is unknown or whose package is not installed."""
    for text in asked:
        name = text.partition(":")[0]
        if name not in TRACKERS:
            raise unknown("the tracker of --track", name, TRACKERS)
        if importlib.util.find_spec(name) is None:
            raise InputError(
                f"--track {name} needs the package {name}; pip install 'gan-stability-lab[{name}]'"
            )


def trackings(asked: Sequence[str], study: str, storage: Storage) -> list[Tracking]:
    """A callback for each `NAME` or `NAME:PROJECT` of --track; see `require_trackers`.

    Their files are in the study; those of a study behind a URL in `tracking/` where the search was
    started, because trackers append.
    """
    folder = storage.folder if isinstance(storage, SharedFolder) else Path("tracking") / study
    made = []
    for text in asked:
        name, _, project = text.partition(":")
        opened = TRACKERS[name](folder.resolve() / name, study, project)
        made.append(Tracking(name, opened, study, storage))
    return made


def _tensorboard(folder: Path, study: str, project: str) -> Open:
    from torch.utils.tensorboard import SummaryWriter

    class Run:
        def __init__(self, run: TrackedRun) -> None:
            run_folder = folder / project / run.group / f"seed-{run.seed}"
            self._writer: Any = SummaryWriter(str(run_folder))
            self._writer.add_text("config", _as_text(run.config), 0)

        def log(self, images_seen: int, metrics: Mapping[str, float]) -> None:
            for name, value in metrics.items():
                self._writer.add_scalar(name, value, images_seen)

        def picture(self, images_seen: int, pixels: Any) -> None:
            self._writer.add_image("samples", pixels, images_seen, dataformats="HWC")

        def end(self, outcome: str) -> None:
            self._writer.add_text("verdict", outcome)

        def close(self) -> None:
            self._writer.close()

    return Run


def _mlflow(folder: Path, study: str, project: str) -> Open:
    runs = MlflowRuns.followed(folder, project or study)

    def opened(run: TrackedRun) -> Curve:
        identity = {"lab.study": study, "lab.run": run.name}
        return runs.begun(run.name, identity, {"lab.trial": run.group}, run.config)

    return opened


def _wandb(folder: Path, study: str, project: str) -> Open:
    import wandb

    folder.mkdir(parents=True, exist_ok=True)
    # Nothing leaves the machine of a person who has not logged in; `wandb sync` sends it later.
    mode: Any = os.environ.get("WANDB_MODE") or ("online" if _has_wandb_key() else "offline")

    class Run:
        def __init__(self, run: TrackedRun) -> None:
            self._run: Any = wandb.init(
                project=project or study,
                group=run.group,
                name=run.name,
                id=hashlib.blake2b(f"{study}/{run.name}".encode(), digest_size=8).hexdigest(),
                resume="allow",
                config=dict(run.config),
                dir=str(folder),
                mode=mode,
                reinit="create_new",
                settings=wandb.Settings(silent=True, console="off", x_disable_stats=True),
            )

        def log(self, images_seen: int, metrics: Mapping[str, float]) -> None:
            self._run.log(dict(metrics), step=images_seen)

        def picture(self, images_seen: int, pixels: Any) -> None:
            self._run.log({"samples": wandb.Image(pixels)}, step=images_seen)

        def end(self, outcome: str) -> None:
            self._run.tags = (*(self._run.tags or ()), outcome)
            self._run.summary["verdict"] = outcome

        def close(self) -> None:
            self._run.finish()

    return Run


def _has_wandb_key() -> bool:
    """Whether the person is logged in to W&B, by its variable or by `wandb login`'s entry."""
    if os.environ.get("WANDB_API_KEY"):
        return True
    try:
        host = os.environ.get("WANDB_BASE_URL", "https://api.wandb.ai").rpartition("/")[2]
        return netrc.netrc().authenticators(host) is not None
    except (OSError, netrc.NetrcParseError):
        return False


def _as_text(config: Mapping[str, Any]) -> str:
    """A table that TensorBoard draws."""
    rows = [f"| {name} | {value} |" for name, value in config.items()]
    return "\n".join(["| setting | value |", "| --- | --- |", *rows])


TRACKERS: dict[str, Opener] = {"tensorboard": _tensorboard, "mlflow": _mlflow, "wandb": _wandb}
