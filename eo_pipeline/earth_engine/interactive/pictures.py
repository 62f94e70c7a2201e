"""PNG pictures of a window: by one request, or as thumbnails, which one request keeps and a second one draws.

What does not belong here: numbers (`pixels`).
"""

import json
from collections.abc import Mapping

from odc.geo.geobox import GeoBox

from eo_pipeline.earth_engine.interactive.client import BrokenReplyError, Request
from eo_pipeline.earth_engine.interactive.expression import Expression
from eo_pipeline.earth_engine.interactive.pixels import grid_text


def picture_request(expression: Expression, geobox: GeoBox, *, tag: str) -> Request:
    """Ask for a drawn image as PNG, at once.

    Args:
        expression: of an image that is drawn: one or three bands of bytes.
        geobox: the pixels wanted.
        tag: workload tag of the compute's account.
    """
    return Request("image:computePixels", expression.body(_fields(geobox), tag=tag), tag)


def thumbnail_request(expression: Expression, geobox: GeoBox, *, tag: str) -> Request:
    """Ask for the same as a thumbnail, in two requests; arguments as of `picture_request`."""
    path = f"thumbnails?fields=name&workloadTag={tag}"
    return Request(path, expression.body(_fields(geobox)), tag, then=lambda reply: _drawing(reply, tag))


def _fields(geobox: GeoBox) -> Mapping[str, bytes]:
    return {"fileFormat": b'"PNG"', "grid": grid_text(geobox)}


def _drawing(reply: bytes, tag: str) -> Request:
    """The request for what was kept."""
    try:
        name = str(json.loads(reply)["name"])
    except (ValueError, KeyError, TypeError) as error:
        raise BrokenReplyError(
            f"Earth Engine: expected the name of a thumbnail, got {reply[:100]!r}; ask again"
        ) from error
    return Request(f"{name.split('/', 2)[-1]}:getPixels", None, tag)
