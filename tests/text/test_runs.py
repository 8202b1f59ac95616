"""Facts about a run with texts, from its rows to images of a person's words."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
import torch
from PIL import Image

from lab import evaluate, sample
from lab.config import RunConfig
from lab.explore.condition import takes_text
from lab.explore.recipe import Recipe
from lab.explore.shelf import Shelf, sources_of
from lab.record import EVALUATIONS_FILE, read_rows
from lab.record.columns import R_PRECISION
from lab.run import run


def test_every_evaluation_has_its_r_precision(finished: Path) -> None:
    rows = read_rows(finished / EVALUATIONS_FILE).rows
    assert len(rows) == 3
    assert all(0 <= row[R_PRECISION] <= 1 for row in rows)


def test_a_run_continues_to_the_same_numbers(
    finished: Path, config: RunConfig, tmp_path: Path
) -> None:
    interrupted = run(config, tmp_path / "seed-0", device="cpu")
    next(interrupted)
    next(interrupted)
    interrupted.close()
    (*_, last) = run(config, tmp_path / "seed-0", device="cpu")
    expected = read_rows(finished / EVALUATIONS_FILE).rows[-1]
    for column, value in last.row.items():
        if not column.startswith("seconds_"):
            assert value == expected[column] or math.isnan(value), column


def test_texts_are_drawn_a_row_each(finished: Path, tmp_path: Path) -> None:
    out = tmp_path / "grid.webp"
    words = ["--text", "a red heart", "--text", "a cat with tears", "--each", "3", "--seed", "3"]
    assert sample.main([str(finished), *words, "--out", str(out)]) == 0
    assert Image.open(out).size == (3 * 32, 2 * 32)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ([], "describe the picture with --text"),
        (["--text", ""], "has no word"),
        (["--text", "word " * 10_000], "has 10,000 words"),
        (["--class", "Flags"], "is not class-conditional"),
        (["--text", "a cat", "--each", "0"], "--each is 0"),
        (["--text", "a cat", "--truncation", "0.5"], "has no w to truncate"),
        (["--text", "a cat", "--out", "cat.jpg"], "must end in .webp"),
    ],
)
def test_what_cannot_be_drawn_is_one_sentence(
    words: list[str],
    sentence: str,
    finished: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert sample.main([str(finished), *words]) == 2
    assert sentence in " ".join(capsys.readouterr().err.split())
    assert not list(tmp_path.iterdir())


def test_an_evaluation_states_r_precision_by_list_of_captions(
    finished: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert evaluate.main([str(finished), "--num-samples", "100", "--json"]) == 0
    stated = json.loads(capsys.readouterr().out)["r_precision"]
    assert list(stated) == ["train", "combinations", "heldout"]
    for shares in stated.values():
        assert list(shares) == ["generated", "real", "lookup"]
        assert shares["real"] > 0.4


def test_the_explorer_draws_a_text(finished: Path) -> None:
    shelf = Shelf(sources_of([str(finished)], trust=False), torch.device("cpu"))
    explored = shelf.opened(str(finished))
    assert takes_text(explored.run)
    recipe = Recipe(run=str(finished))
    of_data, red = (
        explored.images(recipe),
        explored.images(recipe.model_copy(update={"text": "red heart"})),
    )
    assert of_data.shape == red.shape
    assert not torch.equal(of_data, red)
    assert torch.equal(red, explored.images(recipe.model_copy(update={"text": "Red heart!"})))
