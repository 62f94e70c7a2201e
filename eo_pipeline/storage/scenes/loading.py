"""Scenes as stacks of observations: read by several threads, brought to one offset, joined by observation.

What does not belong here: one file (`reading`), and which scenes belong together (`core.scenes.groups`).
"""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eo_pipeline.core.rectangles import Rectangle
from eo_pipeline.core.scenes.fusing import fuse, has_value, shift_to, shifted
from eo_pipeline.core.scenes.groups import SceneGroup, group_scenes
from eo_pipeline.core.scenes.layouts import BandLayout, layout_of
from eo_pipeline.core.scenes.scene import Scene
from eo_pipeline.core.scenes.solar_days import middle_longitude
from eo_pipeline.core.scenes.stack import SceneFailure, Stack, StackBand, Wanted, refuse_failures
from eo_pipeline.core.scenes.view import View
from eo_pipeline.errors import SourceError
from eo_pipeline.storage.scenes.completing import completed
from eo_pipeline.storage.scenes.reading import read_band
from eo_pipeline.storage.scenes.scene_files import UnreadableError


@dataclass(frozen=True)
class _Reading:
    """One band of one observation.

    Attributes:
        group: the observation.
        wanted: the band.
        layout: how it is stored.
        into: (y, x), nodata all over.
    """

    group: SceneGroup
    wanted: Wanted
    layout: BandLayout
    into: NDArray[Any]


def load_scenes(
    scenes: Sequence[Scene],
    view: View,
    bands: Sequence[Wanted],
    *,
    source: str,
    options: Mapping[str, str],
    threads: int,
    by_instant: bool = False,
) -> Stack:
    """The observations of a place.

    Args:
        scenes: at least one.
        view: the grid, and what of it; which scenes are one observation does not depend on the window.
        bands: what is loaded of each.
        source: its name, for messages.
        options: GDAL's.
        threads: that read at the same time.
        by_instant: whether only scenes of the same instant are one observation, in place of those of a solar day.

    Raises:
        SourceError: lists every scene that cannot be read or lacks a band; or the scenes store a band differently.
    """
    if not scenes:
        raise SourceError(f"expected at least one scene of {source} to load, got none; write that there was no image")
    whole, failures = completed(scenes, bands, options=options, threads=threads)
    refuse_failures(source, failures)
    layouts = {wanted.name: layout_of(whole, wanted.name) for wanted in bands}
    unchanged = [wanted.name for wanted in bands if wanted.offset is None]
    groups = group_scenes(whole, longitude=middle_longitude(view.geobox), unchanged=unchanged, by_instant=by_instant)
    arrays = {name: _empty(layout, len(groups), view.part) for name, layout in layouts.items()}
    readings = [
        _Reading(group, wanted, layouts[wanted.name], arrays[wanted.name][number])
        for number, group in enumerate(groups)
        for wanted in bands
    ]
    with ThreadPoolExecutor(threads) as pool:
        found = list(pool.map(lambda one: _read(one, view, options), readings))
    refuse_failures(source, [failure for part in found for failure in part])
    stacked = {wanted.name: _stacked(wanted, layouts[wanted.name], groups, arrays[wanted.name]) for wanted in bands}
    return Stack(view.grid, tuple(groups), stacked)


def _empty(layout: BandLayout, observations: int, part: Rectangle) -> NDArray[Any]:
    return np.full((observations, part.height, part.width), layout.nodata, layout.dtype)


def _read(reading: _Reading, view: View, options: Mapping[str, str]) -> list[SceneFailure]:
    """Join the scenes of one observation, until every pixel has a value; what cannot be read comes back as values."""
    wanted, layout, failures, is_blank = reading.wanted, reading.layout, [], True
    for scene in reading.group.scenes:
        if not is_blank and has_value(reading.into, layout.nodata).all():
            break
        band = scene.band(wanted.name)
        try:
            stored = read_band(
                band,
                layout,
                view,
                resampling=wanted.resampling,
                options=options,
                into=reading.into if is_blank else None,
            )
        except UnreadableError as error:
            failures.append(SceneFailure(scene.id, wanted.name, str(error)))
            continue
        if stored is None:
            continue
        shift = 0 if wanted.offset is None else shift_to(band, wanted.offset)
        moved = shifted(stored, shift, nodata=layout.nodata)
        if not is_blank:
            fuse(reading.into, moved, nodata=layout.nodata)
        elif moved is not reading.into:
            reading.into[:] = moved
        is_blank = False
    return failures


def _stacked(wanted: Wanted, layout: BandLayout, groups: Sequence[SceneGroup], stored: NDArray[Any]) -> StackBand:
    offsets = tuple(
        group.scenes[0].band(wanted.name).offset if wanted.offset is None else wanted.offset for group in groups
    )
    return StackBand(stored, layout.nodata, layout.scale, offsets)
