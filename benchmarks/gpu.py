"""Everything that needs a GPU once: correctness, resuming, waiting, speed, evaluation.

    python -m benchmarks.gpu --minutes 6 [--device cuda|cpu] [--out FILE.json] [--only NAME ...]
        [--networks NAME ...]

Each part runs in a process of its own with its own time limit, and prints one JSON line; what a
part leaves of its time goes to the later ones. A failure is a result: its text stands in the line.
With --out the whole result, with the device's name, is written as JSON. On a CPU the parts run in
a reduced size. Exit codes: 0 when every check held, 1 when one failed, 2 when nothing could start.

This file needs the standard library only, and the parts (benchmarks/gpu_parts) neither Ray nor
Plotly nor Optuna: benchmarks/gpu.md has the commands for a machine with few packages.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

INDISPENSABLE = ("torch", "numpy", "pydantic")
"""Import names without which no part starts."""
WANTED = ("safetensors", "scipy", "PIL", "torchvision", "tqdm", "torch_fidelity")
"""Import names of what the parts with runs and metrics need as well."""
GUIDE = "benchmarks/gpu.md shows how to carry packages as wheels"
SPARE_SECONDS = 5.0
"""Kept back for starting and ending this process itself."""
LEAST_SECONDS = 5.0
"""A part that would get less is not started."""
NUM_FAILURES_PRINTED = 5
NUM_STDERR_CHARACTERS = 2000


@dataclass(frozen=True)
class Part:
    """One part, by the name of its module in benchmarks/gpu_parts."""

    name: str
    share: float
    """Of the time, relative to the other parts: about its seconds on an H100 or H200, imports and
    the start of CUDA included (benchmarks/results)."""
    terse: bool = False
    """Its line leaves out the cases that passed."""


PARTS = (
    Part("machine", 15),
    Part("steps", 55, terse=True),
    Part("waits", 35, terse=True),
    Part("resume", 90),
    Part("speed", 165),
    Part("inception", 60),
    Part("metrics", 20),
    Part("agreement", 130, terse=True),
    Part("captured", 60, terse=True),
)


def main(args: Sequence[str] | None = None) -> int:
    """Run the parts; the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=6.0, help="limit of all parts together")
    parser.add_argument("--device", choices=("cuda", "cpu"), default="cuda")
    parser.add_argument("--out", type=Path, help="write the whole result there, as JSON")
    parser.add_argument("--only", nargs="+", choices=[part.name for part in PARTS])
    parser.add_argument("--networks", nargs="+", help="whose speed is measured; else all")
    parser.add_argument("--inception-weights", help="else random weights, which cost the same")
    arguments = parser.parse_args(args)

    missing = [name for name in INDISPENSABLE if importlib.util.find_spec(name) is None]
    if missing:
        print(f"missing here: {', '.join(missing)}; {GUIDE}", file=sys.stderr)
        return 2
    lacking = [name for name in WANTED if importlib.util.find_spec(name) is None]
    if lacking:
        print(
            f"missing here: {', '.join(lacking)}; the parts that train whole runs or measure "
            f"images will fail; {GUIDE}",
            file=sys.stderr,
        )
    deadline = time.monotonic() + 60 * arguments.minutes - SPARE_SECONDS
    parts = [part for part in PARTS if not arguments.only or part.name in arguments.only]
    results = []
    with tempfile.TemporaryDirectory(prefix="gpu-parts-") as scratch:
        for index, part in enumerate(parts):
            left = deadline - time.monotonic()
            seconds = left * part.share / sum(later.share for later in parts[index:])
            command = [
                *(sys.executable, "-m", "benchmarks.gpu_parts", part.name),
                *("--device", arguments.device, "--seconds", f"{seconds:.1f}"),
                *("--scratch", scratch),
            ]
            if arguments.networks:
                command += ["--networks", *arguments.networks]
            if arguments.inception_weights:
                command += ["--inception-weights", arguments.inception_weights]
            results.append({"part": part.name, "missing": lacking, **run_part(command, seconds)})
            print(json.dumps(line(part, results[-1])), flush=True)
            if part.name == "machine" and not results[-1]["ok"]:
                print("the device cannot be used; nothing else was started", file=sys.stderr)
                break
    if arguments.out:
        arguments.out.parent.mkdir(parents=True, exist_ok=True)
        arguments.out.write_text(json.dumps(whole(arguments, results), indent=1) + "\n")
    return 0 if all(result["ok"] for result in results) else 1


def run_part(command: Sequence[str], seconds: float) -> dict[str, Any]:
    """One part's result; it is killed, with what it started, when its time is over."""
    if seconds < LEAST_SECONDS:
        return {"ok": False, "error": "not started: no time left", "cases": []}
    # cuBLAS reads it when it starts; deterministic algorithms need it (settle_algorithms).
    environment = {**os.environ, "CUBLAS_WORKSPACE_CONFIG": ":4096:8", "PYTHONUNBUFFERED": "1"}
    started = time.monotonic()
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        start_new_session=True,  # a group of its own, which can be killed as a whole
    )
    error = None
    try:
        printed, complaints = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        printed, complaints = process.communicate()
        error = f"killed at its limit of {seconds:.0f} s"
        if complaints:
            error += f" after: {complaints[-NUM_STDERR_CHARACTERS:].strip()}"
    cases = _cases(printed)
    if error is None and process.returncode:
        error = f"exit code {process.returncode}: {complaints[-NUM_STDERR_CHARACTERS:].strip()}"
    ok = error is None and bool(cases) and all(case["ok"] for case in cases)
    result = {"ok": ok, "seconds": round(time.monotonic() - started, 1), "cases": cases}
    return result if error is None else {**result, "error": error}


def _cases(printed: str) -> list[dict[str, Any]]:
    """The cases that a part printed, one JSON object a line; a line cut short is left out."""
    cases = []
    for text in printed.splitlines():
        try:
            case = json.loads(text)
        except ValueError:
            continue
        if isinstance(case, dict) and "ok" in case:
            cases.append(case)
    return cases


def line(part: Part, result: dict[str, Any]) -> dict[str, Any]:
    """What is printed of a part: figures, or only the counts and the failures."""
    cases = result["cases"]
    failed = [case for case in cases if not case["ok"]]
    printed = {key: value for key, value in result.items() if key not in ("cases", "missing")}
    printed |= {"num_cases": len(cases), "num_failed": len(failed)}
    printed["cases" if not part.terse else "failed"] = (
        cases if not part.terse else failed[:NUM_FAILURES_PRINTED]
    )
    return printed


def whole(arguments: argparse.Namespace, results: list[dict[str, Any]]) -> dict[str, Any]:
    """The JSON of --out."""
    described = [case for result in results for case in result["cases"] if "torch" in case]
    machine = {key: value for key, value in (described or [{}])[0].items() if key != "case"}
    return {
        "device": machine.get("device"),
        "machine": machine,
        "command": f"python -m benchmarks.gpu --minutes {arguments.minutes:g} "
        f"--device {arguments.device}",
        "ok": all(result["ok"] for result in results),
        "parts": results,
    }


if __name__ == "__main__":
    sys.exit(main())
