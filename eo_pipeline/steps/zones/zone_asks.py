"""One request for a batch of zones, as a value, whose features may hold dictionaries: histograms are some.

What does not belong here: which batches there are (`in_earth_engine`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from eo_pipeline.core.requests.region_batches import Batch
from eo_pipeline.core.zonal.told import Told
from eo_pipeline.earth_engine.interactive.client import BrokenReplyError, Request
from eo_pipeline.earth_engine.interactive.expression import serialised
from eo_pipeline.earth_engine.interactive.values import read_value, value_request
from eo_pipeline.earth_engine.region_nodes import regions_to_come, with_regions
from eo_pipeline.earth_engine.zones.zone_pictures import AreaImages
from eo_pipeline.earth_engine.zones.zone_sums import ZoneSums

ToldZones = dict[int, tuple[Told, ...]]
"""Each band in order, by the zone's number."""


@dataclass(frozen=True)
class ZoneOrder:
    """What is asked of the zones of one period.

    Attributes:
        images: of the areas.
        sums: that are computed.
        shapes: of the zones by their numbers, in the CRS of the grid.
        tag: workload tag that the compute is accounted under.
    """

    images: AreaImages
    sums: ZoneSums
    shapes: Sequence[BaseGeometry]
    tag: str

    def areas_of(self, zones: Sequence[int]) -> tuple[str, ...]:
        """Keys of the areas with images that zones touch, in key order."""
        shapes = np.array([self.shapes[zone] for zone in zones], dtype=object)
        found = self._tree.query(shapes, predicate="intersects")[1]
        return tuple(self._keys[place] for place in sorted(set(found.tolist())))

    @cached_property
    def _keys(self) -> list[str]:
        return sorted(self.images.areas)

    @cached_property
    def _tree(self) -> shapely.STRtree:
        return shapely.STRtree([shapely.box(*self.images.areas[key].boundingbox) for key in self._keys])


@dataclass(frozen=True)
class ZoneAsk:
    """One batch, or a part of one.

    Attributes:
        order: it is of.
        batch: of zones, by their numbers.
    """

    order: ZoneOrder
    batch: Batch

    def request(self) -> Request:
        """See `steps.asking.asks.Ask`."""
        return self._request

    @cached_property
    def _request(self) -> Request:
        """Made once, however often it is sent: outlines may be megabytes."""
        order, zones = self.order, [region.row for region in self.batch.regions]
        picture = order.images.picture(order.areas_of(zones))
        outlines = [(zone, order.shapes[zone]) for zone in zones]
        made = with_regions(serialised(order.sums.of(picture, regions_to_come())), outlines, str(order.sums.grid.crs))
        return value_request(made, tag=order.tag)

    def read(self, reply: bytes) -> ToldZones:
        """See `steps.asking.asks.Ask`."""
        found = self.order.sums.read(read_value(reply).get("features", []))
        if missing := {region.row for region in self.batch.regions} - set(found):
            raise BrokenReplyError(
                f"Earth Engine: expected a row for each of {len(self.batch.regions)} zones, got {len(missing)} "
                "without; ask again"
            )
        return found

    def halves(self) -> "Sequence[ZoneAsk]":
        """See `steps.asking.asks.Ask`."""
        return tuple(ZoneAsk(self.order, half) for half in self.batch.halves())

    def join(self, parts: Sequence[Mapping[int, tuple[Told, ...]]]) -> ToldZones:
        """See `steps.asking.asks.Ask`."""
        return {zone: told for part in parts for zone, told in part.items()}
