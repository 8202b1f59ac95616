"""One run as an iterator: its rows, its folder, and the images it trains on."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

import lab.run.bench
import lab.run.loop
from lab.config import RunConfig
from lab.data import open_pack
from lab.errors import InputError
from lab.gan.game import Game
from lab.gan.networks import build_generator
from lab.gan.rounds import RealBatch, RealSource
from lab.gan.sampling import encode_webp, generate, grid, latents
from lab.record import (
    GENERATOR_FILE,
    RUN_FILE,
    UNBROKEN,
    kept_generators,
    read_json,
    sample_file,
)
from lab.record.score import score
from lab.run import run
from lab.run.checkpoint import checkpoint_file
from lab.stability.verdict import Verdict
from tests.runs import (
    NAMES,
    PlainEvaluator,
    finish,
    small_run,
    stop_after,
    stored_rows,
    timeless,
)


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
        assert checkpoint_file(tmp_path, row["images_seen"]).exists()
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
            "generator_update_cosine",
            "critic_update_cosine",
            "logit_gap_autocorrelation",
            "logit_gap_std",
            "participation_ratio",
            "r_t",
            "critic_loss_max",
            "critic_loss_min",
            "lipschitz",
            "generator_sigma_max",
            "generator_sigma_0",
            "critic_sigma_0",
        }
        assert not signals & {"logit_train", "logit_generated"}
        assert row["signal_critic_loss_min"] < row["signal_critic_loss_max"]
    for column in ("seconds_training", "seconds_evaluating"):
        seconds = [row[column] for row in rows]
        assert seconds == sorted(seconds)
    scale = PlainEvaluator(torch.zeros(())).scale
    assert [row["quality"] for row in rows] == [scale.quality(row[NAMES.kernel]) for row in rows]


def test_training_improves_on_the_untrained_generator(undisturbed: Path) -> None:
    assert stored_rows(undisturbed)[-1]["quality"] > 0.05


def test_run_json_tells_how_it_ended(undisturbed: Path, config: RunConfig) -> None:
    note, rows = read_json(undisturbed / RUN_FILE), stored_rows(undisturbed)

    assert note["format"] == 2
    assert (note["trial"], note["seed"], note["stage"], note["attempts"]) == (0, 0, "explore", 1)
    assert note["status"] == "finished"
    assert set(note["verdict"]) == {field.name for field in fields(Verdict)}
    assert note["verdict"]["name"] in UNBROKEN
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
        rng=torch.Generator().manual_seed(9),
    )
    generator.load_state_dict(load_file(undisturbed / GENERATOR_FILE))
    codes = latents(64, 4, 3, seed=config.seed, purpose="evaluation")
    images = generate(generator.eval(), codes, autocast=torch.no_grad())

    assert images is not None
    assert encode_webp(grid(images)) == sample_file(undisturbed, 192).read_bytes()
    with Image.open(sample_file(undisturbed, 0)) as picture:
        assert picture.size == (256, 256)


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


@contextmanager
def shown() -> Iterator[list[RealBatch]]:
    """Every real batch that the game asks for meanwhile."""
    batches: list[RealBatch] = []
    play = Game.step

    def step(game: Game, real_batch: RealSource) -> Any:
        def noted(critic_step: int) -> RealBatch:
            batches.append(real_batch(critic_step))
            return batches[-1]

        return play(game, noted)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Game, "step", step)
        yield batches


def test_an_epoch_shows_every_training_image_once(pack: Path, tmp_path: Path) -> None:
    train = open_pack(pack).train
    values = {"training.budget_images": len(train), "stability.stop_on_failure": False}
    with shown() as batches:
        finish(small_run(pack, values), tmp_path)

    images = torch.cat([batch.images for batch in batches])
    levels = sorted(row.tolist() for row in ((images + 1) * 127.5).round().flatten(1))
    assert len(images) == len(train) == 320
    assert levels == sorted(row.tolist() for row in train[:].float().flatten(1))


def test_mirroring_flips_some_images_and_changes_no_other(pack: Path, tmp_path: Path) -> None:
    found = []
    for mirror in (False, True):
        with shown() as batches:
            stop_after(small_run(pack, {"data.mirror": mirror}), tmp_path / str(mirror), 2)
        found.append(torch.cat([batch.images for batch in batches]))

    plain, mirrored = found
    kept = (mirrored == plain).flatten(1).all(1)
    flipped = (mirrored == plain.flip(3)).flatten(1).all(1)
    assert bool((kept | flipped).all())
    assert 0.25 < float(kept.float().mean()) < 0.75


def test_auto_precision_is_measured_once_and_kept(
    pack: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = small_run(pack, {"training.precision": "auto"})
    lab.run.bench.resolve_precision.cache_clear()
    monkeypatch.setattr(lab.run.bench, "faster_precision", lambda *_: "bfloat16")
    stop_after(config, tmp_path, 1)
    lab.run.bench.resolve_precision.cache_clear()
    monkeypatch.setattr(lab.run.bench, "faster_precision", lambda *_: "float32")
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


def test_a_run_is_measured_by_the_default_extractor(
    pack: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LAB_CACHE", str(tmp_path / "cache"))
    from lab.metrics import make_evaluator

    monkeypatch.setattr(lab.run.bench, "make_evaluator", make_evaluator)
    lab.run.bench.open_bench.cache_clear()
    try:
        rows = [e.row for e in finish(small_run(pack), tmp_path / "run")]
    finally:
        lab.run.bench.open_bench.cache_clear()

    metrics = {key for key in rows[0] if "_fashion_64" in key}
    assert len(metrics) == 11
    assert all(math.isfinite(row[key]) for row in rows for key in metrics)
    assert rows[-1]["fd_fashion_64"] < rows[0]["fd_fashion_64"]


def test_the_jacobian_comes_on_demand_and_changes_nothing_else(
    pack: Path, undisturbed: Path, tmp_path: Path
) -> None:
    finish(small_run(pack, {"stability.jacobian": True}), tmp_path)

    rows = stored_rows(tmp_path)
    shown = "signal_jacobian", "signal_generator_condition"
    others = [{key: row[key] for key in row if not key.startswith(shown)} for row in rows]
    assert timeless(others) == timeless(stored_rows(undisturbed))
    for row in rows:
        assert row["signal_jacobian_modulus_max"] >= abs(row["signal_jacobian_real_max"])
        assert row["signal_jacobian_modulus_max"] >= row["signal_jacobian_imag_max"] >= 0
        assert row["signal_generator_condition"] > 1


def test_networks_too_large_for_the_jacobian_are_refused(
    pack: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lab.stability.jacobian.MAX_PARAMETERS", 10)
    with pytest.raises(InputError, match=r"stability\.jacobian is true, .* lower network\.width"):
        finish(small_run(pack, {"stability.jacobian": True}), tmp_path)


def test_generators_are_kept_evenly_and_at_their_evaluations(pack: Path, tmp_path: Path) -> None:
    config = small_run(pack, {"training.keep_generators": 2, "training.budget_images": 256})
    finish(config, tmp_path)
    kept = kept_generators(tmp_path)
    assert list(kept) == [128, 256]
    assert kept[256].read_bytes() == (tmp_path / GENERATOR_FILE).read_bytes()
    assert kept[128].read_bytes() != kept[256].read_bytes()


def test_no_generator_is_kept_by_default(undisturbed: Path) -> None:
    assert kept_generators(undisturbed) == {}
