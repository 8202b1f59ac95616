"""Accessibility as axe-core checks it: WCAG 2.0 and 2.1, levels A and AA, in light and dark.

axe.min.js is axe-core 4.14.1, unchanged (Mozilla Public License 2.0, see axe-LICENSE.txt).
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.reports.browser.conftest import Opened

AXE = Path(__file__).with_name("axe.min.js").read_text()
RUN = """async () => {
  const found = await axe.run(document, {
    runOnly: {type: "tag", values: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]},
    resultTypes: ["violations"],
  });
  return found.violations.flatMap(it => it.nodes.slice(0, 3).map(node =>
    `${it.id}: ${node.target.join(" ")}: ${node.any.concat(node.all, node.none)
      .map(check => check.message).join("; ").slice(0, 160)}`));
}"""


@pytest.mark.parametrize(
    ("size", "scheme"),
    [
        ("5", "light"),
        ("5", "dark"),
        pytest.param("500", "dark", marks=pytest.mark.slow),
        pytest.param("500", "light", marks=pytest.mark.slow),
        pytest.param("10000", "light", marks=pytest.mark.large),
        pytest.param("10000", "dark", marks=pytest.mark.large),
    ],
)
def test_axe_finds_nothing(opened: Opened, size: str, scheme: str) -> None:
    visit = opened[size]
    visit.page.emulate_media(color_scheme=scheme)
    visit.select(trial=2, where="stage=explore")
    visit.page.evaluate(AXE)
    found = visit.page.evaluate(RUN)
    visit.page.emulate_media(color_scheme="light")
    assert found == []
