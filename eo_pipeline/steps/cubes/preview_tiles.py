"""A coarse look at a period's aligned tiles, before anything is copied.

Tiles are read decimated, each band as it is stored. What does not belong here: the picture (`steps.previews.preview`).
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox

from eo_pipeline.core.bands import BandEncoding
from eo_pipeline.core.cubes.tile_layout import lay_tiles
from eo_pipeline.core.mosaics.plan import Placement
from eo_pipeline.core.periods import Period
from eo_pipeline.errors import SourceError
from eo_pipeline.sources.aligned_tiles.archive import TileArchive
from eo_pipeline.sources.aligned_tiles.looking import look_at_tile
from eo_pipeline.steps.cubes.preview_scenes import MOST, coarser
from eo_pipeline.steps.cubes.tile_tasks import headers_of
from eo_pipeline.steps.previews.preview import Preview, summary_of
from eo_pipeline.storage.scenes.scene_files import UnreadableError

_Seen = tuple[slice, slice, NDArray[Any]]
_LISTED = 50


def preview_tiles(
    bands: Sequence[BandEncoding], geobox: GeoBox, period: Period, archive: TileArchive, *, side: int = MOST
) -> Preview:
    """Look at the tiles that meet an area in pixels so coarse that no side has more than so many.

    Args:
        bands: of the tiles, as the cube stores them.
        geobox: of the area, on the tiles' pixels.
        period: whose key is the tiles' date.
        archive: of the tiles.
        side: pixels along the longer side at most.

    Raises:
        SourceError: no tile of the date, or lists tiles that cannot be read or hold other bands.
        GridMismatchError: names tiles that do not lie on the area's pixels, or over each other.
    """
    tiles = archive.slot(period).tiles
    headers = headers_of(archive, tiles, bands)
    plan = lay_tiles({tile.href: header.geobox for tile, header in headers.items()}, geobox)
    times = -(-max(geobox.shape) // side)
    coarse = coarser(geobox, times)
    options = archive.access.options_for(tile.href for tile in tiles)

    def look(placement: Placement) -> _Seen | str:
        tile = tiles[placement.tile]
        try:
            return look_at_tile(tile.href, headers[tile].band_numbers(bands), placement, times, options)
        except UnreadableError as error:
            return str(error)

    with ThreadPoolExecutor(archive.access.threads) as pool:
        answers = list(pool.map(look, plan.placements))
    _refuse(archive.name, [answer for answer in answers if isinstance(answer, str)])
    seen = [answer for answer in answers if not isinstance(answer, str)]
    pixels = {band.name: _pasted(band, number, coarse, seen) for number, band in enumerate(bands)}
    used = len({placement.tile for placement in plan.placements})
    return Preview(coarse, used, pixels if used else {}, tuple(summary_of(band, pixels[band.name]) for band in bands))


def _pasted(band: BandEncoding, number: int, coarse: GeoBox, seen: Sequence[_Seen]) -> NDArray[Any]:
    """(y, x) of a band, empty where no tile lies."""
    into = np.full(tuple(coarse.shape), band.empty, band.dtype)
    for rows, columns, stored in seen:
        into[rows, columns] = stored[number]
    return into


def _refuse(name: str, problems: Sequence[str]) -> None:
    if problems:
        more = [f"  and {len(problems) - _LISTED} more"] if len(problems) > _LISTED else []
        lines = "\n".join([*(f"  {problem}" for problem in problems[:_LISTED]), *more])
        raise SourceError(
            f"expected readable tiles of {name}, got {len(problems)} that cannot be read:\n{lines}\ncopy them to the "
            "archive again"
        )
