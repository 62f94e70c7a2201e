"""A map of the places of a work list, for a person. What does not belong here: where the picture goes."""

from collections.abc import Iterator

import geopandas
import numpy as np
import pandas as pd
import shapely
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray
from pyproj import Transformer
from shapely.geometry.base import BaseGeometry

from eo_pipeline.core.pictures import figure_png

_COLOURS = ("#2b6cb0", "#dd6b20", "#2f855a", "#b83280", "#744210", "#4a5568", "#d69e2e", "#319795")
_OUTLINE = "#718096"
_MOST_DRAWN = 5_000
"""Places of one colour that are drawn: more are not told apart."""


def samples_map(region: BaseGeometry, crs: str, places: geopandas.GeoDataFrame, *, title: str) -> bytes:
    """A PNG of at most core.pictures.MAX_BYTES: the region's outline, and each place coloured by split, or by label.

    Args:
        region: polygon of the area.
        crs: of the region and of the map.
        places: points in EPSG:4326 with the columns `split` and `label`, texts or nulls.
        title: above the map.
    """
    figure = Figure(figsize=(5.0, 4.4), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    _draw_region(axes, region)
    x, y = _moved(places, crs, shapely.centroid(region).x)
    for colour, (name, chosen) in enumerate(_groups(places)):
        drawn = np.flatnonzero(chosen)[:: -(-int(chosen.sum()) // _MOST_DRAWN) or 1]
        axes.scatter(x[drawn], y[drawn], s=5, color=_COLOURS[colour % len(_COLOURS)], label=f"{name}: {chosen.sum():,}")
    axes.legend(fontsize=7, markerscale=2, loc="best")
    axes.set_title(title, fontsize=9)
    axes.set_aspect("equal", adjustable="datalim")
    axes.tick_params(labelsize=6)
    return figure_png(figure)


def _draw_region(axes: Axes, region: BaseGeometry) -> None:
    for part in shapely.get_parts(region):
        for ring in (part.exterior, *part.interiors):
            axes.plot(*ring.xy, color=_OUTLINE, linewidth=0.8)


def _moved(places: geopandas.GeoDataFrame, crs: str, near: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Places in the map's CRS; longitudes near the region's, which may lie beyond 180."""
    transformer = Transformer.from_crs("EPSG:4326", crs, always_xy=True)
    x, y = transformer.transform(places.geometry.x.to_numpy(), places.geometry.y.to_numpy())
    if transformer.target_crs is not None and transformer.target_crs.is_geographic:
        x = near + (x - near + 180) % 360 - 180
    return x, y


def _groups(places: geopandas.GeoDataFrame) -> Iterator[tuple[str, NDArray[np.bool_]]]:
    """Names and members (n,) of what is told apart; one group of all if nothing is."""
    by: pd.Series = places["split"] if places["split"].notna().any() else places["label"]
    named = by.astype(object).where(by.notna(), "places")
    for name in sorted(set(named)):
        yield str(name), (named == name).to_numpy(dtype=bool)
