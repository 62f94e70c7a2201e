"""One band of one scene on a grid: copied where its pixels lie on the grid, warped where they do not.

What does not belong here: several scenes (`loading`).
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox

from eo_pipeline.core.mosaics.plan import MosaicPlan, Placement
from eo_pipeline.core.scenes.layouts import BandLayout
from eo_pipeline.core.scenes.placing import placements_of
from eo_pipeline.core.scenes.scene import SceneBand
from eo_pipeline.core.scenes.view import View
from eo_pipeline.errors import GridMismatchError
from eo_pipeline.storage.scenes.aligned import copy_window
from eo_pipeline.storage.scenes.scene_files import UnreadableError, opened
from eo_pipeline.storage.scenes.turned import turned
from eo_pipeline.storage.scenes.warped import warp_window

_OF_CLASSES = ("nearest", "mode")
"""Resamplings that make no class up."""


def read_band(
    band: SceneBand,
    layout: BandLayout,
    view: View,
    *,
    resampling: str,
    options: Mapping[str, str],
    into: NDArray[Any] | None = None,
) -> NDArray[Any] | None:
    """Stored numbers (y, x) of a grid, nodata where the file has none; None if it lies elsewhere.

    Args:
        band: of a scene.
        layout: type and nodata.
        view: the grid, and what of it.
        resampling: rasterio's name, for what does not lie on the grid; classes are taken from the nearest pixel.
        options: GDAL's.
        into: (y, x) of the view and the layout's type, nodata all over, which is filled and given back; new if None.

    Raises:
        UnreadableError: the file cannot be read, or is of another type; `into` may hold a part of it.
    """
    part = view.part
    if band.geobox is not None and not _placed(band, band.geobox, view):
        return None
    with _opened(band, view, options) as file:
        dataset = turned(file, band)
        stored = dataset.dtypes[band.index - 1]
        if stored != layout.dtype:
            raise UnreadableError(f"{band.href}: expected {layout.dtype}, got {stored}")
        placements = _placed(band, GeoBox.from_rio(dataset), view)
        if not placements:
            return None
        if into is None:
            into = np.full((part.height, part.width), layout.nodata, layout.dtype)
        how = resampling if not band.is_classes or resampling in _OF_CLASSES else "nearest"
        for placement in placements:
            if placement.warp is None:
                copy_window(dataset, placement, into, index=band.index)
            else:
                warp_window(
                    dataset,
                    placement,
                    placement.warp,
                    into,
                    index=band.index,
                    target=view.grid,
                    nodata=layout.nodata,
                    resampling=how,
                )
    return into


def _placed(band: SceneBand, grid: GeoBox, view: View) -> tuple[Placement, ...]:
    """Where a file's pixels fall on what is read, counted from its corner."""
    try:
        return MosaicPlan(placements_of(grid, view.geobox), ()).within(view.part)
    except GridMismatchError as error:
        raise UnreadableError(f"{band.href}: {error}") from error


@contextmanager
def _opened(band: SceneBand, view: View, options: Mapping[str, str]) -> Iterator[Any]:
    """The file, or its coarsest overview that is no coarser than the grid."""
    with opened(band, options) as dataset:
        level = _level(band, dataset, view) if view.overviews else None
        if level is None:
            yield dataset
            return
    with opened(band, options, overview_level=level) as dataset:
        yield dataset


def _level(band: SceneBand, dataset: Any, view: View) -> int | None:
    """Number of an overview; None if there is none that is as fine as the grid."""
    placements = _placed(band, GeoBox.from_rio(turned(dataset, band)), View(view.geobox))
    steps = [min(placement.warp.scale) for placement in placements if placement.warp is not None]
    fine = [n for n, factor in enumerate(dataset.overviews(band.index)) if steps and factor <= min(steps)]
    return fine[-1] if fine else None
