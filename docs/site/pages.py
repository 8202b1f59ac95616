"""MkDocs hooks: the README as the first page, and a page for each linked file outside docs/.

The documents link to each other and to sources by paths in the repository, which they have to
where the repository is read. Here such links are rewritten to pages of the site, so that a strict
build checks every one of them.
"""

from __future__ import annotations

import json
import posixpath
import re
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[2]
LINK = re.compile(r"\]\(([^)#:\s]+)((?:#[\w-]+)?)\)")
FENCE = re.compile(r"^```(\w+) (.+)$", re.MULTILINE)
"""A block of code with the file that it belongs into, as in adding.md."""
FIRST_PAGE = "README.md"
LANGUAGES = {".py": "python", ".json": "json", ".yaml": "yaml"}
UNSEARCHED = "---\nsearch: {exclude: true}\n---\n"


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the README and everything outside docs/ that a page links to, directly or not."""
    files.append(File.generated(config, "index.md", content=(ROOT / FIRST_PAGE).read_text()))
    waiting = list(files.documentation_pages())
    while waiting:
        file = waiting.pop()
        for target, _ in LINK.findall(file.content_string):
            path = linked(file.src_uri, target)
            uri = site_uri(path)
            if (ROOT / path).exists() and files.get_file_from_path(uri) is None:
                new = File.generated(config, uri, content=shown(path))
                files.append(new)
                waiting.append(new)
    return files


def on_page_markdown(markdown: str, page: Page, **_: Any) -> str:
    """Links between pages of the site, and titles for blocks of code with a path."""
    here = page.file.src_uri

    def rewritten(match: re.Match[str]) -> str:
        uri = site_uri(linked(here, match[1]))
        return f"]({posixpath.relpath(uri, posixpath.dirname(here) or '.')}{match[2]})"

    return FENCE.sub(r'```\1 title="\2"', LINK.sub(rewritten, markdown))


def linked(src_uri: str, target: str) -> str:
    """The path in the repository that a page links to."""
    folder = posixpath.dirname(repository_path(src_uri))
    return posixpath.normpath(posixpath.join(folder, target.replace("\\", "")))


def repository_path(src_uri: str) -> str:
    """Where the text of a page is in the repository; of a folder's page, a name in the folder."""
    if src_uri == "index.md":
        return FIRST_PAGE
    return src_uri.removeprefix("source/") if src_uri.startswith("source/") else f"docs/{src_uri}"


def site_uri(path: str) -> str:
    """The page or file of the site for a path in the repository."""
    if path == FIRST_PAGE:
        return "index.md"
    if path.startswith("docs/"):
        return path.removeprefix("docs/")
    if (ROOT / path).is_dir():
        return f"source/{path}/index.md"
    return f"source/{path}" if path.endswith(".md") else f"source/{path}.md"


def shown(path: str) -> str:
    """A file or folder of the repository as Markdown."""
    file = ROOT / path
    if file.suffix == ".md":
        return file.read_text()
    title = f"{UNSEARCHED}# {path}\n\n"
    if file.is_dir():
        names = sorted(path.name for path in file.glob("[!._]*"))
        return title + "\n".join(f"- [{name}]({name})" for name in names)
    if file.suffix == ".ipynb":
        return title + "\n\n".join(map(cell_text, json.loads(file.read_text())["cells"]))
    return title + fenced(file.read_text(), LANGUAGES.get(file.suffix, "text"))


def cell_text(cell: dict[str, Any]) -> str:
    """A cell of a notebook as Markdown."""
    text = "".join(cell["source"])
    return text if cell["cell_type"] == "markdown" else fenced(text, "python")


def fenced(text: str, language: str) -> str:
    """A block of code, whatever is in it."""
    return f"````{language}\n{text.rstrip()}\n````"
