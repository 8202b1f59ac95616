"""A page in headless Chromium: how soon it is there, and how soon a selection shows in it."""

from __future__ import annotations

import shutil
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
)  # fmt: skip
WATCH = """
  new MutationObserver(() => {
    const state = document.documentElement.dataset;
    if (state.ready) window.readyAt ??= performance.now();
    if (state.complete) window.completeAt ??= performance.now();
  }).observe(document, { attributes: true, subtree: true,
                         attributeFilter: ["data-ready", "data-complete"] });
"""
"""Notes when the page reports that it is ready, and that every figure is drawn."""
REDRAW = """async change => {
  const frame = () => new Promise(resolve => requestAnimationFrame(resolve));
  let last = performance.now();
  const watch = new MutationObserver(() => { last = performance.now(); });
  watch.observe(document.body, { subtree: true, childList: true, attributes: true });
  const begun = last;
  report.selection.set(change);
  // The marks are on the screen once two frames have passed since the document last changed.
  let calm = 0;
  let drawn = begun;
  while (calm < 2) {
    const before = last;
    await frame();
    drawn = performance.now();
    calm = last === before ? calm + 1 : 0;
  }
  watch.disconnect();
  return drawn - begun;
}"""
"""Milliseconds from a change of the selection to the second still frame after its marks."""
IN_SIGHT = """identity => {
  const panel = report.panels.find(it => it.identity === identity);
  return panel.visible && panel.stored;
}"""
TRIALS_EACH = 3
"""Selections with each figure in sight."""
MOST = 20
"""Selections and filters timed with the slowest figures in sight."""
FILTERS = ("collapsed", "generator_lr=1e-4..1e-3", "loss=hinge -stage=explore", "stable", "")


@dataclass(frozen=True)
class Timed:
    """Milliseconds of many changes."""

    median: float
    most: float
    where: str
    """The figure in sight at the longest."""


@dataclass(frozen=True)
class Opened:
    """A page that was opened: seconds since navigation, changes of its selection, bytes."""

    painted: float
    ready: float
    selected: Timed
    filtered: Timed
    memory: int
    """Resident memory of the process that shows the page."""


def open_page(page: Path, most_figures: int | None = None) -> Opened | None:
    """Open a page and use it, with so many of its figures or all; None without a Chromium."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        return None
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
        tab = browser.new_page(viewport={"width": 1280, "height": 900})
        tab.set_default_timeout(120_000)
        tab.add_init_script(WATCH)
        tab.goto(page.as_uri(), wait_until="commit")
        tab.wait_for_selector("html[data-ready]")
        tab.wait_for_selector("html[data-complete]")
        ready = tab.evaluate("window.readyAt / 1000")
        painted = tab.evaluate(
            "performance.getEntriesByName('first-contentful-paint')[0]?.startTime / 1000"
        )
        selected = _time(tab, _selections(tab), most_figures)
        filtered = _time(tab, [{"where": where} for where in FILTERS], most_figures)
        memory = _memory()
        browser.close()
    return Opened(painted, ready, selected, filtered, memory)


def _selections(tab: Any) -> list[dict[str, Any]]:
    """Changes to trials spread over the study."""
    numbers = tab.evaluate("report.store.trials.number")
    step = max(1, len(numbers) // 7)
    return [{"trial": number} for number in numbers[::step]]


def _time(tab: Any, changes: Sequence[dict[str, Any]], most_figures: int | None) -> Timed:
    """Each figure scrolled into sight and the selection changed; the slowest two once more."""
    figures = tab.evaluate("report.panels.map(panel => panel.identity)")[:most_figures]
    first = {figure: _changes(tab, figure, changes, TRIALS_EACH) for figure in figures}
    worst = sorted(figures, key=lambda figure: -max(first[figure]))[:2]
    taken = {figure: _changes(tab, figure, changes, MOST // 2) for figure in worst}
    where = max(taken, key=lambda figure: max(taken[figure]), default="")
    every = [each for times in taken.values() for each in times] or [float("nan")]
    return Timed(statistics.median(every), max(every), where)


def _changes(tab: Any, figure: str, changes: Sequence[dict[str, Any]], count: int) -> list[float]:
    frame = tab.locator(f"[data-panel={figure}]")
    for _ in range(2):  # what was drawn on the way may have moved it
        frame.evaluate("figure => figure.scrollIntoView()")
        while not tab.evaluate(IN_SIGHT, figure):  # the page's policy forbids wait_for_function
            tab.wait_for_timeout(50)
        tab.wait_for_timeout(200)
    return [tab.evaluate(REDRAW, changes[i % len(changes)]) for i in range(count)]


def _memory() -> int:
    """Of the largest renderer that this process started."""
    sizes = [0]
    for process in psutil.Process().children(recursive=True):
        try:
            if "--type=renderer" in process.cmdline():
                sizes.append(process.memory_info().rss)
        except psutil.Error:  # it ended meanwhile
            continue
    return max(sizes)
