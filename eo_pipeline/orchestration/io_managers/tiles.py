"""Manifests of tiles. What does not belong here: the tiles' bytes, which the asset fills in place."""

from dataclasses import asdict
from typing import override

import dagster as dg

from eo_pipeline.orchestration.io_managers.base import (
    ConfiguredIOManager,
    FileIOManager,
    check_version,
    read_json,
    write_json,
)
from eo_pipeline.steps.exports.collect_tiles import Tile, TileSet

VERSION = 1
"""Of what is written; manifests without a number are of version 1."""


class TilesIO(FileIOManager):
    """`TileSet` as JSON; the files it lists are already in place."""

    def store(self, key: dg.AssetKey, partition: str | None, value: TileSet) -> None:
        """Write the manifest."""
        write_json(self.place, self.base(key, partition), {"version": VERSION, **asdict(value)})

    def load(self, key: dg.AssetKey, partition: str | None) -> TileSet:
        """Read the manifest."""
        body = read_json(self.place, self.base(key, partition))
        check_version(self.base(key, partition), body.pop("version", 1), VERSION)
        tiles = tuple(Tile(**tile) for tile in body.pop("tiles"))
        return TileSet(**body, tiles=tiles)

    def are_there(self, tiles: TileSet) -> bool:
        """True if every file of a manifest is still in its folder."""
        return {tile.name for tile in tiles.tiles} <= self.place.names(self.place.path(tiles.folder))


class TilesIOManager(ConfiguredIOManager):
    """Manifests of tiles."""

    @override
    def create_io_manager(self, context: dg.InitResourceContext) -> TilesIO:
        """Bind to the root."""
        return TilesIO(self.settings())
