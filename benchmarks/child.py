"""Runs one function of one module in this process and reports its time and peak memory as JSON.

Started by `harness` with any interpreter >= 3.12, also one that has nothing installed: standard library only. The
module is imported before the clock starts, so what it imports at the top is not counted.
"""

import json
import resource
import sys
import time
from importlib import import_module
from pathlib import Path
from typing import Any


def peak_mb() -> float:
    """Highest resident memory of this process so far, MB (1e6 bytes).

    Linux's own high-water mark is preferred: getrusage also remembers the process that started this one.
    """
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) * 1024 / 1e6
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


def resident_mb() -> float:
    """Resident memory of this process now, MB (1e6 bytes); its highest so far where Linux's /proc is missing."""
    status = Path("/proc/self/status")
    if not status.exists():
        return peak_mb()
    line = next(line for line in status.read_text().splitlines() if line.startswith("VmRSS:"))
    return int(line.split()[1]) * 1024 / 1e6


def cpu_seconds() -> float:
    """Seconds that all cores together have worked for this process, its threads and its finished children."""
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def main() -> None:
    """Reads {module, function, arguments, prepare} from stdin; writes a `harness.Measurement` to the file argv[1]."""
    task = json.load(sys.stdin)
    function = getattr(import_module(task["module"]), task["function"])
    load_s = _prepared(task)
    idle_mb = resident_mb()
    worked, started = cpu_seconds(), time.perf_counter()
    answer = function(**task["arguments"])
    seconds, cpu_s = time.perf_counter() - started, cpu_seconds() - worked
    measured = {"load_s": load_s, "seconds": seconds, "cpu_s": cpu_s, "idle_mb": idle_mb, "peak_mb": peak_mb()}
    Path(sys.argv[1]).write_text(json.dumps(measured | {"answer": answer}))


def _prepared(task: dict[str, Any]) -> float:
    """Seconds of the function that prepares for another, called with the same arguments; 0 if there is none."""
    if not task["prepare"]:
        return 0.0
    started = time.perf_counter()
    getattr(import_module(task["module"]), task["prepare"])(**task["arguments"])
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
