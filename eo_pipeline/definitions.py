"""The code location of the demo's products; a user's project has one like it."""

from pathlib import Path

import dagster as dg

from eo_pipeline.orchestration.definitions import project_definitions


@dg.definitions
def defs() -> dg.Definitions:
    """Everything below `eo_pipeline/defs`."""
    return project_definitions(Path(__file__).parent)
