"""What Dagster shows of where a cube is stored.

What does not belong here: reading and writing (`io_managers`, `assets`).
"""

from typing import Any

import dagster as dg

from eo_pipeline.storage.cubes import CubeAddress

REPOSITORY, STORE = "eo/repository", "eo/store"
"""Metadata of a cube asset: its repository and its store as declared."""


def change_shown(address: CubeAddress, snapshot: str, slot: int, *, changed: bool) -> dict[str, Any]:
    """Metadata of a partition that was written; plain Zarr commits nothing and has no snapshots."""
    told = {"snapshot": snapshot, "committed": changed} if address.store == "icechunk" else {"changed": changed}
    return {**told, "slot": slot, "repository": dg.MetadataValue.path(address.uri)}
