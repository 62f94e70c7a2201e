"""What all IO managers share: names below the data root, small JSON files, the loading of single partitions.

What does not belong here: what is stored.
"""

import json
from abc import abstractmethod
from collections.abc import Sequence
from functools import cached_property
from typing import Any

import dagster as dg
from upath import UPath

from eo_pipeline.core.settings import Settings
from eo_pipeline.errors import StorageError
from eo_pipeline.orchestration.io_managers.stored import Stored
from eo_pipeline.orchestration.resources import DataRootResource
from eo_pipeline.storage.disk_space import room_for
from eo_pipeline.storage.places import Place, open_place


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


class ConfiguredIOManager(dg.ConfigurableIOManagerFactory[PlaceIOManager]):
    """Base of the resources: an IO manager below the data root.

    Attributes:
        data_root: shared by all of them.
    """

    data_root: dg.ResourceDependency[DataRootResource]

    def settings(self) -> Settings:
        """The deployment, with the data root's fields laid over the environment's."""
        return self.data_root.settings()


def with_ending(base: UPath, ending: str) -> UPath:
    """The path with an ending that its name has not; a dot in the name is no ending."""
    return base.with_name(base.name + ending)


def write_json(place: Place, base: UPath, body: object) -> None:
    """A small JSON file at `base`.json, whole or not at all."""
    with place.workspace() as folder:
        file = folder / "value.json"
        data = json.dumps(body, indent=1).encode()
        with room_for(file, len(data)):
            file.write_bytes(data)
        place.publish(file, with_ending(base, ".json"))


def read_json(place: Place, base: UPath) -> dict[str, Any]:
    """The JSON file at `base`.json.

    Raises:
        StorageError: there is none.
    """
    path = with_ending(base, ".json")
    content = place.read(path)
    if content is None:
        raise StorageError(f"expected {path}, found nothing; materialise what it is made by first")
    body: dict[str, Any] = json.loads(content)
    return body


def check_version(path: UPath, found: int, known: int) -> None:
    """Refuse a file that a later version of the project wrote.

    Raises:
        StorageError: it did.
    """
    if found > known:
        raise StorageError(
            f"expected version {known} or earlier at {path}, got {found}: a newer eo_pipeline wrote it; update this one"
        )
