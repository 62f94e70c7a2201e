"""`series_csv`: one CSV a region with the rows of all periods; made anew whenever a period's table changes.

Partitions are those of `series`, so that each period is counted, followed and made anew like any other; the files are
an area's.
"""

from typing import Any

import dagster as dg

from eo_pipeline.core.product import Series
from eo_pipeline.orchestration.automation import as_soon_as_possible, grouped, on_crash
from eo_pipeline.orchestration.chain import Chain
from eo_pipeline.orchestration.event_log import ledger, names
from eo_pipeline.orchestration.fan_out import Made, each_partition, for_all_partitions
from eo_pipeline.orchestration.io_managers import Stored, TablesIO
from eo_pipeline.orchestration.partitions import PartitionKey
from eo_pipeline.steps.series.write_region_csvs import write_region_csvs


def build_series_csv(chain: Chain, declared: Series) -> dg.AssetsDefinition:
    """The asset for one product."""
    product, above = chain.product, chain.key("series")

    @dg.asset(
        key=chain.key("series_csv"),
        deps=[above],
        partitions_def=chain.by_area_and_period,
        group_name=product.name,
        owners=product.owners,
        kinds={"csv"},
        io_manager_key="tables_io",
        description=chain.describe(
            f"One CSV for each region with all its rows so far, by {_time(declared)}; a partition is there once its "
            "period is in the files of its area."
        ),
        automation_condition=as_soon_as_possible(),
        code_version=chain.pieces_version()[:12],
        backfill_policy=grouped(),
        retry_policy=on_crash(),
    )
    def series_csv(context: dg.AssetExecutionContext, tables_io: dg.ResourceParam[TablesIO]) -> Stored:
        with for_all_partitions(context):
            files = RegionFiles(chain, declared, tables_io, context.instance)
            version = chain.pieces_version()

        def make(key: str) -> Made:
            digest = files.digest(key)
            count = files.written(PartitionKey.parse(key).area)
            folder = tables_io.place.path(*context.asset_key.path, PartitionKey.parse(key).area)
            shown: dict[str, Any] = {"files": count, "folder": dg.MetadataValue.path(str(folder))}
            provenance = {names.DIGEST: digest, names.ROOT: tables_io.place.address, names.PIECES_VERSION: version}
            return Made({names.STATE: "written" if count else "empty", **shown, **provenance})

        return each_partition(context, make)

    return series_csv


class RegionFiles:
    """The files of one run's areas, each area written once."""

    def __init__(self, chain: Chain, declared: Series, io: TablesIO, instance: dg.DagsterInstance) -> None:
        self._chain, self._declared, self._io, self._instance = chain, declared, io, instance
        self._counts: dict[str, int] = {}
        self._stamps = self._recorded()

    def digest(self, key: str) -> str:
        """Of the export that a partition's table is made of; empty if there is no table."""
        return str(self._stamps[key].values[names.DIGEST]) if key in self._stamps else ""

    def written(self, area: str) -> int:
        """How many files an area has, after they were made of all its tables.

        Another run may add a table meanwhile and write an older state after ours, so the files are made again until
        no table came in between.
        """
        if area not in self._counts:
            before = None
            while before != (now := self._places(area)):
                before = now
                self._counts[area] = self._write(area)
                self._stamps = self._recorded()
        return self._counts[area]

    def _recorded(self) -> dict[str, ledger.Stamp]:
        """Newest tables that hold today's regions and statistics."""
        version = self._chain.pieces_version()
        found = ledger.stamps(self._instance, self._chain.key("series"))
        return {key: stamp for key, stamp in found.items() if stamp.values.get(names.PIECES_VERSION) == version}

    def _places(self, area: str) -> dict[str, int]:
        """Where the records of an area's tables stand, of those that were not deleted."""
        there = self._io.place.names(self._io.place.path(*self._chain.key("series").path, area))
        parsed = {PartitionKey.parse(key): stamp.storage_id for key, stamp in sorted(self._stamps.items())}
        return {k.text: place for k, place in parsed.items() if k.area == area and f"{k.period}.parquet" in there}

    def _write(self, area: str) -> int:
        chain, place = self._chain, self._io.place
        tables = [self._io.load(chain.key("series"), key) for key in self._places(area)]
        target = place.path(*chain.key("series_csv").path, area)
        with place.workspace() as folder:
            made = write_region_csvs(tables, region=self._declared.id, time=_time(self._declared), folder=folder)
            kept = {file.name for file in made}
            for file in made:
                place.publish(file, target / file.name)
        for name in place.names(target) - kept:
            place.remove(target / name)
        return len(kept)


def _time(declared: Series) -> str:
    return "date" if declared.of == "images" else "period_start"
