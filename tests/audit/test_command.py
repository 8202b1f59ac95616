"""python -m lab.audit: fairness and privacy of finished runs."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image

from lab.audit.__main__ import main
from lab.record import AUDIT_FILE, AUDIT_PICTURE, CONFIG_FILE, AuditCard, read_card, write_json
from tests.audit.packs import write_attributed_pack, write_run
from tests.runs import plain_metrics, small_run, stop_after, write_small_pack

SHORT: dict[str, Any] = {"training.budget_images": 64, "evaluation.every_images": 32}


@pytest.fixture(scope="module", autouse=True)
def measured_plainly(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with plain_metrics(), pytest.MonkeyPatch.context() as patch:
        patch.setenv("LAB_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_attributed_pack(tmp_path_factory.mktemp("packs") / "squares")


@pytest.fixture(scope="module")
def run(pack: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs") / "seed-0"
    write_run(pack, folder, {"network.conditional": True, **SHORT})
    return folder


def audit(*args: object) -> int:
    return main([*map(str, args), "--device", "cpu", "--num-samples", "200"])


def refused(capsys: pytest.CaptureFixture[str], *args: object) -> str:
    """The sentence of a command that must end with exit code 2."""
    assert audit(*args) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("python -m lab.audit: ")
    assert printed.err.count("\n") == 1
    return printed.err


def test_an_audit_is_written_beside_the_run_with_its_picture(
    run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert audit(run) == 0

    printed = capsys.readouterr().out
    for words in ("class: classifier right", "side: classifier right", "privacy", "C_T"):
        assert words in printed
    card = read_card(run / AUDIT_FILE, AuditCard)
    assert [one.name for one in card.attributes] == ["class", "side"]
    side = card.attributes[1]
    assert {group.name for group in side.groups} == {"left", "right", "none"}
    assert sum(group.data for group in side.groups) == pytest.approx(1)
    assert sum(group.share.value for group in side.groups) == pytest.approx(1)
    assert [group.standing for group in side.groups] == sorted(
        group.standing for group in side.groups if group.standing is not None
    )
    assert side.lost_by.startswith("3 sample grids of 64 images")
    assert card.privacy is not None
    assert card.privacy.logit_attack is not None
    assert card.privacy.logit_note == "critic after 64 images"
    with Image.open(run / AUDIT_PICTURE) as picture:
        assert picture.format == "WEBP"
        assert picture.width == 4 * (2 * 64 + 4)


def test_json_has_every_number_of_every_run(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert audit(run, "--json") == 0
    first = json.loads(capsys.readouterr().out)
    assert audit(run, f"{run}/", "--json", "--attribute", "side") == 0
    both = json.loads(capsys.readouterr().out)
    assert list(both) == [str(run)]
    side = first[str(run)]["attributes"][1]
    assert both[str(run)]["attributes"] == [side]


def test_without_a_checkpoint_one_sentence_stands_for_the_attack(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copy = tmp_path / "run"
    shutil.copytree(run, copy)
    for file in copy.glob("checkpoint-*.pt"):
        file.unlink()
    assert audit(copy) == 0
    assert "the run's folder has no checkpoint" in capsys.readouterr().out
    privacy = read_card(copy / AUDIT_FILE, AuditCard).privacy
    assert privacy is not None
    assert privacy.logit_attack is None


def test_several_runs_stand_beside_each_other(
    run: Path, pack: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_run(pack, tmp_path / "limited", {"data.limit": 100, "training.game": "vae", **SHORT})
    assert audit(run, tmp_path / "limited") == 0
    printed = capsys.readouterr().out
    assert "the runs beside each other" in printed
    assert "training.game vae has no critic" in printed
    assert read_card(tmp_path / "limited" / AUDIT_FILE, AuditCard).num_train == 100


def test_a_pack_without_groups_is_audited_for_privacy(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pack = write_small_pack(tmp_path / "pack", labelled=False)
    write_run(pack, tmp_path / "run", SHORT)
    assert audit(tmp_path / "run") == 0
    printed = capsys.readouterr().out
    assert "Fairness is not measured: squares has neither classes nor attributes." in printed
    assert "authenticity" in printed


def test_a_folder_that_is_no_run_is_one_sentence(
    tmp_path: Path, run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "is not a run" in refused(capsys, tmp_path / "nowhere")
    assert "is not a run" in refused(capsys, run, run.parent)


def test_an_unfinished_run_is_one_sentence(
    pack: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = small_run(pack)
    write_json(tmp_path / CONFIG_FILE, {"config": config.model_dump()})
    stop_after(config, tmp_path, 1)
    assert "the run has not finished" in refused(capsys, tmp_path)
    assert not (tmp_path / AUDIT_FILE).exists()


def test_too_few_images_are_one_sentence(
    pack: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_run(pack, tmp_path / "run", {"data.limit": 40, **SHORT})
    assert "an audit needs at least 50 of each" in refused(capsys, tmp_path / "run")


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["--num-samples", "3"], "--num-samples is 3; an audit needs at least 50"),
        (["--attribute", "tone"], "the attribute 'tone' is unknown"),
        (["--extractor", "fashiom"], "fashiom"),
        (["--out", "/nowhere/at/all.html"], "the folder of --out /nowhere/at/all.html does not"),
    ],
)
def test_a_wrong_option_is_one_sentence(
    args: list[str], words: str, run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(run), *args, "--device", "cpu"]) == 2
    assert words in capsys.readouterr().err


def test_a_generator_that_diverged_is_one_sentence(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from safetensors.torch import load_file, save_file

    copy = tmp_path / "run"
    shutil.copytree(run, copy)
    (copy / AUDIT_FILE).unlink(missing_ok=True)
    weights = load_file(copy / "generator.safetensors")
    broken = {name: torch.full_like(value, float("nan")) for name, value in weights.items()}
    save_file(broken, copy / "generator.safetensors")
    assert "non-finite images" in refused(capsys, copy)
    assert not (copy / AUDIT_FILE).exists()
