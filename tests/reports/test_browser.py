"""The page in a real browser, from disk: figures, table, colours, widths, silence on the wire."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from reports import write_report
from tests.reports.raced import write_grid_study, write_raced_study
from tests.reports.synthetic import write_study
from tests.reports.test_page import write_hostile_study

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
FIGURES = {"safe-zone", "quality", "failures", "curves", "importances", "survival"}

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium on the PATH (Debian: chromium)"),
]


@dataclass
class Visit:
    """An open page and everything it complained about or asked for."""

    page: sync_api.Page
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def browser() -> Iterator[sync_api.Browser]:
    with sync_api.sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield opened
        opened.close()


def visit(
    browser: sync_api.Browser, path: Path, *, width: int = 1200, scheme: str = "light"
) -> Visit:
    """The page at `path`, drawn to its end."""
    page = browser.new_page(
        viewport={"width": width, "height": 900},
        color_scheme=scheme,  # type: ignore[arg-type]
    )
    seen = Visit(page)
    page.on("console", lambda message: seen.complaints.append(f"{message.type}: {message.text}"))
    page.on("pageerror", lambda error: seen.complaints.append(f"error: {error}"))
    page.on("dialog", lambda dialog: (seen.complaints.append("dialog"), dialog.dismiss()))
    page.on("request", lambda request: seen.requests.append(request.url.split(":", 1)[0]))
    page.goto(path.as_uri())
    page.wait_for_selector("html[data-ready]", timeout=60_000)
    return seen


@pytest.fixture(scope="module")
def report(study_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_report(study_folder, tmp_path_factory.mktemp("page") / "report.html")


@pytest.fixture(scope="module")
def light(browser: sync_api.Browser, report: Path) -> Visit:
    return visit(browser, report)


def test_the_page_is_silent_on_the_console_and_on_the_wire(light: Visit) -> None:
    assert light.complaints == []
    assert set(light.requests) <= {"file", "data"}
    assert light.requests.count("file") == 1


def test_every_figure_is_drawn_with_a_size(light: Visit) -> None:
    drawn = {
        frame.get_attribute("id"): frame.query_selector("svg.main-svg").bounding_box()
        for frame in light.page.query_selector_all(".frame")
    }
    assert set(drawn) == FIGURES
    assert all(box["width"] > 500 and box["height"] > 200 for box in drawn.values())


def test_every_picture_is_shown(light: Visit) -> None:
    widths = light.page.eval_on_selector_all("img", "all => all.map(one => one.naturalWidth)")
    assert len(widths) > 5
    assert min(widths) > 100


def test_a_header_sorts_the_table_up_and_down(light: Visit) -> None:
    cells = "all => all.map(row => Number(row.cells[0].dataset.value))"
    light.page.click("#trials-table thead button >> nth=0")
    up = light.page.eval_on_selector_all("#trials-table tbody tr", cells)
    light.page.click("#trials-table thead button >> nth=0")
    down = light.page.eval_on_selector_all("#trials-table tbody tr", cells)
    assert up == sorted(up) == down[::-1]
    assert len(set(up)) == 20


def test_the_filter_box_leaves_the_rows_that_hold_every_word(light: Visit) -> None:
    light.page.fill("#trial-filter", "stable sobol")
    rows = light.page.eval_on_selector_all(
        "#trials-table tbody tr", "all => all.filter(r => !r.hidden).map(r => r.textContent)"
    )
    assert 0 < len(rows) < 20
    assert all("stable" in row and "sobol" in row for row in rows)
    assert light.page.inner_text("#trial-count") == f"{len(rows)} of 20 runs"
    light.page.fill("#trial-filter", "")


def test_a_metric_is_picked_and_its_axis_follows(light: Visit) -> None:
    light.page.select_option("#curves-picker-0", "kid_fashion")
    light.page.wait_for_function(
        "document.getElementById('curves').layout.yaxis.title.text === 'kid_fashion'"
    )
    assert light.page.evaluate("document.getElementById('curves').layout.yaxis.type") == "log"


def test_both_axes_of_the_map_can_be_picked(light: Visit) -> None:
    light.page.select_option("#safe-zone-picker-0", "loss")
    light.page.wait_for_function(
        "document.getElementById('safe-zone').layout.xaxis.title.text === 'loss'"
    )
    text = light.page.text_content("#safe-zone .xaxislayer-above")
    assert "hinge" in text


def test_the_key_hides_an_outcome(light: Visit) -> None:
    light.page.click("[data-panel=quality] [data-outcome=stable]")
    visible = light.page.evaluate(
        "document.getElementById('quality').data"
        ".filter(trace => trace.meta?.outcome === 'stable').map(trace => trace.visible)"
    )
    assert visible == [False]


def test_a_click_on_a_mark_leads_to_its_trial(light: Visit) -> None:
    light.page.evaluate(
        "document.getElementById('curves').emit('plotly_click', {points: [{customdata: 7}]})"
    )
    assert light.page.evaluate("location.hash") == "#trial-7"
    assert light.page.query_selector("tr:target").get_attribute("id") == "trial-7"


CONTRAST = """selector => {
  const parts = text => text.match(/[0-9.]+/g).slice(0, 3).map(Number);
  const light = text => parts(text).map(v => v / 255)
    .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const paper = light(getComputedStyle(document.body).backgroundColor);
  return [...document.querySelectorAll(selector)].map(node => {
    const style = getComputedStyle(node);
    const ink = light(node instanceof SVGElement ? style.fill : style.color);
    return (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05);
  });
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_of_page_and_figures_is_readable_in_both_schemes(
    browser: sync_api.Browser, report: Path, scheme: str
) -> None:
    """WCAG 2.2 AA: 4.5 to 1 for text."""
    seen = visit(browser, report, scheme=scheme)
    places = "h1, h2, p, td, th, a, .xtick text, .ytick text, .xtitle, .ytitle, .textpoint text"
    ratios = seen.page.evaluate(CONTRAST, places)
    assert len(ratios) > 100
    assert min(ratios) >= 4.5
    paper = seen.page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (paper == "rgb(253, 253, 251)") == (scheme == "light")
    seen.page.close()


def test_nothing_scrolls_sideways_at_390_pixels(browser: sync_api.Browser, report: Path) -> None:
    seen = visit(browser, report, width=390)
    assert seen.page.evaluate("document.documentElement.scrollWidth") == 390
    assert seen.complaints == []
    seen.page.close()


def test_markup_in_names_runs_nothing(browser: sync_api.Browser, tmp_path: Path) -> None:
    seen = visit(browser, write_report(write_hostile_study(tmp_path)))
    assert seen.complaints == []
    assert seen.page.query_selector("img[src=x]") is None
    seen.page.close()


@pytest.mark.parametrize("num_trials", [0, 1])
def test_the_smallest_studies_draw_without_complaint(
    browser: sync_api.Browser, tmp_path: Path, num_trials: int
) -> None:
    seen = visit(browser, write_report(write_study(tmp_path, num_trials)))
    assert seen.complaints == []
    seen.page.close()


@pytest.mark.parametrize("width", [1200, 390])
def test_a_study_that_raced_and_a_papers_grid_fit_the_screen(
    browser: sync_api.Browser, tmp_path: Path, width: int
) -> None:
    raced = write_raced_study(tmp_path / "raced", {5: "sscs", 9: "srs"}, raced="scs", pareto=(5,))
    cells = {f"{letter}-{method}": "sc" for letter in "abcdef" for method in ("spectral", "layer")}
    for folder in (raced, write_grid_study(tmp_path / "grid", cells)):
        seen = visit(browser, write_report(folder), width=width)
        assert seen.complaints == []
        assert seen.page.evaluate("document.documentElement.scrollWidth") <= width
        seen.page.close()
