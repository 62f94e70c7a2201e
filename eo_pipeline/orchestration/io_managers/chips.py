"""Manifests of chips as GeoParquet. What does not belong here: the chips' bytes, which the asset puts in place."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import override

import dagster as dg
import geopandas
from upath import UPath

from eo_pipeline.core.bands import BandEncoding
from eo_pipeline.orchestration.io_managers.base import ConfiguredIOManager, FileIOManager, with_ending
from eo_pipeline.storage.chips.manifest_file import read_manifest, write_manifest
from eo_pipeline.storage.cubes import CubeAddress
from eo_pipeline.storage.places import cube_address
from eo_pipeline.storage.tables import read_tags


@dataclass(frozen=True)
class NewManifest:
    """The manifest of a partition whose chips are in place.

    Attributes:
        rows: of `core.chips.manifest.manifest_of`; paths are names in the folder.
        folder: of the chips' files, below the partition's; empty if they have none.
        bands: of the chips, in order; none of pictures.
        tags: provenance, kept in the file.
    """

    rows: geopandas.GeoDataFrame
    folder: str
    bands: Sequence[BandEncoding]
    tags: Mapping[str, str]


class ChipsIO(FileIOManager):
    """A manifest a partition, beside the folder of its chips: `product/chips/area/period.parquet` and `.../period/`."""

    def path(self, key: dg.AssetKey, partition: str | None) -> UPath:
        """Where a partition's manifest is."""
        return with_ending(self.base(key, partition), ".parquet")

    def folder(self, key: dg.AssetKey, partition: str, identity: str) -> str:
        """Folder of a partition's chips below the root; chips of another identity have another one."""
        base = self.base(key, partition)
        return f"{self._below_root(base)}/{identity}"

    def _below_root(self, path: UPath) -> str:
        return str(path).removeprefix(str(self.place.root)).strip("/")

    def address(self, repository: str) -> CubeAddress:
        """Where a product's store is: below the root, or at its own s3:// or gs:// address."""
        return cube_address(self._settings, repository)

    def store(self, key: dg.AssetKey, partition: str | None, value: NewManifest) -> None:
        """Write one, then forget the chips of earlier ones; its paths begin at its own folder."""
        base = self.base(key, partition)
        prefix = f"{base.name}/{value.folder}/" if value.folder else ""
        paths = value.rows["path"].map(lambda name: f"{prefix}{name}", na_action="ignore")
        with self.place.workspace() as folder:
            file = folder / "manifest.parquet"
            write_manifest(value.rows.assign(path=paths), file, bands=value.bands, tags=value.tags)
            self.place.publish(file, self.path(key, partition))
        outdated = {name.partition("/")[0] for name in self.place.sizes(base, "")} - {value.folder}
        for name in sorted(outdated):
            self.place.remove(base / name)

    def load(self, key: dg.AssetKey, partition: str | None) -> geopandas.GeoDataFrame:
        """Read one."""
        with self.place.local_copy(self.path(key, partition)) as local:
            return read_manifest(local)

    def tags(self, key: dg.AssetKey, partition: str | None) -> Mapping[str, str]:
        """Provenance of one."""
        with self.place.local_copy(self.path(key, partition)) as local:
            return read_tags(local)


class ChipsIOManager(ConfiguredIOManager):
    """Manifests of chips."""

    @override
    def create_io_manager(self, context: dg.InitResourceContext) -> ChipsIO:
        """Bind to the root."""
        return ChipsIO(self.settings())
