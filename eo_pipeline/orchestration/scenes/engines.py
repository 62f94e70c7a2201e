"""Who composes: the engine that is chosen, what its workers need of this process, and lines that tell how far they are.

What does not belong here: engines (`engines`), and what a batch does (`steps.cubes`).
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import dagster as dg

from eo_pipeline.core.engine_choice import EngineChoice
from eo_pipeline.core.product import Product
from eo_pipeline.core.settings import Settings
from eo_pipeline.engines import Engine, Environment, Progress, open_engine

SECONDS_BETWEEN_LINES = 10.0

SETTINGS = ("GDAL_", "CPL_", "VSI_", "GTIFF_", "OGR_", "PROJ_")
"""Beginnings of names of variables that tell libraries how to read; workers on other machines need them, too."""

SECRETS = ("AWS_", "GS_", "GOOGLE_APPLICATION_CREDENTIALS", "AZURE_", "OSS_")
"""Likewise of credentials."""


class ComposeConfig(dg.Config):
    """Who works.

    Attributes:
        engine: processes:4, dask:tcp://HOST:8786, lithops or lithops:FILE; the product's or EO_ENGINE if empty.
    """

    engine: str = ""

    def opened(self, product: Product, settings: Settings) -> Engine:
        """The engine; nothing is started yet.

        Raises:
            SettingsError: there is none of this name, or its package is not installed.
        """
        return open_engine(chosen_engine(self.engine, product, settings))


def chosen_engine(configured: str, product: Product, settings: Settings) -> EngineChoice:
    """Who works: as a run is configured, else as the product says, else the deployment's.

    Raises:
        SettingsError: what is configured names no engine.
    """
    if configured:
        return EngineChoice.from_text(configured, field="engine")
    declared = None if product.cube is None else product.cube.engine
    return settings.engine if declared is None else EngineChoice.from_text(declared, field="cube.engine")


def worker_environment(variables: Mapping[str, str]) -> Environment:
    """What workers need of a process's environment: GDAL's settings, and credentials of stores.

    Args:
        variables: such as `os.environ`.
    """
    return Environment(
        {name: value for name, value in variables.items() if name.startswith(SETTINGS)},
        {name: value for name, value in variables.items() if name.startswith(SECRETS)},
    )


@dataclass
class ProgressLines:
    """Takes every change of progress, and tells the first, the last and one every some seconds.

    Attributes:
        tell: gets each line.
        what: is worked on.
        clock: seconds that only grow.
    """

    tell: Callable[[str], None]
    what: str
    clock: Callable[[], float] = time.monotonic
    _last: float | None = field(default=None, init=False)

    def __call__(self, progress: Progress) -> None:
        """Take a change."""
        now, is_over = self.clock(), progress.done == progress.total
        if self._last is None or is_over or now - self._last >= SECONDS_BETWEEN_LINES:
            self._last = now
            self.tell(f"{self.what}: {told(progress)}")


def told(progress: Progress) -> str:
    """How far batches are, for a person."""
    words = [f"{progress.done} of {progress.total} batches done", f"{progress.running} running"]
    words += [f"{progress.failed} failed"] if progress.failed else []
    words += [f"{progress.lost} workers lost"] if progress.lost else []
    return ", ".join(words)
