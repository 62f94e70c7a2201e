"""What is there of each part of an export, and what its pixels say is missing.

A tile is missing when its pixels are: names from the grid only give the missing ones their names. What does not
belong here: downloading, and the message.
"""

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from posixpath import commonpath

from odc.geo.geobox import GeoBox

from eo_pipeline.core.exports.tile_names import ExpectedTiles
from eo_pipeline.core.mosaics import MosaicOptions, describe_gaps, plan_mosaic
from eo_pipeline.core.rectangles import Rectangle
from eo_pipeline.errors import TilesError
from eo_pipeline.steps.exports.tile_flaws import FlawedTile
from eo_pipeline.storage.raster_extents import read_extents
from eo_pipeline.storage.stored import Flaw, Stored


@dataclass(frozen=True)
class ListedPart[S: Stored]:
    """One part of an export, as listed.

    Attributes:
        expected: what it should have written.
        objects: its rasters that are there, sorted by name.
    """

    expected: ExpectedTiles
    objects: tuple[S, ...]

    @property
    def written(self) -> datetime | None:
        """When the first of them was written, UTC; None if there is none, or nobody says."""
        return min((source.created for source in self.objects if source.created), default=None)

    def missing(self, tiles: Mapping[str, GeoBox], mosaic: MosaicOptions) -> Iterator[FlawedTile]:
        """Tiles that are not there though their pixels are needed.

        Args:
            tiles: georeferencing of those that could be read, by the object's name.
            mosaic: what becomes of them; where gaps are allowed, one tile is enough.

        Raises:
            GridMismatchError: one does not lie on the part's pixels.
        """
        expected, there = self.expected.names(), {source.name for source in self.objects}
        if not there:
            yield FlawedTile(Flaw.MISSING, f"{self.expected.prefix}*", f"none of {len(expected)} tiles is there")
            return
        placed = [tiles[name] for name in sorted(there & tiles.keys())]
        gaps = plan_mosaic(placed, self.expected.geobox, warps=mosaic.resampling is not None).gaps
        if mosaic.allow_gaps:
            return
        named = [] if there - expected.keys() else _named(expected, there, gaps)
        yield from named
        if gaps and not named and there <= tiles.keys():
            yield FlawedTile(Flaw.MISSING, f"{self.expected.prefix}*", describe_gaps(gaps, self.expected.geobox))


def _named(expected: Mapping[str, Rectangle], there: Set[str], gaps: Sequence[Rectangle]) -> list[FlawedTile]:
    """Expected tiles that are not there and whose pixels no other tile has."""
    cells = {name: expected[name] for name in sorted(expected.keys() - there)}
    return [
        FlawedTile(
            Flaw.MISSING,
            name,
            f"rows {cell.row_start}-{cell.row_stop}, columns {cell.column_start}-{cell.column_stop} of the export",
        )
        for name, cell in cells.items()
        if any(cell.intersection(gap) for gap in gaps)
    ]


def check_parts(parts: Sequence[ExpectedTiles], geobox: GeoBox) -> None:
    """Make sure that the parts cover the area together.

    Raises:
        TilesError: they leave pixels open.
        GridMismatchError: one does not lie on the area's pixels.
    """
    if gaps := plan_mosaic([part.geobox for part in parts], geobox).gaps:
        raise TilesError(f"the {len(parts)} part(s) of the export leave pixels open: {describe_gaps(gaps, geobox)}")


def common_folder(parts: Sequence[ExpectedTiles]) -> str:
    """The folder that all parts' objects lie in or below, with a slash at its end; empty for the bucket itself."""
    folder = commonpath([part.prefix.rpartition("/")[0] for part in parts])
    return f"{folder}/" if folder else ""


def local_name(name: str, root: str) -> str:
    """The file name of an object: what follows `root`, with ~ for slashes, so that no two parts share a file."""
    return name.removeprefix(root).replace("/", "~")


def read_tiles(paths: Mapping[str, Path]) -> tuple[dict[str, GeoBox], list[FlawedTile]]:
    """Georeferencing of the tiles that can be read, and what is wrong with the others; both by the object's name."""
    tiles: dict[str, GeoBox] = {}
    flaws = []
    for name, found in zip(paths, read_extents(paths.values()), strict=True):
        if isinstance(found, TilesError):
            flaws.append(FlawedTile(Flaw.UNREADABLE, name, str(found)))
        elif found.size < found.stop:
            words = f"its pixels end at byte {found.stop}, the object has {found.size} bytes"
            flaws.append(FlawedTile(Flaw.TRUNCATED, name, words))
        else:
            tiles[name] = found.geobox
    return tiles, flaws
