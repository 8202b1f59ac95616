"""Wording that docs/style.md section 3 rules out, wherever a person may read it.

    python -m tests.words [PATH ...]

prints every place as FILE:LINE: WORD, and exits with 1 when there is any. Prose is searched in the
documents, in comments and string literals of Python, in comments and strings of the page's
scripts, and in the comments of the Makefile and of deploy/. Text between backticks is code.
"""

from __future__ import annotations

import ast
import io
import re
import subprocess
import sys
import tokenize
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
PACKAGES = ("lab", "reports", "search_spaces", "benchmarks")
DOCUMENTS = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "Makefile")
DOCUMENT_FOLDERS = (("docs", ".md"), ("examples", ".ipynb"))
GENERATED = (
    "docs/lucic.md",
    "docs/miyato.md",
    "docs/validation.md",
    "reports/browser/page.bundle.js",
)
"""Written by commands, from texts that are searched where they are."""

PHRASES = {
    # pattern: what to write instead
    # Things do not talk.
    r"tells?|telling|told": "report, print, state, show, distinguish",
    r"says|saying|said": "report, print, state",
    r"speaks?( of| for)?|speaking": "describe, concern",
    r"hears?|hearing": "receive",
    r"choos(?:es?|ing) nobody|nobody|no one": "name what is missing",
    # Archaic or translated.
    r"dearer|dearest": "more expensive",
    r"so long as": "while, until",
    r"winner's luck": "selection bias",
    r"for want of|want of": "without",
    r"mend(?:s|ed|ing)?": "fix",
    r"whither|whence|thence|thereof|whereof|wherein|hitherto|lest|nought|aught": "",
    r"whilst|amongst": "while, among",
    r"by heart": "memorised",
    r"passed over": "skipped",
    r"goes on|go on|going on|went on": "continue",
    r"gives? way": "yield",
    r"at hand": "available",
    r"all alike": "equal",
    # One word for one thing.
    r"seed halving": "race",
    r"fair runs?": "unbiased runs",
    r"optimiser(?:s|'s)?": "optimizer",
    r"(?-i:(?:DESIGN|SCIENCE|STYLE|HOUSE|TRAPS|METHODS)\.md)": "docs/<name>.md section N",
}
PROSE = re.compile("|".join(rf"(?<![\w.-])(?:{one})(?![\w-])" for one in PHRASES), re.IGNORECASE)
CODE = re.compile(r"``.*?``|`[^`\n]*`")

NAMES = frozenset(
    ("found", "told", "shown", "known", "own", "place", "said", "listed", "thing", "things")
)
"""Names of variables, arguments and attributes that do not state what is in them."""
RANDOM = ("random.Generator", "torch.Generator")
MAKES_RANDOM = ("default_rng", "Generator", "counted_generator")


class Place(NamedTuple):
    """Where a word is, and which."""

    file: str
    line: int
    word: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.word}"


def all_places() -> list[Place]:
    """Every place of the project, in order of files and lines."""
    return sorted({place for path in searched_files() for place in places_of(path)})


def searched_files() -> list[Path]:
    """The files that the rules hold for: what is committed or about to be, and not generated."""
    return [
        path
        for path in _project_files()
        if relative(path) not in GENERATED and _is_searched(path.relative_to(ROOT))
    ]


def _project_files() -> list[Path]:
    """The project's files without what git ignores; an unpacked archive has no git folder."""
    if (ROOT / ".git").exists():
        command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        names = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
        files = {ROOT / name for name in names.stdout.split("\0") if name}
    else:
        files = {path for path in ROOT.rglob("*") if "node_modules" not in path.parts}
    return sorted(path for path in files if path.is_file())


def _is_searched(path: Path) -> bool:
    folder, kind = path.parts[0], path.suffix
    if len(path.parts) == 1:
        return path.name in DOCUMENTS
    if folder in PACKAGES:
        is_foreign = ".min." in path.name
        return kind in (".py", ".md") or (folder == "reports" and kind == ".js" and not is_foreign)
    return folder == "deploy" or (len(path.parts) == 2 and (folder, kind) in DOCUMENT_FOLDERS)


def relative(path: Path) -> str:
    """The path from the project's root, as it is printed."""
    return str(path.relative_to(ROOT))


def places_of(path: Path) -> Iterator[Place]:
    """The places of one file."""
    text = path.read_text()
    if path.suffix == ".py":
        yield from _python(relative(path), text)
    elif path.suffix == ".js":
        yield from _prose(relative(path), _script_text(text))
    else:
        yield from _prose(relative(path), _without_blocks(text))


def _without_blocks(text: str) -> list[tuple[int, str]]:
    """The lines of a document outside its blocks of code."""
    lines, inside = [], False
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith("```"):
            inside = not inside
        elif not inside:
            lines.append((number, line))
    return lines


def _script_text(text: str) -> list[tuple[int, str]]:
    """Comments and strings of JavaScript, by line; a template's expressions are searched too."""
    pieces = re.compile(r"//[^\n]*|/\*.*?\*/|\"[^\"\n]*\"|'[^'\n]*'|`[^`]*`", re.DOTALL)
    return [
        (text.count("\n", 0, match.start()) + 1 + offset, line.replace("`", ""))
        for match in pieces.finditer(text)
        for offset, line in enumerate(match.group().splitlines())
    ]


def _python(file: str, text: str) -> Iterator[Place]:
    tree = ast.parse(text)
    lines = [
        (token.start[0], token.string)
        for token in tokenize.generate_tokens(io.StringIO(text).readline)
        if token.type == tokenize.COMMENT
    ]
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            # A wrapped sentence is one text; the parts of an f-string are texts of their own.
            lines += [(node.lineno + i, line) for i, line in enumerate(node.value.splitlines())]
    yield from _prose(file, lines)
    for line, name in _names(tree):
        yield Place(file, line, f"{name} (a name)")


def _prose(file: str, lines: list[tuple[int, str]]) -> Iterator[Place]:
    for number, line in lines:
        for match in PROSE.finditer(CODE.sub("``", line)):
            yield Place(file, number, match.group())


def _names(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Variables and arguments with a name that is ruled out, where they are bound."""
    columns = _columns(tree)
    for node in ast.walk(tree):
        if node in columns:
            continue
        if isinstance(node, ast.arg):
            name, is_rng = node.arg, _annotates_rng(node.annotation)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            name, is_rng = node.id, False
        elif isinstance(node, ast.Assign) and _makes_rng(node.value):
            target = node.targets[0]
            name, is_rng = (target.id, True) if isinstance(target, ast.Name) else ("", False)
        else:
            continue
        if name in NAMES:
            yield node.lineno, name
        if name == "generator" and is_rng:
            yield node.lineno, "generator for rng"


def _columns(tree: ast.AST) -> set[ast.AST]:
    """The fields of cards: their names are the record's format, which does not change."""
    cards = [node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    return {
        field.target
        for card in cards
        if any(ast.unparse(base) == "Card" for base in card.bases)
        for field in card.body
        if isinstance(field, ast.AnnAssign)
    }


def _annotates_rng(annotation: ast.expr | None) -> bool:
    return annotation is not None and any(kind in ast.unparse(annotation) for kind in RANDOM)


def _makes_rng(value: ast.expr) -> bool:
    if not isinstance(value, ast.Call):
        return False
    return ast.unparse(value.func).rpartition(".")[2] in MAKES_RANDOM


def main(paths: list[str]) -> int:
    """Print the places of the project, or of the given files and folders alone."""
    wanted = [(ROOT / path).resolve() for path in paths] or [ROOT]
    places = [
        place
        for place in all_places()
        if any((ROOT / place.file).is_relative_to(path) for path in wanted)
    ]
    for place in places:
        print(place)
    if places:
        print(f"{len(places)} places in {len({place.file for place in places})} files")
    return 1 if places else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
