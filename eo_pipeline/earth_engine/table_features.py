"""The features of an Earth Engine table, page by page. What does not belong here: what they are for."""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

import ee

from eo_pipeline.core.product import Condition
from eo_pipeline.earth_engine import assets
from eo_pipeline.earth_engine.recipes import property_filter
from eo_pipeline.earth_engine.session import Session
from eo_pipeline.errors import ProductError

PAGE = 1000
"""Features of one reply (reference of `projects.table.computeFeatures`: "at most 1000")."""


def table(asset: str, where: Mapping[str, Condition]) -> Any:
    """The `ee.FeatureCollection` of an asset's features whose properties satisfy all conditions."""
    found = ee.FeatureCollection(asset)
    for name, condition in where.items():
        found = found.filter(property_filter(name, condition))
    return found


def check_table(session: Session, asset: str, *, field: str) -> None:
    """Make sure that there is a table.

    Args:
        session: asks.
        asset: its id.
        field: where it was named, for the error.

    Raises:
        ProductError: there is none.
        ServiceError, ServiceUnreachableError, CredentialsError: see `Session.call`.
    """
    found = assets.describe(session, asset)
    if found is None or found.type != "TABLE":
        got = "nothing" if found is None else found.type
        raise ProductError(
            f"{field}: expected a table that Earth Engine has, got {got} at {asset}; correct the id, or ask for access "
            "to it"
        )


def features(session: Session, collection: Any, *, tag: str = "") -> Iterator[dict[str, Any]]:
    """Every feature of an `ee.FeatureCollection` as GeoJSON in EPSG:4326, in its order.

    Raises:
        ServiceError, ServiceUnreachableError, CredentialsError: see `Session.call`.
    """
    request: dict[str, Any] = {"expression": collection, "pageSize": PAGE}
    while True:
        page = session.call(partial(ee.data.computeFeatures, request), tag=tag)
        yield from page.get("features", [])
        if not page.get("nextPageToken"):
            return
        request = {**request, "pageToken": page["nextPageToken"]}
