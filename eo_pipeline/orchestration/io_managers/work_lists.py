"""Work lists of chips as GeoParquet. What does not belong here: planning them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import override

import dagster as dg
from upath import UPath

from eo_pipeline.core.chips.samples import WorkList
from eo_pipeline.orchestration.io_managers.base import ConfiguredIOManager, FileIOManager, with_ending
from eo_pipeline.storage.chips.work_list import read_work_list, write_work_list


@dataclass(frozen=True)
class NewWorkList:
    """A work list with what is kept in its file.

    Attributes:
        work: the chips.
        tags: provenance.
    """

    work: WorkList
    tags: Mapping[str, str]


class WorkListIO(FileIOManager):
    """Work lists, a GeoParquet file a partition."""

    def path(self, key: dg.AssetKey, partition: str | None) -> UPath:
        """Where a partition's work list is."""
        return with_ending(self.base(key, partition), ".parquet")

    def store(self, key: dg.AssetKey, partition: str | None, value: NewWorkList) -> None:
        """Write one."""
        with self.place.workspace() as folder:
            file = folder / "samples.parquet"
            write_work_list(value.work, file, tags=value.tags)
            self.place.publish(file, self.path(key, partition))

    def load(self, key: dg.AssetKey, partition: str | None) -> WorkList:
        """Read one."""
        with self.place.local_copy(self.path(key, partition)) as local:
            return read_work_list(local)


class WorkListIOManager(ConfiguredIOManager):
    """Work lists of chips."""

    @override
    def create_io_manager(self, context: dg.InitResourceContext) -> WorkListIO:
        """Bind to the root."""
        return WorkListIO(self.settings())
