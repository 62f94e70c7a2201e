"""How much of this machine a process may use. What does not belong here: what it does with it."""

import os


def usable_cores() -> int:
    """Those that this process may use; all of the machine where the system does not tell, as on macOS."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
