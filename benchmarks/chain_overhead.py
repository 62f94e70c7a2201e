"""What the chain costs a partition: many partitions a run, against a process and its runs for each partition.

Both sides take tiny rasters (32 x 32 pixels) of a sandbox through submission, export, tiles and mosaic on a new
instance in SQLite, so that nearly all time is overhead. The peer starts a process a partition, as Dagster's default
launcher does for each run. The limit is one run of assets with empty bodies that records as many materialisations.
"""

import hashlib
import os
import secrets
import tempfile
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import rasterio

from benchmarks.chain_sandbox import BAND, COLLECTION, CRS, LEFT, PIXELS, RESOLUTION, TOP, serving, write_months
from benchmarks.harness import Comparison, Side, compare, measure
from eo_pipeline.core.product import Product
from eo_pipeline.orchestration.declarations import Origin, load_chain
from eo_pipeline.orchestration.definitions import build_definitions
from eo_pipeline.orchestration.partitions import PartitionKey
from eo_pipeline.orchestration.run import run_partitions

MONTHS = [f"{year}-{month:02d}" for year in (2022, 2023) for month in range(1, 13)]
STAGES = ("submission", "tiles", "mosaic")


def product(name: str) -> Product:
    """Monthly means of the sandbox's rasters on their own grid."""
    right, bottom = LEFT + PIXELS * RESOLUTION, TOP - PIXELS * RESOLUTION
    return Product.model_validate(
        {
            "name": name,
            "source": {"collection": COLLECTION, "bands": [BAND]},
            "composite": {"reducer": "mean"},
            "period": {"every": "month", "start": MONTHS[0], "end": "2024-01"},
            "area": {"box": [LEFT, bottom, right, TOP], "crs": CRS, "resolution": RESOLUTION},
            "output": {BAND: {"dtype": "float32"}},
        }
    )


def pixel_digest(mosaic: Path) -> str:
    """SHA-256 of a raster's pixels."""
    with rasterio.open(mosaic) as raster:
        return hashlib.sha256(raster.read().tobytes()).hexdigest()


def take(*, months: list[str], name: str, folder: str) -> dict[str, str]:
    """Takes months through the chain in this process; returns the digest of each mosaic's pixels by month."""
    os.environ["EO_ROOT"] = str(Path(folder) / "data")
    declared = product(name)
    chain = load_chain(declared, Origin(None, None, (Path(folder),), name))
    wanted = [PartitionKey(area, month) for area in chain.areas for month in months]
    with dg.DagsterInstance.local_temp(folder) as instance:
        report = run_partitions(build_definitions([declared]), chain, wanted, instance=instance, poll_seconds=0.05)
    if not report.succeeded:
        msg = f"expected every partition to be made, got {report.failed}"
        raise RuntimeError(msg)
    return {path.stem: pixel_digest(path) for path in (Path(folder) / "data").rglob("*.tif") if path.stem in months}


def many_partitions_a_run(*, months: list[str]) -> dict[str, str]:
    """All months at once; a name of its own, so that nothing is taken from an earlier round."""
    with tempfile.TemporaryDirectory() as folder:
        return take(months=months, name=f"many_{secrets.token_hex(4)}", folder=folder)


def a_process_a_partition(*, months: list[str]) -> dict[str, str]:
    """Each month in a process of its own, one after the other, on one instance."""
    name = f"single_{secrets.token_hex(4)}"
    made: dict[str, str] = {}
    with tempfile.TemporaryDirectory() as folder:
        for month in months:
            arguments = {"months": [month], "name": name, "folder": folder}
            made |= measure(Side(month, "benchmarks.chain_overhead", "take", arguments)).answer
    return made


def empty_assets(*, months: list[str]) -> int:
    """One run of assets without a body; returns how many materialisations it recorded."""
    partitions = dg.StaticPartitionsDefinition(months)
    assets = [_empty_asset(stage, partitions) for stage in STAGES]
    ends = {"dagster/asset_partition_range_start": months[0], "dagster/asset_partition_range_end": months[-1]}
    with tempfile.TemporaryDirectory() as folder, dg.DagsterInstance.local_temp(folder) as instance:
        result = dg.materialize(assets, instance=instance, tags=ends)
        return sum(event.is_step_materialization for event in result.all_events)


def _empty_asset(stage: str, partitions: dg.StaticPartitionsDefinition) -> dg.AssetsDefinition:
    @dg.asset(name=stage, partitions_def=partitions, backfill_policy=dg.BackfillPolicy.single_run())
    def empty() -> None: ...

    return empty


def comparisons() -> Iterator[Comparison]:
    """One comparison, over all months."""
    with tempfile.TemporaryDirectory() as folder:
        catalog = write_months(Path(folder), MONTHS)
        with serving(catalog, Path(folder) / "sandbox") as settings:

            def side(name: str, function: str) -> Side:
                return Side(name, "benchmarks.chain_overhead", function, {"months": MONTHS}, environment=settings)

            yield compare(
                f"chain of {len(MONTHS)} partitions",
                ours=side("many partitions a run", "many_partitions_a_run"),
                peer=side("a process a partition", "a_process_a_partition"),
                equal=lambda mine, theirs: len(mine) == len(MONTHS) and mine == theirs,
                limit=side("empty assets", "empty_assets"),
                rounds=1,
            )
