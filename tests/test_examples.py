"""The notebooks of examples/ run from start to end: the second reads what the first leaves."""

from __future__ import annotations

import os
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbformat import NotebookNode

ROOT = Path(__file__).parents[1]
TIMEOUT = 560
"""Seconds that a cell may take: the search starts Ray."""


def executed(name: str, folder: Path) -> NotebookNode:
    notebook = nbformat.read(ROOT / "examples" / name, as_version=4)
    client = NotebookClient(
        notebook, timeout=TIMEOUT, kernel_name="python3", resources={"metadata": {"path": folder}}
    )
    path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    return client.execute(env={**os.environ, "PYTHONPATH": path})


def results(notebook: NotebookNode) -> str:
    return "\n".join(
        output.get("data", {}).get("text/plain", "")
        for cell in notebook.cells
        for output in cell.get("outputs", [])
    )


@pytest.fixture(scope="module")
def searched(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, NotebookNode]:
    folder = tmp_path_factory.mktemp("examples")
    return folder, executed("search.ipynb", folder)


def test_a_search_from_a_notebook_leaves_a_report(searched: tuple[Path, NotebookNode]) -> None:
    folder, notebook = searched
    assert (folder / "studies" / "example" / "report.html").exists()
    assert "95% interval" in results(notebook)


def test_a_record_is_read_with_pandas_alone(searched: tuple[Path, NotebookNode]) -> None:
    folder, _ = searched
    printed = results(executed("read_a_record.ipynb", folder))
    assert "verdict.name" in printed
    assert "fd_fashion_" in printed


def test_reading_a_record_imports_nothing_of_the_lab() -> None:
    notebook = nbformat.read(ROOT / "examples" / "read_a_record.ipynb", as_version=4)
    code = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
    assert "lab" not in code.split()
    assert "import lab" not in code
