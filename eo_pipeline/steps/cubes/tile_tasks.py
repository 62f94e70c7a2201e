"""What copying a date of an archive means for each shard of a cube: which windows of which tiles, or none.

Every tile is opened once. What does not belong here: copying (`ingest_tiles`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from eo_pipeline.core.bands import BandEncoding
from eo_pipeline.core.cubes.cube_ledger import State
from eo_pipeline.core.cubes.cube_template import CubeTemplate
from eo_pipeline.core.cubes.tile_layout import lay_tiles
from eo_pipeline.core.headers import RasterHeader
from eo_pipeline.core.keys import digest
from eo_pipeline.core.mosaics import MosaicPlan, Placement
from eo_pipeline.core.mosaics.lattice import frame
from eo_pipeline.core.rectangles import Rectangle
from eo_pipeline.errors import GridMismatchError, SourceError
from eo_pipeline.sources.aligned_tiles.archive import SlotTiles, Tile, TileArchive
from eo_pipeline.sources.aligned_tiles.headers import read_tile_headers
from eo_pipeline.sources.aligned_tiles.shards import TilePiece, read_tiles
from eo_pipeline.storage.cubes import ShardTask, shards_in

_COPIED = "aligned tiles 1"
"""Part of every digest: changes when the same tiles would be copied otherwise."""


def digest_of_tiles(recipe: str, tiles: Sequence[Tile], lacking: Sequence[Tile] = (), *, state: str = "") -> str:
    """40 hexadecimal digits, the same for the same tiles in the same versions.

    Args:
        recipe: digest of whatever else decides the pixels.
        tiles: in any order.
        lacking: tiles of other dates, whose places count.
        state: of a shard that is not read.
    """
    told = sorted([tile.place, tile.version] for tile in tiles)
    places = sorted(tile.place for tile in lacking)
    return digest({"copied": _COPIED, "recipe": recipe, "tiles": told, "lacking": places, "state": state})


@dataclass(frozen=True)
class TileWork:
    """A date of an archive, laid on a cube.

    Attributes:
        tasks: one for each shard, those that begin with the same tile beside each other.
        outside: places wholly outside the cube.
    """

    tasks: tuple[ShardTask, ...]
    outside: tuple[str, ...]


def plan_tiles(template: CubeTemplate, archive: TileArchive, found: SlotTiles, *, recipe: str) -> TileWork:
    """Place the tiles of a date on a cube and cut shards out of them.

    A shard that no tile of any date meets is ocean; one that only a missing tile would meet has no image.

    Args:
        template: of the cube.
        archive: of the tiles.
        found: the date.
        recipe: see `digest_of_tiles`.

    Raises:
        SourceError, GridMismatchError: see `ingest_tiles`.
    """
    headers = headers_of(archive, found.tiles, template.bands)
    laid = _Laid(
        template,
        found.tiles,
        headers,
        lay_tiles({tile.href: header.geobox for tile, header in headers.items()}, template.geobox),
        _lacking(template, archive, found.elsewhen),
        archive.access.options,
        recipe,
    )
    made = sorted(laid.task(shard) for shard in shards_in(template, frame(template.geobox)))
    inside = {placement.tile for placement in laid.plan.placements}
    outside = tuple(tile.place for number, tile in enumerate(found.tiles) if number not in inside)
    return TileWork(tuple(one.task for one in made), outside)


def headers_of(archive: TileArchive, tiles: Sequence[Tile], bands: Sequence[BandEncoding]) -> dict[Tile, RasterHeader]:
    """What tiles of an archive say of themselves.

    Raises:
        SourceError: lists the tiles that cannot be opened, or that hold other bands, types or nodata.
    """
    options = archive.access.options_for(tile.href for tile in tiles)
    return read_tile_headers(tiles, bands, name=archive.name, options=options, threads=archive.access.threads)


def _lacking(template: CubeTemplate, archive: TileArchive, elsewhen: Sequence[Tile]) -> MosaicPlan | None:
    """Where the missing tiles would lie, as those of other dates do; None if these cannot be placed either."""
    try:
        headers = headers_of(archive, elsewhen, template.bands)
        return lay_tiles({tile.href: header.geobox for tile, header in headers.items()}, template.geobox)
    except (SourceError, GridMismatchError):
        return None


@dataclass(frozen=True)
class _Ordered:
    """A task with what it is sorted by: the first tile of its shard, and the shard."""

    first: int
    task: ShardTask

    def __lt__(self, other: "_Ordered") -> bool:
        return (self.first, self.task.region) < (other.first, other.task.region)


@dataclass(frozen=True)
class _Laid:
    template: CubeTemplate
    tiles: Sequence[Tile]
    headers: Mapping[Tile, RasterHeader]
    plan: MosaicPlan
    lacking: MosaicPlan | None
    options: Mapping[str, str]
    recipe: str

    def task(self, shard: Rectangle) -> _Ordered:
        placements = self.plan.within(shard)
        if not placements:
            is_known = self.lacking is not None and not self.lacking.within(shard)
            state = State.OCEAN if is_known else State.NO_IMAGES
            task = ShardTask(shard, digest_of_tiles(self.recipe, (), state=state), None, state)
            return _Ordered(len(self.tiles), task)
        met = {self.tiles[placement.tile] for placement in placements}
        pieces = tuple(self._piece(self.tiles[one.tile], one) for one in placements)
        read = partial(read_tiles, pieces, self.template.bands, dict(self.options))
        return _Ordered(placements[0].tile, ShardTask(shard, digest_of_tiles(self.recipe, tuple(met)), read))

    def _piece(self, tile: Tile, placement: Placement) -> TilePiece:
        header = self.headers[tile]
        height, width = header.geobox.shape
        return TilePiece(tile.href, (height, width), header.band_numbers(self.template.bands), placement)
