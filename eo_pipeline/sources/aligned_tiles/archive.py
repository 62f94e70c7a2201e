"""An archive of tiles as a person knows it: places and dates. What does not belong here: opening tiles (`headers`)."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath

from eo_pipeline.core.periods import Period
from eo_pipeline.core.scenes.file_names import NamedFile, NamePattern
from eo_pipeline.errors import SourceError
from eo_pipeline.sources.listings import Access, Listing

_SHOWN = 5
_GEOTIFF = (".tif", ".tiff")


@dataclass(frozen=True, order=True)
class Tile:
    """A tile of an archive.

    Attributes:
        place: as the tile's name tells it, the same for all dates; its address if the name tells none, or that of
            another tile of the date.
        href: a local path, or an address of http(s), gs or s3.
        version: text that differs when its bytes do.
    """

    place: str
    href: str
    version: str


@dataclass(frozen=True)
class SlotTiles:
    """An archive at one date.

    Attributes:
        tiles: of the date, by place.
        elsewhen: one tile of each place that other dates have and this one lacks, by place.
    """

    tiles: tuple[Tile, ...]
    elsewhen: tuple[Tile, ...]

    @property
    def versions(self) -> dict[str, str]:
        """Of the tiles of the date, by place."""
        return {tile.place: tile.version for tile in self.tiles}


@dataclass(frozen=True)
class TileArchive:
    """Tiles of places and dates.

    Attributes:
        listing: of all files, such as `open_listing(address, access)`.
        pattern: of the tiles among them; without a date in it, all tiles are of any date. None for all GeoTIFFs.
        access: to the tiles.
    """

    listing: Listing
    pattern: NamePattern | None = None
    access: Access = field(default_factory=Access)

    @property
    def name(self) -> str:
        """For messages."""
        return self.listing.name

    def slot(self, period: Period) -> SlotTiles:
        """The tiles of the date that a period is called by, as the listing is now.

        Raises:
            SourceError: there is no tile of the date, or the listing cannot be read.
        """
        date, dated = period.key, self._by_date(period)
        tiles = [*dated.get(date, ()), *dated.get("", ())]
        if not tiles:
            raise SourceError(
                f"expected tiles {self._wanted} of {date} in {self.name}, got such of "
                f"{', '.join(sorted(dated)) or 'no date'}; correct the pattern, or wait until they are there"
            )
        here = {tile.place for tile in tiles}
        others = {tile.place: tile for key in sorted(dated) for tile in dated[key] if tile.place not in here}
        return SlotTiles(tuple(sorted(_told_apart(tiles))), tuple(sorted(others.values())))

    def _by_date(self, period: Period) -> dict[str, list[Tile]]:
        files, dated = self.listing.of(period).files(), dict[str, list[Tile]]()
        for file in files:
            named = self._named(file.href)
            if named is not None:
                dated.setdefault(named.date, []).append(Tile(named.place or file.href, file.href, file.version))
        if not dated:
            seen = ", ".join(file.href for file in files[:_SHOWN]) or "no file at all"
            raise SourceError(
                f"expected tiles {self._wanted} in {self.name}, got {seen}; correct the pattern or the address"
            )
        return dated

    @property
    def _wanted(self) -> str:
        return self.pattern.text if self.pattern else "*.tif"

    def _named(self, href: str) -> NamedFile | None:
        if self.pattern is not None:
            return self.pattern.read(href)
        name = PurePosixPath(href.partition("?")[0])
        return NamedFile("", name.stem) if name.suffix.lower() in _GEOTIFF else None


def _told_apart(tiles: Sequence[Tile]) -> Iterator[Tile]:
    """Each with a place of its own: its address where names repeat."""
    times = Counter(tile.place for tile in tiles)
    for tile in tiles:
        yield tile if times[tile.place] == 1 else replace(tile, place=tile.href)
