"""The points of a product, in its CRS, each in the one area that it belongs to.

What does not belong here: their values (`sample_points`).
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from odc.geo.crs import CRS
from pyproj import Transformer

from eo_pipeline.core import keys
from eo_pipeline.core.chips.regions import Regions
from eo_pipeline.core.points.places import NOWHERE, Points, owners
from eo_pipeline.core.product import Points as DeclaredPoints
from eo_pipeline.core.product import Product
from eo_pipeline.earth_engine.asset_points import asset_points
from eo_pipeline.earth_engine.session import Session
from eo_pipeline.errors import SamplesError
from eo_pipeline.steps.load_areas import of_field
from eo_pipeline.storage.labelled_places import checked_ids, read_labelled_places
from eo_pipeline.storage.point_tables import read_point_table

_DEGREES = "EPSG:4326"
_SHOWN = 10


@dataclass(frozen=True)
class LoadedPoints:
    """All points of a product.

    Attributes:
        points: in their source's order.
        owners: position in `areas` (n,) of the one that each belongs to, or NOWHERE.
        areas: keys.
    """

    points: Points
    owners: NDArray[np.int64]
    areas: tuple[str, ...]

    def of(self, area: str) -> Points:
        """Those of an area."""
        return self.points.only(self.owners == self.areas.index(area))

    @property
    def outside(self) -> Points:
        """Those that belong to no area."""
        return self.points.only(self.owners == NOWHERE)


def load_points(
    product: Product, declared: DeclaredPoints, regions: Regions, file: Path | None, session: Callable[[], Session]
) -> LoadedPoints:
    """Read the points, or ask for them once, and find the area of each.

    Args:
        product: as declared.
        declared: its points.
        regions: of the product's areas.
        file: the points' file, found; None if they are an Earth Engine table.
        session: opened where the service has to be asked.

    Raises:
        ProductError: there is no such table in Earth Engine.
        SamplesError: an id is missing or repeated, a coordinate is wrong, or no point lies in any area.
        ZonesError: the file cannot be used.
        ServiceError, ServiceUnreachableError, CredentialsError: see `Session.call`.
    """
    crs = product.area.crs
    if file is None:
        found = _of_asset(session(), product, declared)
    else:
        with of_field("points.file"):
            found = _of_csv(file, declared, crs) if declared.is_csv else _of_file(file, declared, crs)
    loaded = LoadedPoints(found, _owners(found, product, regions), tuple(regions.areas))
    if len(loaded.outside) == len(found):
        raise _nowhere(product, declared, found)
    return loaded


def _owners(points: Points, product: Product, regions: Regions) -> NDArray[np.int64]:
    are_features = product.area.features is not None
    polygons = {key: regions.polygon(key) for key in regions.areas} if are_features else {}
    return owners(points, regions.areas, polygons)


def _of_file(path: Path, declared: DeclaredPoints, crs: str) -> Points:
    found = read_labelled_places(path, id_column=declared.id, label_column=None, crs=crs)
    return _checked(Points(found.ids, found.x, found.y), str(path))


def _of_csv(path: Path, declared: DeclaredPoints, crs: str) -> Points:
    ids, x, y = read_point_table(path, id_column=declared.id, x_column=str(declared.x), y_column=str(declared.y))
    return _moved(Points(ids, x, y), declared.crs or _DEGREES, crs, str(path))


def _of_asset(session: Session, product: Product, declared: DeclaredPoints) -> Points:
    found = asset_points(session, declared, tag=keys.workload_tag(product.name))
    source = f"points.asset: {declared.asset}"
    ids = checked_ids(pd.Series(found.ids, dtype=object), declared.id, source)
    if no_point := [str(name) for name in ids[np.isnan(found.longitude)][:_SHOWN]]:
        raise SamplesError(f"{source}: expected points only, got other shapes ({', '.join(no_point)}); remove them")
    return _moved(Points(ids, found.longitude, found.latitude), _DEGREES, product.area.crs, source)


def _moved(points: Points, crs: str, target: str, source: str) -> Points:
    """Points in another CRS."""
    if CRS(crs) == CRS(target):
        return _checked(points, source)
    x, y = Transformer.from_crs(crs, target, always_xy=True).transform(points.x, points.y)
    return _checked(Points(points.ids, np.asarray(x), np.asarray(y)), source)


def _checked(points: Points, source: str) -> Points:
    """Points that the product's CRS has a place for."""
    wrong = ~(np.isfinite(points.x) & np.isfinite(points.y))
    if wrong.any():
        raise SamplesError(
            f"{source}: expected points that the CRS of `area` can show, got {int(wrong.sum())} others "
            f"({', '.join(points.ids[wrong][:_SHOWN])}); remove them, or correct their coordinates or CRS"
        )
    return points


def _nowhere(product: Product, declared: DeclaredPoints, points: Points) -> SamplesError:
    def span(values: NDArray[np.float64]) -> str:
        return f"{values.min():.6g} to {values.max():.6g}"

    return SamplesError(
        f"{declared.file or declared.asset}: expected points in the areas of {product.name}, got {len(points)} "
        f"elsewhere (x {span(points.x)}, y {span(points.y)} in {product.area.crs}); correct the coordinates, their "
        "CRS, or the order of x and y"
    )
