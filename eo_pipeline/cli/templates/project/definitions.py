"""Everything Dagster sees of this project: one product for each folder under products/."""

from pathlib import Path

import dagster as dg
from eo_pipeline.orchestration.definitions import project_definitions


@dg.definitions
def defs() -> dg.Definitions:
    """The products' assets, checks, sensors and schedules."""
    return project_definitions(Path(__file__).parent)
