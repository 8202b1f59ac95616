"""Where a full-size step's time goes: kernels, launching them, and the rest of the host."""

from __future__ import annotations

from typing import Any

from torch.autograd import DeviceType  # type: ignore[attr-defined]
from torch.profiler import ProfilerActivity, profile

from benchmarks.gpu_parts.full_size import (
    full_config,
    lab_step,
    num_warm_up,
    set_arithmetic,
    timed,
)
from benchmarks.gpu_parts.setting import Setting

NUM_STEPS = 5
NUM_LARGEST = 8
WAITING = ("cudaStreamSynchronize", "cudaDeviceSynchronize", "cudaEventSynchronize")
RUNTIME = ("cuda", "cuLaunch", "cuMem")
"""How the runtime's own calls begin, as the profiler names them."""


def profiled(setting: Setting, architecture: str, precision: str) -> dict[str, Any]:
    """Milliseconds a step: whole, in kernels, in launches, waiting, elsewhere on the host.

    The whole is measured without the profiler, which slows the host. Kernels run beside the host,
    so the parts do not add up to the whole: the device was idle for whole - kernels.
    """
    config = full_config(setting, architecture)
    set_arithmetic(config, setting)
    step = lab_step(config, setting, precision)
    timed(step, num_warm_up(config, setting), setting)
    whole = timed(step, NUM_STEPS, setting)
    activities = [ProfilerActivity.CPU]
    if setting.device.type == "cuda":
        activities.append(ProfilerActivity.CUDA)
    with profile(activities=activities) as profiler:
        for _ in range(NUM_STEPS):
            step()
        setting.wait()
    averages = profiler.key_averages()
    kernels = [
        entry
        for entry in averages
        if entry.device_type == DeviceType.CUDA and not getattr(entry, "is_user_annotation", False)
    ]
    calls = [entry for entry in averages if entry.device_type == DeviceType.CPU]
    launches = [entry for entry in calls if entry.key.startswith(RUNTIME)]
    waits = [entry for entry in launches if entry.key in WAITING]
    launching = _milliseconds(launches, "self_cpu_time_total") - _milliseconds(
        waits, "self_cpu_time_total"
    )
    host = _milliseconds(calls, "self_cpu_time_total")
    return {
        "whole": round(1e3 * whole.device / NUM_STEPS, 3),
        "kernels": _milliseconds(kernels, "self_device_time_total"),
        "launching": round(launching, 3),
        "waiting": _milliseconds(waits, "self_cpu_time_total"),
        "host_elsewhere": round(host - _milliseconds(launches, "self_cpu_time_total"), 3),
        "num_kernels": sum(entry.count for entry in kernels) / NUM_STEPS,
        "waits": {entry.key: entry.count / NUM_STEPS for entry in waits},
        "largest_kernels": _largest(kernels, "self_device_time_total"),
        "largest_on_host": _largest(calls, "self_cpu_time_total"),
    }


def _milliseconds(entries: list[Any], attribute: str) -> float:
    """Of one step."""
    total = sum(float(getattr(entry, attribute)) for entry in entries)
    return round(total / 1e3 / NUM_STEPS, 3)


def _largest(entries: list[Any], attribute: str) -> dict[str, float]:
    """The entries with the most milliseconds, by their name."""
    ordered = sorted(entries, key=lambda entry: getattr(entry, attribute), reverse=True)
    return {entry.key[:80]: _milliseconds([entry], attribute) for entry in ordered[:NUM_LARGEST]}
