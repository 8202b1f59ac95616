"""python -m lab.evaluate --protocol: a finished run by the field's protocols."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image
from torch import Tensor, nn

from lab.catalogue import EXTRACTORS, Entry
from lab.config import EvaluationConfig, RunConfig
from lab.errors import InputError
from lab.evaluate import _config_of, main
from lab.metrics.extractors import Extractor
from lab.metrics.protocols import parse_protocols
from lab.record import CONFIG_FILE, write_json
from lab.run.bench import open_bench
from tests.runs import finish, plain_metrics, small_run, write_small_pack


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run on 320 training and 80 held-out images."""
    folder = tmp_path_factory.mktemp("run")
    config = small_run(write_small_pack(folder / "pack"), {"training.budget_images": 32})
    write_json(folder / CONFIG_FILE, {"config": config.model_dump(mode="json")})
    with plain_metrics():
        finish(config, folder)
    return folder


@pytest.fixture(scope="module", autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LAB_CACHE", str(tmp_path_factory.mktemp("cache")))
        open_bench.cache_clear()
        yield
    open_bench.cache_clear()


class Brightness(nn.Module):
    """Four features in place of Inception's 2,048."""

    def forward(self, images: Tensor) -> tuple[Tensor]:
        grey = images.float().mean(dim=1, keepdim=True) / 255
        return (nn.functional.adaptive_avg_pool2d(grey, 2).flatten(1),)


def small_inception(config: EvaluationConfig, device: torch.device) -> Extractor:
    return Extractor(
        "inception-v3-compat",
        "inception",
        "small",
        Brightness(),
        device,
        32,
        logits=lambda features: 9 * features,
    )


@pytest.fixture
def inception(monkeypatch: pytest.MonkeyPatch) -> None:
    entry = Entry(f"{__name__}:small_inception", "small")
    monkeypatch.setitem(EXTRACTORS, "inception", entry)  # type: ignore[arg-type]


def evaluate(*args: object) -> int:
    return main([*map(str, args), "--device", "cpu"])


def results(
    capsys: pytest.CaptureFixture[str], *args: object
) -> tuple[dict[str, float], dict[str, str]]:
    assert evaluate(*args, "--json") == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found["metrics"], found["protocols"]


def refused(capsys: pytest.CaptureFixture[str], *args: object) -> str:
    """The sentence of a command that must end with exit code 2."""
    capsys.readouterr()
    assert evaluate(*args) == 2
    written = capsys.readouterr()
    assert written.out == ""
    assert written.err.count("\n") == 1
    return written.err


def test_the_number_in_the_name_is_measured_and_stated(
    finished: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    columns, sentences = results(
        capsys, finished, "--protocol", "fd_fashion500_full,fd_fashion300_test"
    )

    assert set(columns) == {"fd_fashion500_full", "fd_fashion300_test"}
    assert columns["fd_fashion500_full"] != columns["fd_fashion300_test"]
    assert sentences["fd_fashion500_full"] == (
        "Frechet distance of 500 samples to the moments of all 320 training images; fashion-v1"
    )
    assert (
        "300 samples to the moments of all 80 held-out images" in sentences["fd_fashion300_test"]
    )


def test_a_table_has_values_and_sentences(
    finished: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "out.webp"
    assert evaluate(finished, "--protocol", "fd_fashion100_all", "--samples", path) == 0

    shown = capsys.readouterr().out
    assert "all 400 training and held-out images" in shown
    assert shown.count("fd_fashion100_all") == 2
    with Image.open(path) as picture:
        assert picture.size == (256, 256)


@pytest.mark.usefixtures("inception")
def test_inceptions_protocols_beside_those_of_another_extractor(
    finished: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    columns, sentences = results(
        capsys, finished, "--protocol", "is60", "--protocol", "fd_fashion60_full,fid6k_full"
    )

    assert list(columns) == ["is60", "is60_std", "fd_fashion60_full", "fid6k_full"]
    assert columns["is60"] >= 1.0
    assert sentences["is60"].startswith("Inception Score of 60 samples")
    assert "6,000 samples" in sentences["fid6k_full"]


def test_a_searchs_column_is_what_a_search_measures(
    finished: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    columns, sentences = results(
        capsys, finished, "--protocol", "kid_fashion_80,coverage_fashion_80,fd_fashion_500"
    )
    capsys.readouterr()
    assert evaluate(finished, "--num-samples", 80, "--json") == 0
    row = json.loads(capsys.readouterr().out)["metrics"]

    assert set(columns) == {"kid_fashion_80", "coverage_fashion_80", "fd_fashion_500"}
    assert columns["kid_fashion_80"] == row["kid_fashion_80"]
    assert columns["coverage_fashion_80"] == row["coverage_fashion_80"]
    assert "10 blocks of 8 samples" in sentences["kid_fashion_80"]


def test_a_metric_of_equal_counts_is_refused_beyond_the_real_images(
    finished: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = refused(capsys, finished, "--protocol", "coverage_fashion_100")

    assert "80 held-out images; take at most coverage_fashion_80" in said


def test_a_split_names_the_real_images_of_the_distances(
    finished: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    named, _ = results(capsys, finished, "--protocol", "fd_fashion100_test")
    split, _ = results(capsys, finished, "--split", "heldout", "--num-samples", 100)

    assert split == named
    assert list(results(capsys, finished, "--split", "all")[0]) == ["fd_fashion80_all"]


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["--protocol", "fid50k_ful"], "did you mean 'fid50k_full'"),
        (["--protocol", "fid50k_full", "--num-samples", "100"], "drop --num-samples"),
        (["--protocol", "fid50k_full", "--split", "all"], "drop --split"),
        (["--protocol", "fd_tops50k_full"], "give --extractor the file of that family"),
        (["--protocol", "kid_fashion50k_full"], "draws subsets of 1,000 images"),
        (["--protocol", "fid50k_full", "--extractor-weights", "none.pth"], "cannot be loaded"),
    ],
)
def test_a_wrong_protocol_is_one_sentence(
    args: list[str], said: str, finished: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    evaluate(finished, "--protocol", "fd_fashion50_full")
    assert said in refused(capsys, finished, *args)


def test_the_protocol_of_an_extractor_that_reads_colour_as_grey_is_refused_for_colour() -> None:
    (protocol,) = parse_protocols(["fd_fashion50k_full"], "efficientnet")
    config = RunConfig()

    assert _config_of("fashion", "efficientnet", config, protocol, channels=1)
    with pytest.raises(InputError, match=r"reads images in colour as grey"):
        _config_of("fashion", "efficientnet", config, protocol, channels=3)


def test_progress_of_long_work_is_on_stderr(
    finished: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert evaluate(finished, "--protocol", "fd_fashion5k_full") == 0

    assert "generated images: 5,000 images" in capsys.readouterr().err
