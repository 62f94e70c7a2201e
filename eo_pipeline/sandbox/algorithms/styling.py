"""Features drawn as pictures. What does not belong here: pictures of images, values burnt into bands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from eo_pipeline.sandbox.algorithms.colors import parse_rgba
from eo_pipeline.sandbox.algorithms.composites import layer
from eo_pipeline.sandbox.algorithms.painting import burnt, in_pixels, rastered
from eo_pipeline.sandbox.algorithms.visualization import BYTE, RGB_NAMES
from eo_pipeline.sandbox.errors import ServiceError
from eo_pipeline.sandbox.graph.coercions import as_float, as_string
from eo_pipeline.sandbox.graph.collections import Collection, Element, geometry_of
from eo_pipeline.sandbox.graph.geometry import Geometry
from eo_pipeline.sandbox.graph.grids import DEFAULT_PROJECTION, Grid
from eo_pipeline.sandbox.graph.images import Band, Image
from eo_pipeline.sandbox.graph.pixels import Pixels, Raster
from eo_pipeline.sandbox.graph.properties import property_of
from eo_pipeline.sandbox.graph.registry import Family

FAMILY = Family()

POINT_SHAPES = ("circle", "square")
_FILL_OPACITY = 0.66

Cover = tuple[np.ndarray, tuple[float, float, float, float]]
"""(True at the pixels (row, column) drawn, red, green, blue 0..255 and opacity 0..1)."""


@dataclass(frozen=True)
class Style:
    """How a feature is drawn.

    Attributes:
        color: of points, lines and edges.
        fill_color: of areas; None for the colour at two thirds of its opacity.
        width: of lines and edges, pixels.
        point_size: diameter of points, pixels.
        point_shape: one of POINT_SHAPES.
    """

    color: str
    fill_color: str | None
    width: float
    point_size: float
    point_shape: str

    def changed(self, own: object) -> Style:
        """The style with what a feature's own dictionary says (in the client's words)."""
        if own is None:
            return self
        if not isinstance(own, Mapping):
            raise ServiceError(f"Collection.style: Expected a dictionary in styleProperty, got {type(own).__name__}.")
        unknown = sorted(set(map(str, own)) - set(_OWN))
        if unknown:
            raise ServiceError(f"Collection.style: Unknown style '{unknown[0]}'; known are {list(_OWN)}.")
        return Style(
            color=as_string(own.get("color", self.color)),
            fill_color=as_string(own["fillColor"]) if "fillColor" in own else self.fill_color,
            width=as_float(own.get("width", self.width)),
            point_size=as_float(own.get("pointSize", self.point_size)),
            point_shape=as_string(own.get("pointShape", self.point_shape)),
        )


_OWN = ("color", "fillColor", "pointShape", "pointSize", "width")


@FAMILY.algorithm("Collection.style")
def style(
    collection: Collection,
    *,
    color: str,
    point_size: int,
    point_shape: str,
    width: float,
    fill_color: str | None,
    style_property: str | None,
    line_type: str,
) -> Image:
    """Features drawn one over the other; a feature's own dictionary of styles comes before the common style."""
    if line_type != "solid":
        raise ServiceError(f"The sandbox does not implement Collection.style with lineType '{line_type}'; use 'solid'.")
    common = Style(color, fill_color, width, point_size, point_shape)
    drawn = [
        (outline, _checked(_style_of(member, common, style_property))) for member, outline in _outlined(collection)
    ]

    def compute(grid: Grid, _: Sequence[Raster]) -> Raster:
        covers = [cover for outline, look in drawn for cover in _covers(outline, look, grid)]
        return _stacked(covers, grid)

    shared = Pixels((), compute)
    return Image(
        tuple(
            Band(name, BYTE, DEFAULT_PROJECTION, None, layer(shared, number, BYTE))
            for number, name in enumerate(RGB_NAMES)
        )
    )


def _outlined(collection: Collection) -> list[tuple[Element, Geometry]]:
    found = ((member, geometry_of(member)) for member in collection.features)
    return [(member, outline) for member, outline in found if outline is not None]


def _style_of(member: Element, common: Style, name: str | None) -> Style:
    return common if name is None else common.changed(property_of(member, name))


def _checked(look: Style) -> Style:
    if look.point_shape not in POINT_SHAPES:
        raise ServiceError(f"The sandbox draws points as {' or '.join(POINT_SHAPES)}, got '{look.point_shape}'.")
    for text in (look.color, look.fill_color):
        parse_rgba(text or "black")
    return look


def _covers(outline: Geometry, look: Style, grid: Grid) -> list[Cover]:
    """What a feature covers, bottom first."""
    red, green, blue, opacity = parse_rgba(look.color)
    stroke = (red, green, blue, opacity)
    shape = in_pixels(outline, grid)
    if shape.geom_type in ("Point", "MultiPoint"):
        radius = look.point_size / 2
        marker = shape.buffer(radius) if look.point_shape == "circle" else shape.buffer(radius, cap_style="square")
        return [(rastered(marker, grid, touching=False), stroke)]
    edge = (burnt(outline, grid, look.width), stroke)
    if shape.area == 0:
        return [edge]
    fill = (red, green, blue, opacity * _FILL_OPACITY) if look.fill_color is None else parse_rgba(look.fill_color)
    return [(burnt(outline, grid, None), fill), edge]


def _stacked(covers: Sequence[Cover], grid: Grid) -> Raster:
    """Colours over one another as layers (red, green, blue); the mask is the opacity of all."""
    colour, alpha = np.zeros((3, *grid.shape)), np.zeros(grid.shape)
    for where, (*shade, opacity) in covers:
        part = where * opacity
        total = part + alpha * (1 - part)
        new = np.array(shade)[:, None, None] * part + colour * alpha * (1 - part)
        colour = np.divide(new, total, out=np.zeros_like(colour), where=np.broadcast_to(total > 0, colour.shape))
        alpha = total
    return Raster(np.round(colour), np.broadcast_to(alpha.astype(np.float32), colour.shape))
