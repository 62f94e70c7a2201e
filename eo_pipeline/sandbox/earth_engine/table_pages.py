"""Computed features page by page. What does not belong here: files of features."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

from eo_pipeline.sandbox.earth_engine.asset_filters import AssetFilter
from eo_pipeline.sandbox.earth_engine.engine import Engine, Expression
from eo_pipeline.sandbox.earth_engine.table_files import geojson_feature
from eo_pipeline.sandbox.errors import ServiceError
from eo_pipeline.sandbox.frame.paging import position_of, token_of
from eo_pipeline.sandbox.frame.request_fields import text, whole
from eo_pipeline.sandbox.graph.collections import Element, geometry_of
from eo_pipeline.sandbox.graph.geometry import WGS84


def compute_features(
    engine: Engine, expression: Expression, body: Mapping[str, object], *, page_size: int
) -> dict[str, object]:
    """One page of the features of an expression; the token of the next page is the place where it begins.

    Args:
        engine: Evaluates the expression.
        expression: Makes the features.
        body: Of the request, with pageSize and pageToken.
        page_size: Features of a page at most, and when the request names no size.

    Raises:
        ServiceError: The result is no collection, or size or token are wrong.
    """
    size = whole(body, "pageSize") or page_size
    if size < 0:
        raise ServiceError(f"Invalid value at 'pageSize': {size} must not be negative.")
    size, first = min(size, page_size), position_of(text(body, "pageToken"))
    return _published(*engine.page(expression, first, size), token=token_of(first + size))


def list_features(
    engine: Engine, table_id: str, wanted: AssetFilter, *, page_token: str | None, page_size: int
) -> dict[str, object]:
    """One page of the features of a table asset.

    Args:
        engine: Loads the table.
        table_id: Of the asset.
        wanted: Which features; those without a shape meet no region.
        page_token: Of this page, or None for the first.
        page_size: Features of a page.

    Raises:
        ServiceError: There is no such table, or the token is wrong.
    """
    arguments = {"tableId": {"constantValue": table_id}}
    node = {"functionInvocationValue": {"functionName": "Collection.loadTable", "arguments": arguments}}
    features = engine.features({"values": {"0": node}, "result": "0"})
    return _page((element for element in features if _passes(element, wanted)), page_token, page_size)


def _passes(element: Element, wanted: AssetFilter) -> bool:
    geometry = geometry_of(element)
    near = wanted.region is None or (geometry is not None and geometry.to(WGS84).intersects(wanted.region))
    return near and wanted.holds(element.properties)


def _page(features: Iterator[Element], token: str | None, size: int) -> dict[str, object]:
    first = position_of(token)
    found = list(islice(features, first, first + size + 1))
    return _published(found[:size], len(found) > size, token=token_of(first + size))


def _published(elements: Sequence[Element], others: bool, *, token: str) -> dict[str, object]:
    """The service's JSON; with the next page's token if others follow."""
    features = [geojson_feature(element) for element in elements]
    page: dict[str, object] = {"type": "FeatureCollection", "features": features}
    return {**page, "nextPageToken": token} if others else page
