"""What the page may ask for: itself, pictures, directions, neighbours, stored grids of samples.

Everything lies below a token that only the printed address has, so that no other page of a
browser on this machine can ask. All requests read; nothing is written.
"""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Callable
from http import HTTPStatus
from threading import Lock
from typing import Any
from urllib.parse import parse_qs, urlsplit

from lab.errors import InputError
from lab.explore.condition import takes_text
from lab.explore.latent import Explored
from lab.explore.neighbours import neighbours_of
from lab.explore.recipe import Recipe, parse_recipe, png_of
from lab.explore.shelf import Shelf, Source
from lab.loopback import TEXT, Answer
from lab.record import SAMPLES_FOLDER, sample_files
from reports.explorer.page import build_explorer

LONGEST_QUERY = 16_384
PNG, WEBP, JSON = "image/png", "image/webp", "application/json"


class Explorer:
    """Answers the requests of a page."""

    def __init__(self, shelf: Shelf, device: str, start: Recipe | None = None) -> None:
        """`start`: what the page shows first."""
        self.token = secrets.token_urlsafe(16)
        self._shelf = shelf
        self._device = device
        self._start = start
        # One at a time: two passes at once take as long as one after the other, and more memory.
        # Neighbours have a lock of their own, because their first call takes many seconds.
        self._drawing, self._measuring = Lock(), Lock()
        self._routes: dict[str, Callable[[Query], Answer]] = {
            "": self._page,
            "picture": self._picture,
            "space": self._space,
            "nearest": self._nearest,
            "samples": self._samples,
        }

    def answer(self, path: str) -> Answer:
        """The answer to a path with its query; a mistake in it is a sentence."""
        if len(path) > LONGEST_QUERY:
            text = f"The request has {len(path)} characters; {LONGEST_QUERY} are allowed."
            return _refusal(text, HTTPStatus.REQUEST_URI_TOO_LONG)
        parts = urlsplit(path)
        token, _, name = parts.path.lstrip("/").partition("/")
        route = self._routes.get(name)
        if not secrets.compare_digest(token.encode(), self.token.encode()) or route is None:
            return _refusal("Not here; the command printed the address.", HTTPStatus.NOT_FOUND)
        try:
            return route(Query(parts.query))
        except InputError as error:
            return _refusal(str(error), HTTPStatus.BAD_REQUEST)

    def _page(self, query: Query) -> Answer:
        data = {
            "runs": [describe(source) for source in self._shelf.sources],
            "start": None if self._start is None else self._start.model_dump(),
        }
        return Answer(build_explorer(data).encode())

    def _picture(self, query: Query) -> Answer:
        recipe = query.recipe()
        with self._drawing:
            images = self._shelf.opened(recipe.run, recipe.images).images(recipe)
        return Answer(png_of(images, recipe), PNG)

    def _space(self, query: Query) -> Answer:
        """What the page has to know of a generator that is opened."""
        with self._drawing:
            return _json(space_of(self._shelf.opened(query.word("run"))))

    def _nearest(self, query: Query) -> Answer:
        recipe = query.recipe()
        if recipe.pick is None:
            raise InputError("pick is missing: neighbours are of one image of the grid")
        with self._drawing:
            image = self._shelf.opened(recipe.run, recipe.images).images(recipe)
        with self._measuring:
            nearest = neighbours_of(image, self._shelf.source(recipe.run), self._device)
        pictures = [png_of(one[None], recipe) for one in nearest.images]
        return _json(
            {
                "pictures": [base64.b64encode(one).decode() for one in pictures],
                "rows": nearest.rows,
                "distances": nearest.distances,
            }
        )

    def _samples(self, query: Query) -> Answer:
        source, images = self._shelf.source(query.word("run")), query.word("images")
        files = {str(seen): file for seen, file in sample_files(source.folder).items()}
        if images not in files:
            raise InputError(f"{source.name} has no {SAMPLES_FOLDER} at {images[:20]!r} images")
        return Answer(files[images].read_bytes(), WEBP)


class Query:
    """The parameters of a request."""

    def __init__(self, text: str) -> None:
        try:
            self._values = parse_qs(text, max_num_fields=8, errors="strict")
        except ValueError:
            raise InputError("the query is no list of parameters in UTF-8") from None

    def word(self, name: str) -> str:
        """A parameter that is given once. Raises InputError otherwise."""
        values = self._values.get(name, [])
        if len(values) != 1:
            raise InputError(f"{name} is given {len(values)} times; give it once")
        return values[0]

    def recipe(self) -> Recipe:
        """The parameter `recipe`, JSON."""
        return parse_recipe(self.word("recipe"), "the recipe")


def describe(source: Source) -> dict[str, Any]:
    """A run as the page's script reads it."""
    conditional = source.config.network.conditional
    verdict = source.card.verdict
    return {
        "name": source.name,
        "architecture": source.config.network.architecture,
        "verdict": verdict.name if verdict else None,
        "imagesSeen": source.card.images_seen,
        "resolution": source.pack.resolution,
        "classes": list(source.pack.card.class_names) if conditional else [],
        "kept": source.kept,
        "samples": source.samples,
    }


def space_of(explored: Explored) -> dict[str, Any]:
    """What a generator can be moved along, as the page's script reads it."""
    return {
        "shares": explored.directions.shares.tolist(),
        "truncates": explored.has_w,
        "takesText": takes_text(explored.run),
    }


def _json(data: object) -> Answer:
    return Answer(json.dumps(data, allow_nan=False).encode(), JSON)


def _refusal(text: str, status: HTTPStatus) -> Answer:
    return Answer(f"{text}\n".encode(), TEXT, status)
