"""The exported page: a generator in the browser, from disk, against the same in torch."""

from __future__ import annotations

import base64
import builtins
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

import lab.explore.export
from lab.errors import InputError
from lab.explore.export import export_run
from lab.explore.onnx_file import onnx_of
from lab.explore.recipe import Recipe
from lab.explore.shelf import Shelf, sources_of
from tests.reports.browser.visits import CHROMIUM, FLAGS, sync_api

RUNTIME = Path(__file__).parents[2] / "reports" / "explorer" / "runtime"
TILES = "() => [...document.querySelectorAll('.tiles canvas')].map(it => it.toDataURL())"
LEVELS = 1
"""Grey levels that two programs may round apart."""


def one_of(run: Path) -> Shelf:
    return Shelf(sources_of([str(run)], trust=False), torch.device("cpu"))


def test_several_runs_are_one_sentence(shelf: Shelf, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="--export writes one run and 3 are given"):
        export_run(shelf, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_runtime_that_is_not_installed_is_one_sentence(
    styled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lab.explore.export, "RUNTIME", "nowhere")
    with pytest.raises(InputError, match=r"needs onnxruntime-web, .* run npm ci --prefix"):
        export_run(one_of(styled), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_packages_that_are_not_installed_are_one_sentence(
    shelf: Shelf, recipe: Recipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = builtins.__import__

    def without_onnx(name: str, *args: Any, **options: Any) -> Any:
        if name == "onnx":
            raise ImportError(name="onnx")
        return original(name, *args, **options)

    explored = shelf.opened(recipe.run)
    monkeypatch.setattr(builtins, "__import__", without_onnx)
    with pytest.raises(InputError, match=r"the package onnx; .*\[export\]"):
        onnx_of(explored)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with sync_api.sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield opened
        opened.close()


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="no chromium on the PATH (Debian: chromium)")
@pytest.mark.skipif(
    not (RUNTIME / "node_modules").exists(), reason=f"run npm ci --prefix {RUNTIME}"
)
@pytest.mark.parametrize("architecture", ["dcgan", "stylegan2"])
def test_the_page_paints_what_torch_paints_without_a_network(
    browser: Any, architecture: str, trial: Path, styled: Path, tmp_path: Path
) -> None:
    shelf = one_of(styled if architecture == "stylegan2" else trial / "seed-1")
    written = export_run(shelf, tmp_path / "out")
    name = shelf.sources[0].name
    context = browser.new_context(offline=True)
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(written.page.as_uri())
    page.wait_for_selector("html[data-ready]", timeout=120_000)
    wait_for(page, shelf, Recipe(run=name))

    page.locator("#direction-0").fill("2")
    page.get_by_label("Class").select_option("1")
    wait_for(page, shelf, Recipe(run=name, label=1, sliders=(2.0,)))
    if architecture == "stylegan2":
        page.locator("#psi").fill("0.5")
    page.get_by_label("From A to B").check()
    page.get_by_label("A: code").fill("3")
    page.get_by_label("B: code").fill("250")
    psi = 0.5 if architecture == "stylegan2" else 1.0
    wait_for(page, shelf, Recipe(run=name, first=3, to=250, label=1, psi=psi, sliders=(2.0,)))
    assert complaints == []
    context.close()


def wait_for(page: Any, shelf: Shelf, recipe: Recipe) -> None:
    """Wait until the tiles are torch's images."""
    wanted = shelf.opened(recipe.run).images(recipe)[:, 0].numpy()
    for _ in range(200):
        shown = np.stack([tile(url) for url in page.evaluate(TILES)])
        if np.abs(shown.astype(int) - wanted).max() <= LEVELS:
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"{np.abs(shown.astype(int) - wanted).max()} grey levels apart: {recipe}")


def tile(url: str) -> np.ndarray[Any, Any]:
    """[H, H] of a canvas as a data URL."""
    content = base64.b64decode(url.partition(",")[2])
    return np.asarray(Image.open(io.BytesIO(content)).convert("L"))
