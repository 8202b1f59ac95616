"""A host is lost in the middle of a run, and the search ends as if nothing had happened."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from lab.record import GENERATOR_FILE, IMAGES_SEEN, RunRecord
from tests.hosts.namespaces import unavailable
from tests.hosts.story import NUM_HOSTS, Story, search_that_loses_a_host
from tests.runs import assert_same_run

pytestmark = [pytest.mark.hosts, pytest.mark.timeout(1200)]


@pytest.fixture(scope="module", params=[1, 2], ids=["one-worker", "two-workers"])
def story(request: pytest.FixtureRequest) -> Iterator[Story]:
    if reason := unavailable():
        pytest.skip(reason)
    with search_that_loses_a_host(request.param) as told:
        yield told


def run_of(story: Story, trial: int) -> RunRecord:
    return next(run for run in story.study.runs if run.trial == trial)


def test_the_search_finishes_every_trial(story: Story) -> None:
    assert story.exit_code == 0, story.said
    assert story.study.card.status == "finished"
    assert len(story.study.trials) == len(story.study.runs) == len(story.alone)
    assert {run.status for run in story.study.runs} == {"finished"}
    assert story.study.problems == []


def test_the_lost_run_went_on_elsewhere_from_its_last_evaluation(story: Story) -> None:
    run = run_of(story, story.lost.trial)
    # A lost host costs no attempt; one is counted until the cluster has noticed the loss.
    assert run.card.attempts <= 2, story.said
    assert run.card.host != story.lost.host
    assert story.lost.gang or "tried again" in story.said


def test_no_row_is_lost_doubled_or_torn(story: Story) -> None:
    assert story.study.num_torn_rows == 0
    for run in story.study.runs:
        seen = [row[IMAGES_SEEN] for row in run.evaluations]
        assert seen == sorted(set(seen))


def test_every_number_is_that_of_a_run_left_alone(story: Story) -> None:
    for run in story.study.runs:
        assert_same_run(run.folder, story.alone[run.trial])


def test_a_gang_spanned_hosts_and_single_workers_used_all(story: Story) -> None:
    if story.lost.gang:
        assert len(story.lost.gang) == 2
        assert story.lost.host in story.lost.gang
    else:
        used = {run.card.host for run in story.study.runs}
        assert len(used | {story.lost.host}) == NUM_HOSTS


def test_the_record_is_whole_in_the_shared_folder(story: Story) -> None:
    for run in story.study.runs:
        assert (run.folder / GENERATOR_FILE).exists()
    assert (story.study.folder / "report.html").exists()
