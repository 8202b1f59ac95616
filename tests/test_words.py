"""No text that a person reads breaks the rules of docs/style.md section 3."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests import words
from tests.words import all_places, places_of

Search = Callable[[str, str], list[tuple[int, str]]]


@pytest.fixture
def words_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Search:
    """(name, text) -> (line, word) of each place in a file of that name."""
    monkeypatch.setattr(words, "ROOT", tmp_path)

    def search(name: str, text: str) -> list[tuple[int, str]]:
        (tmp_path / name).write_text(text)
        return [(place.line, place.word) for place in places_of(tmp_path / name)]

    return search


def test_no_text_has_a_word_that_is_ruled_out() -> None:
    places = all_places()
    assert not places, "\n" + "\n".join(map(str, places))


def test_docstrings_strings_and_comments_are_searched(words_in: Search) -> None:
    text = '"""What it says."""\n# told\nx = f"{1} nobody"\n'
    assert sorted(words_in("a.py", text)) == [(1, "says"), (2, "told"), (3, "nobody")]


def test_code_between_backticks_and_dotted_names_are_no_prose(words_in: Search) -> None:
    text = "`tell(job, outcome)` and planner.tell are code.\n\n```\nnobody\n```\nIt tells.\n"
    assert words_in("a.md", text) == [(6, "tells")]


def test_locals_arguments_and_loop_variables_are_searched(words_in: Search) -> None:
    text = "def f(place):\n    found = 1\n    return [own for own in place]\n"
    assert {word for _, word in words_in("a.py", text)} == {
        "place (a name)",
        "found (a name)",
        "own (a name)",
    }


def test_attributes_are_searched_but_the_records_columns_keep_their_names(
    words_in: Search,
) -> None:
    text = "class A:\n    known: int\nclass B(Card):\n    known: int\n    x = 1\n"
    assert words_in("a.py", text) == [(2, "known (a name)")]


def test_what_git_ignores_and_what_commands_write_is_not_searched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(words, "ROOT", tmp_path)
    names = ("lab/a.py", "lab/ignored.py", "reports/b.js", "reports/browser/page.bundle.js")
    for name in (*names, "reports/node_modules/c.js", "docs/miyato.md", "docs/design.md"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    searched = ["docs/design.md", "lab/a.py", "lab/ignored.py", "reports/b.js"]
    assert [words.relative(path) for path in words.searched_files()] == searched
    subprocess.run(["git", "init", "--quiet"], cwd=tmp_path, check=True)
    (tmp_path / ".gitignore").write_text("node_modules/\nignored.py\n")
    searched.remove("lab/ignored.py")
    assert [words.relative(path) for path in words.searched_files()] == searched


def test_a_random_generator_is_no_generator(words_in: Search) -> None:
    text = "def f(generator: np.random.Generator, other: Network):\n    generator = Network()\n"
    assert words_in("a.py", text) == [(1, "generator for rng (a name)")]


def test_scripts_are_searched_in_comments_and_strings_alone(words_in: Search) -> None:
    text = "const told = 1; // tells\nconst a = 'nobody';\n"
    assert words_in("a.js", text) == [(1, "tells"), (2, "nobody")]
