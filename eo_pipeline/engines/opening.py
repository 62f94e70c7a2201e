"""From the choice of an engine to the engine. What does not belong here: where the choice comes from."""

from importlib.util import find_spec

from eo_pipeline.core.engine_choice import EngineChoice
from eo_pipeline.engines.crew import Engine
from eo_pipeline.engines.dask import Dask
from eo_pipeline.engines.lithops import Lithops
from eo_pipeline.engines.processes import Processes
from eo_pipeline.errors import SettingsError

_PACKAGES = {"dask": "distributed", "lithops": "lithops"}
"""What each engine needs beyond the project's own dependencies."""


def open_engine(choice: EngineChoice) -> Engine:
    """The engine; nothing is started and nobody is asked yet.

    Raises:
        SettingsError: the package that it needs is not installed.
    """
    package = _PACKAGES.get(choice.kind)
    if package and find_spec(package) is None:
        raise SettingsError(
            f"engine {choice.text}: expected the package {package}, found none; "
            f"install eo-pipeline[{choice.kind}], or choose processes"
        )
    match choice.kind:
        case "processes":
            return Processes(choice.workers)
        case "dask":
            return Dask(choice.place)
        case "lithops":
            return Lithops(choice.place)
