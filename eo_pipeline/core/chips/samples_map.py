"""A map of the places of a work list, for a person. What does not belong here: where the picture goes."""

import math

import geopandas
import numpy as np
import pandas as pd
import shapely
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch
from matplotlib.path import Path
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray
from odc.geo.crs import CRS
from shapely.geometry.base import BaseGeometry

from eo_pipeline.core.chips.chip_boxes import transformer
from eo_pipeline.core.pictures import figure_png
from eo_pipeline.core.zonal.shapes import contiguous_longitudes

_COLOURS = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#8c564b")
"""Told apart by people who see fewer colours (Okabe and Ito, 2008), for the largest groups."""
_OTHERS = "#7f7f7f"
_FILL, _OUTLINE = "#f0f3f6", "#8896a5"
_MOST_DRAWN = 5_000
"""Places of one colour that are drawn: more are not told apart."""
_HALF_A_TURN = 180
_INCHES = 4.6
"""Longest side of the map."""


def samples_map(region: BaseGeometry, crs: str, places: geopandas.GeoDataFrame, *, title: str) -> bytes:
    """A PNG of at most core.pictures.MAX_BYTES: the region, and each place coloured by split, or else by label.

    Args:
        region: polygon of the area.
        crs: of the region and of the map.
        places: points in EPSG:4326 with the columns `split` and `label`, texts or nulls.
        title: above the map.
    """
    geographic = bool(CRS(crs).geographic)
    if geographic and region.bounds[2] - region.bounds[0] > _HALF_A_TURN:
        (region,) = contiguous_longitudes([region])
    figure, axes = _frame(region, geographic=geographic)
    axes.add_patch(PathPatch(_path(region), facecolor=_FILL, edgecolor=_OUTLINE, linewidth=0.7))
    x, y = transformer("EPSG:4326", crs).transform(places.geometry.x.to_numpy(), places.geometry.y.to_numpy())
    if geographic:
        middle = (region.bounds[0] + region.bounds[2]) / 2
        x = middle + (x - middle + 180) % 360 - 180
    _scatter(axes, x, y, _groups(places))
    axes.set_title(title, fontsize=9)
    axes.set_xlabel(crs, fontsize=7)
    figure.legend(loc="outside right upper", fontsize=7, markerscale=2, frameon=False, handletextpad=0.2)
    return figure_png(figure)


def _frame(region: BaseGeometry, *, geographic: bool) -> tuple[Figure, Axes]:
    """An empty map as wide and high as the region and a little around it; a degree east is as long as on the ground."""
    left, bottom, right, top = region.bounds
    stretch = 1 / max(0.1, math.cos(math.radians((bottom + top) / 2))) if geographic else 1.0
    ratio = min(3.0, max(1 / 3, (top - bottom) * stretch / (right - left)))
    figure = Figure(figsize=(min(_INCHES, _INCHES / ratio) + 1.6, min(_INCHES, _INCHES * ratio) + 0.7))
    FigureCanvasAgg(figure)
    figure.set_layout_engine("constrained", rect=(0.03, 0, 0.97, 1))
    axes = figure.subplots()
    margin = 0.03 * max(right - left, top - bottom)
    axes.set_xlim(left - margin, right + margin)
    axes.set_ylim(bottom - margin, top + margin)
    axes.set_aspect(stretch)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(MaxNLocator(4))
    axes.ticklabel_format(style="plain", useOffset=False)
    axes.tick_params(labelsize=6, length=2, color=_OUTLINE)
    for spine in axes.spines.values():
        spine.set_color("#c8ccd0")
    return figure, axes


def _path(region: BaseGeometry) -> Path:
    """All rings of a polygon, of which the inner ones turn the other way round."""
    rings = [
        Path(shapely.get_coordinates(ring), closed=True)
        for part in shapely.get_parts(shapely.orient_polygons(region))
        for ring in (part.exterior, *part.interiors)
    ]
    return Path.make_compound_path(*rings)


def _scatter(axes: Axes, x: NDArray[np.float64], y: NDArray[np.float64], groups: "pd.Series[str]") -> None:
    """Group after group, the largest first, so that the small ones lie on top."""
    size = min(12.0, max(2.0, 6000 / max(1, len(x))))
    counts = groups.value_counts()
    order = sorted(counts.index, key=lambda name: (name == _REST, -counts[name], name))
    for number, name in enumerate(order):
        chosen = np.flatnonzero((groups == name).to_numpy())
        drawn = chosen[:: -(-len(chosen) // _MOST_DRAWN)]
        colour = _OTHERS if name == _REST else _COLOURS[number]
        axes.scatter(x[drawn], y[drawn], s=size, color=colour, linewidths=0, label=f"{name}: {len(chosen):,}")


_REST = "others"


def _groups(places: geopandas.GeoDataFrame) -> "pd.Series[str]":
    """The name of each place's group: its split, or its label, if any place has one; small groups are one."""
    by: pd.Series[str] = places["split"] if places["split"].notna().any() else places["label"]
    if not by.notna().any():
        return pd.Series("chips", index=places.index)
    named = by.astype(object).where(by.notna(), "without")
    large = named.value_counts().index[: len(_COLOURS)]
    return named.where(named.isin(large), _REST)
