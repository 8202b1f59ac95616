"""The condition of a generator: a class, or a text where it takes one.

The one place that decides how a recipe's class and text become the condition of its images.
"""

from __future__ import annotations

import torch
from torch import Tensor

from lab.errors import InputError
from lab.explore.recipe import Recipe
from lab.run.finished import FinishedRun
from lab.text import TextBench


def takes_text(run: FinishedRun) -> bool:
    """Whether the generator is conditioned on a text."""
    return run.text is not None


def conditions(run: FinishedRun, recipe: Recipe, codes: list[int]) -> Tensor:
    """The condition of each code [N], which the generator gets as its second argument.

    A generator of texts draws captions of its data where the recipe has no text. Raises InputError
    for a class that the run does not have, and for a text that it does not take.
    """
    if run.text is not None:
        return _texts(run.text, recipe, codes)
    if recipe.text:
        raise InputError(
            f"text is {recipe.text[:40]!r} and the generator of {run.name} takes none; leave it "
            "out, or explore a run that was trained with texts"
        )
    num_classes = run.num_classes if run.generator.conditional else 0
    if recipe.label is None:
        return torch.tensor([code % max(num_classes, 1) for code in codes])
    if recipe.label >= num_classes:
        has = f"has the classes 0 to {num_classes - 1}" if num_classes else "has no classes"
        raise InputError(f"label is {recipe.label} and the generator of {run.name} {has}")
    return torch.full((len(codes),), recipe.label)


def _texts(text: TextBench, recipe: Recipe, codes: list[int]) -> Tensor:
    """Vectors [N, E] of the recipe's text, or of a caption of the data for each code."""
    if recipe.text:
        return text.conditions_of([recipe.text]).expand(len(codes), -1)
    vectors = text.train.texts.vectors
    return vectors[torch.tensor(codes) % len(vectors)]
