from lab.record import StudyRecord
from reports.figures.quality import draw_quality, quality_rows, target_quality
from reports.tables import run_table


def test_every_scored_run_is_a_row_and_failed_ones_keep_the_quality_they_had(
    study: StudyRecord,
) -> None:
    rows = quality_rows(study)
    runs = run_table(study)
    assert len(rows) == runs["score"].notna().sum() == len(runs)
    failed = rows[~rows["outcome"].isin(["stable", "stalled"])]
    assert (failed["final_quality"] == 0).all()
    assert (failed["quality_alive"] > 0).any()


def test_marks_lie_at_score_and_quality(study: StudyRecord) -> None:
    rows = quality_rows(study)
    panel = draw_quality(rows, target_quality(study))
    marks = {trace.meta["outcome"]: trace for trace in panel.figure.data if trace.meta}
    stable = rows[rows["outcome"] == "stable"]
    assert len(marks["stable"].x) == len(stable) == panel.outcomes["stable"]
    assert list(marks["stable"].customdata) == stable["trial"].tolist()


def test_runs_without_a_score_are_counted(study: StudyRecord) -> None:
    assert "2 runs without a score are not drawn." in (
        draw_quality(quality_rows(study), 0.5, num_left_out=2).note
    )
