"""Computed features page by page. What does not belong here: files of features."""

from collections.abc import Mapping
from itertools import islice

from eo_pipeline.sandbox.earth_engine.engine import Engine, Expression
from eo_pipeline.sandbox.earth_engine.table_files import geojson_feature
from eo_pipeline.sandbox.errors import ServiceError
from eo_pipeline.sandbox.frame.paging import position_of, token_of
from eo_pipeline.sandbox.frame.request_fields import text, whole
from eo_pipeline.sandbox.graph.collections import Element


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
    first = position_of(text(body, "pageToken"))
    size = whole(body, "pageSize") or page_size
    if size < 0:
        raise ServiceError(f"Invalid value at 'pageSize': {size} must not be negative.")
    size = min(size, page_size)
    found: list[Element] = list(islice(engine.features(expression), first, first + size + 1))
    page: dict[str, object] = {
        "type": "FeatureCollection",
        "features": [geojson_feature(element) for element in found[:size]],
    }
    return {**page, "nextPageToken": token_of(first + size)} if len(found) > size else page
