"""The points of an Earth Engine table, asked for once. What does not belong here: their values (`point_requests`)."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eo_pipeline.core.product import Points
from eo_pipeline.earth_engine.session import Session
from eo_pipeline.earth_engine.table_features import check_table, features, table


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
    check_table(session, str(points.asset), field="points.asset")
    ids: list[Any] = []
    places: list[tuple[float, float]] = []
    for feature in features(session, table(str(points.asset), {}).select([points.id]), tag=tag):
        ids.append((feature.get("properties") or {}).get(points.id))
        places.append(_place(feature.get("geometry")))
    longitude, latitude = np.array(places, np.float64).reshape(-1, 2).T
    return AssetPoints(np.array(ids, dtype=object), longitude, latitude)


def _place(geometry: Any) -> tuple[float, float]:
    if not geometry or geometry.get("type") != "Point":
        return np.nan, np.nan
    longitude, latitude = geometry["coordinates"][:2]
    return float(longitude), float(latitude)
