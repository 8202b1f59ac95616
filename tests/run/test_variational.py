"""A run without a critic: its columns, its record, and its continuation."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.record import RUN_FILE, SIGNAL_PREFIX, read_json
from lab.record.columns import (
    DIVERSITY,
    ENCODER_GRAD_NORM,
    ENCODER_SIGMA_MAX,
    ENCODER_UPDATE_COSINE,
    ENCODER_UPDATE_RATIO,
    GENERATOR_GRAD_NORM,
    GENERATOR_LOSS,
    KL_DIVERGENCE,
    LIPSCHITZ,
    LOGIT_REAL,
    RECONSTRUCTION,
)
from tests.runs import (
    assert_same_run,
    finish,
    plain_metrics,
    small_run,
    stop_after,
    write_small_pack,
)

OF_ENCODER = {
    RECONSTRUCTION,
    KL_DIVERGENCE,
    ENCODER_GRAD_NORM,
    ENCODER_UPDATE_RATIO,
    ENCODER_UPDATE_COSINE,
    ENCODER_SIGMA_MAX,
}


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_small_pack(tmp_path_factory.mktemp("squares") / "pack")


@pytest.fixture(autouse=True)
def plainly() -> Iterator[None]:
    with plain_metrics():
        yield


def test_a_vae_has_no_column_of_a_critic_and_is_judged_by_its_images(
    pack: Path, tmp_path: Path
) -> None:
    last = finish(small_run(pack, {"training.game": "vae"}), tmp_path / "run")[-1]
    signals = {name for name in last.row if name.startswith(SIGNAL_PREFIX)}
    assert signals > {*OF_ENCODER, GENERATOR_LOSS, GENERATOR_GRAD_NORM, DIVERSITY}
    assert not [name for name in signals if "critic" in name or "logit" in name]
    assert LIPSCHITZ not in signals

    assert last.verdict is not None
    assert "critic" not in last.verdict.evidence
    assert any(what.startswith("overfit could not be judged") for what in last.verdict.not_judged)
    assert set(read_json(tmp_path / "run" / RUN_FILE)["num_parameters"]) == {
        "generator",
        "encoder",
    }


def test_vae_gan_has_the_columns_of_critic_and_encoder(pack: Path, tmp_path: Path) -> None:
    row = finish(small_run(pack, {"training.game": "vae-gan"}), tmp_path / "run")[-1].row
    assert row.keys() > {*OF_ENCODER, LIPSCHITZ, LOGIT_REAL, f"{SIGNAL_PREFIX}critic_sigma_max"}


@pytest.mark.parametrize("game", ["vae", "vae-gan"])
def test_an_interrupted_run_ends_as_an_undisturbed_one(
    game: str, pack: Path, tmp_path: Path
) -> None:
    config = small_run(pack, {"training.game": game})
    finish(config, tmp_path / "whole")
    stop_after(config, tmp_path / "halves", 2)
    finish(config, tmp_path / "halves")
    assert_same_run(tmp_path / "whole", tmp_path / "halves")
