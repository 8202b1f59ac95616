"""One run as an iterator: its rows, how it ends, and that no interruption changes a number."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

import lab.bench
import lab.run
from lab.config import InputError, RunConfig
from lab.gan.game import Game
from lab.gan.networks import build_generator
from lab.gan.sampling import encode_webp, generate, grid, latents
from lab.record import (
    CHECKPOINT_FILE,
    EVALUATIONS_FILE,
    GENERATOR_FILE,
    RUN_FILE,
    append_row,
    read_json,
    sample_file,
)
from lab.run import run
from lab.run_folder import RunFolder, RunLabel, mark_errored
from lab.stability.score import score
from tests.runs import (
    NAMES,
    finish,
    plain_metrics,
    poisoned,
    small_run,
    stop_after,
    stored_rows,
    timeless,
    write_small_pack,
)


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_small_pack(tmp_path_factory.mktemp("squares") / "pack")


@pytest.fixture(scope="module", autouse=True)
def measured_plainly() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    with plain_metrics():
        yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def config(pack: Path) -> RunConfig:
    """Evaluations at 0, 64, 128 and 192 images."""
    return small_run(pack)


@pytest.fixture(scope="module")
def undisturbed(config: RunConfig, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run of `config` that was left alone."""
    folder = tmp_path_factory.mktemp("undisturbed") / "seed-0"
    finish(config, folder)
    return folder


def assert_same_run(folder: Path, other: Path) -> None:
    """Same rows, verdict, score, weights and pictures; only times may differ."""
    assert timeless(stored_rows(folder)) == timeless(stored_rows(other))
    for key in ("status", "verdict", "score", "final_quality", "images_seen", "precision"):
        assert read_json(folder / RUN_FILE)[key] == read_json(other / RUN_FILE)[key], key
    assert (folder / GENERATOR_FILE).read_bytes() == (other / GENERATOR_FILE).read_bytes()
    pictures = [
        {path.name: path.read_bytes() for path in (place / "samples").iterdir()}
        for place in (folder, other)
    ]
    assert pictures[0] == pictures[1]


def test_a_run_yields_the_untrained_generator_and_then_every_so_many_images(
    config: RunConfig, tmp_path: Path
) -> None:
    evaluations = finish(config, tmp_path)

    assert [evaluation.row["images_seen"] for evaluation in evaluations] == [0, 64, 128, 192]
    assert [evaluation.row["step"] for evaluation in evaluations] == [0, 8, 16, 24]
    assert [evaluation.verdict is None for evaluation in evaluations] == [True, True, True, False]
    assert [evaluation.score is None for evaluation in evaluations] == [True, True, True, False]
    assert [evaluation.row for evaluation in evaluations] == stored_rows(tmp_path)


def test_a_row_is_on_disk_before_it_is_yielded(config: RunConfig, tmp_path: Path) -> None:
    evaluations = run(config, tmp_path)
    for num_rows in (1, 2):
        row = next(evaluations).row
        assert stored_rows(tmp_path)[-1] == row
        assert len(stored_rows(tmp_path)) == num_rows
        assert (tmp_path / CHECKPOINT_FILE).exists()
        assert sample_file(tmp_path, row["images_seen"]).exists()
        assert read_json(tmp_path / RUN_FILE)["status"] == "running"
    evaluations.close()


def test_rows_hold_quality_metrics_signals_and_cumulative_seconds(undisturbed: Path) -> None:
    rows = stored_rows(undisturbed)

    assert rows[0]["quality"] == 0.0
    assert {key for key in rows[0] if key.startswith("signal_")} == {"signal_non_finite"}
    for row in rows:
        assert set(NAMES.model_dump().values()) < set(row)
        assert 0 <= row["quality"] <= 1
    for row in rows[1:]:
        signals = {key.removeprefix("signal_") for key in row if key.startswith("signal_")}
        assert signals >= {
            "generator_loss",
            "critic_loss",
            "logit_real",
            "logit_fake",
            "logit_heldout",
            "generator_grad_norm",
            "critic_grad_norm",
            "generator_update_ratio",
            "critic_update_ratio",
            "critic_sigma_max",
            "diversity",
            "non_finite",
            "critic_accuracy",
        }
    for column in ("seconds_training", "seconds_evaluating"):
        seconds = [row[column] for row in rows]
        assert seconds == sorted(seconds)
    expected = 1 - rows[-1][NAMES.kernel] / rows[0][NAMES.kernel]
    assert rows[-1]["quality"] == pytest.approx(max(0.0, expected))


def test_training_improves_on_the_untrained_generator(undisturbed: Path) -> None:
    assert stored_rows(undisturbed)[-1]["quality"] > 0.05


def test_run_json_tells_how_it_ended(undisturbed: Path, config: RunConfig) -> None:
    note, rows = read_json(undisturbed / RUN_FILE), stored_rows(undisturbed)

    assert note["format"] == 1
    assert (note["trial"], note["seed"], note["stage"], note["attempts"]) == (0, 0, "explore", 1)
    assert note["status"] == "finished"
    assert set(note["verdict"]) == {"name", "onset_images", "evidence", "final"}
    assert note["verdict"]["name"] in ("stable", "stalled")
    assert (note["images_seen"], note["budget_images"]) == (192, 192)
    assert note["final_quality"] == rows[-1]["quality"]
    images, quality = ([row[key] for row in rows] for key in ("images_seen", "quality"))
    assert note["score"] == pytest.approx(score(images, quality, 192, None))
    assert (note["precision"], note["device"]) == ("float32", "cpu")
    assert set(note["seconds"]) == {"starting", "training", "evaluating"}
    assert note["images_per_second"] == pytest.approx(192 / note["seconds"]["training"])
    assert note["started"] <= note["ended"]
    assert set(note["num_parameters"]) == {"generator", "critic"}
    assert "error" not in note


def test_a_label_goes_into_run_json(config: RunConfig, tmp_path: Path) -> None:
    evaluations = run(config, tmp_path, trial=7, stage="race", attempt=2)
    next(evaluations)
    evaluations.close()

    note = read_json(tmp_path / RUN_FILE)
    assert (note["trial"], note["stage"], note["attempts"]) == (7, "race", 2)
    assert (note["status"], note["verdict"], note["score"]) == ("running", None, None)


def test_the_stored_generator_paints_the_stored_samples(
    undisturbed: Path, config: RunConfig
) -> None:
    generator = build_generator(
        config.network,
        resolution=32,
        channels=1,
        num_classes=3,
        generator=torch.Generator().manual_seed(9),
    )
    generator.load_state_dict(load_file(undisturbed / GENERATOR_FILE))
    codes = latents(64, 4, 3, seed=config.seed, purpose="evaluation")
    images = generate(generator.eval(), codes, autocast=torch.no_grad())

    assert images is not None
    assert encode_webp(grid(images)) == sample_file(undisturbed, 192).read_bytes()
    with Image.open(sample_file(undisturbed, 0)) as picture:
        assert picture.size == (256, 256)


@pytest.mark.parametrize("num_evaluations", [1, 2, 3])
def test_a_run_closed_anywhere_goes_on_as_if_left_alone(
    num_evaluations: int, config: RunConfig, undisturbed: Path, tmp_path: Path
) -> None:
    first = stop_after(config, tmp_path, num_evaluations)
    rest = finish(config, tmp_path)

    assert [evaluation.row["images_seen"] for evaluation in (*first, *rest)] == [0, 64, 128, 192]
    assert_same_run(tmp_path, undisturbed)


def test_a_run_stopped_at_every_evaluation_is_still_the_same(
    config: RunConfig, undisturbed: Path, tmp_path: Path
) -> None:
    for _ in range(4):
        stop_after(config, tmp_path, 1)

    assert_same_run(tmp_path, undisturbed)


RICH = {
    "network.conditional": True,
    "data.mirror": True,
    "penalty.kind": "dragan",
    "penalty.every_steps": 3,
    "training.critic_steps": 2,
    "optimizer.schedule": "linear",
    "network.critic_norm": "batch",
    "training.precision": "bfloat16",
    "evaluation.every_images": 50,
    "stability.stop_on_failure": False,
}


def test_a_run_of_many_features_survives_an_interruption_too(pack: Path, tmp_path: Path) -> None:
    config = small_run(pack, RICH)
    finish(config, tmp_path / "whole")
    stop_after(config, tmp_path / "parts", 2)
    finish(config, tmp_path / "parts")

    assert [row["images_seen"] for row in stored_rows(tmp_path / "whole")] == [
        0, 64, 112, 160, 192,
    ]  # fmt: skip
    assert_same_run(tmp_path / "parts", tmp_path / "whole")


class Killed(BaseException):
    """Nothing of ours may catch it."""


@contextmanager
def killed_at(method: str, call: int) -> Iterator[None]:
    """Die before the given call (from 1) of a method of RunFolder does anything."""
    calls = iter(range(1, 100))
    original = getattr(RunFolder, method)

    def dying(folder: RunFolder, *args: Any, **options: Any) -> Any:
        if next(calls) == call:
            raise Killed
        return original(folder, *args, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(RunFolder, method, dying)
        with pytest.raises(Killed):
            yield


@pytest.mark.parametrize(
    ("method", "call"),
    [
        ("note_start", 1),
        ("store_row", 1),
        ("store_checkpoint", 1),
        ("store_row", 3),
        ("store_checkpoint", 3),
        ("store_checkpoint", 4),
        ("save_generator", 1),
        ("note_end", 1),
    ],
)
def test_a_run_killed_between_two_writes_ends_with_the_same_numbers(
    method: str, call: int, config: RunConfig, undisturbed: Path, tmp_path: Path
) -> None:
    with killed_at(method, call):
        finish(config, tmp_path)

    finish(config, tmp_path)
    assert_same_run(tmp_path, undisturbed)


@pytest.mark.parametrize("num_evaluations", [0, 1, 2])
def test_half_a_row_costs_nothing(
    num_evaluations: int, config: RunConfig, undisturbed: Path, tmp_path: Path
) -> None:
    stop_after(config, tmp_path, num_evaluations)
    with (tmp_path / EVALUATIONS_FILE).open("ab") as file:
        file.write(b'{"images_seen": 128, "qual')

    finish(config, tmp_path)
    assert_same_run(tmp_path, undisturbed)


@pytest.mark.parametrize("keep", [0, 1, 300])
def test_rows_lost_from_a_running_run_are_made_again(
    keep: int, config: RunConfig, undisturbed: Path, tmp_path: Path
) -> None:
    stop_after(config, tmp_path, 3)
    content = (tmp_path / EVALUATIONS_FILE).read_bytes()
    (tmp_path / EVALUATIONS_FILE).write_bytes(content[:keep] if keep else content[:-20])

    finish(config, tmp_path)
    assert_same_run(tmp_path, undisturbed)


def test_an_older_checkpoint_makes_newer_rows_again(
    config: RunConfig, undisturbed: Path, tmp_path: Path
) -> None:
    stop_after(config, tmp_path, 2)
    older = (tmp_path / CHECKPOINT_FILE).read_bytes()
    finish(config, tmp_path)
    (tmp_path / CHECKPOINT_FILE).write_bytes(older)
    note = json.loads((tmp_path / RUN_FILE).read_text())
    (tmp_path / RUN_FILE).write_text(json.dumps(note | {"status": "running"}))

    assert [evaluation.row["images_seen"] for evaluation in finish(config, tmp_path)] == [128, 192]
    assert_same_run(tmp_path, undisturbed)


def test_a_run_that_crashed_is_continued_and_its_error_forgotten(
    config: RunConfig, undisturbed: Path, tmp_path: Path
) -> None:
    stop_after(config, tmp_path, 2)
    mark_errored(tmp_path, RunLabel(0, 0, "explore", 1), "the worker process died")
    note = read_json(tmp_path / RUN_FILE)
    assert (note["status"], note["error"]) == ("errored", "the worker process died")

    finish(config, tmp_path)
    assert "error" not in read_json(tmp_path / RUN_FILE)
    assert_same_run(tmp_path, undisturbed)


def test_a_finished_run_yields_its_end_and_trains_nothing(
    config: RunConfig, undisturbed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = (undisturbed / RUN_FILE).read_bytes()
    monkeypatch.setattr(Game, "__init__", None)

    (only,) = finish(config, undisturbed)

    assert only.row == stored_rows(undisturbed)[-1]
    assert only.verdict is not None
    note = read_json(undisturbed / RUN_FILE)
    assert (only.verdict.name, only.score) == (note["verdict"]["name"], note["score"])
    assert (undisturbed / RUN_FILE).read_bytes() == before


def test_a_second_writer_of_a_folder_is_told_so(
    config: RunConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lab.run, "WAIT_FOR_FOLDER_SECONDS", 0.0)
    first = run(config, tmp_path)
    next(first)

    with pytest.raises(InputError, match="another process"):
        next(run(config, tmp_path))

    assert next(first).row["images_seen"] == 64
    first.close()
    assert stop_after(config, tmp_path, 1)[0].row["images_seen"] == 128


def test_a_finished_run_without_its_rows_is_one_sentence(
    config: RunConfig, tmp_path: Path
) -> None:
    finish(config, tmp_path)
    (tmp_path / EVALUATIONS_FILE).unlink()

    with pytest.raises(InputError, match="without its evaluations"):
        finish(config, tmp_path)


def damaged_checkpoints(good: bytes) -> dict[str, bytes]:
    return {
        "empty": b"",
        "cut": good[: len(good) // 2],
        "short": good[:-3],
        "text": b"not a checkpoint at all",
        "flipped": good[:400] + bytes(byte ^ 0xFF for byte in good[400:900]) + good[900:],
    }


@pytest.mark.parametrize("damage", ["empty", "cut", "short", "text", "flipped"])
def test_a_damaged_checkpoint_is_one_sentence(
    damage: str, config: RunConfig, tmp_path: Path
) -> None:
    stop_after(config, tmp_path, 2)
    path = tmp_path / CHECKPOINT_FILE
    path.write_bytes(damaged_checkpoints(path.read_bytes())[damage])
    rows = (tmp_path / EVALUATIONS_FILE).read_bytes()

    with pytest.raises(InputError) as caught:
        finish(config, tmp_path)

    assert "damaged" in str(caught.value)
    assert f"remove {tmp_path}" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert (tmp_path / EVALUATIONS_FILE).read_bytes() == rows


@pytest.mark.parametrize("content", [[1, 2], {"images_seen": None}, {}, "text"])
def test_a_checkpoint_of_something_else_is_one_sentence(
    content: object, config: RunConfig, tmp_path: Path
) -> None:
    stop_after(config, tmp_path, 1)
    torch.save(content, tmp_path / CHECKPOINT_FILE)

    with pytest.raises(InputError, match="is damaged"):
        finish(config, tmp_path)


@pytest.mark.parametrize("game", [{}, 3, {"generator": 1}])
def test_a_checkpoint_without_a_game_is_one_sentence(
    game: object, config: RunConfig, tmp_path: Path
) -> None:
    stop_after(config, tmp_path, 1)
    torch.save({"images_seen": 0, "game": game}, tmp_path / CHECKPOINT_FILE)

    with pytest.raises(InputError, match="not a checkpoint of this configuration"):
        finish(config, tmp_path)


def test_a_checkpoint_of_another_configuration_is_one_sentence(
    config: RunConfig, pack: Path, tmp_path: Path
) -> None:
    stop_after(config, tmp_path, 1)

    with pytest.raises(InputError, match="not a checkpoint of this configuration"):
        finish(small_run(pack, {"network.width": 0.125}), tmp_path)


def test_a_checkpoint_runs_no_code(config: RunConfig, tmp_path: Path) -> None:
    class Harmful:
        def __reduce__(self) -> tuple[Any, ...]:
            return (Path.touch, (tmp_path / "touched",))

    stop_after(config, tmp_path, 1)
    torch.save({"images_seen": 0, "game": Harmful()}, tmp_path / CHECKPOINT_FILE)

    with pytest.raises(InputError, match="is damaged"):
        finish(config, tmp_path)
    assert not (tmp_path / "touched").exists()


LONG = {"training.budget_images": 2048, "evaluation.every_images": 1024}


def test_a_nan_ends_the_run_within_32_steps_as_diverged(pack: Path, tmp_path: Path) -> None:
    with poisoned(37):
        evaluations = finish(small_run(pack, LONG), tmp_path)

    assert [evaluation.row["images_seen"] for evaluation in evaluations] == [0, 64 * 8]
    last, note = evaluations[-1], read_json(tmp_path / RUN_FILE)
    assert last.verdict is not None
    assert (last.verdict.name, last.verdict.onset_images) == ("diverged", 38 * 8)
    assert last.row["signal_non_finite"] == 64 - 37
    assert math.isnan(last.row[NAMES.kernel])
    assert last.row["quality"] == 0.0
    assert (note["status"], note["final_quality"]) == ("finished", 0.0)
    assert note["verdict"]["onset_images"] == 38 * 8
    assert last.score == note["score"]
    assert 0 <= note["score"] < 1
    assert timeless(stored_rows(tmp_path)) == timeless([e.row for e in evaluations])
    assert not sample_file(tmp_path, 64 * 8).exists()


def test_a_nan_in_the_first_step_is_found_at_the_next_evaluation(
    config: RunConfig, tmp_path: Path
) -> None:
    with poisoned(0):
        last = finish(config, tmp_path)[-1]

    assert last.verdict is not None
    assert (last.verdict.name, last.verdict.onset_images) == ("diverged", 8)
    assert (last.row["images_seen"], last.score) == (64, 0.0)


def test_without_stopping_a_failed_run_goes_on_and_keeps_its_first_verdict(
    pack: Path, tmp_path: Path
) -> None:
    config = small_run(pack, {"stability.stop_on_failure": False})
    with poisoned(10):
        evaluations = finish(config, tmp_path)

    assert [evaluation.row["images_seen"] for evaluation in evaluations] == [0, 64, 128, 192]
    assert [e.verdict.name if e.verdict else None for e in evaluations] == [
        None, None, None, "diverged",
    ]  # fmt: skip
    note = read_json(tmp_path / RUN_FILE)
    assert note["verdict"]["onset_images"] == 88
    assert (note["final_quality"], note["images_seen"]) == (0.0, 192)


def test_a_failed_run_that_was_killed_before_its_end_was_noted_keeps_its_verdict(
    pack: Path, tmp_path: Path
) -> None:
    config = small_run(pack, LONG)
    with poisoned(5):
        finish(config, tmp_path / "whole")
        with killed_at("note_end", 1):
            finish(config, tmp_path / "killed")
        (only,) = finish(config, tmp_path / "killed")

    assert only.verdict is not None
    for key in ("verdict", "score", "final_quality", "images_seen", "status"):
        notes = [read_json(tmp_path / name / RUN_FILE)[key] for name in ("whole", "killed")]
        assert notes[0] == notes[1]


def test_a_batch_of_one_is_no_divergence(pack: Path, tmp_path: Path) -> None:
    values = {
        "training.batch_size": 1,
        "training.budget_images": 16,
        "evaluation.every_images": 8,
    }
    last = finish(small_run(pack, values), tmp_path)[-1]

    assert last.verdict is not None
    assert last.verdict.name in ("stable", "stalled")


@pytest.mark.parametrize("loss", ["hinge", "relativistic"])
def test_a_float64_run_ends(loss: str, pack: Path, tmp_path: Path) -> None:
    values = {"training.precision": "float64", "loss": loss, "training.budget_images": 64}
    last = finish(small_run(pack, values), tmp_path)[-1]

    assert last.verdict is not None
    assert last.row["signal_non_finite"] == 0
    assert read_json(tmp_path / RUN_FILE)["precision"] == "float64"


def test_auto_precision_is_measured_once_and_kept(
    pack: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = small_run(pack, {"training.precision": "auto"})
    lab.bench.resolve_precision.cache_clear()
    monkeypatch.setattr(lab.bench, "faster_precision", lambda *_: "bfloat16")
    stop_after(config, tmp_path, 1)
    lab.bench.resolve_precision.cache_clear()
    monkeypatch.setattr(lab.bench, "faster_precision", lambda *_: "float32")
    finish(config, tmp_path)

    assert read_json(tmp_path / RUN_FILE)["precision"] == "bfloat16"


def test_a_budget_that_no_step_hits_is_passed_by_less_than_a_step(
    pack: Path, tmp_path: Path
) -> None:
    evaluations = finish(small_run(pack, {"training.budget_images": 100}), tmp_path)

    assert [evaluation.row["images_seen"] for evaluation in evaluations] == [0, 64, 104]


def test_another_seed_is_another_run(pack: Path, undisturbed: Path, tmp_path: Path) -> None:
    finish(small_run(pack, {"seed": 1}), tmp_path)

    assert timeless(stored_rows(tmp_path)) != timeless(stored_rows(undisturbed))


def test_class_conditional_training_on_unlabelled_images_is_one_sentence(tmp_path: Path) -> None:
    unlabelled = write_small_pack(tmp_path / "pack", labelled=False)

    with pytest.raises(InputError, match="squares has images without a class"):
        finish(small_run(unlabelled, {"network.conditional": True}), tmp_path / "run")
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("name", ["gpu", "cuda:x", ""])
def test_an_unknown_device_is_one_sentence(name: str, config: RunConfig, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="the device"):
        next(run(config, tmp_path / "run", device=name))
    assert not (tmp_path / "run").exists()


def test_a_gpu_that_is_not_there_is_one_sentence(
    config: RunConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)

    with pytest.raises(InputError, match="no GPU"):
        next(run(config, tmp_path / "run", device="cuda"))


def test_rows_of_a_run_that_never_had_a_checkpoint_are_dropped(
    config: RunConfig, undisturbed: Path, tmp_path: Path
) -> None:
    append_row(tmp_path / EVALUATIONS_FILE, {"images_seen": 0, "quality": 0.9})
    finish(config, tmp_path)

    assert_same_run(tmp_path, undisturbed)


def test_a_run_is_measured_by_the_default_extractor(
    pack: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LAB_CACHE", str(tmp_path / "cache"))
    from lab.metrics import make_evaluator

    monkeypatch.setattr(lab.bench, "make_evaluator", make_evaluator)
    lab.bench.open_bench.cache_clear()
    try:
        rows = [e.row for e in finish(small_run(pack), tmp_path / "run")]
    finally:
        lab.bench.open_bench.cache_clear()

    metrics = {key for key in rows[0] if key.endswith("_fashion") or key == "kid_fashion_se"}
    assert len(metrics) == 7
    assert all(math.isfinite(row[key]) for row in rows for key in metrics)
    assert rows[-1]["fd_fashion"] < rows[0]["fd_fashion"]
