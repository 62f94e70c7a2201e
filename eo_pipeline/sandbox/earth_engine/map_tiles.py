"""Map tiles: squares of the web's Mercator map, by zoom, column and row. What does not belong here: encoding."""

import math
from collections.abc import Mapping
from dataclasses import replace

from eo_pipeline.sandbox.earth_engine.downloads import decode_image_download
from eo_pipeline.sandbox.earth_engine.engine import Engine
from eo_pipeline.sandbox.earth_engine.pixels_out import EncodedPixels, compute_pixels
from eo_pipeline.sandbox.errors import ServiceError
from eo_pipeline.sandbox.settings import Settings

TILE_SIDE = 256
"""Pixels a side."""

_HALF_SIDE = math.pi * 6378137.0
"""Half a side of the whole map, metres of EPSG:3857."""

_DEEPEST = 24
"""Greatest zoom."""


def tile_grid(zoom: int, x: int, y: int) -> dict[str, object]:
    """The `grid` of a tile.

    Args:
        zoom: 0 is the whole map in one tile; each step halves the sides.
        x: Column, from the west.
        y: Row, from the north.

    Raises:
        ServiceError: There is no such tile.
    """
    if not 0 <= zoom <= _DEEPEST or not 0 <= x < 2**zoom or not 0 <= y < 2**zoom:
        raise ServiceError(f"Tile {zoom}/{x}/{y} is out of bounds.", 404, "NOT_FOUND")
    side = 2 * _HALF_SIDE / 2**zoom
    pixel = side / TILE_SIDE
    affine = {
        "scaleX": pixel,
        "translateX": -_HALF_SIDE + x * side,
        "scaleY": -pixel,
        "translateY": _HALF_SIDE - y * side,
    }
    dimensions = {"width": TILE_SIDE, "height": TILE_SIDE}
    return {"crsCode": "EPSG:3857", "dimensions": dimensions, "affineTransform": affine}


def draw_tile(
    engine: Engine, body: Mapping[str, object], grid: Mapping[str, object], settings: Settings
) -> EncodedPixels:
    """One tile of a kept map.

    Args:
        engine: Evaluates the expression.
        body: Of the request that made the map.
        grid: Of the tile.
        settings: Give the limits.

    Raises:
        ServiceError: The expression is refused, or is no picture.
    """
    return compute_pixels(engine, replace(decode_image_download(body), grid=grid), settings)
