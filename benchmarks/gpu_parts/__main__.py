"""Run one part: a JSON line a case, until the cases or the time end. Started by benchmarks/gpu."""

from __future__ import annotations

import argparse
import importlib
import json
import time
import traceback
from pathlib import Path

import torch

from benchmarks.gpu_parts.setting import ARCHITECTURES, Setting

SOFT_SHARE = 0.85
"""No case is begun after this share of the limit, at which the process would be killed."""
NUM_FRAMES = 4


def why(error: Exception) -> str:
    """An error's first line, and the last places it passed."""
    frames = traceback.extract_tb(error.__traceback__)[-NUM_FRAMES:]
    way = " < ".join(f"{Path(frame.filename).name}:{frame.lineno}" for frame in reversed(frames))
    message = (str(error).strip().splitlines() or [""])[0]
    return f"{type(error).__name__}: {message[:300]} [{way}]"


def main() -> None:
    """Print one line a case."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name")
    parser.add_argument("--device", required=True)
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--scratch", type=Path, required=True)
    parser.add_argument("--inception-weights")
    parser.add_argument("--networks", nargs="+", default=ARCHITECTURES)
    arguments = parser.parse_args()
    if arguments.device == "cpu":
        torch.set_num_threads(1)
    end = time.monotonic() + SOFT_SHARE * arguments.seconds
    setting = Setting(
        torch.device(arguments.device),
        arguments.scratch,
        arguments.inception_weights,
        tuple(arguments.networks),
    )
    left_out = 0
    for name, measure in importlib.import_module(f"{__package__}.{arguments.name}").cases(setting):
        if time.monotonic() > end:
            left_out += 1
            continue
        started = time.monotonic()
        try:
            figures = {"ok": True, **measure()}
        except Exception as error:
            figures = {"ok": False, "error": why(error)}
        took = round(time.monotonic() - started, 1)
        print(json.dumps({"case": name, **figures, "took": took}), flush=True)
    if left_out:
        print(json.dumps({"case": "left out for lack of time", "ok": True, "num": left_out}))


if __name__ == "__main__":
    main()
