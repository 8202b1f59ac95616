"""The methods section: its commands run, its numbers are the code's, and it hides nothing."""

from __future__ import annotations

import html
import re
import shlex
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import pytest

from lab.config import StabilityConfig
from lab.evaluate import EvaluateOptions
from lab.judge import JudgeOptions
from lab.record import StudyCard, StudyRecord, read_study
from reports.kit.markup import joined
from reports.sections.methods.methods import methods_blocks
from reports.sections.methods.statistics import STATISTICS
from reports.study.commands import CHECKING, Command, going_on, looking, making
from reports.study.gallery import Album
from tests.made_up.raced import write_raced_study
from tests.made_up.synthetic import write_study


def everything(study: StudyRecord) -> list[Command]:
    return [*making(study), *going_on(study), *looking(study), *CHECKING]


def page_text(study: StudyRecord, album: Album | None = None) -> str:
    """The section as text without markup."""
    markup = joined(list(methods_blocks(study, album or Album())))  # type: ignore[arg-type]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", markup))


@pytest.fixture(scope="module")
def raced(tmp_path_factory: pytest.TempPathFactory) -> StudyRecord:
    folder = tmp_path_factory.mktemp("raced")
    write_raced_study(folder, {5: "sscs", 9: "sc"}, raced="ss")
    return read_study(folder)


def test_every_command_names_a_module_that_is_there(study: StudyRecord) -> None:
    for command in everything(study):
        words = shlex.split(command.line)
        assert words[:2] == ["python", "-m"], command
        import_module(words[2] if words[2] != "reports" else "reports.__main__")


def test_options_in_commands_are_options_of_their_programs(study: StudyRecord) -> None:
    from lab.engine.options import SearchOptions
    from lab.validate.__main__ import ValidateOptions
    from reports.__main__ import ReportArguments

    fields = {
        "lab.search": SearchOptions,
        "lab.evaluate": EvaluateOptions,
        "lab.judge": JudgeOptions,
        "lab.validate": ValidateOptions,
        "reports": ReportArguments,
    }
    seen = set()
    for command in everything(study):
        _, _, module, *words = shlex.split(command.line)
        for word in words:
            if word.startswith("--") and module in fields:
                name = word[2:].split("=")[0].replace("-", "_")
                assert hasattr(fields[module], name) or name in fields[module].__annotations__
                seen.add(word)
    assert {"--resume", "--serve", "--watch", "--png", "--csv", "--samples", "--part"} <= seen


def test_a_folder_with_spaces_is_one_word(tmp_path: Path) -> None:
    folder = tmp_path / "two words; rm"
    folder.mkdir()
    write_study(folder, 3)
    commands = everything(read_study(folder))
    assert sum(str(folder) in shlex.split(command.line) for command in commands) >= 5


def test_an_unconfirmed_study_has_the_command_that_confirms_and_a_confirmed_one_has_not(
    study: StudyRecord, raced: StudyRecord
) -> None:
    assert any("--confirm" in command.line for command in going_on(study))
    assert not any("--confirm" in command.line for command in going_on(raced))
    assert "Race and confirm" in page_text(raced)
    assert "Race and confirm" not in page_text(study)


def test_an_empty_study_has_a_section_too(study: StudyRecord) -> None:
    empty = replace(study, card=StudyCard(), trials=[], runs=[])
    text = page_text(empty)
    assert "Extractor not recorded" in text
    assert "lab.train" not in text
    assert "Sample grids" not in text


def test_pictures_that_are_not_on_the_page_are_counted_and_located(study: StudyRecord) -> None:
    album = Album()
    album.filmstrips[0] = []
    album.damaged |= {f"0001/seed-0/{i}" for i in range(5)}
    text = page_text(study, album)
    assert f"Sample grids of 1 of {len(study.runs)} runs are on this page" in text
    assert "trials/*/seed-*/samples" in text
    assert "0001/seed-0/2 and 2 more" in text


def test_every_limit_is_shown_with_its_value(study: StudyRecord) -> None:
    text = page_text(study)
    for name in StabilityConfig.model_fields:
        assert name in text


def test_every_statistic_names_its_source() -> None:
    for statistic in STATISTICS[:-1]:
        assert statistic.source, statistic.name
    assert any("44%" in statistic.made for statistic in STATISTICS)


def test_how_images_are_classified_is_printed_where_it_is_recorded(study: StudyRecord) -> None:
    metrics = study.card.metrics.changed(class_share_by="<b>a seer")
    card = study.card.changed(metrics=metrics)
    section = joined(list(methods_blocks(replace(study, card=card), Album())))  # type: ignore[arg-type]
    assert "classified by &lt;b&gt;a seer" in section
    card = card.changed(metrics=metrics.without("class_share_by"))
    assert "Class shares" not in page_text(replace(study, card=card))


def test_a_command_on_the_page_copies_as_it_is(study: StudyRecord) -> None:
    section = joined(list(methods_blocks(study, Album())))  # type: ignore[arg-type]
    codes = [
        html.unescape(re.sub(r"<[^>]*>", "", code))
        for code in re.findall(r"<code>(.*?)</code>", section)
    ]
    assert codes[: len(everything(study))] == [command.line for command in everything(study)]
