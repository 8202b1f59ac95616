"""The page in a browser: what its controls draw, by mouse and by keyboard."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from lab.explore.recipe import Recipe, read_recipe
from lab.explore.server import Explorer
from lab.explore.shelf import Shelf, sources_of
from lab.loopback import address, answered, listen
from tests.reports.browser.visits import CHROMIUM, FLAGS, sync_api

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium on the PATH (Debian: chromium)"),
]
PIXELS = "() => [...document.querySelectorAll('.tiles canvas')].map(it => it.toDataURL())"
"""What each tile shows."""
PATIENCE = 500
"""Looks at the tiles, 20 ms apart, until they are expected to have changed."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with sync_api.sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield opened
        opened.close()


class Page:
    """An open page, and everything it complained about."""

    def __init__(self, page: Any) -> None:
        self.page = page
        self.complaints: list[str] = []
        page.on("console", lambda message: self.complaints.append(message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def pixels(self) -> list[str]:
        found: list[str] = self.page.evaluate(PIXELS)
        return found

    def changes_after(self, act: Callable[[], object]) -> None:
        """Wait until every tile shows something else."""
        before = self.pixels()
        act()
        self.until(lambda after: all(map(str.__ne__, before, after)))

    def until(self, holds: Callable[[list[str]], bool]) -> None:
        for _ in range(PATIENCE):
            if holds(self.pixels()):
                return
            self.page.wait_for_timeout(20)
        raise AssertionError("the tiles did not become what was expected")


@pytest.fixture
def opened(browser: Any, request: pytest.FixtureRequest) -> Iterator[Page]:
    """The page of the runs that the parameter names, each by a fixture."""
    names = [str(request.getfixturevalue(name)) for name in request.param]
    shelf = Shelf(sources_of(names, trust=False), torch.device("cpu"))
    listener = listen(0)
    explorer = Explorer(shelf, "cpu")
    context = browser.new_context(viewport={"width": 1200, "height": 900}, accept_downloads=True)
    with answered(listener, explorer.answer):
        page = Page(context.new_page())
        page.page.set_default_timeout(60_000)
        page.page.goto(f"{address(listener)}{explorer.token}/")
        page.page.wait_for_selector("html[data-ready]")
        yield page
        assert page.complaints == []
        context.close()


def shift(page: Any, identity: str, value: float) -> None:
    page.locator(f"#{identity}").evaluate(
        "(input, value) => { input.value = value;"
        " input.dispatchEvent(new Event('input', {bubbles: true})); }",
        value,
    )


@pytest.mark.parametrize("opened", [["trial"]], indirect=True)
def test_controls_draw_the_runs_of_a_trial_side_by_side(opened: Page, tmp_path: Path) -> None:
    page = opened.page
    assert page.locator("#runs h2").count() == 2
    assert not page.locator("#psi-of").is_visible(), "a DCGAN has no w"
    assert not page.locator("#text-of").is_visible(), "it takes no text"
    first = opened.pixels()
    assert len(set(first)) > 16
    opened.changes_after(lambda: shift(page, "direction-0", 2))
    opened.changes_after(lambda: shift(page, "time", 0))
    page.get_by_role("button", name="All to 0").click()
    shift(page, "time", 2)
    opened.until(first.__eq__)
    opened.changes_after(lambda: page.get_by_role("button", name="The next 16 codes").click())

    page.locator(".tiles").nth(1).locator("button").nth(3).click()
    assert page.locator("#selected .words p").first.text_content().startswith("Code 19, grey, of ")
    with page.expect_download() as download:
        page.get_by_role("button", name="Save image").click()
    path = tmp_path / "saved.png"
    download.value.save_as(path)
    recipe = read_recipe(path)
    assert (recipe.first, recipe.pick, recipe.sliders[0]) == (16, 3, 0.0)
    assert recipe.run.endswith("seed-2")
    page.get_by_role("button", name="Use as B").click()
    page.get_by_label("From A to B").check()
    assert page.get_by_label("B: code").input_value() == "19"


@pytest.mark.parametrize("opened", [["styled"]], indirect=True)
def test_everything_is_reached_and_moved_by_the_keyboard(opened: Page) -> None:
    page = opened.page
    reached = []
    for _ in range(60):
        page.keyboard.press("Tab")
        focused = page.evaluate(
            "() => { const it = document.activeElement; const style = getComputedStyle(it);"
            " return [it.id || it.name || it.className || it.parentElement?.className,"
            " style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0]; }"
        )
        assert focused[1] or focused[0] == "", f"{focused[0]} shows no focus"
        if focused[0] in reached:
            break
        reached.append(focused[0])
    wanted = {"theme", "tiles", "first", "codes-after", "label", "psi", "time", "direction-0"}
    assert wanted <= set(reached)
    page.locator("#psi").focus()
    opened.changes_after(lambda: page.keyboard.press("Home"))
    assert page.locator("#psi-value").text_content() == "0.00"
    page.locator(".tiles button").first.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    assert page.locator(".tiles button").nth(5).get_attribute("aria-pressed") == "true"
    shift(page, "time", 0)
    page.wait_for_selector("#runs img")
    assert "no generator" in page.locator("#runs figcaption").text_content()


def test_a_recipe_opens_what_it_was_saved_from(browser: Any, shelf: Shelf, recipe: Recipe) -> None:
    start = recipe.model_copy(update={"first": 5, "to": 9, "pick": 2, "sliders": (0.0, 1.5)})
    listener = listen(0)
    explorer = Explorer(shelf, "cpu", start)
    with answered(listener, explorer.answer):
        page = browser.new_page(viewport={"width": 390, "height": 800}, color_scheme="dark")
        page.goto(f"{address(listener)}{explorer.token}/")
        page.wait_for_selector("html[data-ready]")
        assert page.get_by_label("A: code").input_value() == "5"
        assert page.get_by_label("B: code").input_value() == "9"
        assert page.locator("#direction-1").input_value() == "1.5"
        chosen = page.locator(".tiles").first.locator("button").nth(2)
        assert chosen.get_attribute("aria-pressed") == "true"
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        page.close()
