"""Pixels of scenes that lie on the grid, in a worker: stored numbers are copied, nothing is resampled.

What does not belong here: which scenes there are (`source`), and looking at one decimated (`looking`).
"""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox

from eo_pipeline.core.mosaics.lattice import finer
from eo_pipeline.core.mosaics.plan import Placement
from eo_pipeline.core.problem_lines import problem_lines
from eo_pipeline.core.rectangles import Rectangle
from eo_pipeline.core.scenes.fusing import shift_to, shifted
from eo_pipeline.core.scenes.groups import SceneGroup
from eo_pipeline.core.scenes.scene import Scene, SceneBand
from eo_pipeline.core.scenes.stack import Stack, StackBand, Wanted
from eo_pipeline.core.scenes.view import View
from eo_pipeline.errors import SourceError
from eo_pipeline.sources.aligned_tiles.looking import look_at
from eo_pipeline.sources.aligned_tiles.scenes import file_of, laid_on
from eo_pipeline.storage.scenes.aligned import copy_window
from eo_pipeline.storage.scenes.scene_files import UnreadableError, opened


@dataclass(frozen=True)
class AlignedFiles:
    """Loads scenes of `scenes.scene_of`; see `sources.source.Loader`. All of them together are one observation.

    Attributes:
        what: they are, for messages, such as "tiles of ARCHIVE".
        mending: what to do about those that cannot be read.
        options: GDAL's, none of them secret.
        threads: that read at the same time.
    """

    what: str
    mending: str
    options: Mapping[str, str]
    threads: int = 1

    def load(self, scenes: Sequence[Scene], view: View, bands: Sequence[Wanted]) -> Stack:
        """See Loader; pixels of a much coarser grid are single ones of the scenes', near its pixels' middles.

        Raises:
            GridMismatchError: scenes do not lie on the grid's pixels, or over each other.
        """
        part = view.part
        times = _times(scenes[0], view.geobox) if view.overviews else 1
        if times == 1:
            placements = laid_on(view.geobox, scenes).within(part)
        else:
            placements = laid_on(finer(view.grid, times), scenes).placements
        into = {wanted.name: _empty(scenes[0].band(wanted.name), wanted, part) for wanted in bands}
        arrays = {name: band.stored[0] for name, band in into.items()}

        def read(placement: Placement) -> str | None:
            try:
                _read(scenes[placement.tile], placement, times, self.options, arrays)
            except UnreadableError as error:
                return str(error)
            return None

        with ThreadPoolExecutor(self.threads) as pool:
            self._refuse([problem for problem in pool.map(read, placements) if problem is not None])
        group = SceneGroup(scenes[0].instant.date(), (), tuple(scenes))
        stacked = {wanted.name: _shifted(into[wanted.name], scenes[0].band(wanted.name), wanted) for wanted in bands}
        return Stack(view.grid, (group,), stacked)

    def _refuse(self, problems: Sequence[str]) -> None:
        if problems:
            raise SourceError(
                f"expected readable {self.what}, got {len(problems)} that cannot be read:\n"
                f"{problem_lines(problems)}\n{self.mending}"
            )


def _times(scene: Scene, geobox: GeoBox) -> int:
    """Pixels of a scene along one of a grid's, which is coarser; else 1."""
    grid = file_of(scene).geobox
    return 1 if grid is None else max(1, round(geobox.resolution.x / grid.resolution.x))


def _empty(band: SceneBand, wanted: Wanted, part: Rectangle) -> StackBand:
    """One observation without a value."""
    told = next((nodata for nodata in (band.nodata, wanted.nodata) if nodata is not None), 0.0)
    stored = np.full((1, part.height, part.width), told, band.dtype)
    return StackBand(stored, told, band.scale, (band.offset,))


def _read(
    scene: Scene, placement: Placement, times: int, options: Mapping[str, str], into: Mapping[str, NDArray[Any]]
) -> None:
    """Copy the pixels of a placement, or every `times`-th of them.

    Raises:
        UnreadableError: the file cannot be read, or is another than when it was described.
    """
    bands = {name: scene.band(name) for name in into}
    file = max(bands.values(), key=lambda band: band.index)
    with opened(file, options) as dataset:
        _check(dataset, file, bands)
        for name, band in bands.items():
            if times == 1:
                copy_window(dataset, placement, into[name], index=band.index)
            else:
                look_at(dataset, placement, times, into[name], index=band.index)


def _check(dataset: Any, file: SceneBand, bands: Mapping[str, SceneBand]) -> None:
    types = {name: dataset.dtypes[band.index - 1] for name, band in bands.items()}
    shape = None if file.geobox is None else tuple(file.geobox.shape)
    if (dataset.height, dataset.width) != shape or any(types[name] != band.dtype for name, band in bands.items()):
        wanted = "" if shape is None else f"{shape[1]} x {shape[0]} px "
        raise UnreadableError(
            f"{file.href}: expected {wanted}as when it was placed, got {dataset.width} x {dataset.height} px of "
            f"{', '.join(sorted(set(types.values())))}"
        )


def _shifted(loaded: StackBand, band: SceneBand, wanted: Wanted) -> StackBand:
    if wanted.offset is None:
        return loaded
    stored = shifted(loaded.stored, shift_to(band, wanted.offset), nodata=loaded.nodata)
    return StackBand(stored, loaded.nodata, loaded.scale, (wanted.offset,))
