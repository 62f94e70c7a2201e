"""What Dagster shows of where a cube is stored: kinds and metadata of the asset, metadata of a partition.

What does not belong here: reading and writing (`io_managers`, `assets`).
"""

from typing import Any

import dagster as dg

from eo_pipeline.core.product import Cube
from eo_pipeline.storage.cubes import CubeAddress

REPOSITORY, STORE = "eo/repository", "eo/store"
"""Metadata of a cube asset: its repository and its store as declared."""


def cube_kinds(declared: Cube) -> set[str]:
    """Of the asset."""
    return {"zarr", "icechunk"} if declared.store == "icechunk" else {"zarr"}


def cube_metadata(declared: Cube) -> dict[str, Any]:
    """Of the asset's definition; by it others find the cube."""
    return {REPOSITORY: declared.repository, STORE: declared.store}


def how_written(declared: Cube, what: str) -> str:
    """How partitions become part of the cube, as the end of a sentence; `what` is one of them."""
    if declared.store == "icechunk":
        return f"one commit for each {what}; the same inputs commit nothing"
    return (
        f"plain Zarr, without transactions: each {what} counts once its row in the ledger is written; the same inputs "
        "change nothing"
    )


def change_shown(address: CubeAddress, snapshot: str, slot: int, *, changed: bool) -> dict[str, Any]:
    """Metadata of a partition that was written; plain Zarr commits nothing and has no snapshots."""
    told = {"snapshot": snapshot, "committed": changed} if address.store == "icechunk" else {"changed": changed}
    return {**told, "slot": slot, "repository": dg.MetadataValue.path(address.uri)}
