"""Functions that tests send to workers: at the top of a module, as every engine needs them."""

import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from eo_pipeline.errors import CubeError

TOKEN = "EO_TEST_TOKEN"  # noqa: S105  # the name of a variable
COLOUR = "EO_TEST_COLOUR"


def squares(numbers: tuple[int, ...]) -> int:
    return sum(number * number for number in numbers)


def halves(number: int) -> float:
    """A quotient; raises for 0 and, the project's own way, for 13."""
    if number == 13:
        raise CubeError("expected luck, got 13; try 14", said="the cube said no", passes=True)
    return 1 / number


def nap(seconds: float) -> float:
    time.sleep(seconds)
    return seconds


def nap_or_fail(seconds: float) -> float:
    """Sleeps; fails at once for 0."""
    if not seconds:
        raise CubeError("expected some time, got none; give it more")
    return nap(seconds)


def die_at_first(task: tuple[str, int]) -> int:
    """Kills its process the first time that it meets a marker's path; an empty path is never met."""
    path, number = task
    if path and not Path(path).exists():
        Path(path).touch()
        die(0.3)
    return number


def die_each_time(number: int) -> int:
    if number < 0:
        die(0.3)
    return number


def leave_each_time(number: int) -> int:
    os._exit(number)


def exit_each_time(number: int) -> int:
    sys.exit(number)


def die(after: float) -> None:
    time.sleep(after)
    os.kill(os.getpid(), signal.SIGKILL)


def environment_here(names: tuple[str, ...]) -> tuple[str | None, ...]:
    """Variables as Python and GDAL see them, in this thread and in another."""
    from rasterio._env import get_gdal_config  # noqa: PLC0415  # imported once the environment holds

    seen: list[str | None] = [os.environ.get(name) for name in names]
    thread = threading.Thread(target=lambda: seen.extend(get_gdal_config(name, normalize=False) for name in names))
    thread.start()
    thread.join()
    return tuple(seen)


def blurt(_: int) -> None:
    raise PermissionError(f"token {os.environ[TOKEN]} was refused")


def return_a_function(_: int) -> Callable[[], int]:
    return lambda: 1


class OddError(Exception):
    """An error that does not survive its pickle."""

    def __init__(self, left: int, right: int) -> None:
        super().__init__(f"{left} and {right}")


def raise_odd(_: int) -> None:
    raise OddError(1, 2)


def nap_and_tell(task: tuple[str, float]) -> int:
    """Leaves a file named by its process in a folder, then sleeps."""
    folder, seconds = task
    (Path(folder) / str(os.getpid())).touch()
    time.sleep(seconds)
    return os.getpid()
