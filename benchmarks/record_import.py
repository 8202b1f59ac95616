"""What an import of old logs costs: a study of runs that were trained elsewhere.

    python -m benchmarks.record_import [--logs 500] [--rows 1000] [--quick]

CSV logs with a distance and two losses in every row, of several settings with five seeds each, are
imported as `python -m lab.record import` does it, without a bar. Printed are the wall-clock and
the processor time of the whole, without the import of the lab itself.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import math
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks.quick import parsed
from lab.record.__main__ import main as record

SEEDS = 5
IMAGES = 10_000_000


def main() -> None:
    """Write the logs, import them, print the times."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--logs", type=int, default=500)
    parser.add_argument("--rows", type=int, default=1000)
    asked = parsed(parser, logs=5, rows=20)
    with tempfile.TemporaryDirectory() as folder:
        logs = Path(folder) / "logs"
        logs.mkdir()
        write_logs(logs, asked.logs, asked.rows)
        words = ["import", str(logs), "--name=mine", f"--storage={folder}/studies"]
        printed = io.StringIO()
        began, began_cpu = time.perf_counter(), time.process_time()
        with contextlib.redirect_stdout(printed):
            code = record([*words, "--pattern=lr{lr}-seed{seed}", "--initial=300"])
        wall, cpu = time.perf_counter() - began, time.process_time() - began_cpu
    assert code == 0, "the import was refused"
    print(printed.getvalue().partition("\n")[0])
    print(
        f"{asked.logs} logs of {asked.rows:,} rows: {wall:.1f} s, {cpu:.1f} s of processor time "
        f"({1e3 * cpu / asked.logs:.0f} ms a log)"
    )


def write_logs(folder: Path, num_logs: int, num_rows: int) -> None:
    """Curves that fall with noise; a tenth of them rises in the middle and stays."""
    rng = np.random.default_rng(0)
    for index in range(num_logs):
        rate = 1e-5 * 10 ** (3 * (index // SEEDS) / max(1, num_logs // SEEDS))
        share = np.linspace(0.0, 1.0, num_rows)
        noise = np.exp(0.03 * rng.normal(size=num_rows))
        distance = 290 * np.exp(-6 * share) + 10 * noise
        if index % 10 == 9:
            distance = np.where(share > 0.5, 150 * noise, distance)
        losses = rng.normal(1.0, 0.1, size=(num_rows, 2))
        lines = ["images,fid,d_loss,g_loss"]
        lines += [
            f"{math.floor(IMAGES * at)},{value:.4f},{d:.4f},{g:.4f}"
            for at, value, (d, g) in zip(share, distance, losses, strict=True)
        ]
        (folder / f"lr{rate:.4g}-seed{index % SEEDS}.csv").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
