"""What each store holds of one partition, and its deletion: files of the root, exported files, assets, the cube.

A second deletion finds what a killed one left. What does not belong here: which partitions, and their history.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from numpy.typing import NDArray
from odc.geo.geobox import GeoBox
from upath import UPath

from eo_pipeline.core.chips.store_template import StoreTemplate
from eo_pipeline.core.cubes.cube_region import region_of
from eo_pipeline.core.cubes.cube_template import CubeTemplate
from eo_pipeline.core.periods import Period
from eo_pipeline.earth_engine import assets
from eo_pipeline.earth_engine.session import Session
from eo_pipeline.storage.chips.chip_store import open_or_create_store, write_chips
from eo_pipeline.storage.chips.held_chips import held_chips
from eo_pipeline.storage.cubes import CubeAddress, clear_region, cube_exists, holds_region, open_or_create_cube
from eo_pipeline.storage.places import Place
from eo_pipeline.storage.stored import Stored

TABLES, CUBE, MOSAICS, TILES, FILES, ASSETS = ("tables", "cube", "mosaics", "tiles", "exported files", "assets")
STORE, CHIPS, SAMPLES = ("store of chips", "chips", "samples")

ORDER = (TABLES, CUBE, MOSAICS, TILES, STORE, CHIPS, SAMPLES, FILES, ASSETS)
"""In which kinds are deleted: what was made last goes first, so that nothing stays whose sources are gone."""


@dataclass(frozen=True)
class Holding:
    """What one store holds of one partition.

    Attributes:
        kind: one of `ORDER`.
        where: address, for a person.
        sizes: bytes of each file, by its name in the store; 0 where nobody counts them.
        delete: deletes all of it; what is gone already does not matter.
    """

    kind: str
    where: str
    sizes: Mapping[str, int]
    delete: Callable[[], None]


class ExportStore(Protocol):
    """Where exports wrote files to."""

    @property
    def address(self) -> str:
        """For a person."""
        ...

    def list(self, prefix: str) -> Sequence[Stored]:
        """Files whose names begin with a prefix."""
        ...

    def delete(self, names: Iterable[str]) -> None:
        """Delete files."""
        ...


def tables(place: Place, folder: UPath, name: str) -> Holding:
    """A table's files in a folder."""
    return _files(TABLES, place, folder, name, lambda file: file in (f"{name}.parquet", f"{name}.csv"))


def mosaics(place: Place, folder: UPath, period_key: str) -> Holding:
    """A mosaic, what says so, and sidecars that other programs wrote, like `.tif.aux.xml`."""
    whole = (f"{period_key}.json", f"{period_key}.tif")
    return _files(
        MOSAICS, place, folder, period_key, lambda file: file in whole or file.startswith(f"{period_key}.tif.")
    )


def tiles(place: Place, folder: UPath, period_key: str) -> Holding:
    """A manifest and all tiles that there still are, of whichever export."""
    below = f"{period_key}/"
    found = _files(
        TILES, place, folder, period_key, lambda file: file == f"{period_key}.json" or file.startswith(below)
    )

    def delete() -> None:
        found.delete()
        place.remove(folder / period_key)

    return Holding(found.kind, found.where, found.sizes, delete)


def chips(place: Place, folder: UPath, period_key: str) -> Holding:
    """A manifest and all chips that there still are, of whichever samples."""
    below = f"{period_key}/"
    found = _files(
        CHIPS, place, folder, period_key, lambda file: file == f"{period_key}.parquet" or file.startswith(below)
    )

    def delete() -> None:
        place.remove(folder / f"{period_key}.parquet")
        place.remove(folder / period_key)

    return Holding(found.kind, found.where, found.sizes, delete)


def samples(place: Place, folder: UPath, period_key: str) -> Holding:
    """A work list."""
    return _files(SAMPLES, place, folder, period_key, lambda file: file == f"{period_key}.parquet")


def stored_chips(
    address: CubeAddress, template: StoreTemplate, *, partition: str, metadata: Mapping[str, str]
) -> Holding:
    """A partition's places in a store of chips.

    Args:
        address: of the store; without one there is nothing.
        template: of the store.
        partition: whose chips.
        metadata: of the commit.

    Raises:
        StorageError: the store cannot be reached.
    """
    held = [chip for of, chip in held_chips(address) if of == partition]

    def delete() -> None:
        write_chips(open_or_create_store(address, template), partition, (), _no_chip, metadata=metadata)

    return Holding(STORE, address.uri, dict.fromkeys(held, 0), delete)


def _no_chip(place: int) -> NDArray[Any]:
    raise IndexError(place)


def _files(kind: str, place: Place, folder: UPath, start: str, is_ours: Callable[[str], bool]) -> Holding:
    sizes = {name: size for name, size in place.sizes(folder, start).items() if is_ours(name)}

    def delete() -> None:
        for name in sorted(sizes, key=lambda name: (not name.endswith(".json"), name)):
            place.remove(folder.joinpath(*name.split("/")))

    return Holding(kind, str(folder), sizes, delete)


def exported_files(store: ExportStore, prefix: str) -> Holding:
    """Files of exports whose names begin with a prefix that only this partition has."""
    sizes = {file.name: file.size for file in store.list(prefix)}
    return Holding(FILES, f"{store.address}/{prefix}*", sizes, lambda: store.delete(sizes))


def exported_asset(session: Session, name: str) -> Holding:
    """An Earth Engine asset."""
    found = assets.describe(session, name)
    sizes = {} if found is None else {name: found.size}
    return Holding(ASSETS, name, sizes, lambda: assets.delete(session, name))


def cube_region(
    address: CubeAddress,
    template: CubeTemplate,
    *,
    period: Period,
    area_key: str,
    geobox: GeoBox,
    metadata: Mapping[str, str],
) -> Holding:
    """A partition's pixels in a cube and its row in the cube's ledger.

    Args:
        address: of the repository; without one there is nothing.
        template: of the cube.
        period: the slot.
        area_key: the area's key.
        geobox: of the area, on the cube's grid.
        metadata: of the commit.

    Raises:
        CubeError: the repository holds another cube.
    """
    if not cube_exists(address):
        return Holding(CUBE, address.uri, {}, _nothing)
    cube, region = open_or_create_cube(address, template), region_of(template, geobox)
    held = holds_region(cube, period, region, area_key=area_key)

    def delete() -> None:
        clear_region(cube, period, region, area_key=area_key, metadata=metadata)

    return Holding(CUBE, address.uri, {f"{area_key} {period.key}": 0} if held else {}, delete)


def _nothing() -> None:
    """Where there is nothing, nothing is deleted."""


def in_order(holdings: Iterable[Holding]) -> Iterator[Holding]:
    """What there is, in the order in which it is deleted."""
    yield from sorted((found for found in holdings if found.sizes), key=lambda found: ORDER.index(found.kind))
