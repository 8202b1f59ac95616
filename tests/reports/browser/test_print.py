"""On paper: no toolbar, nothing cut off, more than one page."""

from __future__ import annotations

import re

from tests.reports.browser.visits import Visit

A4_PIXELS = 794
CUT_OFF = """() => [...document.querySelectorAll("main *")].filter(it => {
  if (!it.checkVisibility()) return false;
  if (it.closest(".overlay, .gap, noscript, [aria-hidden=true]")) return false;
  const box = it.getBoundingClientRect();
  return box.width > 0 && box.right > document.documentElement.clientWidth + 1;
}).map(it => `${it.tagName} ${it.className?.baseVal ?? it.className} `
  + `${Math.round(it.getBoundingClientRect().right)}`)"""


def on_paper(visit: Visit) -> None:
    visit.page.set_viewport_size({"width": A4_PIXELS, "height": 1123})
    visit.page.emulate_media(media="print")
    visit.page.evaluate("dispatchEvent(new Event('beforeprint'))")
    visit.settle()
    visit.page.wait_for_timeout(300)


def off_paper(visit: Visit) -> None:
    visit.page.evaluate("dispatchEvent(new Event('afterprint'))")
    visit.page.emulate_media(media="screen")
    visit.page.set_viewport_size({"width": 1200, "height": 900})
    visit.settle()


def test_paper_has_no_toolbar_and_cuts_nothing_off(visit: Visit) -> None:
    on_paper(visit)
    try:
        assert visit.page.locator("nav").is_hidden()
        assert visit.page.locator("#filter").is_hidden()
        assert visit.page.locator("h1").is_visible()
        assert visit.page.evaluate(CUT_OFF) == []
    finally:
        off_paper(visit)


def test_dark_pages_print_on_white(visit: Visit) -> None:
    visit.page.emulate_media(color_scheme="dark", media="print")
    paper = visit.page.evaluate("getComputedStyle(document.body).backgroundColor")
    visit.page.emulate_media(color_scheme="light", media="screen")
    assert paper in ("rgb(255, 255, 255)", "rgba(0, 0, 0, 0)")


def test_a_pdf_has_pages(medium: Visit) -> None:
    printed = medium.page.pdf(format="A4")
    assert printed.startswith(b"%PDF")
    assert len(re.findall(rb"/Type\s*/Page\b", printed)) > 3
