"""Facts about long files: rows are kept while they are read, and the verdict stays the same."""

from __future__ import annotations

import contextlib
import json
import math
import os
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from lab.errors import InputError
from lab.record import Row
from lab.stability.log import read_log
from lab.stability.log_columns import LogOptions
from lab.stability.logs import read_logs, text, thinned
from lab.stability.verdict import Verdict, judge

NUM_STEPS = 1200
EVERY = 60
OPTIONS = LogOptions(batch_size=64)


def made(seed: int) -> list[Row]:
    """A row a step with losses, and rows with a distance between them."""
    rng = np.random.default_rng(seed)
    rows: list[Row] = []
    for step in range(NUM_STEPS):
        player = "d_loss" if step % 3 else "g_loss"
        rows.append({"step": step, player: float(rng.normal()), "lr": 2e-4})
        if step % EVERY == 0:
            rows.append({"step": step, "fid": 8 + 292 * 0.8 ** (step / EVERY) + rng.normal()})
    return rows


def failing(start: int, value: float) -> Callable[[list[Row]], list[Row]]:
    def changed(rows: list[Row]) -> list[Row]:
        return [
            row | {"d_loss": value} if "d_loss" in row and row["step"] >= start else row
            for row in rows
        ]

    return changed


def begun_by_nan(rows: list[Row]) -> list[Row]:
    first = failing(0, math.nan)(rows)[:9]
    return [*first, *failing(31, math.nan)(rows)[9:]]


def resumed(rows: list[Row]) -> list[Row]:
    return [*rows[:700], *rows[500:]]


def begun_anew(rows: list[Row]) -> list[Row]:
    """A resumption whose clock begins at 0 again, while the distance goes on."""
    cut = 770
    start = rows[cut]["step"]
    return [*rows[:cut], *(row | {"step": row["step"] - start} for row in rows[cut:])]


def interleaved(rows: list[Row]) -> list[Row]:
    pairs = zip(rows, failing(800, math.inf)(made(9)), strict=True)
    return [row | {"seed": seed} for pair in pairs for seed, row in enumerate(pair)]


def labelled_distances(rows: list[Row]) -> list[Row]:
    """The run is named by rows with a distance only, so the file has one run."""
    return [row | {"run": "a"} if "fid" in row else row for row in rows]


def as_pandas_fills(rows: list[Row]) -> list[Row]:
    columns = dict.fromkeys(("step", "d_loss", "g_loss", "fid"), math.nan)
    return [{name: row.get(name, math.nan) for name in columns} for row in rows]


def unmeasured(rows: list[Row]) -> list[Row]:
    return [row | {"fid": math.nan} if "fid" in row and row["step"] > 900 else row for row in rows]


def table(rows: Sequence[Row], separator: str = ",") -> str:
    columns = list(dict.fromkeys(name for row in rows for name in row))
    lines = [separator.join(str(row.get(name, "")) for name in columns) for row in rows]
    return "\n".join([separator.join(columns), *lines]) + "\n"


def json_lines(rows: Sequence[Row]) -> str:
    return "\n".join(json.dumps(row) for row in rows)


FORMATS: dict[str, Callable[[Sequence[Row]], bytes]] = {
    "table": lambda rows: table(rows).encode(),
    "bars": lambda rows: table(rows, "|").encode("utf-8-sig"),
    "utf-16": lambda rows: table(rows, "\t").encode("utf-16"),
    "utf-16 without its mark": lambda rows: table(rows, ";").encode("utf-16-le"),
    "json lines": lambda rows: json_lines(rows).encode(),
    "zeros after a crash": lambda rows: table(rows).encode() + b"\0" * 999,
}


@pytest.fixture
def limit(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    return lambda size: monkeypatch.setattr(text, "MAX_BYTES", size)


class Outcome(NamedTuple):
    """Of one run, without its notes, which count the rows that were kept."""

    verdict: Verdict
    rows: list[str]
    """As rules read them."""


def outcomes(path: Path, options: LogOptions = OPTIONS) -> dict[str, Outcome]:
    """By the name of each run."""
    result: dict[str, Outcome] = {}
    for run in read_logs(path, options=options).runs:
        verdict = judge(run.rows, log=options)
        assert verdict is not None
        log = read_log(run.rows, names=None, budget_images=None, options=options)
        rows = [str(sorted(row.items())) for row in log.rows]
        result[run.name] = Outcome(replace(verdict, ignored=()), rows)
    return result


def num_rows(path: Path) -> int:
    return sum(len(run.rows) for run in read_logs(path, options=OPTIONS).runs)


@pytest.mark.parametrize("form", FORMATS)
def test_a_long_file_of_any_form_has_the_verdict_of_a_short_one(
    tmp_path: Path, form: str, limit: Callable[[int], None]
) -> None:
    path = tmp_path / "log"
    path.write_bytes(FORMATS[form](failing(777, math.nan)(made(0))))
    whole = outcomes(path)
    assert num_rows(path) == NUM_STEPS + NUM_STEPS // EVERY
    limit(5000)
    assert num_rows(path) < NUM_STEPS / 4
    assert outcomes(path) == whole
    ((verdict, _),) = whole.values()
    assert (verdict.name, verdict.onset_images) == ("diverged", 64 * 778)


@pytest.mark.parametrize(
    "change",
    [
        list,
        failing(1150, math.inf),
        begun_by_nan,
        resumed,
        begun_anew,
        interleaved,
        labelled_distances,
        as_pandas_fills,
    ],
)
@pytest.mark.parametrize("seed", [1, 2])
def test_what_happens_between_distances_is_kept(
    tmp_path: Path,
    change: Callable[[list[Row]], list[Row]],
    seed: int,
    limit: Callable[[int], None],
) -> None:
    path = tmp_path / "log.jsonl"
    path.write_text(json_lines(change(made(seed))))
    whole = outcomes(path)
    limit(5000)
    assert outcomes(path) == whole
    assert num_rows(path) < NUM_STEPS


def test_evaluations_that_fail_until_the_end_are_judged_alike(
    tmp_path: Path, limit: Callable[[int], None]
) -> None:
    path = tmp_path / "log.csv"
    path.write_text(table(unmeasured(made(8))))
    whole = outcomes(path)["log"].verdict
    limit(5000)
    assert outcomes(path)["log"].verdict == whole
    assert (whole.name, whole.onset_images) == ("diverged", 64 * 960)


def test_columns_of_a_long_file_can_be_named(tmp_path: Path, limit: Callable[[int], None]) -> None:
    path = tmp_path / "log.csv"
    path.write_text(table(made(3)).replace("fid", "mine", 1).replace("step", "count", 1))
    options = LogOptions(clock="count", quality="mine", batch_size=64)
    whole = outcomes(path, options)
    limit(5000)
    assert outcomes(path, options) == whole
    with pytest.raises(InputError, match="no column of images seen among count, g_loss, lr, mine"):
        outcomes(path, LogOptions(quality="mine"))


def test_epochs_of_many_steps_are_judged_alike(
    tmp_path: Path, limit: Callable[[int], None]
) -> None:
    rows = [
        {name: value for name, value in row.items() if name != "step"}
        | {"epoch": row["step"] // 120}
        for row in made(4)
    ]
    path = tmp_path / "log.jsonl"
    path.write_text(json_lines(rows))
    options = LogOptions(epoch_size=50_000)
    whole = outcomes(path, options)
    limit(5000)
    assert outcomes(path, options) == whole


def test_studiogans_long_log_is_read_by_its_lines(
    tmp_path: Path, limit: Callable[[int], None]
) -> None:
    lines = []
    for row in made(5):
        if "fid" in row:
            lines.append(f"[INFO] > FID score (Step: {row['step']}, Using test): {row['fid']}")
        else:
            loss = row.get("d_loss", 0.5)
            lines.append(f"Step: {row['step']:6d} Progress: 1% Dis_loss: {loss:.4f}")
    path = tmp_path / "run.log"
    path.write_text("\n".join(lines))
    whole = outcomes(path)
    limit(5000)
    assert num_rows(path) < NUM_STEPS / 4
    assert outcomes(path) == whole


def test_a_half_line_of_a_long_file_that_grows_is_left_out(
    tmp_path: Path, limit: Callable[[int], None]
) -> None:
    path = tmp_path / "log.csv"
    path.write_text(table(made(6)) + "1200,,,,12")
    limit(5000)
    assert read_logs(path).runs[0].rows[-1]["step"] == 1200.0
    assert read_logs(path, grows=True).runs[0].rows[-1]["step"] == 1199.0


def test_the_note_counts_the_rows(tmp_path: Path, limit: Callable[[int], None]) -> None:
    path = tmp_path / "log.csv"
    path.write_text(table(made(7)))
    limit(5000)
    read = read_logs(path)
    assert read.notes[0].startswith(f"{len(read.runs[0].rows)} of 1220 rows were kept")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (json.dumps(made(0)), "only a file with an object a line is read in parts"),
        (json.dumps(made(0), indent=1), "only a file with an object a line is read in parts"),
        (json.dumps({"rows": made(0)}, indent=1), "only a file with an object a line"),
        (table(made(0)) + "1" * 6000 + "\n", "one with a line of 5000 characters is not read"),
        ("step,a - fid,a - fid__MIN\n" + "1,2,2\n" * 2000, "export the history of its runs"),
        (table(made(0)).replace("lr", "kid"), "rows have a distance or begin anew"),
    ],
    ids=["list", "indented list", "indented object", "long line", "chart", "all measured"],
)
def test_a_long_file_that_cannot_be_thinned_is_refused_in_one_sentence(
    tmp_path: Path,
    content: str,
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    limit: Callable[[int], None],
) -> None:
    monkeypatch.setattr(text, "MAX_LINE", 5000)
    monkeypatch.setattr(thinned, "MAX_CELLS", 3000)
    path = tmp_path / "log"
    path.write_text(content)
    limit(5000)
    with pytest.raises(InputError) as caught:
        read_logs(path)
    assert said in str(caught.value)
    assert "is longer than" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_long_pipe_is_refused(tmp_path: Path, limit: Callable[[int], None]) -> None:
    limit(5000)
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)

    def write() -> None:
        with contextlib.suppress(BrokenPipeError):
            pipe.write_text(table(made(0)))

    writer = threading.Thread(target=write)
    writer.start()
    with pytest.raises(InputError, match="is longer than"):
        read_logs(pipe)
    writer.join()


def test_long_losses_beside_metrics_are_noted(
    tmp_path: Path, limit: Callable[[int], None]
) -> None:
    (tmp_path / "metric-fid50k_full.jsonl").write_text('{"kimg": 0, "fid50k_full": 300}\n')
    (tmp_path / "stats.jsonl").write_text('{"Progress/kimg": 1, "Loss/D/loss": 1}\n' * 200)
    limit(5000)
    assert "losses were not read" in read_logs(tmp_path).notes[0]
