"""Outlines of regions and boxes as nodes of an expression that is serialised once, written without the client.

Its serialiser takes a quarter of a millisecond a vertex, and outlines have millions.

What does not belong here: what is asked of them (`series`, `chip_images`).
"""

import json
from collections.abc import Iterable
from typing import Any

import ee
import shapely
from shapely.geometry.base import BaseGeometry

from eo_pipeline.core.zonal.shapes import Bounds
from eo_pipeline.earth_engine.interactive.expression import Expression

REGION = "r"
"""Property of a region that says which it is."""

VERTEX_BYTES = 42
"""Of a vertex in a request at most: two numbers of 17 digits with what is between them."""

REGION_BYTES = 400
"""Of a region in a request at most, beside its vertices: its wrapping with a name of its CRS."""

_PLACE = "regions of this request"


def regions_to_come() -> Any:
    """An `ee.FeatureCollection` that stands in an expression for regions that `with_regions` puts there."""
    return ee.FeatureCollection(_PLACE)


def with_regions(expression: Expression, outlines: Iterable[tuple[int, BaseGeometry]], crs: str) -> Expression:
    """An expression with regions where it was made with `regions_to_come`.

    Args:
        expression: of anything made of them.
        outlines: the number of each region, and its polygons in `crs`.
        crs: edges are straight in it.
    """
    features = ",".join(_feature(number, shape, crs) for number, shape in outlines)
    node = _call("Collection", features=f'{{"arrayValue":{{"values":[{features}]}}}}')
    return Expression(expression.text.replace(_TO_COME, node.encode()))


def box_to_come() -> Any:
    """An `ee.Geometry` that stands in an expression for a box that `with_box` puts there."""
    return ee.FeatureCollection(_PLACE).geometry()


def with_box(expression: Expression, box: Bounds, crs: str) -> Expression:
    """An expression with a box where it was made with `box_to_come`.

    Args:
        expression: of anything made of it.
        box: left, bottom, right, top.
        crs: that it is planar in.
    """
    left, bottom, right, top = box
    node = _call(
        "GeometryConstructors.Polygon",
        coordinates=_constant([[[left, bottom], [right, bottom], [right, top], [left, top], [left, bottom]]]),
        crs=_call("Projection", crs=_constant(crs)),
        geodesic=_constant(False),  # a constant of the expression
    )
    return Expression(expression.text.replace(_BOX_TO_COME, node.encode()))


def _feature(number: int, shape: BaseGeometry, crs: str) -> str:
    geometry = _call(
        "GeometryConstructors.MultiPolygon",
        coordinates=_constant(_coordinates(shape)),
        crs=_call("Projection", crs=_constant(crs)),
        geodesic=_constant(False),  # a constant of the expression
    )
    return _call("Feature", geometry=geometry, metadata=_constant({REGION: number}))


def _coordinates(shape: BaseGeometry) -> list[Any]:
    return [
        [shapely.get_coordinates(ring).tolist() for ring in (part.exterior, *part.interiors)]
        for part in shapely.get_parts(shape)
    ]


def _call(function: str, **arguments: str) -> str:
    listed = ",".join(f'"{name}":{value}' for name, value in arguments.items())
    return f'{{"functionInvocationValue":{{"functionName":"{function}","arguments":{{{listed}}}}}}}'


def _constant(value: Any) -> str:
    return f'{{"constantValue":{json.dumps(value, separators=(",", ":"))}}}'


_TO_COME = _call("Collection.loadTable", tableId=_constant(_PLACE)).encode()
_BOX_TO_COME = _call("Collection.geometry", collection=_TO_COME.decode()).encode()
