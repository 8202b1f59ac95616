"""The documents: what they cite exists, and what they promise of themselves holds."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md"]
DOCUMENTS += sorted((ROOT / "docs").glob("*.md"))
CODE = [
    path
    for folder in ("lab", "reports", "search_spaces", "tests", "benchmarks")
    for path in sorted((ROOT / folder).rglob("*.py"))
]
CITATION = re.compile(r"docs/(\w+)\.md(?:,? section (\d+))?")
LINK = re.compile(r"\]\(([^)#:\s]+)(?:#([\w-]+))?\)")
README_WORDS = 1_200


def headings(document: Path) -> list[str]:
    return re.findall(r"^#+ (.+)$", document.read_text(), re.MULTILINE)


def anchor(heading: str) -> str:
    return re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-")


def citations() -> set[tuple[str, str]]:
    return {match for path in CODE for match in CITATION.findall(path.read_text())}


def test_every_cited_document_and_section_exists() -> None:
    cited = citations()
    assert ("science", "3") in cited
    for name, section in sorted(cited):
        document = ROOT / "docs" / f"{name}.md"
        assert document.exists(), document
        if section:
            assert any(text.startswith(f"{section}. ") for text in headings(document)), (
                name,
                section,
            )


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_link_of_a_document_leads_somewhere(document: Path) -> None:
    for target, section in LINK.findall(document.read_text()):
        path = document.parent / target.replace("\\", "")
        assert path.exists(), target
        if section:
            assert section in map(anchor, headings(path)), (target, section)


def test_the_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text().split()) <= README_WORDS


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md"])
def test_the_places_of_the_tables_exist(name: str) -> None:
    text = (ROOT / name).read_text()
    for place in re.findall(r"`((?:lab|reports|search_spaces)/[\w/<>.]+)`", text):
        folder = ROOT / place.split("<")[0]
        assert folder.exists(), place


def test_the_design_has_every_module_of_the_lab_and_the_layers_of_the_import_rules() -> None:
    text = (ROOT / "docs" / "design.md").read_text()
    tree = text.split("## 3. The tree")[1].split("```")[1]
    for path in (ROOT / "lab").iterdir():
        if path.suffix == ".py" and path.name != "__init__.py":
            assert f" {path.name}" in tree, path.name
        if (path / "__init__.py").exists():
            assert f"  {path.name}/ " in tree, path.name
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    written = " ".join(text.split("## 4. Layers")[1].split("```")[1].split())
    layered = [one for one in contracts["contracts"] if one["type"] == "layers"]
    assert len(layered) == 5
    for contract in layered:
        assert " > ".join(contract["layers"]) in written, contract["name"]


def test_the_changelog_describes_the_version_of_the_package() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    titles = headings(ROOT / "CHANGELOG.md")
    assert "[Unreleased]" in titles if "dev" in version else f"[{version}]" in " ".join(titles)


def test_every_licence_file_of_the_package_exists() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["license"] == "Apache-2.0"
    assert "Apache License" in (ROOT / "LICENSE").read_text()
    assert all((ROOT / name).exists() for name in project["license-files"])


def test_hooks_use_no_network() -> None:
    config = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())
    assert [repository["repo"] for repository in config["repos"]] == ["local"]
    assert {hook["language"] for hook in config["repos"][0]["hooks"]} == {"system"}


def test_notebooks_are_committed_without_outputs() -> None:
    notebooks = sorted((ROOT / "examples").glob("*.ipynb"))
    assert notebooks
    for path in notebooks:
        cells = json.loads(path.read_text())["cells"]
        code = [cell for cell in cells if cell["cell_type"] == "code"]
        assert all(not cell["outputs"] and cell["execution_count"] is None for cell in code), path
