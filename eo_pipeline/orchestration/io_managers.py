"""Values of assets to the data root and back: manifests of tiles, mosaics, tables, cube regions.

The same code serves a local root and `gs://`. Our own assets store each partition as soon as it is made (`store`) and
return `Stored`, so that a run that dies half-way keeps what it finished; other people's assets may return plain values.
What does not belong here: making the values.
"""

import json
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, override

import dagster as dg
import pandas as pd
import xarray as xr
from odc.geo.geobox import GeoBox
from upath import UPath

from eo_pipeline.core.cube_ledger import Provenance
from eo_pipeline.core.cube_template import CubeTemplate
from eo_pipeline.core.periods import Period
from eo_pipeline.core.settings import Settings
from eo_pipeline.core.tables import Column, Dtype
from eo_pipeline.errors import StorageError
from eo_pipeline.orchestration.resources import environment
from eo_pipeline.steps.collect_tiles import Tile, TileSet
from eo_pipeline.steps.write_cube_region import CubeRegionReport, write_cube_region
from eo_pipeline.storage.cubes import CubeAddress, open_cube
from eo_pipeline.storage.disk_space import room_for
from eo_pipeline.storage.places import Place, cube_address, open_place
from eo_pipeline.storage.tables import read_table, write_table

REPOSITORY = "eo/repository"
"""Metadata of a cube asset: its repository as declared."""


@dataclass(frozen=True)
class Stored:
    """What an asset returns whose partitions were stored one by one.

    Attributes:
        partitions: Dagster's keys, in the order they were stored.
    """

    partitions: tuple[str, ...]


@dataclass(frozen=True)
class Mosaic:
    """A mosaic, as other assets see it.

    Attributes:
        state: written, or no_images.
        digest: of the export that it is made of.
        path: the COG below the root, or None without images.
    """

    state: str
    digest: str
    path: UPath | None


@dataclass(frozen=True)
class NewMosaic:
    """A mosaic that is still in the workspace.

    Attributes:
        state: written, or no_images.
        digest: of the export that it is made of.
        file: the COG, whole, or None without images.
    """

    state: str
    digest: str
    file: Path | None


class PlaceIOManager(dg.IOManager):
    """Base: values are stored below the data root, one partition at a time."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    @cached_property
    def place(self) -> Place:
        """The data root; opened when first used."""
        return open_place(self._settings)

    def base(self, key: dg.AssetKey, partition: str | None) -> UPath:
        """Path of a value without its ending: `product/stage/area/period`."""
        parts = [] if partition is None else partition.split("|")
        return self.place.path(*key.path, *parts)

    @abstractmethod
    def store(self, key: dg.AssetKey, partition: str | None, value: Any) -> Any:
        """Write one value under its final name."""

    def handle_output(self, context: dg.OutputContext, obj: Any) -> None:
        """Store what an asset returned, unless its partitions are stored already."""
        if isinstance(obj, Stored):
            return
        keys: Sequence[str | None] = context.asset_partition_keys if context.has_asset_partitions else [None]
        values = obj if len(keys) > 1 else {keys[0]: obj}
        for key in keys:
            self.store(context.asset_key, key, values[key])


class FileIOManager(PlaceIOManager):
    """Base: each partition has a file of its own, so that a value can be loaded by its key."""

    @abstractmethod
    def load(self, key: dg.AssetKey, partition: str | None) -> Any:
        """Read one value, lazily where it is large."""

    def load_input(self, context: dg.InputContext) -> Any:
        """One value, or a dictionary by partition key."""
        if not context.has_asset_partitions:
            return self.load(context.asset_key, None)
        keys = list(context.asset_partition_keys)
        if len(keys) == 1:
            return self.load(context.asset_key, keys[0])
        return {key: self.load(context.asset_key, key) for key in keys}


class TilesIO(FileIOManager):
    """`TileSet` as JSON; the files it lists are already in place."""

    def store(self, key: dg.AssetKey, partition: str | None, value: TileSet) -> None:
        """Write the manifest."""
        _write_json(self.place, self.base(key, partition), asdict(value))

    def load(self, key: dg.AssetKey, partition: str | None) -> TileSet:
        """Read the manifest."""
        body = _read_json(self.place, self.base(key, partition))
        tiles = tuple(Tile(**tile) for tile in body.pop("tiles"))
        return TileSet(**body, tiles=tiles)

    def are_there(self, tiles: TileSet) -> bool:
        """True if every file of a manifest is still in its folder."""
        return {tile.name for tile in tiles.tiles} <= self.place.names(self.place.path(tiles.folder))


class MosaicIO(FileIOManager):
    """A COG beside a small JSON that says where its pixels come from; without images, only the JSON."""

    def store(self, key: dg.AssetKey, partition: str | None, value: NewMosaic) -> Mosaic:
        """Move the COG to its final name, then say so."""
        base = self.base(key, partition)
        target = _with_ending(base, ".tif")
        if value.file is not None:
            self.place.publish(value.file, target)
        _write_json(self.place, base, {"state": value.state, "digest": value.digest})
        if value.file is None:
            self.place.remove(target)
        return self.load(key, partition)

    def has(self, key: dg.AssetKey, partition: str | None) -> bool:
        """True if the partition was ever stored."""
        return self.place.read(_with_ending(self.base(key, partition), ".json")) is not None

    def load(self, key: dg.AssetKey, partition: str | None) -> Mosaic:
        """Reference to the COG."""
        base = self.base(key, partition)
        body = _read_json(self.place, base)
        path = _with_ending(base, ".tif") if body["state"] == "written" else None
        return Mosaic(body["state"], body["digest"], path)


@dataclass(frozen=True)
class NewTable:
    """A table with the meaning of its columns.

    Attributes:
        rows: columns as in `columns`.
        columns: names, meanings and units.
        tags: provenance, kept in the file.
    """

    rows: pd.DataFrame
    columns: Sequence[Column]
    tags: Mapping[str, str]


class TablesIO(FileIOManager):
    """Tables as Parquet with CSV beside it."""

    def store(self, key: dg.AssetKey, partition: str | None, value: NewTable | pd.DataFrame) -> None:
        """Write both files; a bare table is stored without the meaning of its columns."""
        table = NewTable(value, _plain_columns(value), {}) if isinstance(value, pd.DataFrame) else value
        base = self.base(key, partition)
        with self.place.workspace() as folder:
            file = folder / "table.parquet"
            beside = write_table(table.rows, file, columns=table.columns, tags=table.tags)
            self.place.publish(beside, _with_ending(base, ".csv"))
            self.place.publish(file, _with_ending(base, ".parquet"))

    def load(self, key: dg.AssetKey, partition: str | None) -> pd.DataFrame:
        """Read the Parquet file."""
        path = _with_ending(self.base(key, partition), ".parquet")
        with self.place.local_copy(path) as local:
            return read_table(local)


@dataclass(frozen=True)
class CubeRegion:
    """A region of a cube that is to be written.

    Attributes:
        mosaic: the area's mosaic; without images its slot stays empty.
        template: what the cube looks like.
        address: where its repository is.
        period: the slot.
        area_key: the area.
        geobox: of the area, on the cube's grid.
        provenance: for the commit and the ledger.
    """

    mosaic: Mosaic
    template: CubeTemplate
    address: CubeAddress
    period: Period
    area_key: str
    geobox: GeoBox
    provenance: Provenance


class CubeIO(PlaceIOManager):
    """Regions of an Icechunk cube: storing one is one commit."""

    @override
    def store(self, key: dg.AssetKey, partition: str | None, value: CubeRegion) -> CubeRegionReport:
        """Write one region and commit."""
        path = value.mosaic.path
        with self.place.local_copy(path) if path is not None else nullcontext(None) as local:
            return write_cube_region(
                local,
                template=value.template,
                repository=value.address,
                period=value.period,
                area_geobox=value.geobox,
                area_key=value.area_key,
                provenance=value.provenance,
            )

    def address(self, repository: str) -> CubeAddress:
        """Where a product's repository is: below the root, or at its own s3:// or gs:// address."""
        return cube_address(self._settings, repository)

    def load_input(self, context: dg.InputContext) -> xr.Dataset:
        """The whole cube, lazily; slots and areas are selected by whoever reads."""
        upstream = context.upstream_output
        named = None if upstream is None else (upstream.definition_metadata or {}).get(REPOSITORY)
        if named is None:
            raise StorageError(
                f"expected the cube of a product of this project, got {context.asset_key.to_user_string()}; "
                "read other cubes with eo_pipeline.storage.cubes.open_cube"
            )
        return open_cube(self.address(str(getattr(named, "value", named))))


def _plain_columns(table: pd.DataFrame) -> list[Column]:
    kinds: dict[str, Dtype] = {"i": "int64", "u": "int64", "f": "double"}
    return [Column(str(name), kinds.get(dtype.kind, "string"), "") for name, dtype in table.dtypes.items()]


def _with_ending(base: UPath, ending: str) -> UPath:
    return base.with_name(base.name + ending)


def _write_json(place: Place, base: UPath, body: object) -> None:
    with place.workspace() as folder:
        file = folder / "value.json"
        data = json.dumps(body, indent=1).encode()
        with room_for(file, len(data)):
            file.write_bytes(data)
        place.publish(file, _with_ending(base, ".json"))


def _read_json(place: Place, base: UPath) -> dict[str, Any]:
    path = _with_ending(base, ".json")
    content = place.read(path)
    if content is None:
        raise StorageError(f"expected {path}, found nothing; materialise what it is made by first")
    body: dict[str, Any] = json.loads(content)
    return body


class _Configured(dg.ConfigurableIOManagerFactory[PlaceIOManager]):
    """Shared fields: the root, else EO_ROOT."""

    root: str | None = None

    def _settings(self) -> Settings:
        settings = environment()
        return settings if self.root is None else replace(settings, root=self.root)


class TilesIOManager(_Configured):
    """Manifests of tiles."""

    @override
    def create_io_manager(self, context: dg.InitResourceContext) -> TilesIO:
        """Bind to the root."""
        return TilesIO(self._settings())


class MosaicIOManager(_Configured):
    """Cloud-optimised GeoTIFFs."""

    @override
    def create_io_manager(self, context: dg.InitResourceContext) -> MosaicIO:
        """Bind to the root."""
        return MosaicIO(self._settings())


class TablesIOManager(_Configured):
    """Parquet and CSV."""

    @override
    def create_io_manager(self, context: dg.InitResourceContext) -> TablesIO:
        """Bind to the root."""
        return TablesIO(self._settings())


class CubeIOManager(_Configured):
    """Icechunk cubes."""

    @override
    def create_io_manager(self, context: dg.InitResourceContext) -> CubeIO:
        """Bind to the root."""
        return CubeIO(self._settings())
