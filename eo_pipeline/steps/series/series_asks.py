"""One request for a batch of regions and images. What does not belong here: which batches there are."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from shapely.geometry.base import BaseGeometry

from eo_pipeline.core.requests.region_batches import ROWS, Batch, Region
from eo_pipeline.core.series.table import Rows
from eo_pipeline.core.series.work_list import WorkList
from eo_pipeline.earth_engine.interactive.client import Request
from eo_pipeline.earth_engine.interactive.expression import Expression, serialised
from eo_pipeline.earth_engine.interactive.values import features_request, read_features
from eo_pipeline.earth_engine.region_nodes import regions_to_come, with_regions
from eo_pipeline.earth_engine.series.series_requests import outlines_of_asset, rows_of_images, rows_of_period
from eo_pipeline.earth_engine.series.series_sums import Reduction, read_rows


@dataclass(frozen=True)
class SeriesOrder:
    """What is measured.

    Attributes:
        reduction: of the partition.
        work: regions and images.
        shapes: outlines by the regions' numbers, in the product's CRS; None if the service has them.
        tag: workload tag that the compute is accounted under.
    """

    reduction: Reduction
    work: WorkList
    shapes: Sequence[BaseGeometry] | None
    tag: str


@dataclass(frozen=True)
class SeriesAsk:
    """One batch, or a part of one.

    Attributes:
        order: it is of.
        batch: regions and images.
    """

    order: SeriesOrder
    batch: Batch

    def request(self) -> Request:
        """See `steps.asking.asks.Ask`."""
        return self._request

    @cached_property
    def _request(self) -> Request:
        """Made once, however often it is sent: outlines may be megabytes."""
        return features_request(_expression(self.order, self.batch), page_size=ROWS, tag=self.order.tag)

    def read(self, reply: bytes) -> Rows:
        """See `steps.asking.asks.Ask`."""
        by_name = {_name(self.order, region): region.row for region in self.batch.regions}
        images = self.batch.images or ()
        return [
            (by_name[region], None if number is None else images[number].index, sums)
            for region, number, sums in read_rows(read_features(reply), self.order.reduction)
        ]

    def halves(self) -> "Sequence[SeriesAsk]":
        """See `steps.asking.asks.Ask`."""
        return tuple(SeriesAsk(self.order, half) for half in self.batch.halves())

    def join(self, parts: Sequence[Rows]) -> Rows:
        """See `steps.asking.asks.Ask`."""
        return [row for part in parts for row in part]


def _expression(order: SeriesOrder, batch: Batch) -> Expression:
    if order.shapes is None:
        return serialised(_rows(order, batch, outlines_of_asset(order.reduction.series, [r.id for r in batch.regions])))
    shapes = order.shapes
    outlines = [(region.row, shapes[region.row]) for region in batch.regions]
    return with_regions(serialised(_rows(order, batch, regions_to_come())), outlines, str(order.reduction.geobox.crs))


def _rows(order: SeriesOrder, batch: Batch, regions: Any) -> Any:
    if batch.images is None:
        return rows_of_period(order.reduction, regions)
    return rows_of_images(order.reduction, regions, [image.index for image in batch.images])


def _name(order: SeriesOrder, region: Region) -> str | int:
    """What a reply calls a region."""
    return region.id if order.shapes is None else region.row
