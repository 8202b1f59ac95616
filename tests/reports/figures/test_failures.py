from lab.record import StudyRecord
from reports.figures.failures import ALL, draw_failures, failures_rows


def test_every_group_counts_every_run_once(study: StudyRecord) -> None:
    rows = failures_rows(study)
    assert set(rows["group"]) == {ALL, "network.critic_norm", "penalty.kind", "loss"}
    assert set(rows.groupby("group")["count"].sum()) == {len(study.runs)}


def test_counts_match_the_record(study: StudyRecord) -> None:
    rows = failures_rows(study)
    config = {trial["number"]: trial["config"] for trial in study.trials}
    spectral = [
        run.verdict
        for run in study.runs
        if config[run.trial]["network"]["critic_norm"] == "spectral"
    ]
    found = rows[(rows["group"] == "network.critic_norm") & (rows["level"] == "spectral")]
    assert dict(zip(found["outcome"], found["count"], strict=True)) == {
        verdict: spectral.count(verdict) for verdict in set(spectral)
    }
    assert set(found["total"]) == {len(spectral)}
    assert set(found["stable"]) == {spectral.count("stable")}


def test_bars_carry_totals_and_runs_without_a_verdict_are_counted(study: StudyRecord) -> None:
    panel = draw_failures(failures_rows(study), num_left_out=1)
    stable = sum(run.verdict == "stable" for run in study.runs)
    labels = [label for trace in panel.figure.data for label in trace.text]
    assert any(f"{stable}/{len(study.runs)}, " in label for label in labels)
    assert "1 explore run without a verdict not counted." in panel.note
