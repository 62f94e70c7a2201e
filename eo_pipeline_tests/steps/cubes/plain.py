"""Composites of made scenes in plain numpy and scipy: where tests take expected values from.

What does not belong here: anything of the pipeline but grids.
"""

from collections.abc import Sequence
from itertools import groupby
from typing import Any

import numpy as np
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox
from scipy import ndimage

from eo_pipeline_tests.steps.cubes.archive import MadeScene

BAD = (0, 1, 3, 8, 9, 10)


def pasted(scene: MadeScene, name: str, target: GeoBox) -> NDArray[Any]:
    """(y, x) of a band on a grid of its own pixels, 0 where there is none."""
    pixels = scene.bands[name]
    step = 10 * scene.grid.shape[0] / pixels.shape[0]
    column = round((scene.grid.affine.c - target.affine.c) / step)
    row = round((target.affine.f - scene.grid.affine.f) / step)
    height, width = target.shape
    around = np.zeros((height + 2000, width + 2000), pixels.dtype)
    around[1000 + row : 1000 + row + pixels.shape[0], 1000 + column : 1000 + column + pixels.shape[1]] = pixels
    return around[1000 : 1000 + height, 1000 : 1000 + width]


def days_of(scenes: Sequence[MadeScene]) -> list[list[MadeScene]]:
    """Scenes of one day, by id, the days in order."""
    ordered = sorted(scenes, key=lambda scene: (scene.instant.date(), scene.id))
    return [list(held) for _, held in groupby(ordered, key=lambda scene: scene.instant.date())]


def joined(scenes: Sequence[MadeScene], name: str, target: GeoBox) -> NDArray[Any]:
    """One day's pixels, the first scene's where several have some; numbers of old baselines 1000 larger."""
    made = np.zeros(tuple(target.shape), np.int64)
    for scene in scenes:
        pixels = pasted(scene, name, target).astype(np.int64)
        if name != "scl" and scene.baseline < "04.00":
            pixels = np.where(pixels > 0, pixels + 1000, 0)
        made = np.where(made > 0, made, pixels)
    return made


def grown(marked: NDArray[np.bool_], radius: int) -> NDArray[np.bool_]:
    """Every pixel no further than so many pixels from a marked one."""
    if not radius or not marked.any():
        return marked
    return np.asarray(ndimage.distance_transform_edt(~marked) <= radius)


def clear(scenes: Sequence[MadeScene], target: GeoBox, *, dilation: int = 0) -> NDArray[np.bool_]:
    """(y, x) of a grid of 10 m whose edges are the classes' own, usable on one day; looked at far beyond its edges."""
    height, width = target.shape
    beyond = 40
    wide = GeoBox(
        (height // 2 + 2 * beyond, width // 2 + 2 * beyond),
        target.affine @ target.affine.translation(-2 * beyond, -2 * beyond) @ target.affine.scale(2),
        target.crs,
    )
    classes = joined(scenes, "scl", wide)
    usable = ~grown(np.isin(classes, BAD) & (classes > 0), dilation) & (classes > 0)
    inner = usable[beyond : beyond + height // 2, beyond : beyond + width // 2]
    return np.asarray(np.repeat(np.repeat(inner, 2, axis=0), 2, axis=1))


def observed(scenes: Sequence[MadeScene], name: str, target: GeoBox, *, dilation: int = 0) -> NDArray[np.float64]:
    """(day, y, x) of a band's numbers, 1000 above reflectance times 10000, NaN where unusable."""
    days = days_of(scenes)
    seen = [np.where(clear(day, target, dilation=dilation), joined(day, name, target), 0) for day in days]
    return np.where(np.stack(seen) > 0, np.stack(seen), np.nan)


def half_up(values: NDArray[np.float64], empty: int, dtype: str) -> NDArray[Any]:
    """Rounded, `empty` where NaN."""
    return np.where(np.isnan(values), empty, np.floor(values + 0.5)).astype(dtype)


def median(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Of what is not NaN along the first axis."""
    return np.ma.filled(np.ma.median(np.ma.masked_invalid(values), axis=0).astype(float), np.nan)
