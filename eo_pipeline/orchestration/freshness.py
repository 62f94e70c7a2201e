"""Which partitions of a stage are made of what is there now, as the ledger tells.

What does not belong here: making them (`assets`, `run`), and counting them for a person (`status`).
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import dagster as dg

from eo_pipeline.orchestration.chain import Chain
from eo_pipeline.orchestration.event_log import ledger, names
from eo_pipeline.orchestration.event_log.ledger import Stamp
from eo_pipeline.orchestration.event_log.ledger_reader import LedgerReader
from eo_pipeline.orchestration.partitions import PartitionKey

_MADE_OF = {
    "tiles": "export",
    "ee_asset": "export",
    "table": "export",
    "mosaic": "tiles",
    "cube": "mosaic",
    "samples": "export",
    "chips": "samples",
    "series": "export",
    "series_csv": "series",
    "points": "export",
}
"""What each stage is made of, partition by partition; see `made_of`."""

_ELSEWHERE = ("ee_asset",)
"""Stages that store nothing below the data root."""

_LOOKED_AT = "inputs"
"""The stage that only looks: it is recorded anew each time, and its digest alone tells whether anything is new."""


@dataclass(frozen=True)
class Freshness:
    """One product on one service, below one data root.

    Attributes:
        instance: whose event log is the ledger.
        chain: the product.
        service: identity of the service and project.
        root: absolute address of the data root; what lies elsewhere does not count.
    """

    instance: dg.DagsterInstance
    chain: Chain
    service: str
    root: str

    def exported(self, partitions: Collection[str]) -> set[str]:
        """Partitions whose last submission `export` stands for."""
        last = ledger.last_submissions(self.instance, self.chain.key("submission"), partitions, service=self.service)
        reported = LedgerReader().exported(self.instance, self.chain.key("export"), last)
        return {partition for partition, recorded in last.items() if reported.get(partition) == recorded.identity}

    def made(self, stage: str, partitions: Collection[str]) -> set[str]:
        """Partitions of a stage that hold, and are newer than, what they are made of partition by partition."""
        source = made_of(self.chain, stage)
        if source is None:
            return set()
        above = ledger.stamps(self.instance, self.chain.key(source), partitions)
        mine = ledger.stamps(self.instance, self.chain.key(stage), partitions)
        versions = self.chain.versions(stage)
        return {
            partition
            for partition, stamp in mine.items()
            if partition in above
            and (stage in _ELSEWHERE or stamp.values.get(names.ROOT) == self.root)
            and stamp.values.get(names.DIGEST) == above[partition].values.get(names.DIGEST)
            and is_of(stamp, versions)
            and (source == _LOOKED_AT or stamp.storage_id > above[partition].storage_id)
        } - (self._spent(mine) if stage == "tiles" else set())

    def _spent(self, tiles: Mapping[str, Stamp]) -> set[str]:
        """Partitions whose tiles went with a mosaic that was not made in the way that is said now."""
        if not self.chain.tiles_version():
            return set()
        versions, is_made = self.chain.versions("mosaic"), "mosaic" in self.chain.stages
        mosaics = ledger.stamps(self.instance, self.chain.key("mosaic"), tiles)
        return {
            partition
            for partition, mosaic in mosaics.items()
            if mosaic.storage_id > tiles[partition].storage_id and not (is_made and is_of(mosaic, versions))
        }

    def measured(self, partitions: Collection[str]) -> set[str]:
        """Partitions of `zonal_stats` that hold today's zones, and are newer than all that they are made of."""
        version = self.chain.zones_version()
        above = ledger.newest_places(self.instance, self.chain.key(self.chain.zones_above))
        mine = ledger.stamps(self.instance, self.chain.key("zonal_stats"), partitions)
        return {
            partition
            for partition, stamp in mine.items()
            if stamp.values.get(names.ROOT) == self.root
            and stamp.values.get(names.ZONES_VERSION) == version
            and all(0 < above.get(of, 0) < stamp.storage_id for of in sources_of(self.chain, partition))
        }


def made_of(chain: Chain, stage: str) -> str | None:
    """The stage that another is made of, partition by partition; None of the first one, and of `zonal_stats`."""
    if stage == "cube" and chain.product.made_here:
        return "inputs"
    return _MADE_OF.get(stage)


def above(chain: Chain, stage: str) -> str | None:
    """The stage that another is made of; None where that is Earth Engine or a source of scenes."""
    return chain.zones_above if stage == "zonal_stats" else made_of(chain, stage)


def is_older(stage_above: str, *, mine: Stamp, above: Stamp) -> bool:
    """Whether something was recorded before what it is made of, and that was made, not only looked at again."""
    same = mine.values.get(names.DIGEST) == above.values.get(names.DIGEST)
    return above.storage_id > mine.storage_id and not (stage_above == _LOOKED_AT and same)


def is_of(stamp: Stamp, versions: Mapping[str, str]) -> bool:
    """Whether something was made of what is declared now; what earlier times did not record was not said."""
    return all(stamp.values.get(name, "") == version for name, version in versions.items())


def sources_of(chain: Chain, measured: str) -> list[str]:
    """Partitions of the stage above that a partition of `zonal_stats` is made of."""
    if chain.zones_follow_areas:
        return [measured]
    return [PartitionKey(area, measured).text for area in chain.areas]
