"""python -m lab.evaluate: full metrics of a finished run's averaged generator."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file

from lab.config import RunConfig
from lab.evaluate import main
from lab.gan.networks import build_generator
from lab.gan.sampling import generate, latents
from lab.record import (
    CONFIG_FILE,
    GENERATOR_FILE,
    RUN_FILE,
    TRIAL_FILE,
    run_folder,
    trial_folder,
    write_json,
)
from lab.run.bench import open_bench_for
from tests.runs import NAMES, finish, plain_metrics, small_run, stop_after, write_small_pack


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_small_pack(tmp_path_factory.mktemp("squares") / "pack")


@pytest.fixture(scope="module", autouse=True)
def measured_plainly() -> Iterator[None]:
    with plain_metrics():
        yield


def as_in_a_study(config: RunConfig, study: Path) -> Path:
    """Folder of a run of trial 7, before the run."""
    write_json(trial_folder(study, 7) / TRIAL_FILE, {"config": config.model_dump(mode="json")})
    return run_folder(study, 7, config.seed)


@pytest.fixture(scope="module")
def finished(pack: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run of a study, with seed 3; its trial's configuration has seed 0."""
    study = tmp_path_factory.mktemp("study")
    values: dict[str, Any] = {"training.budget_images": 160, "network.conditional": True}
    as_in_a_study(small_run(pack, values), study)
    folder = run_folder(study, 7, 3)
    finish(small_run(pack, {**values, "seed": 3}), folder)
    return folder


def evaluate(*args: object) -> int:
    return main([*map(str, args), "--device", "cpu"])


def measured(capsys: pytest.CaptureFixture[str]) -> dict[str, dict[str, float]]:
    found: dict[str, dict[str, float]] = json.loads(capsys.readouterr().out)
    return found


def test_json_holds_every_metric_and_the_baseline(
    finished: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert evaluate(finished, "--json") == 0

    found = measured(capsys)
    assert set(found) == {"metrics", "baseline"}
    assert set(found["metrics"]) == set(NAMES.model_dump().values())
    assert found["baseline"][NAMES.coverage] == 1.0


def test_the_codes_are_those_of_the_runs_own_seed(
    finished: Path, pack: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = small_run(pack, {"network.conditional": True})
    generator = build_generator(
        config.network,
        resolution=32,
        channels=1,
        num_classes=3,
        rng=torch.Generator().manual_seed(9),
    )
    generator.load_state_dict(load_file(finished / GENERATOR_FILE))
    bench = open_bench_for(config)
    counts = bench.pack.class_counts
    codes = latents(64, 4, 3, seed=3, purpose="full evaluation", class_counts=counts)
    images = generate(generator.eval(), codes, autocast=nullcontext())

    assert images is not None
    assert evaluate(finished, "--json") == 0
    expected = bench.evaluator.measure(images)
    assert measured(capsys)["metrics"] == expected


def test_a_table_shows_generated_beside_real(
    finished: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert evaluate(finished) == 0

    said = capsys.readouterr().out
    for expected in ("held-out real", "64 samples", "plain-v1", *NAMES.model_dump().values()):
        assert expected in said


def test_two_evaluations_of_one_run_agree(
    finished: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert evaluate(finished, "--json") == 0
    first = measured(capsys)
    assert evaluate(finished, "--json") == 0

    assert measured(capsys) == first


def test_truncated_images_are_measured_and_stated_as_such(
    pack: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    values = {"network.architecture": "stylegan2-cifar", "network.critic_norm": "none"}
    config = small_run(pack, {**values, "network.width": 0.02, "training.budget_images": 32})
    write_json(tmp_path / CONFIG_FILE, {"config": config.model_dump()})
    finish(config, tmp_path)

    assert evaluate(tmp_path, "--json") == 0
    whole = measured(capsys)
    assert "truncation" not in whole
    assert evaluate(tmp_path, "--truncation", "0", "--json") == 0
    truncated = measured(capsys)
    assert truncated["truncation"] == 0
    assert truncated["metrics"][NAMES.kernel] != whole["metrics"][NAMES.kernel]


def test_a_grid_of_samples_is_a_readable_webp(finished: Path, tmp_path: Path) -> None:
    path = tmp_path / "deep" / "out.webp"
    assert evaluate(finished, "--samples", path) == 0

    with Image.open(path) as picture:
        assert (picture.format, picture.size) == ("WEBP", (256, 256))
        darkest, brightest = picture.convert("L").getextrema()
    assert brightest - darkest > 20


def test_a_run_of_lab_train_has_its_own_configuration(
    pack: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = small_run(pack, {"training.budget_images": 32})
    write_json(tmp_path / CONFIG_FILE, {"config": config.model_dump()})
    finish(config, tmp_path)

    assert evaluate(tmp_path, "--json") == 0
    assert NAMES.kernel in measured(capsys)["metrics"]


def test_real_metrics_use_every_held_out_image_unless_told_otherwise(
    finished: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    import lab.run.bench
    from lab.metrics import make_evaluator

    monkeypatch.setenv("LAB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(lab.run.bench, "make_evaluator", make_evaluator)
    lab.run.bench.open_bench.cache_clear()
    try:
        assert evaluate(finished) == 0
        assert "80 samples, extractor fashion-v1" in " ".join(capsys.readouterr().out.split())
        assert evaluate(finished, "--num-samples", 60) == 0
        assert "60 samples" in capsys.readouterr().out
        assert evaluate(finished, "--num-samples", 500) == 0
        assert "500 samples" in capsys.readouterr().out
    finally:
        lab.run.bench.open_bench.cache_clear()


@pytest.fixture
def copied(finished: Path, tmp_path: Path) -> Path:
    """A copy of the finished run that a test may damage."""
    place = tmp_path / "0007" / "seed-3"
    shutil.copytree(finished.parent, place.parent)
    return place


def refused(capsys: pytest.CaptureFixture[str], *args: object) -> str:
    """The sentence of a command that must end with exit code 2."""
    assert evaluate(*args) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith("python -m lab.evaluate: ")
    assert told.err.count("\n") == 1
    return told.err


def test_a_folder_that_is_no_run_is_one_sentence(
    tmp_path: Path, finished: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "is not a run" in refused(capsys, tmp_path / "nowhere")
    assert "is not a run" in refused(capsys, finished.parent)


def test_an_unfinished_run_is_one_sentence(
    pack: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = small_run(pack)
    folder = as_in_a_study(config, tmp_path)
    stop_after(config, folder, 1)

    samples = tmp_path / "out.webp"
    assert "has not finished" in refused(capsys, folder, "--samples", samples)
    assert not samples.exists()


def test_a_run_without_its_configuration_is_one_sentence(
    copied: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (copied.parent / TRIAL_FILE).unlink()

    assert "cannot be read" in refused(capsys, copied)


@pytest.mark.parametrize("content", [b"", b"torn", b"\x08\0\0\0\0\0\0\0{}      "])
def test_a_damaged_generator_is_one_sentence(
    content: bytes, copied: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (copied / GENERATOR_FILE).write_bytes(content)

    assert "is damaged" in refused(capsys, copied)


def test_a_generator_of_another_size_is_one_sentence(
    copied: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    trial = json.loads((copied.parent / TRIAL_FILE).read_text())
    trial["config"]["network"]["width"] = 0.25
    (copied.parent / TRIAL_FILE).write_text(json.dumps(trial))

    assert "of another configuration" in refused(capsys, copied)


def test_a_generator_that_diverged_is_one_sentence(
    copied: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    weights = load_file(copied / GENERATOR_FILE)
    save_file(
        {name: torch.full_like(value, float("nan")) for name, value in weights.items()},
        copied / GENERATOR_FILE,
    )

    assert "non-finite images" in refused(capsys, copied)


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["--num-samples", "3"], "evaluation.num_samples is 3"),
        (["--device", "tpu"], "the device 'tpu'"),
        (["--truncation", "1.5"], "--truncation is 1.5; it must be from 0 to 1"),
        (["--truncation", "0.7"], "has no w to truncate; leave it out, or evaluate a run of"),
    ],
)
def test_a_wrong_option_is_one_sentence(
    args: list[str], said: str, finished: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(finished), *args]) == 2
    assert said in capsys.readouterr().err


def test_an_unknown_extractor_is_one_sentence(
    finished: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from lab.metrics import make_evaluator

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("lab.run.bench.make_evaluator", make_evaluator)
        assert "fashiom" in refused(capsys, finished, "--extractor", "fashiom")


def test_samples_that_cannot_be_written_are_one_sentence(
    copied: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "cannot be written" in refused(
        capsys, copied, "--samples", copied / RUN_FILE / "x.webp"
    )
