"""Cubes in Icechunk or plain Zarr: create from a template, grow in time, write, keep the ledger, read, check, go back.

What does not belong here: what a cube looks like (`core.cubes.cube_template`) and which partitions are wanted.
"""

from eo_pipeline.storage.cubes.address import CubeAddress
from eo_pipeline.storage.cubes.clearing import clear_region, holds_region
from eo_pipeline.storage.cubes.cube_store import CubeStore
from eo_pipeline.storage.cubes.discarding import record_discarded
from eo_pipeline.storage.cubes.garbage import Collected, collect_garbage
from eo_pipeline.storage.cubes.held import held_partition
from eo_pipeline.storage.cubes.history import Version, read_history, read_releases
from eo_pipeline.storage.cubes.ledger import read_ledger, read_partitions, read_record, record_failure
from eo_pipeline.storage.cubes.partition_work import shards_in
from eo_pipeline.storage.cubes.partitions import Run, write_partition
from eo_pipeline.storage.cubes.reading import open_cube
from eo_pipeline.storage.cubes.region_commit import RegionCommit
from eo_pipeline.storage.cubes.repository import Cube, open_or_create_icechunk_cube
from eo_pipeline.storage.cubes.shard_writing import ShardBatch, ShardReader, ShardTask, WrittenBatch, write_batch
from eo_pipeline.storage.cubes.slot_findings import HowToVerify
from eo_pipeline.storage.cubes.slots import StoredSlots, open_slots
from eo_pipeline.storage.cubes.stores import cube_exists, in_its_store, open_or_create_cube
from eo_pipeline.storage.cubes.time_axis import extend_time
from eo_pipeline.storage.cubes.transaction import Commit
from eo_pipeline.storage.cubes.verify import Verified, verify_cube
from eo_pipeline.storage.cubes.versions import RolledBack, roll_back, tag_release

__all__ = [
    "Collected",
    "Commit",
    "Cube",
    "CubeAddress",
    "CubeStore",
    "HowToVerify",
    "RegionCommit",
    "RolledBack",
    "Run",
    "ShardBatch",
    "ShardReader",
    "ShardTask",
    "StoredSlots",
    "Verified",
    "Version",
    "WrittenBatch",
    "clear_region",
    "collect_garbage",
    "cube_exists",
    "extend_time",
    "held_partition",
    "holds_region",
    "in_its_store",
    "open_cube",
    "open_or_create_cube",
    "open_or_create_icechunk_cube",
    "open_slots",
    "read_history",
    "read_ledger",
    "read_partitions",
    "read_record",
    "read_releases",
    "record_discarded",
    "record_failure",
    "roll_back",
    "shards_in",
    "tag_release",
    "verify_cube",
    "write_batch",
    "write_partition",
]
