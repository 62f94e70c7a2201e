"""A cube's pixels as they are stored, slot by slot.

Of an Icechunk repository all is read from one snapshot, whoever commits meanwhile. What does not belong here: decoded
values (`reading`).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import numpy as np
import zarr
from affine import Affine
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox

from eo_pipeline.core.cubes.cube_arrays import TIME, ArrayLayout
from eo_pipeline.core.cubes.cube_ledger import STATE, State
from eo_pipeline.core.cubes.cube_time import decode_instant
from eo_pipeline.core.period_rules import ImageDates, PeriodRule, parse_period_rule
from eo_pipeline.core.periods import Period
from eo_pipeline.core.rectangles import Rectangle, windows
from eo_pipeline.errors import CubeError
from eo_pipeline.storage.cubes.address import CubeAddress
from eo_pipeline.storage.cubes.failures import storage_failures
from eo_pipeline.storage.cubes.layout import array_at, describe_array
from eo_pipeline.storage.cubes.reading import readonly_store
from eo_pipeline.storage.cubes.time_axis import whole_bounds

_WITH_PIXELS = (State.WRITTEN.code, State.EMPTY.code)
_HOUR = timedelta(hours=1)

NEEDED_ATTRIBUTES = ("spatial:transform", "spatial:shape", "period_rule")
"""Of the root group: without them nobody knows where and when its pixels are."""


@dataclass(frozen=True)
class StoredSlots:
    """Slots of a cube, of one snapshot if it has any, open for reading from several threads.

    Attributes:
        address: where the cube is.
        geobox: its grid.
        periods: one a slot, in order.
        variables: the bands, by name: arrays over (time, y, x).
        group: Zarr's.
    """

    address: CubeAddress
    geobox: GeoBox
    periods: tuple[Period, ...]
    variables: Mapping[str, ArrayLayout]
    group: zarr.Group

    def slot_of(self, period: Period) -> int:
        """The slot of a period, counted from 0.

        Raises:
            CubeError: there is none.
        """
        if period in self.periods:
            return self.periods.index(period)
        span = f"{self.periods[0].key} to {self.periods[-1].key}" if self.periods else "no slot at all"
        raise CubeError(
            f"Expected a slot for {period.key} in the cube {self.address.uri}, got {span}; choose a period that it has."
        )

    def written(self, slot: int) -> tuple[Rectangle, ...]:
        """The pixels of a slot that were written, shard by shard; what the ledger does not tell of holds nothing.

        All of the slot in a copy that has no ledger, or no shards that it could tell of.
        """
        height, width = self.geobox.shape
        shards = next(iter(self.variables.values())).shards
        if STATE not in self.group or shards is None:
            return (Rectangle(0, 0, height, width),)
        with storage_failures(self.address):
            states = np.asarray(array_at(self.group, STATE)[slot])
        every = windows(height=height, width=width, rows=shards[1], columns=shards[2])
        return tuple(
            shard for shard, state in zip(every, states.ravel().tolist(), strict=True) if state in _WITH_PIXELS
        )

    def read(self, band: str, slot: int, window: Rectangle) -> NDArray[Any]:
        """Stored numbers (y, x) of a window that lies inside the cube.

        Raises:
            StorageError: the storage cannot be reached.
        """
        with storage_failures(self.address):
            return np.asarray(array_at(self.group, band)[slot, *window.slices])


def open_slots(address: CubeAddress, *, snapshot: str | None = None) -> StoredSlots:
    """The slots of a cube's snapshot, or of its head as it is now; of plain Zarr, which need not have a ledger.

    Raises:
        CubeError: there is no cube, no such snapshot, or something else that this project did not write.
        StorageError: the storage cannot be reached.
    """
    with storage_failures(address):
        return slots_of(zarr.open_group(readonly_store(address, snapshot), mode="r"), address)


def slots_of(group: zarr.Group, address: CubeAddress) -> StoredSlots:
    """The slots of a cube's root group.

    Raises:
        CubeError: something that this project did not write.
    """
    layouts = (describe_array(path, member) for path, member in group.arrays())
    variables = {layout.path: layout for layout in layouts if layout.dimensions == (TIME, "y", "x")}
    attributes = group.attrs.asdict()
    if missing := [name for name in NEEDED_ATTRIBUTES if name not in attributes]:
        raise CubeError(
            f"Expected a cube of this project at {address.uri}, got a group without {', '.join(missing)}; "
            "check the address."
        )
    return StoredSlots(
        address, _geobox(attributes), tuple(_periods(group, str(attributes["period_rule"]))), variables, group
    )


def _geobox(attributes: Mapping[str, Any]) -> GeoBox:
    height, width = attributes["spatial:shape"]
    crs = attributes.get("proj:code") or attributes.get("proj:wkt2")
    return GeoBox((height, width), Affine(*attributes["spatial:transform"]), crs)


def _periods(group: zarr.Group, rule_text: str) -> Iterator[Period]:
    unit = str(array_at(group, TIME).attrs["units"]).split()[0]
    bounds = whole_bounds(group).tolist()
    spans = tuple((decode_instant(start, unit), decode_instant(stop, unit)) for start, stop in bounds)
    listed = ImageDates(spans)
    rule: PeriodRule = listed if rule_text == listed.text else parse_period_rule(rule_text)
    for start, _ in spans:
        yield from rule.periods(start, start + _HOUR)
