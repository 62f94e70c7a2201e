"""The points of an Earth Engine table, asked for once. What does not belong here: their values (`point_requests`)."""

from dataclasses import dataclass
from functools import partial
from typing import Any

import ee
import numpy as np
from numpy.typing import NDArray

from eo_pipeline.core.product import Points
from eo_pipeline.earth_engine import assets
from eo_pipeline.earth_engine.session import Session
from eo_pipeline.errors import ProductError

PAGE = 1000
"""Features of one reply (reference of `projects.table.computeFeatures`: "at most 1000")."""


@dataclass(frozen=True)
class AssetPoints:
    """Points in the table's order; arrays (n,).

    Attributes:
        ids: of the property that names them, as it is; None where a point has none.
        longitude: degrees, EPSG:4326; NaN where a row is no point.
        latitude: likewise.
    """

    ids: NDArray[np.object_]
    longitude: NDArray[np.float64]
    latitude: NDArray[np.float64]


def asset_points(session: Session, points: Points, *, tag: str) -> AssetPoints:
    """Ids and places of all rows of a table, page by page.

    Raises:
        ProductError: there is no such table.
        ServiceError, ServiceUnreachableError, CredentialsError: see `Session.call`.
    """
    found = assets.describe(session, str(points.asset))
    if found is None or found.type != "TABLE":
        got = "nothing" if found is None else found.type
        raise ProductError(
            f"points.asset: expected a table that Earth Engine has, got {got} at {points.asset}; correct the id, or "
            "ask for access to it"
        )
    ids: list[Any] = []
    places: list[tuple[float, float]] = []
    request: dict[str, Any] = {"expression": ee.FeatureCollection(points.asset).select([points.id]), "pageSize": PAGE}
    while True:
        page = session.call(partial(ee.data.computeFeatures, request), tag=tag)
        for feature in page.get("features", []):
            ids.append((feature.get("properties") or {}).get(points.id))
            places.append(_place(feature.get("geometry")))
        if not page.get("nextPageToken"):
            break
        request = {**request, "pageToken": page["nextPageToken"]}
    longitude, latitude = np.array(places, np.float64).reshape(-1, 2).T
    return AssetPoints(np.array(ids, dtype=object), longitude, latitude)


def _place(geometry: Any) -> tuple[float, float]:
    if not geometry or geometry.get("type") != "Point":
        return np.nan, np.nan
    longitude, latitude = geometry["coordinates"][:2]
    return float(longitude), float(latitude)
