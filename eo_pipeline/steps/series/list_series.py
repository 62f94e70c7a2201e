"""The work of a series' partition: its regions and images, asked for once and kept beside its answers.

What does not belong here: measuring (`measure_series`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from eo_pipeline.core import keys
from eo_pipeline.core.grids import Area
from eo_pipeline.core.periods import Period
from eo_pipeline.core.product import Product, Series
from eo_pipeline.core.requests.region_batches import SourceImage
from eo_pipeline.core.series.work_list import WorkList, around, work_list
from eo_pipeline.earth_engine.series.series_requests import listed_images
from eo_pipeline.earth_engine.series.series_sums import Reduction
from eo_pipeline.earth_engine.session import Session
from eo_pipeline.errors import ProductError
from eo_pipeline.steps.series.list_regions import FileRegions, ListedRegions, list_asset_regions, read_file_regions
from eo_pipeline.steps.series.series_asks import SeriesOrder
from eo_pipeline.storage.kept_answers import keep, kept

_NAME = "work-list"


@dataclass(frozen=True)
class SeriesLists:
    """What the partitions of one run share.

    Attributes:
        session: for interactive requests.
        product: with a series.
        areas: of the product, by key.
        file: of the regions, found; None if they are an Earth Engine table.
    """

    session: Session
    product: Product
    areas: Mapping[str, Area]
    file: Path | None
    _of_asset: dict[str, ListedRegions] = field(default_factory=dict)

    def order(self, area: str, period: Period, *, native_resolution: float | None, folder: Path) -> SeriesOrder:
        """What is measured of one partition, the same whenever it is asked with the same folder.

        Args:
            area: its key.
            period: half-open, UTC.
            native_resolution: metres a pixel of the source; None if unknown.
            folder: local, there already; keeps the list.

        Raises:
            ZonesError: regions cannot be used.
            ServiceError, ServiceUnreachableError, CredentialsError: see `Session.call`.
        """
        plain = kept(folder, _NAME)
        work = self._asked(area, period, native_resolution) if plain is None else work_list(plain)
        if plain is None:
            keep(folder, _NAME, work.plain)
        reduction = self._reduction(area, period, native_resolution, work)
        shapes = None if self._regions is None else self._regions.shapes(area)
        return SeriesOrder(reduction, work, shapes, keys.workload_tag(self.product.name))

    @property
    def _series(self) -> Series:
        if self.product.series is None:
            raise ProductError("expected `series` in the product, got none; there are no regions")
        return self.product.series

    @cached_property
    def _regions(self) -> FileRegions | None:
        if self.file is None:
            return None
        return read_file_regions(self.product, self._series, self.areas, self.file)

    def _listed(self, area: str) -> ListedRegions:
        if self._regions is not None:
            return self._regions.listed(area)
        if area not in self._of_asset:
            tag = keys.workload_tag(self.product.name)
            self._of_asset[area] = list_asset_regions(
                self.session, self.product, self._series, self.areas, area, tag=tag
            )
        return self._of_asset[area]

    def _asked(self, area: str, period: Period, native_resolution: float | None) -> WorkList:
        listed = self._listed(area)
        geobox = around(self.areas[area].geobox, self.product.area.lattice, listed.bounds)
        work = WorkList(listed.regions, None, geobox)
        if self._series.of == "period" or not listed.regions:
            return work
        reduction = self._reduction(area, period, native_resolution, work)
        return WorkList(listed.regions, self._images(reduction), geobox)

    def _images(self, reduction: Reduction) -> tuple[SourceImage, ...]:
        told = self.session.compute(listed_images(reduction), tag=keys.workload_tag(self.product.name))
        pairs = zip(told["index"], told["time_start"], strict=True)
        found = [SourceImage(str(index), round(float(time))) for index, time in pairs]
        return tuple(sorted(found, key=lambda image: (image.time_start, image.index)))

    def _reduction(self, area: str, period: Period, native_resolution: float | None, work: WorkList) -> Reduction:
        return Reduction(self.product, self._series, area, work.geobox, period, native_resolution)
