"""Everything Dagster sees of this project: one product for each folder under products/.

`products` is imported here because this folder is on Python's path only while Dagster loads this file.
"""

from pathlib import Path

import dagster as dg
import products

from eo_pipeline.orchestration.definitions import project_definitions


@dg.definitions
def defs() -> dg.Definitions:
    """The products' assets, checks, sensors and schedules."""
    return project_definitions(Path(products.__file__).parents[1])
