"""Facts about the formats of other programs: each is read by its content."""

from __future__ import annotations

import contextlib
import gzip
import json
import math
import os
import struct
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

from lab.errors import InputError
from lab.record import Row
from lab.stability.log import Log, read_log
from lab.stability.log_columns import LogOptions, NothingYet
from lab.stability.logs import read_logs, text

FID = [300.0, 100.0, 40.0, 20.0, 12.0, 8.0]


def rows_of(path: Path) -> list[Row]:
    runs = read_logs(path).runs
    assert len(runs) == 1
    return runs[0].rows


def log_of(path: Path, **options: object) -> Log:
    """The log as rules read it."""
    return read_log(
        rows_of(path),
        names=None,
        budget_images=None,
        options=LogOptions(**options),  # type: ignore[arg-type]
    )


def curve(log: Log) -> list[tuple[int, float]]:
    return [(row["images_seen"], row[log.distance]) for row in log.rows]


def written(path: Path, content: str | bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(content, str):
        path.write_text(content)
    else:
        path.write_bytes(content)
    return path


def table(separator: str = ",", comma: str = ".") -> str:
    lines = [
        f"{200 * i + 0.5:.1f}{separator}{value:.3f}".replace(".", comma)
        for i, value in enumerate(FID)
    ]
    return "\n".join([f"kimg{separator}FID50k_full", *lines]) + "\n"


KIMG_CURVE = [(200_000 * i + 500, value) for i, value in enumerate(FID)]


@pytest.mark.parametrize(
    "content",
    [
        table().encode(),
        table(";", ",").encode(),
        table("\t").encode(),
        table("\t", ",").encode(),
        table("|").encode(),
        table().encode("utf-8-sig"),
        table(";", ",").encode("utf-16"),
        table().encode("utf-16-le"),
        table().replace("\n", "\r\n").encode(),
        b"# a comment\n\n" + table().encode(),
        table().encode() + b"\0" * 4096,
    ],
    ids=[
        "comma",
        "semicolon",
        "tab",
        "tab-comma",
        "bar",
        "bom",
        "utf-16",
        "utf-16-bare",
        "crlf",
        "comment",
        "zeros after a crash",
    ],
)
@pytest.mark.parametrize("suffix", [".csv", ".txt", ""])
def test_a_table_is_known_by_its_content(tmp_path: Path, content: bytes, suffix: str) -> None:
    assert curve(log_of(written(tmp_path / f"log{suffix}", content))) == KIMG_CURVE


def test_tensors_and_lists_of_one_number_in_cells_are_numbers(tmp_path: Path) -> None:
    path = written(
        tmp_path / "log.csv",
        "kimg,fid\n0,\"tensor(300., device='cuda:0')\"\n1,[20.5]\n2,tensor(8.)\n",
    )
    assert curve(log_of(path)) == [(0, 300.0), (1000, 20.5), (2000, 8.0)]


def test_repeated_headers_are_left_out_and_may_change_the_columns(tmp_path: Path) -> None:
    path = written(tmp_path / "log.csv", "kimg,fid\n0,300\nkimg,fid,lr\n1,40,.1\n2,8,.1\n")
    read = read_logs(path)
    assert read.notes == ("1 repeated header left out",)
    assert read.runs[0].rows[-1] == {"kimg": 2.0, "fid": 8.0, "lr": 0.1}


@pytest.mark.parametrize("suffix", [".jsonl", ".json"])
def test_json_is_read_as_lines_lists_or_columns(tmp_path: Path, suffix: str) -> None:
    rows = [{"kimg": 200 * i, "fid": value} for i, value in enumerate(FID)]
    columns = {"kimg": [row["kimg"] for row in rows], "fid": FID, "note": "mine"}
    texts = [
        "\n".join(json.dumps(row) for row in rows),
        json.dumps(rows),
        json.dumps(rows, indent=2),
        json.dumps(columns),
        json.dumps({"name": "mine", "evaluations": rows}, indent=1),
    ]
    for content in texts:
        assert curve(log_of(written(tmp_path / f"log{suffix}", content))) == [
            (200_000 * i, value) for i, value in enumerate(FID)
        ]


def test_torn_json_keeps_its_whole_rows(tmp_path: Path) -> None:
    rows = [{"kimg": 200 * i, "fid": value} for i, value in enumerate(FID)]
    lines = "\n".join(json.dumps(row) for row in rows)
    for content in (lines[:-9], lines[9:], json.dumps(rows)[:-9], json.dumps(rows, indent=2)[:-9]):
        read = read_logs(written(tmp_path / "log.json", content))
        assert len(read.runs[0].rows) == len(FID) - 1
        assert "of log.json could not be read" in read.notes[0]


STUDIOGAN = """\
[INFO] 2021-05-10 10:23:12 > Run name : CIFAR10-DCGAN-train-2021_05_10_10_23_12
[INFO] 2021-05-10 10:23:12 > {'batch_size': 64, 'd_steps_per_iter': 5}
[INFO] 2021-05-10 10:25:12 > Step:    1000 Progress: 1.0% Elapsed: 0:01:12 temperature: 0.0 \
ada_p: 0.0 Discriminator_loss: 1.25 Generator_loss: -0.5
[INFO] 2021-05-10 10:25:12 > Start Evaluation (2000 Step): CIFAR10-DCGAN
[INFO] 2021-05-10 10:26:12 > Inception score (Step: 2000, 50000 generated images): 6.5416
[INFO] 2021-05-10 10:26:12 > FID score (Step: 2000, Using train moments): 114.938
[INFO] 2021-05-10 10:26:12 > Best FID score (Step: 2000, Using train moments): 114.938
[INFO] 2021-05-10 10:27:12 > Step:    3000 Progress: 3.0% Elapsed: 0:03:12 Gen_loss: nan \
Dis_loss: nan Cls_loss: 0.0
[INFO] 2021-05-10 10:28:12 > FID score (Step: 4000, Using train moments): 192.6014
[INFO] 2021-05-10 10:28:12 > Best FID score (Step: 2000, Using train moments): 114.938
"""


def test_studiogan_prints_scores_and_losses_by_step(tmp_path: Path) -> None:
    path = written(tmp_path / "CIFAR10-DCGAN.log", STUDIOGAN)
    with pytest.raises(InputError, match="give the batch size"):
        log_of(path)
    log = log_of(path, batch_size=320)
    assert curve(log) == [(640_000, 114.938), (1_280_000, 192.6014)]
    first, second = log.rows
    assert first["signal_critic_loss"] == 1.25
    assert first["inception_score"] == 6.5416
    assert (second["signal_non_finite"], second["signal_first_non_finite_images"]) == (2, 960_000)


def stylegan_metric(name: str, values: list[float], offset: int = 0) -> str:
    return "".join(
        json.dumps(
            {
                "results": {name: value},
                "metric": name,
                "total_time": 60.0,
                "num_gpus": 8,
                "snapshot_pkl": f"network-snapshot-{200 * i + offset:06d}.pkl",
                "timestamp": 1613000000.0 + i,
            }
        )
        + "\n"
        for i, value in enumerate(values)
    )


def stylegan_stats() -> str:
    return "".join(
        json.dumps(
            {
                "Progress/tick": {"num": 1, "mean": i, "std": 0.0},
                "Progress/kimg": {"num": 1, "mean": 100.25 * i, "std": 0.0},
                "Loss/D/loss": {"num": 400, "mean": 1.0 + i, "std": 0.1},
                "Loss/G/loss": {"num": 400, "mean": 0.5, "std": 0.1},
                "timestamp": 1613000000.0 + i,
            }
        )
        + "\n"
        for i in range(11)
    )


def test_a_stylegan_folder_joins_its_metrics_and_losses_by_kimg(tmp_path: Path) -> None:
    written(tmp_path / "metric-fid50k_full.jsonl", stylegan_metric("fid50k_full", FID))
    written(tmp_path / "metric-pr50k3_full.jsonl", stylegan_metric("pr50k3_full_recall", FID[:2]))
    written(tmp_path / "stats.jsonl", stylegan_stats())
    written(tmp_path / "log.txt", "Setting up training phases...\n")
    log = log_of(tmp_path)
    assert curve(log) == [(200_000 * i, value) for i, value in enumerate(FID)]
    assert [row["signal_critic_loss"] for row in log.rows] == [1.0, 2.0, 4.0, 6.0, 8.0, 10.0]
    assert log.rows[1]["recall_inception"] == 100.0


def test_stylegans_printed_log_holds_its_metrics(tmp_path: Path) -> None:
    lines = ["Training for 25000 kimg...", ""]
    for i, metric in enumerate(stylegan_metric("fid50k_full", FID).splitlines()):
        lines += [
            f"tick {i}     kimg {200 * i + 0.4:<8.1f} time 25s          sec/tick 4.5     "
            "sec/kimg 1130.86 maintenance 20.9   cpumem 4.55   gpumem 22.51  augment 0.000",
            "Evaluating metrics...",
            metric,
        ]
    log = log_of(written(tmp_path / "log.txt", "\n".join(lines)))
    assert curve(log) == [(200_000 * i, value) for i, value in enumerate(FID)]


def test_stylegan2s_first_metric_files_are_read(tmp_path: Path) -> None:
    lines = [
        f"network-snapshot-{200 * i:06d}        time 11m 03s      fid50k         {value:.4f}"
        for i, value in enumerate(FID)
    ]
    log = log_of(written(tmp_path / "metric-fid50k.txt", "\n".join(lines)))
    assert curve(log) == [(200_000 * i, value) for i, value in enumerate(FID)]
    assert curve(log_of(tmp_path)) == curve(log)


def test_biggans_lines_count_iterations(tmp_path: Path) -> None:
    lines = [
        json.dumps(
            {"itr": 1000 * (i + 1), "IS_mean": 2.0, "IS_std": 0.1, "FID": value, "_stamp": 1.5e9}
        )
        for i, value in enumerate(FID)
    ]
    written(tmp_path / "BigGAN_C10_log.jsonl", "\n".join(lines))
    for path in (tmp_path, tmp_path / "BigGAN_C10_log.jsonl"):
        assert curve(log_of(path, batch_size=64))[-1] == (384_000, 8.0)


def biggan_losses(folder: Path, failing_since: int) -> None:
    for name, loss in (("G_loss", -1.0), ("D_loss_real", 0.5), ("D_loss_fake", 0.25)):
        values = [
            math.nan if name == "D_loss_fake" and itr >= failing_since else loss
            for itr in range(1, 6001)
        ]
        lines = [f"{itr}: {value:.3e}\n" for itr, value in enumerate(values, 1)]
        written(folder / f"{name}.log", "".join(lines))


@pytest.mark.parametrize("inner", ["BigGAN_C10", "."])
def test_biggans_losses_are_joined_by_iteration(tmp_path: Path, inner: str) -> None:
    lines = [json.dumps({"itr": 1000 * (i + 1), "FID": value}) for i, value in enumerate(FID)]
    written(tmp_path / "BigGAN_C10_log.jsonl", "\n".join(lines))
    biggan_losses(tmp_path / inner, failing_since=4001)
    log = log_of(tmp_path, batch_size=64)
    assert curve(log) == [(64_000 * (i + 1), value) for i, value in enumerate(FID)]
    assert [row["signal_critic_loss"] for row in log.rows[:4]] == [0.75] * 4
    assert log.rows[0]["signal_generator_loss"] == -1.0
    assert log.rows[4]["signal_first_non_finite_images"] == 64 * 4001


def test_biggans_experiments_of_one_folder_are_runs(tmp_path: Path) -> None:
    for name in ("one", "two"):
        lines = [json.dumps({"itr": 1000 * (i + 1), "FID": value}) for i, value in enumerate(FID)]
        written(tmp_path / f"{name}_log.jsonl", "\n".join(lines))
    biggan_losses(tmp_path / "two", failing_since=9999)
    written(tmp_path / "one" / "G_loss.log", "")
    read = read_logs(tmp_path)
    assert [(run.name, len(run.rows)) for run in read.runs] == [("one", 6), ("two", 6006)]
    assert len(read.notes) == 1
    assert "losses were not read" in read.notes[0]


def test_mimicrys_scores_are_means_by_step(tmp_path: Path) -> None:
    scores = {str(step): [20.0 - step / 1e4, 22.0 - step / 1e4] for step in (100000, 5000, 10000)}
    written(tmp_path / "fid.json", json.dumps(scores))
    written(tmp_path / "kid_50k.json", json.dumps({"5000": [[0.02, 0.001]]}))
    assert curve(log_of(tmp_path / "fid.json", batch_size=10)) == [
        (50_000, 20.5),
        (100_000, 20.0),
        (1_000_000, 11.0),
    ]
    assert {"step": 5000.0, "kid": 0.02} in rows_of(tmp_path)


def test_rays_results_are_read_with_named_clocks_only(tmp_path: Path) -> None:
    result = [
        {
            "fid": value,
            "training_iteration": i + 1,
            "timestamp": 1613000000 + i,
            "time_total_s": 10.0 * i,
            "trial_id": "a_0",
            "done": False,
            "config": {"batch_size": 64, "images": 5},
        }
        for i, value in enumerate(FID)
    ]
    folder = tmp_path / "train_a_0"
    written(folder / "result.json", "\n".join(json.dumps(row) for row in result))
    with pytest.raises(InputError, match="give the epoch size"):
        log_of(folder)
    for clock in ("timestamp", "time_total_s"):
        with pytest.raises(InputError, match="no count of training"):
            log_of(folder, clock=clock)
    assert curve(log_of(folder, epoch_size=5000))[0] == (5000, 300.0)
    progress = "fid,training_iteration,time_total_s\n300,1,10\n20,2,20\n"
    written(tmp_path / "other" / "progress.csv", progress)
    assert curve(log_of(tmp_path / "other", epoch_size=100)) == [(100, 300.0), (200, 20.0)]
    assert [run.name for run in read_logs(tmp_path).runs] == ["other", "train_a_0"]


def test_tensorboards_exports_have_their_tag_in_the_name(tmp_path: Path) -> None:
    lines = [f"161300000{i}.5,{1000 * i},{value}" for i, value in enumerate(FID)]
    export = "\n".join(["Wall time,Step,Value", *lines])
    path = written(tmp_path / "run-.-tag-metrics_fid50k_full.csv", export)
    written(tmp_path / "run-.-tag-Loss_D_loss.csv", export)
    for place in (path, tmp_path):
        assert curve(log_of(place, batch_size=32))[1] == (32_000, 100.0)
    assert log_of(tmp_path, batch_size=32).rows[1]["signal_critic_loss"] == 100.0
    plain = written(tmp_path / "plain" / "export.csv", export)
    with pytest.raises(InputError, match="no column of quality among Wall time, Step, Value"):
        log_of(plain, batch_size=32)
    assert log_of(plain, batch_size=32, quality="Value").budget_images == 160_000
    with pytest.raises(InputError, match="no count of training"):
        log_of(plain, clock="Wall time", quality="Value")


def test_event_files_without_tensorboard_say_how_to_read_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inner = "tensorboard.backend.event_processing.event_accumulator"
    for name in ("tensorboard", inner):  # where another test has imported it
        monkeypatch.setitem(sys.modules, name, None)
    header = b"\x18\0\0\0\0\0\0\0\xa3\x7f\x4b\x22\tbrain.Event:2"
    path = written(tmp_path / "events.out.tfevents.1613000000.host", header)
    for place in (path, tmp_path):
        with pytest.raises(InputError, match="pip install tensorboard"):
            read_logs(place)


def test_event_files_are_read_by_tensorboards_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a stand-in for the package, which has the same members."""

    class Accumulator:
        summary_metadata: dict[str, object] = {}

        def __init__(self, path: str, size_guidance: dict[str, int]) -> None:
            assert size_guidance["scalars"] == 0

        def Reload(self) -> None: ...

        def Tags(self) -> dict[str, list[str]]:
            return {"scalars": ["Metrics/fid50k_full"], "tensors": []}

        def Scalars(self, tag: str) -> list[SimpleNamespace]:
            return [SimpleNamespace(step=i, value=value) for i, value in enumerate(FID)]

    module = ModuleType("tensorboard.backend.event_processing.event_accumulator")
    module.EventAccumulator = Accumulator  # type: ignore[attr-defined]
    names = ("tensorboard", "tensorboard.backend", "tensorboard.backend.event_processing")
    for name in names:
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
    monkeypatch.setitem(sys.modules, module.__name__, module)
    path = written(tmp_path / "events.out.tfevents.1", b"\0" * 12 + b"\tbrain.Event:2")
    assert curve(log_of(path, batch_size=1000))[-1] == (5000, 8.0)


def wandb_file(path: Path, contents: Sequence[bytes]) -> Path:
    """Records in LevelDB's framing, of parts that end with their blocks."""
    data = bytearray(b":W&B\xe1\xbe\0")
    for content in contents:
        rest, is_first = content, True
        while rest or is_first:
            room = 32768 - len(data) % 32768
            if room < 7:
                data += bytes(room)
                continue
            part, rest = rest[: room - 7], rest[room - 7 :]
            kind = (1 if is_first else 4) if not rest else (2 if is_first else 3)
            data += struct.pack("<IHB", 0, len(part), kind) + part
            is_first = False
    return written(path, bytes(data))


def wandb_history(**cells: object) -> bytes:
    return json.dumps(cells).encode()


def test_wandbs_files_without_its_package_say_how_to_read_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("wandb", "wandb.proto"):  # where another package has imported them
        monkeypatch.setitem(sys.modules, name, None)
    path = wandb_file(tmp_path / "run-1.wandb", [b"{}"])
    for place in (path, tmp_path):
        with pytest.raises(InputError, match="pip install wandb, or give the history"):
            read_logs(place)


@pytest.fixture
def wandb_messages(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stand-in for the package, whose records are JSON."""

    class Record:
        def ParseFromString(self, data: bytes) -> None:
            items = json.loads(data).items()
            self.history = SimpleNamespace(
                item=[
                    SimpleNamespace(key="", nested_key=key.split("."), value_json=json.dumps(cell))
                    for key, cell in items
                ]
            )

        def WhichOneof(self, name: str) -> str:
            assert name == "record_type"
            return "history" if self.history.item else "header"

    proto = ModuleType("wandb.proto")
    proto.wandb_internal_pb2 = SimpleNamespace(Record=Record)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "wandb", ModuleType("wandb"))
    monkeypatch.setitem(sys.modules, "wandb.proto", proto)


@pytest.mark.usefixtures("wandb_messages")
def test_wandbs_files_are_read_by_its_package(tmp_path: Path) -> None:
    histories = [
        wandb_history(**{"kimg": 200 * i, "fid": value, "loss.D": math.inf, "bins": [0] * 20_000})
        for i, value in enumerate(FID)
    ]
    run = tmp_path / "wandb" / "offline-run-1"
    path = wandb_file(run / "run-1.wandb", [b"{}", *histories])
    (tmp_path / "wandb" / "latest-run").symlink_to("offline-run-1")
    for place in (path, run, tmp_path / "wandb"):
        assert curve(log_of(place)) == [(200_000 * i, value) for i, value in enumerate(FID)]
    assert rows_of(path)[0] == {"kimg": 0, "fid": 300.0, "loss/D": math.inf}


@pytest.mark.usefixtures("wandb_messages")
def test_a_wandb_file_cut_anywhere_is_rows_or_one_sentence(tmp_path: Path) -> None:
    histories = [wandb_history(kimg=i, fid=value, bins=[0] * 9000) for i, value in enumerate(FID)]
    whole = wandb_file(tmp_path / "run-1.wandb", histories).read_bytes()
    counts = []
    for length in range(10, len(whole), len(whole) // 20):
        with contextlib.suppress(NothingYet):
            counts.append(len(rows_of(written(tmp_path / "cut", whole[:length]))))
    assert counts == sorted(counts)
    assert max(counts) == len(FID) - 1
    damaged = wandb_file(tmp_path / "damaged", [b"no JSON"])
    with pytest.raises(InputError, match="cannot be read as W&B's file of a run"):
        read_logs(damaged)


def test_a_wandb_history_is_read(tmp_path: Path) -> None:
    lines = ["_step,_runtime,_timestamp,train/loss_d,val/fid"]
    for i, value in enumerate(FID):
        lines += [f"{100 * i},{i},161300000{i},,{value}", f"{100 * i + 50},{i},161300000{i},0.7,"]
    log = log_of(written(tmp_path / "history.csv", "\n".join(lines)), batch_size=64)
    assert curve(log) == [(6400 * i, value) for i, value in enumerate(FID)]
    assert log.rows[1]["signal_critic_loss"] == 0.7
    assert log.ignored == ("1 row after the last 'val/fid', at 32 kimg, was not judged",)


def test_a_wandb_chart_holds_a_run_a_column(tmp_path: Path) -> None:
    header = ["Step"]
    for run in ("calm-sea-1", "wild-wind-2"):
        header += [f"{run} - fid", f"{run} - fid__MIN", f"{run} - fid__MAX"]
    quoted = ",".join(f'"{name}"' for name in header)
    lines = [",".join(map(str, [i, v, v, v, v + 1, v + 1, ""])) for i, v in enumerate(FID)]
    read = read_logs(written(tmp_path / "wandb.csv", "\n".join([quoted, *lines])))
    assert [run.name for run in read.runs] == ["calm-sea-1", "wild-wind-2"]
    assert read.runs[1].rows[-1] == {"Step": 5.0, "fid": 9.0}


def test_lightnings_metrics_are_read_by_step_or_epoch(tmp_path: Path) -> None:
    lines = ["d_loss_epoch,d_loss_step,epoch,fid,g_loss,step"]
    for i, value in enumerate(FID):
        lines += [f",0.{i}1,{i},,0.5,{100 * i + 49}", f",0.{i}2,{i},,0.5,{100 * i + 99}"]
        lines += [f"0.9,,{i},{value},,{100 * i + 99}"]
    written(tmp_path / "metrics.csv", "\n".join(lines))
    by_step = log_of(tmp_path, batch_size=10)
    assert curve(by_step) == [(1000 * i + 990, value) for i, value in enumerate(FID)]
    assert by_step.rows[0]["signal_generator_loss"] == 0.5
    assert curve(log_of(tmp_path, epoch_size=5000))[-1] == (25_000, 8.0)
    with pytest.raises(InputError, match="give the batch size or the epoch size"):
        log_of(tmp_path)


def test_mlflow_runs_are_read_and_joined_by_step(tmp_path: Path) -> None:
    experiment = tmp_path / "mlruns" / "0"
    for run, shift in (("0a1b", 0.0), ("2c3d", 1.0)):
        metrics = experiment / run / "metrics"
        lines = [f"161300000{i}000 {value + shift} {i}" for i, value in enumerate(FID)]
        written(metrics / "val" / "fid", "\n".join(lines))
        written(metrics / "critic_loss", "1613000000000 nan 2\n")
        written(experiment / run / "meta.yaml", "run_id: x\n")
        written(experiment / run / "artifacts" / "metrics.csv", "kimg,fid\n0,1\n")
    assert [run.name for run in read_logs(experiment).runs] == ["0a1b", "2c3d"]
    assert [run.name for run in read_logs(tmp_path / "mlruns").runs] == ["0/0a1b", "0/2c3d"]
    log = log_of(experiment / "2c3d", batch_size=64)
    assert curve(log) == [(64 * i, value + 1.0) for i, value in enumerate(FID)]


def test_a_column_that_names_runs_separates_them(tmp_path: Path) -> None:
    lines = [f"{seed},{i},{value}" for seed in (0, 1) for i, value in enumerate(FID)]
    read = read_logs(written(tmp_path / "log.csv", "\n".join(["seed,kimg,fid", *lines])))
    assert [(run.name, len(run.rows)) for run in read.runs] == [("seed 0", 6), ("seed 1", 6)]
    lines = [f"sngan,{i},{value},{100 + i}" for i, value in enumerate(FID)]
    assert (
        len(rows_of(written(tmp_path / "one.csv", "\n".join(["run,kimg,fid,seed", *lines])))) == 6
    )


BINARY = bytes(range(256)) * 64
GOOD: dict[str, Callable[[Path], Path]] = {
    "table": lambda folder: written(folder / "log.csv", table()),
    "utf-16": lambda folder: written(folder / "log.csv", table(";", ",").encode("utf-16")),
    "json lines": lambda folder: written(folder / "log.jsonl", stylegan_stats()),
    "metric": lambda folder: written(folder / "m.jsonl", stylegan_metric("fid50k", FID)),
    "studiogan": lambda folder: written(folder / "log.log", STUDIOGAN),
    "mimicry": lambda folder: written(folder / "fid.json", json.dumps({"10": [3.0], "20": [2]})),
    "list": lambda folder: written(folder / "log.json", json.dumps([{"kimg": 1, "fid": 2}] * 3)),
}


@pytest.mark.parametrize("kind", GOOD)
def test_a_log_cut_anywhere_is_rows_or_one_sentence(tmp_path: Path, kind: str) -> None:
    whole = GOOD[kind](tmp_path).read_bytes()
    for length in range(0, len(whole), max(1, len(whole) // 60)):
        path = written(tmp_path / "cut", whole[:length])
        sentence = ""
        try:
            read_logs(path)
        except InputError as error:
            sentence = str(error)
        assert "\n" not in sentence


@pytest.mark.parametrize("name", ["log.csv", "log.jsonl", "fid.json", "x.log", "log.txt"])
@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"\n \n", "is empty"),
        (b"\0" * 100, "is empty"),
        (BINARY, "is binary"),
        (gzip.compress(b"kimg,fid\n0,1\n"), "is packed by gzip"),
        (b"{", "no row that can be read"),
        (b"{}", "no row that can be read"),
        (b"[[1, 2], [3, 4]]", "no row that can be read"),
        (b"kimg,fid\n", "is empty"),
        (b"kimg\n1\n", "no format that is known"),
        (b"kimg,fid\n0,5,300,2\n1,5,200,1\n", "separate cells by semicolons"),
        (b'"' + b"a" * 200_000 + b",b\n1,2\n", "is no table"),
        (b"[" * 100_000, "no row that can be read"),
    ],
)
def test_what_is_no_log_is_one_sentence(
    tmp_path: Path, name: str, content: bytes, said: str
) -> None:
    path = written(tmp_path / name, content)
    with pytest.raises(InputError) as caught:
        read_logs(path)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_huge_line_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "huge.csv"
    with path.open("wb") as file:
        file.write(b"kimg,fid\n")
        file.truncate(2**30)
    with pytest.raises(InputError, match="is longer than 64 MiB"):
        read_logs(path)


def test_a_device_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text, "MAX_BYTES", 2**20)
    with pytest.raises(InputError, match="is longer than 1 MiB"):
        read_logs(Path("/dev/zero"))


def test_a_pipe_is_read_once(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=lambda: pipe.write_text(table()))
    writer.start()
    assert curve(log_of(pipe)) == KIMG_CURVE
    writer.join()


def test_a_name_that_no_file_can_have_is_one_sentence() -> None:
    with pytest.raises(InputError, match="cannot be read"):
        read_logs(Path("x" * 5000))


def test_a_missing_file_and_an_unknown_folder_are_one_sentence(tmp_path: Path) -> None:
    for path, said in ((tmp_path / "none", "cannot be read"), (tmp_path, "holds no known log")):
        with pytest.raises(InputError, match=said):
            read_logs(path)


def test_texts_in_number_cells_are_noted(tmp_path: Path) -> None:
    path = written(tmp_path / "log.csv", "kimg,fid\n0,300\n1,n/a\n2,40\nx,30\n3,8\n")
    log = log_of(path)
    assert curve(log) == [(0, 300.0), (2000, 40.0), (3000, 8.0)]
    assert log.ignored == (
        "1 row without a finite number in 'kimg' was left out",
        "1 row with a text in 'fid' had no quality",
    )


def test_a_nan_that_pandas_writes_for_an_empty_cell_is_no_measurement(tmp_path: Path) -> None:
    lines = ["step,fid,d_loss"]
    for i, value in enumerate(FID):
        lines += [f"{2 * i},{value},nan", f"{2 * i + 1},nan,0.5"]
    log = log_of(written(tmp_path / "log.csv", "\n".join(lines)), batch_size=1000)
    assert curve(log) == [(2000 * i, value) for i, value in enumerate(FID)]
    assert not any("signal_non_finite" in row for row in log.rows)
    assert not any(math.isnan(value) for row in log.rows for value in row.values())
