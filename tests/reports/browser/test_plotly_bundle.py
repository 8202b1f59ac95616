"""The embedded Plotly is the version that plotly.py writes figures for, and says its licence."""

from __future__ import annotations

import json
import re
from importlib.resources import files

from plotly.offline import get_plotlyjs

FOLDER = files("reports").joinpath("browser/plotly")
RECIPE = files("reports").joinpath("browser/package.json")


def version_of(script: str) -> str:
    found = re.search(r"plotly\.js v(\d+\.\d+\.\d+)", script[:300])
    assert found is not None
    return found[1]


def test_the_bundle_is_the_version_that_its_recipe_names() -> None:
    recipe = json.loads(RECIPE.read_text())
    built = version_of(FOLDER.joinpath("plotly-lab.min.js").read_text())
    assert built == recipe["dependencies"]["plotly.js"]


def test_the_bundle_reads_what_the_installed_plotly_writes() -> None:
    built = version_of(FOLDER.joinpath("plotly-lab.min.js").read_text())
    assert built.split(".")[0] == version_of(get_plotlyjs()).split(".")[0]


def test_the_licence_stands_beside_it() -> None:
    assert "MIT" in FOLDER.joinpath("LICENSE").read_text()[:60]
