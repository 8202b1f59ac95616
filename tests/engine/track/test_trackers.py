"""Runs copied into trackers, read back with each tracker's own reader."""

from __future__ import annotations

import io
import json
import time
import warnings
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image

from lab.config import RunConfig
from lab.engine.track.trackers import TRACKERS, require_trackers, trackings
from lab.engine.track.tracking import Curve, TrackedRun, Tracking
from lab.errors import InputError
from lab.plan import Job, Outcome
from lab.record import Row, run_folder, sample_file
from lab.record.storage import open_storage
from lab.stability.logs.offline import _records

ROWS = ({"images_seen": 0, "quality": 0.0, "kid": float("nan")}, {"images_seen": 640, "kid": 0.25})


def trial(number: int = 7, seed: int = 3) -> Any:
    """As Tune's, as far as callbacks read it."""
    config = {"trial": number, "seed": seed, "loss": "hinge", "job": "{}", "avoid": ""}
    return SimpleNamespace(trial_id=f"{number}-{seed}", config=config)


def end(tracking: Tracking, outcome: Outcome, row: Row, *, again: bool = False) -> None:
    """What the searcher announces."""
    job = Job(7, 3, "explore", "sobol", {}, RunConfig())
    tracking.on_run_end(trial().trial_id, job, outcome, row, again=again)


def play(tracking: Tracking, rows: tuple[Row, ...], outcome: Outcome | None) -> None:
    """One start of a run, with these evaluations."""
    one = trial()
    tracking.on_trial_start(0, [], one)
    for row in rows:
        tracking.on_trial_result(0, [], one, {"row": json.dumps(row)})
    if outcome is not None:
        end(tracking, outcome, rows[-1])
    tracking.finish()
    assert tracking.problem is None


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A study with the samples of the first evaluation."""
    for name in ("MLFLOW_TRACKING_URI", "WANDB_API_KEY", "WANDB_MODE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("WANDB_CONFIG_DIR", str(tmp_path / "config"))
    monkeypatch.setenv("WANDB_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("HOME", str(tmp_path))
    file = sample_file(run_folder(tmp_path / "study", 7, 3), 0)
    file.parent.mkdir(parents=True)
    Image.fromarray(np.full((8, 8), 128, np.uint8)).save(file)
    return tmp_path / "study"


def tracked(study: Path, name: str) -> None:
    """A run that is stopped after its first evaluation, and continued to its end."""
    for row, outcome in zip(ROWS, (None, Outcome("finished", "stable", 0.5)), strict=True):
        (tracking,) = trackings([name], "study", open_storage(str(study)))
        play(tracking, (row,), outcome)


def test_tensorboard_reads_one_curve_of_both_starts(study: Path) -> None:
    from tensorboard.backend.event_processing.event_multiplexer import EventMultiplexer

    tracked(study, "tensorboard")
    events = EventMultiplexer().AddRunsFromDirectory(str(study / "tensorboard")).Reload()
    (run,) = events.Runs()
    assert run == "trial-0007/seed-3"
    assert [point.step for point in events.Scalars(run, "images_seen")] == [0, 640]
    assert [(point.step, point.value) for point in events.Scalars(run, "kid")] == [(640, 0.25)]
    assert [picture.step for picture in events.Images(run, "samples")] == [0]
    assert {"verdict/text_summary", "config/text_summary"} <= set(events.Runs()[run]["tensors"])


def test_mlflow_keeps_one_run_of_both_starts(study: Path) -> None:
    import mlflow

    tracked(study, "mlflow")
    client = mlflow.MlflowClient(f"sqlite:///{study / 'mlflow' / 'mlflow.db'}")
    (experiment,) = client.search_experiments(filter_string="name = 'study'")
    (run,) = client.search_runs([experiment.experiment_id])
    assert run.info.run_name == "trial-0007-seed-3"
    assert run.info.status == "FINISHED"
    assert (run.data.params["loss"], run.data.tags["verdict"]) == ("hinge", "stable")
    assert run.data.tags["lab.trial"] == "trial-0007"
    steps = [point.step for point in client.get_metric_history(run.info.run_id, "images_seen")]
    assert steps == [0, 640]
    files = [file.path for file in client.list_artifacts(run.info.run_id, "samples")]
    assert files == ["samples/00000000.png"]


def records_of_wandb(files: list[Path]) -> list[Any]:
    """All records of offline files, once the verdict is in them: W&B's own process writes them."""
    from wandb.proto.wandb_internal_pb2 import Record

    deadline = time.monotonic() + 20
    while True:
        contents = [one for file in files for one in _records(io.BytesIO(file.read_bytes()))]
        records = [Record.FromString(content) for content in contents]
        if any(record.run.tags for record in records) or time.monotonic() > deadline:
            return records
        time.sleep(0.1)


def test_wandb_writes_offline_files_of_one_run(study: Path) -> None:
    tracked(study, "wandb")
    files = sorted((study / "wandb" / "wandb").glob("offline-run-*/*.wandb"))
    assert len(files) == 2
    identities, tags, values = set(), set(), {}
    for record in records_of_wandb(files):
        if record.run.run_id:
            identities.add((record.run.run_id, record.run.run_group, record.run.display_name))
            tags.update(record.run.tags)
        for item in record.history.item:
            values["/".join(item.nested_key) or item.key] = json.loads(item.value_json)
    assert {group for _, group, _ in identities} == {"trial-0007"}
    assert {name for _, _, name in identities} == {"trial-0007-seed-3"}
    assert len({identity for identity, _, _ in identities}) == 1
    assert tags == {"stable"}
    assert (values["kid"], values["_step"]) == (0.25, 640)
    assert values["samples/_type"] == "image-file"


def test_a_run_stopped_for_looking_poor_is_marked_so(study: Path) -> None:
    import mlflow

    (tracking,) = trackings(["mlflow"], "study", open_storage(str(study)))
    play(tracking, ROWS, Outcome("pruned"))
    client = mlflow.MlflowClient(f"sqlite:///{study / 'mlflow' / 'mlflow.db'}")
    (experiment,) = client.search_experiments(filter_string="name = 'study'")
    (run,) = client.search_runs([experiment.experiment_id])
    assert run.data.tags["verdict"] == "pruned"


def test_a_tracker_that_fails_ends_and_the_search_does_not(study: Path) -> None:
    def refuse(run: TrackedRun) -> Curve:
        raise OSError("it is away")

    tracking = Tracking("broken", refuse, "study", open_storage(str(study)))
    tracking.on_trial_start(0, [], trial())
    tracking.on_trial_result(0, [], trial(), {"row": json.dumps(ROWS[0])})
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        tracking.finish()
    assert tracking.problem == "OSError: it is away"
    assert all("nothing more is copied to broken" in str(one.message) for one in caught)


def test_a_crashed_run_is_marked_once_it_is_not_tried_again(study: Path) -> None:
    said: list[str] = []

    class Silent:
        def __init__(self, run: TrackedRun) -> None:
            said.append(run.name)

        def log(self, images_seen: int, metrics: Any) -> None: ...

        def picture(self, images_seen: int, pixels: Any) -> None: ...

        def end(self, outcome: str) -> None:
            said.append(outcome)

        def close(self) -> None:
            said.append("closed")

    tracking = Tracking("silent", Silent, "study", open_storage(str(study)))
    for again in (True, False):
        tracking.on_trial_start(0, [], trial())
        end(tracking, Outcome("errored", error="MemoryError"), {}, again=again)
    tracking.finish()
    assert said == ["trial-0007-seed-3", "closed", "trial-0007-seed-3", "errored", "closed"]


@pytest.mark.parametrize("name", TRACKERS)
def test_a_tracker_that_is_not_installed_names_its_extra(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    require_trackers([f"{name}:project"])
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(InputError, match=rf"pip install 'gan-stability-lab\[{name}\]'"):
        require_trackers([name])


def test_an_unknown_tracker_is_one_sentence() -> None:
    with pytest.raises(InputError, match="the tracker of --track 'wandbb' is unknown; did you"):
        require_trackers(["wandbb"])
