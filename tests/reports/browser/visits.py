"""An open page, everything it complained about, and everything it asked the network for."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
)  # fmt: skip
PATIENCE = 60.0
"""Seconds that a page may take to come to rest on a busy machine."""
DRIVER = "GL Driver Message"
"""What the software renderer says of its own speed; a page can neither cause nor stop it."""
NAMES = """
  for (const name of ["panels", "selection", "store"]) {
    Object.defineProperty(window, name, { get: () => report[name] });
  }
"""
"""What the page's script exports as `report`, by the names that the tests use most."""
CONTEXTS = """
  window.webgl = [];
  const original = HTMLCanvasElement.prototype.getContext;
  HTMLCanvasElement.prototype.getContext = function (kind, ...rest) {
    const made = original.call(this, kind, ...rest);
    if (String(kind).includes("webgl") && made && !window.webgl.includes(made)) {
      window.webgl.push(made);
    }
    return made;
  };
"""
"""Counts the WebGL contexts that a page makes."""


@dataclass
class Visit:
    """A page that is open."""

    page: Any
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def state(self) -> dict[str, Any]:
        """The selection: its trial, its filter, and how many runs match (None: no filter)."""
        found: dict[str, Any] = self.page.evaluate(
            "({trial: selection.trial, where: selection.where, hash: location.hash, "
            "matched: selection.runs && selection.matched().length})"
        )
        return found

    def select(self, **change: Any) -> None:
        """Change the selection and wait until it is drawn."""
        self.page.evaluate("change => selection.set(change)", change)
        self.settle()

    def settle(self) -> None:
        """Wait until two frames have passed."""
        self.page.evaluate(
            "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
        )

    def until(self, condition: str, argument: Any = None) -> None:
        """Wait until a JavaScript expression, or function of `argument`, holds.

        Playwright's own `wait_for_function` evaluates text in the page, which its policy forbids.
        """
        end = time.monotonic() + PATIENCE
        while not self.page.evaluate(condition, argument):
            assert time.monotonic() < end, f"waited {PATIENCE:g} s for {condition} of {argument}"
            self.page.wait_for_timeout(20)

    def show(self, panel: str) -> Any:
        """Scroll a figure into sight, wait until it is drawn, and give its frame."""
        place = self.page.locator(f"[data-panel={panel}]")
        for _ in range(2):  # what was drawn on the way may have moved it
            place.evaluate("figure => figure.scrollIntoView({block: 'center'})")
            self.until(
                "name => { const it = panels.find(panel => panel.identity === name);"
                " return it.visible && it.frame._fullLayout; }",
                panel,
            )
            self.settle()
        return place.locator(".frame")

    def panels(self, kind: str = "true") -> list[str]:
        """Names of the figures for which a JavaScript expression over `panel` holds."""
        names: list[str] = self.page.evaluate(
            f"panels.filter(panel => {kind}).map(panel => panel.identity)"
        )
        return names

    def marks(self, panel: str, kind: str) -> int:
        """Shapes of a kind (`selected`, `matched`) in a figure's overlay."""
        return int(self.page.locator(f"[data-panel={panel}] .overlay .{kind} > *").count())


@contextmanager
def visiting(
    browser: Any,
    path: Path,
    *,
    width: int = 1200,
    scheme: str = "light",
    fragment: str = "",
    complete: bool = False,
    **options: Any,
) -> Iterator[Visit]:
    """Open the page at `path` in a context of its own; with `complete` until all is drawn."""
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme, **options
    )
    page = context.new_page()
    page.set_default_timeout(30_000)
    page.add_init_script(NAMES + CONTEXTS)
    seen = Visit(page)
    page.on("console", lambda message: hear(seen, message))
    page.on("pageerror", lambda error: seen.complaints.append(f"error: {error}"))
    page.on("dialog", lambda dialog: (seen.complaints.append("dialog"), dialog.dismiss()))
    page.on("request", lambda request: seen.requests.append(request.url.split(":", 1)[0]))
    page.goto(path.as_uri() + fragment)
    page.wait_for_selector("html[data-complete]" if complete else "html[data-ready]")
    yield seen
    context.close()


def hear(seen: Visit, message: Any) -> None:
    """Keep a console message, unless it is the graphics driver's."""
    if DRIVER not in message.text:
        seen.complaints.append(f"{message.type}: {message.text}")
