"""What the explorer answers, and to whom."""

from __future__ import annotations

import http.client
import io
import json
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from PIL import Image

from lab.explore.recipe import Recipe, read_recipe
from lab.explore.server import LONGEST_QUERY, Explorer
from lab.explore.shelf import Shelf
from lab.loopback import answered, listen


class Served:
    """An explorer at a port."""

    def __init__(self, port: int, token: str) -> None:
        self.port = port
        self.token = token

    def ask(
        self, name: str, *, token: str | None = None, host: str | None = None, **parameters: str
    ) -> tuple[int, bytes, http.client.HTTPMessage]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        path = f"/{self.token if token is None else token}/{name}"
        if parameters:
            path += f"?{urlencode(parameters)}"
        connection.request("GET", path, headers={} if host is None else {"Host": host})
        answer = connection.getresponse()
        return answer.status, answer.read(), answer.headers


@pytest.fixture
def served(shelf: Shelf) -> Iterator[Served]:
    listener = listen(0)
    explorer = Explorer(shelf, "cpu")
    with answered(listener, explorer.answer):
        yield Served(listener.getsockname()[1], explorer.token)


def test_a_picture_is_a_png_with_its_recipe(
    served: Served, recipe: Recipe, tmp_path: Path
) -> None:
    status, body, headers = served.ask("picture", recipe=recipe.model_dump_json())
    assert (status, headers["Content-Type"]) == (200, "image/png")
    path = tmp_path / "grid.png"
    path.write_bytes(body)
    assert read_recipe(path) == recipe
    assert Image.open(path).size == (128, 128)


def test_the_page_holds_the_runs_and_asks_this_server_alone(served: Served, trial: Path) -> None:
    status, body, headers = served.ask("")
    page = unescape(body.decode())
    assert status == 200
    assert f"{trial}/seed-1" in page
    assert f"{trial}/seed-2" in page
    assert "connect-src 'self'" in page
    assert "default-src 'none'" in page
    assert headers["Cache-Control"] == "no-store"
    assert "Access-Control-Allow-Origin" not in headers


def test_the_space_of_a_run(served: Served, trial: Path, styled: Path) -> None:
    plain = json.loads(served.ask("space", run=f"{trial}/seed-1")[1])
    mapped = json.loads(served.ask("space", run=str(styled))[1])
    assert (plain["truncates"], mapped["truncates"]) == (False, True)
    assert len(plain["shares"]) == 4
    assert not plain["takesText"]


def test_stored_samples_are_given_and_nothing_else_of_the_folder(
    served: Served, styled: Path
) -> None:
    status, body, headers = served.ask("samples", run=str(styled), images="8")
    assert (status, headers["Content-Type"]) == (200, "image/webp")
    assert Image.open(io.BytesIO(body)).format == "WEBP"
    for images in ("7", "../run", "-1", "８"):
        assert served.ask("samples", run=str(styled), images=images)[0] == 400


@pytest.mark.parametrize("token", ["", "wrong", "ä", ".."])
def test_without_the_token_nothing_is_there(served: Served, recipe: Recipe, token: str) -> None:
    status, body, _ = served.ask("picture", token=quote(token), recipe=recipe.model_dump_json())
    assert status == 404
    assert served.token.encode() not in body


@pytest.mark.parametrize("name", ["run.json", "picture/x", "../picture", "favicon.ico"])
def test_no_other_path_is_there(served: Served, name: str) -> None:
    assert served.ask(name)[0] == 404


def test_a_foreign_name_is_refused(served: Served, recipe: Recipe) -> None:
    for host in ("evil.example", "localhost.evil.example"):
        status, body, _ = served.ask("picture", host=host, recipe=recipe.model_dump_json())
        assert status == 421
        assert b"PNG" not in body


def test_no_verb_but_get_and_head_is_understood(served: Served) -> None:
    for verb in ("POST", "PUT", "DELETE", "OPTIONS"):
        connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=10)
        connection.request(verb, f"/{served.token}/")
        assert connection.getresponse().status == 501


@pytest.mark.parametrize(
    ("name", "parameters", "sentence"),
    [
        ("picture", {}, "recipe is given 0 times"),
        ("picture", {"recipe": "{"}, "Invalid JSON"),
        ("picture", {"recipe": '{"run": "/etc"}'}, "which this page does not draw from"),
        ("picture", {"recipe": '{"run": "a", "count": 1000000}'}, "count"),
        ("space", {"run": "elsewhere"}, "which this page does not draw from"),
        ("nearest", {"recipe": '{"run": "a"}'}, "pick is missing"),
    ],
)
def test_a_wrong_request_is_one_sentence(
    served: Served, name: str, parameters: dict[str, str], sentence: str
) -> None:
    status, body, headers = served.ask(name, **parameters)
    assert status == 400
    assert sentence in body.decode()
    assert headers["Content-Type"].startswith("text/plain")
    assert body.count(b"\n") == 1


def test_garbage_and_long_requests_are_refused(served: Served) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=10)
    connection.request("GET", f"/{served.token}/picture?recipe=%ff%fe")
    assert connection.getresponse().status == 400
    assert served.ask("picture", recipe="x" * LONGEST_QUERY)[0] == 414


def test_the_nearest_training_images_come_with_their_distances(
    served: Served, recipe: Recipe
) -> None:
    picked = recipe.model_copy(update={"pick": 3})
    status, body, _ = served.ask("nearest", recipe=picked.model_dump_json())
    found: dict[str, Any] = json.loads(body)
    assert status == 200, body
    assert len(found["pictures"]) == len(found["rows"]) == len(set(found["rows"])) == 6
    assert found["distances"] == sorted(found["distances"])
    assert found["distances"][0] > 0
