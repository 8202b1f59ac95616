"""How many files it takes to follow a value through the lab, counted on the call stacks.

    python -m benchmarks.trails            all three; the search starts a Ray of its own
    python -m benchmarks.trails nan train  only these

- `nan`: from a NaN in training to the sentence about failures on the page of a study;
- `train`: from `--set optimizer.critic_lr=1e-3` of `lab.train` to the optimizer of the critic;
- `search`: the same of `lab.search`: the driver up to the job that Tune is given, then the slot.

Each trail is a few moments, such as "the rule holds". At each the project's files on the call
stack are noted (tests and benchmarks left out), and the trail's length is the number of different
files over all its moments. A file that is not on a stack at any moment is not counted, so the
figure is a lower bound of what a reader opens.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, fields, is_dataclass
from html import escape
from pathlib import Path
from types import FrameType
from typing import Any

import pandas as pd
import pytest
import torch

from lab.config import RunConfig

ROOT = Path(__file__).parent.parent
PACKAGES = ("lab", "reports", "search_spaces")
FINDINGS = "reports/sections/findings/findings.py"
NAN_STEP = 5
"""The generator's weights become NaN before this step of the planted run."""
RATE = 1e-3
SETTING = f"optimizer.critic_lr={RATE}"

Test = Callable[[str, FrameType, Any], bool]
"""Whether a return is the moment: the file, the frame that returns, and the value."""


@dataclass
class Trail:
    """The moments of one trail that were met, each with the project's files on its stack."""

    moments: dict[str, list[str]] = field(default_factory=dict)

    @property
    def files(self) -> list[str]:
        """Every file once, in the order in which it is met."""
        return list(dict.fromkeys(file for files in self.moments.values() for file in files))

    @contextmanager
    def watching(self, tests: Mapping[str, Test]) -> Iterator[None]:
        """Note the stack at the first return that passes each of the tests, in their order."""
        waiting, before = dict(tests), sys.getprofile()

        def look(frame: FrameType, event: str, value: Any) -> None:
            if event != "return" or not (file := _project_file(frame)):
                return
            name = next(iter(waiting))
            if waiting[name](file, frame, value):
                del waiting[name]
                self.note(name, frame)
                if not waiting:
                    sys.setprofile(before)

        sys.setprofile(look)
        try:
            yield
        finally:
            sys.setprofile(before)

    def note(self, name: str, frame: FrameType | None) -> None:
        """The stack of a frame, the outermost file first."""
        files = []
        while frame is not None:
            files.append(_project_file(frame))
            frame = frame.f_back
        self.moments[name] = list(dict.fromkeys(file for file in reversed(files) if file))


def _project_file(frame: FrameType) -> str:
    """The frame's file below the root, or nothing for one that is not the project's."""
    path = frame.f_code.co_filename
    file = path.removeprefix(f"{ROOT}/")
    return file if file != path and file.split("/")[0] in PACKAGES else ""


def nan_trail(folder: Path) -> Trail:
    """A run whose weights become NaN is trained as a search does it, and its study reported."""
    import reports
    from tests.made_up.synthetic import write_study
    from tests.runs import poisoned

    study = write_study(folder / "study", 3, samples=False, verdict="stable")
    run = study / "trials" / "0000" / "seed-0"
    shutil.rmtree(run)
    trail = Trail()
    with trail.watching(_nan_in_training()), poisoned(NAN_STEP):
        _train_in_slot({"job": json.dumps(_job(folder, run))})
    evidence = json.loads((run / "run.json").read_text())["verdict"]["evidence"]
    with trail.watching(_nan_on_the_page(evidence)):
        reports.write_report(study)
    return trail


def _nan_in_training() -> dict[str, Test]:
    return {
        "a value of a step is not finite": lambda file, frame, value: (
            _named(frame, "SignalWindow.non_finite") and value is True
        ),
        "the window's row counts it": lambda file, frame, value: (
            _named(frame, "SignalWindow.close") and bool(value["signal_non_finite"])
        ),
        "the judge reads the row": lambda file, frame, value: (
            _named(frame, "make_history") and bool(value.rows[-1].get("signal_non_finite"))
        ),
        "the rule holds": lambda file, frame, value: (
            file.startswith("lab/stability/") and bool(getattr(value, "evidence", ""))
        ),
        "the verdict is given": lambda file, frame, value: type(value).__name__ == "Verdict",
        "run.json is written": lambda file, frame, value: (
            _named(frame, "write_json") and _of_a_failure(frame)
        ),
    }


def _nan_on_the_page(evidence: str) -> dict[str, Test]:
    return {
        "run.json is read": lambda file, frame, value: (
            _named(frame, "read_json") and holds(value, evidence)
        ),
        # The table of runs is made once and kept, so what counts is who asks for it here.
        "the table of runs has it": lambda file, frame, value: (
            isinstance(value, pd.DataFrame)
            and "evidence" in value
            and _project_file(frame.f_back or frame) == FINDINGS
        ),
        "the sentence is made": lambda file, frame, value: (
            file == FINDINGS and hasattr(value, "claim") and holds(value, evidence)
        ),
        "the sentence is on the page": lambda file, frame, value: (
            file.startswith("reports/") and isinstance(value, str) and escape(evidence) in value
        ),
    }


def _named(frame: FrameType, name: str) -> bool:
    return frame.f_code.co_qualname == name


def _of_a_failure(frame: FrameType) -> bool:
    """Whether a call of `write_json` wrote the verdict of the run."""
    path, data = (frame.f_locals[name] for name in frame.f_code.co_varnames[:2])
    return Path(path).name == "run.json" and "diverged" in json.dumps(data, default=str)


def holds(value: Any, text: str, depth: int = 3) -> bool:
    """Whether a value is, or has in it, a text that contains `text`."""
    if isinstance(value, str):
        return text in value
    if depth == 0:
        return False
    if isinstance(value, Mapping):
        return any(holds(item, text, depth - 1) for item in value.values())
    if isinstance(value, (list, tuple)):
        return any(holds(item, text, depth - 1) for item in value)
    if is_dataclass(value):
        parts = [getattr(value, part.name) for part in fields(value)]
        return any(holds(part, text, depth - 1) for part in parts)
    return False


def train_trail(folder: Path) -> Trail:
    """`python -m lab.train --set ...` up to the critic's optimizer."""
    from lab import train

    config = folder / "config.json"
    config.write_text(json.dumps(_tiny(folder).model_dump()))
    trail = Trail()
    with trail.watching(_setting_read()), _optimizer_noted(trail):
        options = {"config": config, "out": folder / "run", "set": SETTING, "threads": 1}
        train.main([f"--{name}={value}" for name, value in options.items()])
    return trail


def search_trail(folder: Path) -> Trail:
    """`python -m lab.search --set ...` up to the job that Tune is given, then in the slot.

    Tune itself is replaced by one question to the searcher, and the slot is run by hand in this
    process; a local Ray is started, as the driver asks it for its resources.
    """
    from ray import tune

    from lab import search

    class OneJob:
        """In place of the tuner: takes one job from the searcher."""

        jobs: list[dict[str, Any]] = []

        def __init__(self, *args: Any, tune_config: Any, **options: Any) -> None:
            self._searcher = tune_config.search_alg

        def fit(self) -> None:
            self.jobs.append(self._searcher.suggest("0"))

    settings = [
        f"data.source={_tiny(folder).data.source}",
        SETTING,
        "network.width=0.0625",
        "network.latent_size=4",
        "training.batch_size=8",
        "training.budget_images=192",
        "training.precision=float32",
        "evaluation.every_images=64",
        "evaluation.num_samples=64",
    ]
    trail = Trail()
    tests = {
        **_setting_read(),
        "the planner makes the job": lambda file, frame, value: (
            file.startswith("lab/plan/") and _rate_in(getattr(value, "config", None)) == RATE
        ),
        "the job is handed to Tune": lambda file, frame, value: (
            file.startswith("lab/engine/") and isinstance(value, dict) and "job" in value
        ),
    }
    with pytest.MonkeyPatch.context() as patch, trail.watching(tests):
        patch.setattr(tune, "Tuner", OneJob)
        search.main(
            ["--trials=1", "--preset=laptop", f"--storage={folder}", "--name=study"]
            + [word for setting in settings for word in ("--set", setting)]
        )
    (job,) = OneJob.jobs
    worker = {"the worker reads the job": _setting_read()["the configuration has it"]}
    with trail.watching(worker), _optimizer_noted(trail):
        _train_in_slot(job, num_steps=1)
    return trail


def _setting_read() -> dict[str, Test]:
    return {
        "the option is parsed": lambda file, frame, value: value == (SETTING.split("=")[0], RATE),
        "the configuration has it": lambda file, frame, value: _rate_in(value) == RATE,
    }


def _rate_in(config: Any) -> float | None:
    """The critic's rate in a configuration, in one section for both players or a section each."""
    optimizer = getattr(config, "optimizer", None)
    critic = getattr(optimizer, "critic", None)
    return getattr(optimizer, "critic_lr", None) if critic is None else critic.lr


@contextmanager
def _optimizer_noted(trail: Trail) -> Iterator[None]:
    """Note the stack at which torch makes an Adam with the rate that was set."""
    made = torch.optim.Adam.__init__

    def noted(adam: Any, *args: Any, **options: Any) -> None:
        made(adam, *args, **options)
        if adam.defaults["lr"] == RATE:
            trail.note("torch makes the optimizer", sys._getframe(1))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch.optim.Adam, "__init__", noted)
        yield


def _train_in_slot(job: dict[str, Any], num_steps: int = 100) -> None:
    """What Tune does with a slot, without Ray: begin a job and step to its end."""
    from lab.engine.trainable import RunTrainable

    slot = RunTrainable(job)
    try:
        for _ in range(num_steps):
            if slot.step()["done"]:
                break
    finally:
        slot.cleanup()


def _job(data: Path, run: Path) -> dict[str, Any]:
    """A job of a search, long enough for a check for values that are not finite."""
    long = {"training.budget_images": 512, "evaluation.every_images": 512}
    return {
        "folder": str(run),
        "trial": 0,
        "stage": "explore",
        "attempt": 1,
        "max_attempts": 1,
        "config": _tiny(data, long).model_dump(),
    }


def _tiny(data: Path, values: Mapping[str, Any] | None = None) -> RunConfig:
    """A tiny run on a tiny pack, which is made if it is not there."""
    from tests.runs import small_run, write_small_pack

    pack = data / "pack"
    if not pack.exists():
        write_small_pack(pack)
    return small_run(pack, dict(values or {}))


TRAILS: dict[str, Callable[[Path], Trail]] = {
    "nan": nan_trail,
    "train": train_trail,
    "search": search_trail,
}


def measured(name: str, folder: Path) -> Trail:
    """One of the trails, its tiny runs measured by a stand-in for the metrics."""
    from tests.runs import plain_metrics

    with plain_metrics():
        return TRAILS[name](folder)


def main(names: list[str]) -> None:
    """Print each trail: its length, and at each moment the files that are new."""
    for name in names or TRAILS:
        with ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            trail = measured(name, folder)
        print(f"{name}: {len(trail.files)} files")
        met: set[str] = set()
        for moment, files in trail.moments.items():
            print(f"  {moment}: {', '.join(f for f in files if f not in met) or 'no new file'}")
            met |= set(files)


if __name__ == "__main__":
    main(sys.argv[1:])
