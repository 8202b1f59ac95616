"""Facts about the clock of a log: its unit, its growth, resumptions, and options not used."""

from __future__ import annotations

import pytest

from lab.errors import InputError
from lab.record import Row
from lab.stability.log import Log, read_log
from lab.stability.log_clock import AnotherRun
from lab.stability.log_columns import LogOptions
from lab.stability.verdict import judge

FID = [300.0, 100.0, 40.0, 20.0, 12.0, 8.0]


def read(rows: list[Row], *, budget_images: int | None = None, **options: object) -> Log:
    return read_log(
        rows,
        names=None,
        budget_images=budget_images,
        options=LogOptions(**options),  # type: ignore[arg-type]
    )


def log(clock: str, times: list[float], values: list[float] | None = None) -> list[Row]:
    return [
        {clock: at, "fid": value} for at, value in zip(times, values or FID, strict=bool(values))
    ]


def curve(read: Log) -> list[tuple[int, float]]:
    return [(row["images_seen"], row[read.distance]) for row in read.rows]


@pytest.mark.parametrize(
    ("clock", "options", "unit"),
    [
        ("images_seen", {}, 1),
        ("cur_nimg", {}, 1),
        ("Progress/kimg", {}, 1000),
        ("itr", {"batch_size": 2048}, 2048),
        ("Iteration", {"batch_size": 64}, 64),
        ("trainer/global_step", {"batch_size": 64}, 64),
        ("epoch", {"epoch_size": 50_000}, 50_000),
        ("mine", {"clock": "mine"}, 1),
        ("generator_updates", {"clock": "generator_updates", "batch_size": 8}, 8),
        ("mine", {"clock": "mine", "batch_size": 16}, 16),
        ("mine", {"clock": "mine", "epoch_size": 500}, 500),
        ("itr", {"clock": "itr", "batch_size": 2048}, 2048),
    ],
)
def test_a_clock_counts_in_its_unit(clock: str, options: dict[str, object], unit: int) -> None:
    result = read(log(clock, [0, 1, 2, 3, 4, 138]), **options)
    assert result.budget_images == 138 * unit


@pytest.mark.parametrize(
    ("columns", "options", "said"),
    [
        ("itr", {}, "give the batch size"),
        ("epoch", {}, "give the epoch size"),
        ("step epoch", {}, "give the batch size or the epoch size"),
        ("kimg", {"batch_size": 64}, "the batch size 64 is not used, as the clock 'kimg' counts"),
        ("images", {"epoch_size": 64}, "the epoch size 64 is not used"),
        ("kimg step", {"batch_size": 64}, "leave it out, or name another clock"),
        ("itr", {"batch_size": 64, "epoch_size": 9}, "the epoch size 9 is not used"),
        ("epoch", {"batch_size": 64}, "the batch size 64 is not used"),
        ("mine", {"clock": "mine", "batch_size": 1, "epoch_size": 1}, "give one"),
        ("when", {}, "no column of images seen among when, fid"),
        ("time", {"clock": "time"}, "'time', which is no count of training"),
        ("Wall time", {"clock": "Wall time"}, "no count of training"),
        ("_timestamp", {"clock": "_timestamp"}, "no count of training"),
        ("tick", {"clock": "tick"}, "no count of training"),
        ("seed", {"clock": "seed"}, "no count of training"),
        ("kimg", {"clock": "kimg", "quality": "kimg"}, "cannot be the clock and the quality"),
    ],
)
def test_a_clock_without_a_unit_and_a_size_without_a_use_are_refused(
    columns: str, options: dict[str, object], said: str
) -> None:
    names = [columns] if columns == "Wall time" else columns.split()
    rows = [dict.fromkeys(names, i) | {"fid": value} for i, value in enumerate(FID)]
    with pytest.raises(InputError, match=said):
        read(rows, **options)


def test_a_batch_size_with_a_named_clock_of_steps_is_used() -> None:
    rows = [{"kimg": i, "step": 10 * i, "fid": value} for i, value in enumerate(FID)]
    assert read(rows, clock="step", batch_size=64).budget_images == 3200


def test_two_clocks_must_agree() -> None:
    rows = [{"kimg": 10 * i, "images": 10_000 * i, "fid": v} for i, v in enumerate(FID)]
    assert read(rows).budget_images == 50_000
    rows[3]["images"] = 64_000
    with pytest.raises(InputError, match="disagree: 'images' is 64000 where 'kimg'"):
        read(rows)
    assert read(rows, clock="kimg").budget_images == 50_000


def test_what_does_not_grow_with_training_is_no_clock() -> None:
    with pytest.raises(InputError, match="is 7 in all 6 rows; a clock must grow"):
        read(log("images", [7] * 6))
    with pytest.raises(InputError, match="holds times of day, such as 1613000000"):
        read(log("x", [1613000000 + i for i in range(6)]), clock="x")
    with pytest.raises(InputError, match="holds times of day, such as 1613000000000000000"):
        read(log("x", [1613000000 * 10**9 + i for i in range(6)]), clock="x")


def test_rows_after_a_resumption_from_a_checkpoint_replace_earlier_ones() -> None:
    rows = log("kimg", [0, 100, 200, 300, 200, 300, 400], [300, 100, 40, 20, 41, 21, 8])
    result = read(rows)
    assert curve(result) == [
        (0, 300), (100_000, 100), (200_000, 41), (300_000, 21), (400_000, 8),
    ]  # fmt: skip
    assert result.ignored == (
        "the clock goes back from 300 kimg to 200 kimg: taken for a resumption from a checkpoint, "
        "whose rows replace 2 rows before it",
    )


def test_a_log_that_was_written_twice_counts_once() -> None:
    rows = log("kimg", [0, 1, 2, 3, 4, 5])
    assert curve(read([*rows, *rows])) == curve(read(rows))
    assert curve(read([*rows[:4], *rows])) == curve(read(rows))


def test_a_clock_that_begins_anew_is_continued_where_the_distance_goes_on() -> None:
    result = read(log("kimg", [0, 100, 200, 300, 0, 100, 200], [300, 100, 40, 20, 19, 12, 8]))
    assert [images for images, _ in curve(result)] == [100_000 * i for i in range(6)]
    assert curve(result)[3:] == [(300_000, 19), (400_000, 12), (500_000, 8)]
    assert "whose clock begins anew, and continued from 300 kimg" in result.ignored[0]
    result = read(log("kimg", [0, 100, 200, 300, 100, 200], [300, 100, 40, 20, 19, 12]))
    assert curve(result)[-2:] == [(400_000, 19), (500_000, 12)]


def test_a_clock_that_begins_anew_for_unknown_reasons_is_refused() -> None:
    with pytest.raises(InputError, match="cannot be known; give the rows of one run"):
        read(log("kimg", [0, 100, 200, 300, 0, 100, 200], [300, 100, 40, 20, 75, 30, 25]))


def test_a_second_run_is_refused_with_its_position() -> None:
    rows = log("kimg", [0, 100, 200, 300, 0, 100, 200], [300, 100, 40, 20, 290, 90, 35])
    rows.insert(2, {"fid": 5.0})
    with pytest.raises(AnotherRun, match="another run begins there; give the rows") as caught:
        read(rows)
    assert caught.value.position == 5


def test_a_table_from_the_newest_row_on_is_sorted() -> None:
    rows = log("kimg", [0, 1, 2, 3, 4, 5])
    result = read(rows[::-1])
    assert curve(result) == curve(read(rows))
    assert result.ignored == ("5 rows out of order were sorted",)


def test_an_evaluation_that_was_repeated_counts_as_it_was_last() -> None:
    result = read(log("kimg", [0, 1, 1, 2], [300, 50, 40, 8]))
    assert curve(result) == [(0, 300), (1000, 40), (2000, 8)]
    assert result.ignored == (
        "1 row with the clock of an earlier row and another number counts instead of it",
    )


def test_a_first_row_after_the_start_makes_quality_relative() -> None:
    late = read(log("kimg", [450, 700, 950, 1200, 1450, 1700]))
    assert late.is_relative
    assert late.ignored[-1].endswith("quality is relative to the first row, at 450 kimg")
    assert not read(log("kimg", [450, 700, 950, 1200, 1450, 1700]), initial=350.0).is_relative
    assert not read(log("kimg", [1, 700, 950, 1200, 1450, 1700])).is_relative


def test_an_initial_distance_does_not_make_a_failure_stable() -> None:
    rows = log("kimg", [0, 1, 2, 3, 4, 5, 6, 7], [30, 25, 22, 20, 70, 92, 95, 92])
    for initial in (None, 350.0):
        verdict = judge(rows, log=LogOptions(initial=initial))
        assert verdict is not None
        assert verdict.name != "stable"


def test_a_scale_is_not_used_by_quality_itself() -> None:
    rows = [{"kimg": i, "quality": i / 10} for i in range(9)]
    for options, said in (({"initial": 3.0}, "the initial"), ({"floor": 1.0}, "the floor")):
        with pytest.raises(InputError, match=f"{said} distance is not used"):
            read(rows, **options)


@pytest.mark.parametrize("name", ["fid" + "9" * 5000 + "x", "val" * 2000, "d_loss" + "9" * 5000])
def test_a_long_name_of_a_column_is_no_trap(name: str) -> None:
    rows = [row | {name: 1.0} for row in log("kimg", [0, 1, 2, 3, 4, 5])]
    assert curve(read(rows))[0] == (0, 300.0)
