"""Checking a whole cube at one snapshot: structure, alignment, ledger against data, nodata, ranges.

Every stored shard is read once, by threads, and forgotten; what is wrong comes back as values. What does not belong
here: the rules (`core.cubes.cube_alignment`, `ledger_check`), and what is done about findings.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any, cast

import numpy as np
import zarr
from affine import Affine
from numpy.typing import NDArray

from eo_pipeline.core.cubes.cube_alignment import attribute_findings, coordinate_findings, time_findings
from eo_pipeline.core.cubes.cube_arrays import TIME, Json
from eo_pipeline.core.cubes.cube_attributes import GRID_MAPPING
from eo_pipeline.core.cubes.cube_findings import Finding
from eo_pipeline.core.cubes.cube_template import CubeTemplate
from eo_pipeline.storage.cubes.address import CubeAddress
from eo_pipeline.storage.cubes.changes import changed_slots
from eo_pipeline.storage.cubes.failures import storage_failures
from eo_pipeline.storage.cubes.history import find_version
from eo_pipeline.storage.cubes.layout import array_at, describe
from eo_pipeline.storage.cubes.opening import open_repository
from eo_pipeline.storage.cubes.reading import readonly_store
from eo_pipeline.storage.cubes.slot_findings import HowToVerify, Tally, slot_findings
from eo_pipeline.storage.cubes.slots import slots_of
from eo_pipeline.storage.cubes.structure import stored_bands, structure_findings
from eo_pipeline.storage.cubes.transaction import BRANCH

_AS_IT_IS = HowToVerify()


@dataclass(frozen=True)
class Verified:
    """What checking came to.

    Attributes:
        snapshot: id of the version that was checked; empty of plain Zarr, which has none.
        slots: how many were looked at.
        shards: stored ones that were read, of all bands.
        nodata_shares: of each band in the areas that the ledger calls written or empty, 0 to 1.
        findings: the first of them, in the order of the checks and slots.
        more: whether there were more than these.
    """

    snapshot: str
    slots: int
    shards: int
    nodata_shares: Mapping[str, float]
    findings: tuple[Finding, ...]
    more: bool


def verify_cube(
    address: CubeAddress,
    template: CubeTemplate | None = None,
    *,
    version: str | None = None,
    how: HowToVerify = _AS_IT_IS,
) -> Verified:
    """Check a cube.

    Args:
        address: of the cube. Nobody may write to plain Zarr meanwhile.
        template: what it should be; None = what it says of itself, which tells neither which bands are counts nor what
            nodata of classes is, so that usable shares are not compared.
        version: id of a snapshot, or a tag; None = the head. Plain Zarr has none.
        how: what is tolerated, and how fast it is read.

    Raises:
        CubeError: there is no cube, no such version, or something else that this project did not write.
        StorageError: the storage cannot be reached.
    """
    with storage_failures(address):
        if address.store == "zarr":
            group = zarr.open_group(readonly_store(address, version), mode="r", zarr_format=3)
            return _verify(_Cube(group, address, template), how)
        repository = open_repository(address)
        snapshot = find_version(address, repository, version or repository.lookup_branch(BRANCH)).snapshot
        group = zarr.open_group(repository.readonly_session(snapshot_id=snapshot).store, mode="r")
        only = changed_slots(repository, how.since, snapshot) if how.since else None
        return _verify(_Cube(group, address, template, snapshot, only), how)


@dataclass(frozen=True)
class _Cube:
    """What is checked: a group, where it is, what it should be, which version it is, and its slots that are read."""

    group: zarr.Group
    address: CubeAddress
    template: CubeTemplate | None
    snapshot: str = ""
    only: Collection[int] | None = None


def _verify(cube: _Cube, how: HowToVerify) -> Verified:
    tally = Tally()
    found = tuple(islice(_findings(cube, tally, how), how.limit + 1))
    more = len(found) > how.limit
    return Verified(cube.snapshot, tally.slots, tally.shards, tally.nodata_shares, found[: how.limit], more)


def _findings(cube: _Cube, tally: Tally, how: HowToVerify) -> Iterator[Finding]:
    """In the order of the checks; pixels are read only where structure and time tell which they are."""
    group, template = cube.group, cube.template
    wrong = tuple(structure_findings(describe(group), template))
    yield from wrong
    if wrong:
        return
    yield from _grid_findings(group)
    late = tuple(time_findings(_numbers(group, TIME), _numbers(group, "time_bnds")))
    yield from late
    if not late:
        bands, slots = stored_bands(group, template), slots_of(group, cube.address)
        yield from slot_findings(slots, bands, tally, how, exact=template is not None, only=cube.only)


def _grid_findings(group: zarr.Group) -> Iterator[Finding]:
    attributes = group.attrs.asdict()
    affine = Affine(*cast("list[float]", attributes["spatial:transform"]))
    yield from coordinate_findings(affine, x=_numbers(group, "x"), y=_numbers(group, "y"))
    mapping = cast("dict[str, Json]", array_at(group, GRID_MAPPING).attrs.asdict())
    bands = {array.path: array.attributes for array in describe(group).arrays if "/" not in array.path}
    crs = attributes.get("proj:code") or attributes.get("proj:wkt2")
    yield from attribute_findings(affine, crs, mapping, bands)


def _numbers(group: zarr.Group, path: str) -> NDArray[Any]:
    return np.asarray(array_at(group, path)[:])
