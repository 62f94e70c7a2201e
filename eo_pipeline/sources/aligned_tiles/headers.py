"""What tiles say of themselves, read by several threads. What does not belong here: their pixels (`shards`)."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from eo_pipeline.core.bands import BandEncoding
from eo_pipeline.core.headers import RasterHeader, header_problems
from eo_pipeline.core.problem_lines import problem_lines
from eo_pipeline.core.scenes.scene import SceneBand
from eo_pipeline.errors import SourceError
from eo_pipeline.sources.aligned_tiles.archive import Tile
from eo_pipeline.storage.rasters import header_of
from eo_pipeline.storage.scenes.scene_files import UnreadableError, opened


def read_tile_headers(
    tiles: Sequence[Tile], bands: Sequence[BandEncoding], *, name: str, options: Mapping[str, str], threads: int
) -> dict[Tile, RasterHeader]:
    """The headers of tiles that hold the bands as they are encoded.

    Args:
        tiles: any number.
        bands: that are to be copied.
        name: of the archive, for messages.
        options: GDAL's.
        threads: that open tiles at the same time.

    Raises:
        SourceError: lists the tiles that cannot be opened, or that hold other bands, types or nodata.
    """
    with ThreadPoolExecutor(threads) as pool:
        answers = dict(zip(tiles, pool.map(lambda tile: _header(tile, options), tiles), strict=True))
    headers = {tile: answer for tile, answer in answers.items() if isinstance(answer, RasterHeader)}
    problems = [str(answer) for answer in answers.values() if isinstance(answer, UnreadableError)]
    problems += [f"{tile.href}: {said}" for tile, header in headers.items() for said in header_problems(header, bands)]
    if problems:
        raise SourceError(
            f"expected tiles of {name} with the cube's bands, got {len(problems)} problem(s):\n"
            + problem_lines(problems)
            + "\nmend the tiles, or declare the bands as they are"
        )
    return headers


def _header(tile: Tile, options: Mapping[str, str]) -> RasterHeader | UnreadableError:
    try:
        with opened(SceneBand(tile.href), options) as dataset:
            return header_of(dataset, Path(tile.href))
    except UnreadableError as error:
        return error
