"""Facts about the close-up: the data that the page's script reads, and which pictures."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from lab.record import StudyRecord, read_study
from reports.kit.blocks import Missing, drawn
from reports.sections.trial.closeup import closeup_blocks
from reports.study.gallery import Album, chosen_runs
from reports.study.tables import parameters_of
from tests.made_up.raced import write_raced_study
from tests.made_up.synthetic import write_study


def _roles(study: StudyRecord, album: Album) -> dict[str, Any]:
    whole = "".join(drawn(block) for block in closeup_blocks(study, album))
    match = re.search(r'id="closeup-data">(.*?)</script>', whole)
    assert match is not None
    roles: dict[str, Any] = json.loads(match[1])
    return roles


def test_the_script_reads_the_roles_of_trials(tmp_path: Path) -> None:
    folder = write_raced_study(tmp_path, {5: "ss", 9: "sc"}, raced="s", pareto=(2, 5))
    study = read_study(folder)
    roles = _roles(study, Album())
    assert (roles["recommended"], roles["finalists"], roles["pareto"]) == (5, [5, 9], [2, 5])
    assert roles["shown"] == list(chosen_runs(study).first)
    assert roles["sampled"] == [parameter.path for parameter in parameters_of(study)]


def test_the_pictures_of_the_chosen_runs_are_in_the_album(study: StudyRecord) -> None:
    album = Album()
    closeup_blocks(study, album)
    assert set(album.filmstrips) == set(chosen_runs(study).in_turn)
    assert album.stored()


def test_a_study_that_raced_no_one_has_no_finalists(study: StudyRecord) -> None:
    roles = _roles(study, Album())
    assert (roles["recommended"], roles["finalists"], roles["pareto"]) == (None, [], [])


def test_a_study_without_runs_has_nothing_to_look_at(tmp_path: Path) -> None:
    blocks = closeup_blocks(read_study(write_study(tmp_path, 0)), Album())
    assert blocks == [Missing("No run yet.")]
