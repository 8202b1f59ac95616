"""From recipes to images."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
import torch
from torch import Tensor

from lab.errors import InputError
from lab.explore.latent import between, code_of
from lab.explore.recipe import Recipe
from lab.explore.shelf import MOST_OPEN, Shelf
from lab.gan.sampling import to_uint8


def drawn(shelf: Shelf, recipe: Recipe) -> Tensor:
    return shelf.opened(recipe.run, recipe.images).images(recipe)


def close(images: Tensor, others: Tensor) -> bool:
    """Equal up to a grey level, which a batch of another size may move by."""
    return images.shape == others.shape and int((images.int() - others.int()).abs().max()) <= 1


def test_a_recipe_gives_the_same_images_every_time(shelf: Shelf, recipe: Recipe) -> None:
    images = drawn(shelf, recipe)
    assert images.shape == (16, 1, 32, 32)
    assert torch.equal(images, drawn(shelf, recipe))


def test_a_number_stands_for_one_code_in_any_grid(shelf: Shelf, recipe: Recipe) -> None:
    images = drawn(shelf, recipe)
    later = drawn(shelf, recipe.model_copy(update={"first": 4}))
    assert close(images[4:], later[:12])
    assert close(images[5:6], drawn(shelf, recipe.model_copy(update={"pick": 5})))


def test_the_generator_gets_the_code_and_its_class(shelf: Shelf, recipe: Recipe) -> None:
    generator = shelf.opened(recipe.run).run.generator
    with torch.no_grad():
        image = generator(code_of(4, 4)[None], torch.tensor([4 % 3]))
    assert close(drawn(shelf, recipe)[4:5], to_uint8(image))


def test_a_label_is_the_class_of_all(shelf: Shelf, recipe: Recipe) -> None:
    images = drawn(shelf, recipe)
    of_one = drawn(shelf, recipe.model_copy(update={"label": 2}))
    assert close(images[2::3], of_one[2::3])
    assert not close(images[1::3], of_one[1::3])


def test_a_path_leads_from_one_code_to_the_other(shelf: Shelf, recipe: Recipe) -> None:
    path = recipe.model_copy(update={"first": 3, "to": 8, "label": 0})
    images = drawn(shelf, path)
    ends = drawn(shelf, recipe.model_copy(update={"first": 3, "label": 0}))
    assert close(images[:1], ends[:1])
    assert close(images[-1:], ends[5:6])
    steps = [float((a - b).abs().mean()) for a, b in pairwise(images.float())]
    assert max(steps) < float((images[0].float() - images[-1].float()).abs().mean())


def test_between_two_codes_angles_are_equal_and_lengths_change_linearly() -> None:
    start, end = torch.tensor([2.0, 0.0]), torch.tensor([0.0, 4.0])
    middle = between(start, end, torch.tensor([0.0, 0.5, 1.0]))
    root = 3 / 2**0.5
    torch.testing.assert_close(middle, torch.tensor([[2.0, 0.0], [root, root], [0.0, 4.0]]))


def test_between_a_code_and_itself_nothing_changes() -> None:
    code = code_of(1, 8)
    torch.testing.assert_close(between(code, code, torch.tensor([0.3])), code[None])


def test_a_slider_shifts_every_code_by_its_direction(shelf: Shelf, recipe: Recipe) -> None:
    explored = shelf.opened(recipe.run)
    shift = explored.directions.shifts[1]
    with torch.no_grad():
        moved = explored.run.generator((code_of(0, 4) + 2 * shift)[None], torch.tensor([0]))
    images = drawn(shelf, recipe.model_copy(update={"sliders": (0.0, 2.0)}))
    assert close(images[:1], to_uint8(moved))


def test_psi_truncates_as_the_evaluation_does(shelf: Shelf, styled: Path) -> None:
    recipe = Recipe(run=str(styled), psi=0.3)
    images = drawn(shelf, recipe)
    run = Shelf(shelf.sources, torch.device("cpu")).opened(str(styled)).run
    run.truncate(0.3)
    codes = torch.stack([code_of(number, 4) for number in range(16)])
    with torch.no_grad():
        truncated = run.generator(codes, torch.arange(16) % 3)
    assert close(images, to_uint8(truncated))
    assert not torch.equal(images, drawn(shelf, recipe.model_copy(update={"psi": 1.0})))


def test_codes_of_stylegan2_meet_in_w(shelf: Shelf, styled: Path) -> None:
    recipe = Recipe(run=str(styled), first=0, to=3, label=0)
    images = drawn(shelf, recipe)
    ends = drawn(shelf, Recipe(run=str(styled), label=0))
    assert close(images[:1], ends[:1])
    assert close(images[-1:], ends[3:4])


def test_psi_without_w_is_one_sentence(shelf: Shelf, recipe: Recipe) -> None:
    with pytest.raises(InputError, match=r"psi is 0\.5 and the generator .* has no w"):
        drawn(shelf, recipe.model_copy(update={"psi": 0.5}))


def test_an_unknown_class_and_a_text_are_one_sentence(shelf: Shelf, recipe: Recipe) -> None:
    with pytest.raises(InputError, match=r"label is 3 .* has the classes 0 to 2"):
        drawn(shelf, recipe.model_copy(update={"label": 3}))
    with pytest.raises(InputError, match=r"text is 'a heart' .* takes none"):
        drawn(shelf, recipe.model_copy(update={"text": "a heart"}))


def test_a_kept_generator_is_drawn_from(shelf: Shelf, recipe: Recipe) -> None:
    assert shelf.source(recipe.run).kept == [64, 128]
    early = drawn(shelf, recipe.model_copy(update={"images": 64}))
    last = drawn(shelf, recipe.model_copy(update={"images": 128}))
    assert not close(early, last)
    assert torch.equal(last, drawn(shelf, recipe)), "the last that is kept is the finished one"
    with pytest.raises(InputError, match="kept no generator at 100 images"):
        shelf.opened(recipe.run, 100)


def test_few_generators_stay_open(shelf: Shelf, recipe: Recipe) -> None:
    opened = [shelf.opened(recipe.run, images) for images in (None, 64, 128)]
    assert shelf.opened(recipe.run, 64) is opened[1]
    assert opened[1].directions is opened[0].directions
    for source in shelf.sources * MOST_OPEN:
        shelf.opened(source.name, 64 if 64 in source.kept else None)
    assert len(shelf._open) <= MOST_OPEN
