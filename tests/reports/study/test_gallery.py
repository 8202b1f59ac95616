"""Facts about the pictures on the page: which runs have some, each once, and what had no room."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab.record import StudyRecord, neighbours_file, read_study, sample_file
from reports.study.gallery import (
    Album,
    chosen_runs,
    pictures_note,
    sample_files,
    samples_row,
    spaced,
)
from reports.study.tables import run_table
from tests.made_up.raced import write_raced_study
from tests.made_up.synthetic import sample_grid, write_study


@pytest.fixture(scope="module")
def raced(tmp_path_factory: pytest.TempPathFactory) -> StudyRecord:
    """Finalists 5 (recommended) and 9, each with six runs, and trial 2 in the Pareto set."""
    folder = tmp_path_factory.mktemp("raced") / "study"
    write_raced_study(folder, {5: "scs", 9: "sss"}, raced="sc", pareto=(2,), samples=True)
    return read_study(folder)


def _outcomes(study: StudyRecord, runs: tuple[int, ...]) -> list[str]:
    return [str(run_table(study)["outcome"].iloc[run]) for run in runs]


def test_one_run_of_each_failure_is_chosen(raced: StudyRecord) -> None:
    failures = set(run_table(raced)["outcome"]) - {"stable"}
    assert sorted(_outcomes(raced, chosen_runs(raced).exemplars)) == sorted(failures)


def test_finalists_come_first_and_their_other_seeds_last(raced: StudyRecord) -> None:
    chosen = chosen_runs(raced)
    trials = [raced.runs[run].trial for run in chosen.finalists]
    assert trials == [5, 9]
    assert [raced.runs[run].trial for run in chosen.pareto] == [2]
    of_finalists = {run for run, record in enumerate(raced.runs) if record.trial in (5, 9)}
    assert of_finalists == (set(chosen.seeds) | set(chosen.first)) & of_finalists
    assert chosen.in_turn[:2] == chosen.finalists
    assert len(set(chosen.in_turn)) == len(chosen.in_turn)


def test_without_finalists_the_best_trials_stand_for_them(study: StudyRecord) -> None:
    chosen = chosen_runs(study)
    runs = run_table(study)
    stable = runs[runs["outcome"] == "stable"].sort_values("score", ascending=False)
    assert list(chosen.finalists) == stable.index[:4].tolist()
    assert chosen.seeds == ()


def test_the_nearest_run_with_pictures_replaces_an_exemplar_without_any(tmp_path: Path) -> None:
    folder = write_study(tmp_path, 5, verdict="collapsed", samples=False)
    pictured = read_study(folder)
    ranked = run_table(pictured)["score"].sort_values(kind="stable").index.tolist()
    write_picture(pictured.runs[ranked[4]].folder, 640)
    assert chosen_runs(read_study(folder)).exemplars == (ranked[4],)


def write_picture(run: Path, images: int) -> Path:
    path = sample_file(run, images)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(sample_grid(0.5, "stable"))
    return path


def test_a_picture_is_stored_once_under_a_key_made_of_its_path(tmp_path: Path) -> None:
    path = write_picture(tmp_path / "trials" / "0007" / "seed-3", 640)
    album = Album()
    left = album.bytes_left
    key = album.key(path)
    assert key == "0007/seed-3/00000640"
    stored = album.stored()[key]
    assert stored.startswith("data:image/webp;base64,")
    assert album.key(path) == key
    assert album.bytes_left == left - len(stored)


def test_a_picture_with_no_room_is_left_out(tmp_path: Path) -> None:
    path = write_picture(tmp_path / "0001" / "seed-0", 0)
    assert Album(bytes_left=path.stat().st_size).key(path) is None


@pytest.mark.parametrize("content", [b"", b"<svg onload=alert(1)>", b"RIFF0000WAVE"])
def test_a_file_that_is_no_webp_is_counted_and_not_shown(tmp_path: Path, content: bytes) -> None:
    path = write_picture(tmp_path / "0001" / "seed-0", 0)
    path.write_bytes(content)
    album = Album()
    assert album.key(path) is None
    assert album.key(path) is None
    assert album.damaged == {"0001/seed-0/00000000"}
    assert album.stored() == {}


def test_a_filmstrip_is_spaced_from_the_first_grid_to_the_last() -> None:
    files = [(images, Path(str(images))) for images in range(10)]
    assert [images for images, _ in spaced(files, 4)] == [0, 3, 6, 9]
    assert [images for images, _ in spaced(files, 1)] == [9]
    assert [images for images, _ in spaced(files[:2], 7)] == [0, 1]
    assert spaced([], 7) == []


def test_every_chosen_run_has_its_filmstrip_where_there_is_room(raced: StudyRecord) -> None:
    chosen, album = chosen_runs(raced), Album()
    album.take(raced, chosen)
    assert set(album.filmstrips) == set(chosen.in_turn)
    for index, frames in album.filmstrips.items():
        files = sample_files(raced.runs[index])
        assert [frame["images"] for frame in frames] == [images for images, _ in files]
        assert {frame["key"] for frame in frames} <= set(album.stored())


def test_with_little_room_other_seeds_have_their_last_grid_before_any_has_all(
    raced: StudyRecord,
) -> None:
    chosen, whole = chosen_runs(raced), Album()
    for index in chosen.first:
        whole.take_run(index, raced.runs[index])
    needed = sum(map(len, whole.stored().values()))
    album = Album(bytes_left=needed + 6_000)
    album.take(raced, chosen)
    assert all(len(album.filmstrips[index]) > 1 for index in chosen.first)
    last = [album.filmstrips[index] for index in chosen.seeds if index in album.filmstrips]
    assert last
    assert all(len(frames) == 1 for frames in last)
    note = pictures_note(raced, album, chosen)
    assert f"{len(last)} runs with the last grid only" in note
    assert f"no room was left for {len(chosen.seeds) - len(last)} runs of these" in note


def test_the_nearest_training_images_of_a_run_are_taken_with_it(tmp_path: Path) -> None:
    study = read_study(write_study(tmp_path, 1, verdict="stable"))
    path = neighbours_file(study.runs[0].folder, 640)
    path.write_bytes(sample_grid(0.9, "stable"))
    album = Album()
    album.take_run(0, study.runs[0])
    assert album.neighbours == {0: {"images": 640, "key": "0000/seed-0/neighbours-00000640"}}
    assert all("neighbours" not in frame["key"] for frame in album.filmstrips[0])


def test_sample_pictures_lead_to_their_trials(raced: StudyRecord) -> None:
    chosen, album = chosen_runs(raced), Album()
    row = samples_row(raced, chosen, album)
    assert row is not None
    assert 'href="#trial-5"' in row
    assert row.count("<img data-picture=") == len({*chosen.finalists, *chosen.exemplars})


def test_a_study_without_pictures_states_it(large_study: StudyRecord) -> None:
    chosen, album = chosen_runs(large_study), Album()
    album.take(large_study, chosen)
    assert samples_row(large_study, chosen, album) is None
    assert "No sample grid is on this page" in pictures_note(large_study, album, chosen)
