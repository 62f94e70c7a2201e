"""Which regions of a series an area has, from a file or from an Earth Engine table: each region belongs to one area.

What does not belong here: their outlines' edges (`core.series.outlines`), and measuring them (`measure_series`).
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import shapely
from odc.geo.crs import CRS
from pyproj import Transformer
from shapely.geometry.base import BaseGeometry

from eo_pipeline.core import keys
from eo_pipeline.core.grids import Area
from eo_pipeline.core.product import Product, Series
from eo_pipeline.core.requests.region_batches import Region
from eo_pipeline.core.series.outlines import inner_points, outline, owner, pixels_around
from eo_pipeline.core.zonal.reprojecting import METRES_PER_DEGREE
from eo_pipeline.core.zonal.shapes import Bounds, Zones
from eo_pipeline.earth_engine.region_nodes import REGION_BYTES, VERTEX_BYTES
from eo_pipeline.earth_engine.series.series_requests import listed_regions
from eo_pipeline.earth_engine.session import Session
from eo_pipeline.earth_engine.table_features import features
from eo_pipeline.errors import ZonesError
from eo_pipeline.storage.vectors import read_attributes, read_zones

ID_BYTES = 64
"""Of a region that is named by its id."""


@dataclass(frozen=True)
class ListedRegions:
    """Regions of one area.

    Attributes:
        regions: numbered from 0.
        bounds: of all their outlines, in the product's CRS.
    """

    regions: tuple[Region, ...]
    bounds: tuple[Bounds, ...]


@dataclass(frozen=True)
class FileRegions:
    """The regions of a file, read once a run.

    Attributes:
        product: with a series from a file.
        areas: of the product, by key.
        zones: the file's polygons.
        names: the columns that the table repeats, a row a polygon.
    """

    product: Product
    areas: Mapping[str, Area]
    zones: Zones
    names: pd.DataFrame

    def listed(self, area: str) -> ListedRegions:
        """The regions of an area, in file order."""
        found = [(place, self.outlines(area)[place]) for place in self._of(area)]
        regions = tuple(self._region(row, place, shape) for row, (place, shape) in enumerate(found))
        return ListedRegions(regions, tuple(shape.bounds for _, shape in found))

    def shapes(self, area: str) -> list[BaseGeometry]:
        """Outlines of the regions of an area in the product's CRS, as they are numbered by `listed`."""
        return [self.outlines(area)[place] for place in self._of(area)]

    def outlines(self, area: str) -> Mapping[int, BaseGeometry]:
        """The same by their place in the file; kept, since all periods of an area need them."""
        if area not in self._outlines:
            self._outlines[area] = {place: self._outline(place) for place in self._of(area)}
        return self._outlines[area]

    @cached_property
    def _outlines(self) -> dict[str, Mapping[int, BaseGeometry]]:
        return {}

    @cached_property
    def _owners(self) -> list[str | None]:
        """Key of the area of each polygon."""
        if self._are_areas:
            known = [keys.feature_key(str(identity)) for identity in self.zones.ids]
            return [key if key in self.areas else None for key in known]
        points = inner_points(self.zones.geometries, self.zones.crs, self.product.area.lattice)
        return [owner(point, self.areas) if np.isfinite(point).all() else None for point in points]

    @property
    def _are_areas(self) -> bool:
        """True if each region is an area of its own."""
        series, area = self.product.series, self.product.area
        return series is not None and (area.features, area.id) == (series.file, series.id)

    def _of(self, area: str) -> list[int]:
        return [place for place, key in enumerate(self._owners) if key == area]

    def _outline(self, place: int) -> BaseGeometry:
        series = self.product.series
        assert series is not None  # noqa: S101  # regions are read for a series only
        lattice = self.product.area.lattice
        return outline(self.zones.geometries[place], self.zones.crs, lattice, edges=series.edges)

    def _region(self, row: int, place: int, shape: BaseGeometry) -> Region:
        vertices = int(shapely.get_num_coordinates(shape))
        pixels = pixels_around(shape, self.product.area.lattice)
        named = tuple(_plain(value) for value in self.names.iloc[place])
        return Region(row, self.zones.ids[place], named, vertices, REGION_BYTES + VERTEX_BYTES * vertices, pixels)


def read_file_regions(product: Product, series: Series, areas: Mapping[str, Area], path: Path) -> FileRegions:
    """The regions of a series' file.

    Raises:
        ZonesError: the file, its id column or another column cannot be used.
    """
    zones = read_zones(path, id_column=series.id)
    return FileRegions(product, areas, zones, read_attributes(path, series.names))


def list_asset_regions(
    session: Session, product: Product, series: Series, areas: Mapping[str, Area], area: str, *, tag: str
) -> ListedRegions:
    """The regions of a series' table whose centroid belongs to an area, in the table's order; asked page by page.

    Raises:
        ZonesError: a region has no id, or two have the same.
        ServiceError, ServiceUnreachableError, CredentialsError: see `Session.call`.
    """
    regions: list[Region] = []
    bounds: list[Bounds] = []
    to_product = Transformer.from_crs("EPSG:4326", product.area.crs, always_xy=True)
    for feature in features(session, listed_regions(series, areas[area].geobox), tag=tag):
        point = np.array(to_product.transform(*feature["geometry"]["coordinates"]))
        if np.isfinite(point).all() and owner(point, areas) == area:
            regions.append(_region_of_asset(len(regions), feature["properties"], product, series))
            bounds.append(_bounds(feature["properties"]["bounds"], to_product))
    _check_ids(regions, series)
    return ListedRegions(tuple(regions), tuple(bounds))


def _region_of_asset(row: int, told: Mapping[str, Any], product: Product, series: Series) -> Region:
    metres = product.area.resolution * (METRES_PER_DEGREE if CRS(product.area.crs).geographic else 1.0)
    named = tuple(_plain(told.get(f"n{number}")) for number in range(len(series.names)))
    pixels = max(1, math.ceil(float(told["area"]) / metres**2))
    identity = told.get("id")
    return Region(row, "" if identity is None else identity, named, 1, ID_BYTES, pixels)


def _bounds(ring: Sequence[Sequence[Sequence[float]]], to_product: Transformer) -> Bounds:
    """Of a box in degrees, in the product's CRS."""
    longitudes, latitudes = zip(*ring[0], strict=True)
    left, bottom, right, top = to_product.transform_bounds(
        min(longitudes), min(latitudes), max(longitudes), max(latitudes)
    )
    return left, bottom, right, top


def _check_ids(regions: Sequence[Region], series: Series) -> None:
    ids = [region.id for region in regions]
    if "" in ids:
        raise ZonesError(
            f"series.asset: {series.asset}: expected a value of {series.id} in every region, got {ids.count('')} "
            "without; name another property or leave them out by series.where"
        )
    if repeated := sorted(str(one) for one, times in Counter(ids).items() if times > 1)[:10]:
        raise ZonesError(
            f"series.asset: {series.asset}: expected every {series.id} once, got {', '.join(repeated)} repeated; name "
            "another property or leave them out by series.where"
        )


def _plain(value: Any) -> str | int | float | None:
    """A value of a file or reply as JSON has it; no value as None."""
    if value is None or value is pd.NA or (isinstance(value, float) and math.isnan(value)):
        return None
    if isinstance(value, np.generic):
        return _plain(value.item())
    return value if isinstance(value, str | int | float) else str(value)
