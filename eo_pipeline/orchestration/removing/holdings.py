"""What every store holds of some partitions of a product, found by their names and by all that was ever submitted.

What does not belong here: deleting it (`deleting`), and one store (`steps.delete_partition`).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import batched

import dagster as dg

from eo_pipeline.core.chips.store_template import StoreTemplate
from eo_pipeline.core.exports.export_plan import CloudStorage
from eo_pipeline.core.settings import Settings
from eo_pipeline.orchestration.chain import Chain
from eo_pipeline.orchestration.cubes.templates import cube_rule, cube_template
from eo_pipeline.orchestration.event_log.ledger import Recorded, recorded
from eo_pipeline.orchestration.partitions import PartitionKey
from eo_pipeline.orchestration.submissions.destinations import Services, destination_of, open_store
from eo_pipeline.steps import delete_partition as parts
from eo_pipeline.steps.delete_partition import Holding
from eo_pipeline.storage.places import cube_address, open_place

_PARTITIONS_A_QUERY = 100
_PAGE = 500


@dataclass(frozen=True)
class Stores:
    """Everywhere that a product's data may be.

    Attributes:
        instance: whose event log tells what was submitted.
        chain: the product.
        services: that exports are written with.
        settings: of the deployment: its root.
    """

    instance: dg.DagsterInstance
    chain: Chain
    services: Services
    settings: Settings

    def holdings(self, partitions: Sequence[str]) -> list[Holding]:
        """What there is, in the order in which it is to be deleted."""
        keys = [PartitionKey.parse(partition) for partition in partitions]
        found = [
            *self._derived(keys),
            *self._cube(keys),
            *self._stored_chips(keys),
            *([] if self.chain.product.made_here else self._exported(partitions)),
        ]
        return list(parts.in_order(found))

    def _derived(self, keys: Sequence[PartitionKey]) -> Iterator[Holding]:
        place, product = open_place(self.settings), self.chain.product.name
        for key in keys:
            yield parts.tiles(place, place.path(product, "tiles", key.area), key.period)
            yield parts.mosaics(place, place.path(product, "mosaic", key.area), key.period)
            for stage in ("table", "series", "points"):
                yield parts.tables(place, place.path(product, stage, key.area), key.period)
            yield parts.chips(place, place.path(product, "chips", key.area), key.period)
            yield parts.samples(place, place.path(product, "samples", key.area), key.period)
        for folder, name in dict.fromkeys(self._table(key) for key in keys):
            yield parts.tables(place, place.path(product, "zonal_stats", *folder), name)

    def _table(self, key: PartitionKey) -> tuple[tuple[str, ...], str]:
        """Folders and name of the table that a partition is measured in, which may hold other areas as well."""
        return ((key.area,) if self.chain.zones_follow_areas else (), key.period)

    def _cube(self, keys: Sequence[PartitionKey]) -> Iterator[Holding]:
        declared = self.chain.product.cube
        if declared is None:
            return
        address = cube_address(self.settings, declared.repository, declared.store)
        template = cube_template(self.chain, declared, cube_rule(self.chain, self.instance))
        for key in keys:
            yield parts.cube_region(
                address,
                template,
                period=self.chain.period(key.period),
                area_key=key.area,
                geobox=self.chain.area(key).geobox,
                metadata={"product": self.chain.product.name, "partition": f"{key.text} deleted"},
            )

    def _stored_chips(self, keys: Sequence[PartitionKey]) -> Iterator[Holding]:
        declared = self.chain.product.chips
        if declared is None or declared.repository is None:
            return
        address, product = cube_address(self.settings, declared.repository), self.chain.product
        template = StoreTemplate(product.name, tuple(product.bands), declared.size, declared.size)
        for key in keys:
            metadata = {"product": product.name, "partition": f"{key.text} deleted"}
            yield parts.stored_chips(address, template, partition=key.text, metadata=metadata)

    def _exported(self, partitions: Sequence[str]) -> Iterator[Holding]:
        """What exports of all recipes and attempts left."""
        submitted = all_submissions(self.instance, self.chain.key("submission"), partitions)
        places = {found for one in submitted for found in self._written(one)}
        today = destination_of(self.chain.product, self.services)
        if isinstance(today, CloudStorage) and today.bucket and self.chain.product.pieces is None:
            folder = f"{today.folder}/" if today.folder else ""
            places |= {(today.address, f"{folder}{self._folder(partition)}") for partition in partitions}
        session = self.services.earth_engine.session()
        for place, name in sorted(places):
            if place.startswith("ee://"):
                yield parts.exported_asset(session, name)
            else:
                yield parts.exported_files(open_store(place, self.services), name)

    def _folder(self, partition: str) -> str:
        """What names of the partition's objects in a bucket contain, with a slash at its end."""
        key = PartitionKey.parse(partition)
        return f"{self.chain.product.name}/{key.area}/{key.period}/"

    def _written(self, one: Recorded) -> Iterator[tuple[str, str]]:
        """(place, prefix) of what a submission's parts may have written; in a bucket, of all of the partition."""
        for part in one.submission.parts:
            if one.place.startswith("gs://"):
                above, folder, _ = part.prefix.rpartition(self._folder(one.partition))
                if folder:
                    yield one.place, above + folder
            elif part.prefix:
                yield one.place, part.prefix


def all_submissions(instance: dg.DagsterInstance, key: dg.AssetKey, partitions: Sequence[str]) -> Iterator[Recorded]:
    """Every submission of some partitions that was ever recorded, on whichever service."""
    for some in batched(partitions, _PARTITIONS_A_QUERY):
        wanted, cursor = dg.AssetRecordsFilter(asset_key=key, asset_partitions=list(some)), None
        while True:
            page = instance.fetch_materializations(wanted, limit=_PAGE, cursor=cursor)
            yield from (found for found in map(recorded, page.records) if found is not None)
            if not page.has_more:
                break
            cursor = page.cursor
