"""What writing a partition came to. What does not belong here: writing it (`partitions`)."""

from dataclasses import dataclass

from eo_pipeline.core.cubes.cube_ledger import Record


@dataclass(frozen=True)
class RegionCommit:
    """A partition in a cube.

    Attributes:
        snapshot: id of the snapshot that holds the region: the commit's, or the head where nothing changed; empty in
            plain Zarr.
        changed: False if the ledger held the same inputs, and nothing was read or written.
        slot: of the period, counted from 0.
        record: the ledger's row.
    """

    snapshot: str
    changed: bool
    slot: int
    record: Record
