"""A picture carries its recipe, and nothing else is taken for one."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from PIL import Image

from lab.errors import InputError
from lab.explore.recipe import Recipe, parse_recipe, png_of, read_recipe

RECIPE = Recipe(run="runs/ä b", images=640, first=7, to=9, label=1, psi=0.5, sliders=(1.5, -2.0))


def test_a_saved_picture_gives_its_recipe_back(tmp_path: Path) -> None:
    path = tmp_path / "picture.png"
    path.write_bytes(png_of(torch.zeros(16, 3, 8, 8, dtype=torch.uint8), RECIPE))
    assert read_recipe(path) == RECIPE
    assert Image.open(path).size == (32, 32)


def test_a_recipe_as_json_is_read_too(tmp_path: Path) -> None:
    path = tmp_path / "recipe.json"
    path.write_text(RECIPE.model_dump_json())
    assert read_recipe(path) == RECIPE


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "Invalid JSON"),
        ("[1]", "recipe: Input should be an object"),
        ('{"run": "a", "speed": 1}', "speed: Extra inputs"),
        ('{"run": "a", "count": 65}', "count: .* less than or equal to 64"),
        ('{"run": "a", "first": -1}', "first: .* greater than or equal to 0"),
        ('{"run": "a", "psi": 1.5}', "psi: .* less than or equal to 1"),
        ('{"run": "a", "sliders": [NaN]}', "sliders.0: "),
        ('{"run": "a", "sliders": [1e9]}', "sliders.0: "),
        ('{"run": "a", "count": 2, "pick": 2}', "pick is 2 of 2"),
        ('{"run": "a", "text": "%s"}' % ("x" * 3000), "text: .* 2000 characters"),
    ],
)
def test_a_wrong_recipe_is_one_sentence(text: str, sentence: str) -> None:
    with pytest.raises(InputError, match=sentence) as caught:
        parse_recipe(text, "the recipe")
    assert "\n" not in str(caught.value)


def test_a_file_without_a_recipe_is_one_sentence(tmp_path: Path) -> None:
    plain, torn, absent = (tmp_path / name for name in ("plain.png", "torn.png", "absent.png"))
    Image.new("L", (4, 4)).save(plain)
    torn.write_bytes(plain.read_bytes()[:20])
    for path, sentence in (
        (plain, "holds no recipe"),
        (torn, "is no PNG"),
        (absent, "cannot be read"),
    ):
        with pytest.raises(InputError, match=sentence):
            read_recipe(path)
