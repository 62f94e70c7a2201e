"""Mosaics as COGs. What does not belong here: making them."""

from dataclasses import dataclass
from pathlib import Path
from typing import override

import dagster as dg
from upath import UPath

from eo_pipeline.orchestration.io_managers.base import (
    ConfiguredIOManager,
    FileIOManager,
    check_version,
    read_json,
    with_ending,
    write_json,
)

VERSION = 1
"""Of the JSON beside a mosaic; those without a number are of version 1."""


@dataclass(frozen=True)
class Mosaic:
    """A mosaic, as other assets see it.

    Attributes:
        state: written, or no_images.
        digest: of the export that it is made of.
        path: the COG below the root, or None without images.
        version: of how its tiles became it, as `Chain.mosaic_version`.
    """

    state: str
    digest: str
    path: UPath | None
    version: str = ""


@dataclass(frozen=True)
class NewMosaic:
    """A mosaic that is still in the workspace.

    Attributes:
        state: written, or no_images.
        digest: of the export that it is made of.
        file: the COG, whole, or None without images.
        version: of how its tiles became it, as `Chain.mosaic_version`.
    """

    state: str
    digest: str
    file: Path | None
    version: str = ""


class MosaicIO(FileIOManager):
    """A COG beside a small JSON that says where its pixels come from; without images, only the JSON."""

    def store(self, key: dg.AssetKey, partition: str | None, value: NewMosaic) -> Mosaic:
        """Move the COG to its final name, then say so."""
        base = self.base(key, partition)
        target = with_ending(base, ".tif")
        if value.file is not None:
            self.place.publish(value.file, target)
        said = {"state": value.state, "digest": value.digest, "mosaic_version": value.version}
        write_json(self.place, base, {"version": VERSION, **said})
        if value.file is None:
            self.place.remove(target)
        return self.load(key, partition)

    def has(self, key: dg.AssetKey, partition: str | None) -> bool:
        """True if the partition was ever stored."""
        return self.place.read(with_ending(self.base(key, partition), ".json")) is not None

    def load(self, key: dg.AssetKey, partition: str | None) -> Mosaic:
        """Reference to the COG."""
        base = self.base(key, partition)
        body = read_json(self.place, base)
        check_version(base, body.get("version", 1), VERSION)
        path = with_ending(base, ".tif") if body["state"] == "written" else None
        return Mosaic(body["state"], body["digest"], path, body.get("mosaic_version", ""))


class MosaicIOManager(ConfiguredIOManager):
    """Cloud-optimised GeoTIFFs."""

    @override
    def create_io_manager(self, context: dg.InitResourceContext) -> MosaicIO:
        """Bind to the root."""
        return MosaicIO(self.settings())
