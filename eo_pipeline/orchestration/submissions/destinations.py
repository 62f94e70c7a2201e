"""Where a product's exports go, opened: checked before anything is spent, and found again by its recorded address.

What does not belong here: names below it (`core.exports.export_plan`).
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from eo_pipeline.core.exports.export_plan import CloudStorage, Destination, Drive, EarthEngineAsset
from eo_pipeline.core.product import Product
from eo_pipeline.earth_engine import assets
from eo_pipeline.errors import StorageError
from eo_pipeline.orchestration.resources import CloudStorageResource, DriveResource, EarthEngineResource
from eo_pipeline.steps.exports.collect_tiles import TileStore

_WRITTEN = (".tif", ".csv")
"""Endings of what exports write: tiles and tables."""


class Store(TileStore[Any], Protocol):
    """Files that exports wrote: listed, brought and deleted."""

    def delete(self, names: Iterable[str]) -> None:
        """Delete files; those that are gone already do not matter."""
        ...


@dataclass(frozen=True)
class Services:
    """What exports are written with.

    Attributes:
        earth_engine: of the deployment.
        cloud_storage: likewise.
        drive: likewise.
    """

    earth_engine: EarthEngineResource
    cloud_storage: CloudStorageResource
    drive: DriveResource


@dataclass(frozen=True)
class OpenDestination:
    """A destination that may be written to.

    Attributes:
        value: for the plan.
        count: tiles or tables of an export, by its prefix; 1 for an asset that is there.
    """

    value: Destination
    count: Callable[[str], int]


def open_destination(product: Product, services: Services) -> OpenDestination:
    """Make sure that exports of a product can be written and found.

    Raises:
        SettingsError, CredentialsError, StorageError, ServiceError, ServiceUnreachableError: they cannot.
    """
    value = destination_of(product, services)
    match value:
        case Drive(folder=folder):
            services.drive.open(folder).check()
        case CloudStorage(bucket=bucket):
            opened = services.cloud_storage.open(bucket)
            opened.check()
            opened.check_writable()
        case EarthEngineAsset(parent=parent):
            kind: assets.Holder = "IMAGE_COLLECTION" if product.table is None else "FOLDER"
            assets.make_holder(services.earth_engine.session(), f"{parent}/{product.name}", kind)
    return OpenDestination(value, lambda prefix: count_files(value.address, prefix, services))


def destination_of(product: Product, services: Services) -> Destination:
    """Where exports of a product go to today; nothing is asked of it."""
    export = product.export
    match export.destination:
        case "drive":
            return Drive(export.drive_folder or product.name)
        case "asset":
            return EarthEngineAsset(
                export.asset_parent or f"projects/{services.earth_engine.settings().project}/assets"
            )
        case _:
            return CloudStorage(export.bucket or services.cloud_storage.settings().bucket, export.prefix)


def count_files(place: str, prefix: str, services: Services) -> int:
    """Files of an export at the address that its submission recorded; 1 for an asset that is there.

    Raises:
        StorageError: there are none at such an address.
    """
    if place.startswith("ee://"):
        return 0 if assets.describe(services.earth_engine.session(), prefix) is None else 1
    return sum(file.name.endswith(_WRITTEN) for file in open_store(place, services).list(prefix))


def unwritten(product: Product, services: Services) -> OpenDestination:
    """The destination of a product all of whose images are fetched at once: nothing is written there."""
    return OpenDestination(destination_of(product, services), lambda _prefix: 0)


def open_store(place: str, services: Services) -> Store:
    """The files at the address that a submission recorded.

    Raises:
        StorageError: there are none at such an address.
    """
    scheme, _, name = place.partition("://")
    if scheme == "gs":
        return services.cloud_storage.open(name)
    if scheme == "drive":
        return services.drive.open(name)
    raise StorageError(f"expected files at gs:// or drive://, got {place!r}; materialise the submission again")


def names_in(addresses: Iterable[str], store: Store) -> Iterator[str]:
    """Names of files in a store, from their addresses."""
    yield from (address.removeprefix(f"{store.address}/") for address in addresses)
