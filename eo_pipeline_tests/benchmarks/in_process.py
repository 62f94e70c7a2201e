"""Sides measured in the test's own process, which saves starting dozens of others. Not for times that are looked at."""

import time
from importlib import import_module

import pytest

from benchmarks.child import cpu_seconds, peak_mb, resident_mb
from benchmarks.harness import Measurement, Side


def measure_here(side: Side) -> Measurement:
    """As `harness.measure`, without a process and with the interpreter that is there."""
    function = getattr(import_module(side.module), side.function)
    idle_mb, worked, started = resident_mb(), cpu_seconds(), time.perf_counter()
    answer = function(**side.arguments)
    seconds, cpu_s = time.perf_counter() - started, cpu_seconds() - worked
    return Measurement(0.0, seconds, cpu_s, idle_mb, peak_mb(), answer)


def start_no_process(patch: pytest.MonkeyPatch, benchmark: str) -> None:
    """Lets a benchmark and the harness measure so, without waiting for other programs' writes to the disk."""
    patch.setattr("os.sync", lambda: None)
    for module in ("benchmarks.harness", benchmark):
        patch.setattr(f"{module}.measure", measure_here)
