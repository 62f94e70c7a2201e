"""PNG pictures of a window, by the road of thumbnails: one request keeps what is asked, a second one draws it.

What does not belong here: numbers (`pixels`).
"""

import json
from collections.abc import Mapping
from typing import Any

from odc.geo.geobox import GeoBox

from eo_pipeline.earth_engine.interactive.client import BrokenReplyError, Request
from eo_pipeline.earth_engine.interactive.expression import Expression
from eo_pipeline.earth_engine.interactive.pixels import grid_text


def picture_request(expression: Expression, geobox: GeoBox, options: Mapping[str, Any], *, tag: str) -> Request:
    """Ask for an image as PNG.

    Args:
        expression: of an image.
        geobox: the pixels wanted.
        options: VisualizationOptions of the service (ranges, paletteColors, gamma); {} for an image that is drawn.
        tag: workload tag of the compute's account.
    """
    fields = {"fileFormat": b'"PNG"', "grid": grid_text(geobox)}
    if options:
        fields["visualizationOptions"] = json.dumps(options).encode()
    return Request(
        f"thumbnails?fields=name&workloadTag={tag}",
        expression.body(fields),
        tag,
        then=lambda reply: _drawing(reply, tag),
    )


def _drawing(reply: bytes, tag: str) -> Request:
    """The request for what was kept."""
    try:
        name = str(json.loads(reply)["name"])
    except (ValueError, KeyError, TypeError) as error:
        raise BrokenReplyError(
            f"Earth Engine: expected the name of a thumbnail, got {reply[:100]!r}; ask again"
        ) from error
    return Request(f"{name.split('/', 2)[-1]}:getPixels", None, tag)
