"""Icechunk cubes: create from a template, grow in time, write regions, keep the ledger, read.

What does not belong here: what a cube looks like (`core.cubes.cube_template`) and which partitions are wanted.
"""

from eo_pipeline.storage.cubes.address import CubeAddress
from eo_pipeline.storage.cubes.clearing import clear_region, cube_exists, holds_region
from eo_pipeline.storage.cubes.ledger import read_ledger, record_failure
from eo_pipeline.storage.cubes.reading import open_cube
from eo_pipeline.storage.cubes.regions import PixelReader, Progress, RegionCommit, write_region
from eo_pipeline.storage.cubes.repository import Cube, open_or_create_cube
from eo_pipeline.storage.cubes.slots import StoredSlots, open_slots, open_zarr_slots
from eo_pipeline.storage.cubes.time_axis import extend_time
from eo_pipeline.storage.cubes.transaction import Commit

__all__ = [
    "Commit",
    "Cube",
    "CubeAddress",
    "PixelReader",
    "Progress",
    "RegionCommit",
    "StoredSlots",
    "clear_region",
    "cube_exists",
    "extend_time",
    "holds_region",
    "open_cube",
    "open_or_create_cube",
    "open_slots",
    "open_zarr_slots",
    "read_ledger",
    "record_failure",
    "write_region",
]
