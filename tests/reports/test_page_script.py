"""The scripts that a page carries are those that `npm run build` makes of their sources."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "reports" / "browser"
BUNDLE = FOLDER / "page.bundle.js"
EXPLORER, EXPORTED = (
    ROOT / "reports" / "explorer" / f"{name}.bundle.js" for name in ("explorer", "exported")
)
NPM = shutil.which("npm")
REMEDY = "run `make page-script` and commit what it changes"


def run(*command: str) -> None:
    finished = subprocess.run(command, cwd=ROOT, text=True, capture_output=True, check=False)
    assert finished.returncode == 0, finished.stdout + finished.stderr


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a fresh build."""
    if NPM is None:
        pytest.skip("no npm on the PATH (Debian: nodejs npm)")
    folder = tmp_path_factory.mktemp("build")
    run("make", "--no-print-directory", "reports/browser/node_modules/.installed")
    run(NPM, "--prefix", str(FOLDER), "run", "build", "--", str(folder))
    return folder


@pytest.mark.parametrize(
    "path", [BUNDLE, FOLDER / "plotly" / "plotly-lab.min.js", EXPLORER, EXPORTED]
)
def test_what_is_committed_is_what_the_sources_make(fresh: Path, path: Path) -> None:
    made = fresh / (path.relative_to(FOLDER) if path.is_relative_to(FOLDER) else path.name)
    same = made.read_bytes() == path.read_bytes()
    assert same, f"{path.relative_to(ROOT)} is not what its sources make: {REMEDY}"


def test_every_script_of_a_section_is_in_the_page() -> None:
    bundled = set(re.findall(r"^ *// \.\./(sections/\S+\.js)$", BUNDLE.read_text(), re.MULTILINE))
    sources = {
        path.relative_to(ROOT / "reports").as_posix()
        for path in (ROOT / "reports" / "sections").glob("*/*.js")
    }
    assert len(sources) >= 8
    assert bundled == sources, f"import each in reports/browser/main.js, then {REMEDY}"


@pytest.mark.parametrize("bundle", [BUNDLE, EXPLORER, EXPORTED])
def test_the_bundle_ends_no_script_element(bundle: Path) -> None:
    assert "</script" not in bundle.read_text().lower()
