"""What the assets `cube` of all products have in common, wherever their pixels come from.

What does not belong here: making a partition (`cube`, `cube_of_scenes`, `cube_of_tiles`).
"""

from collections.abc import Callable

import dagster as dg

from eo_pipeline.core.product import Cube
from eo_pipeline.orchestration.automation import as_soon_as_possible, code_version, grouped, on_crash
from eo_pipeline.orchestration.chain import Chain
from eo_pipeline.orchestration.cubes.stored import REPOSITORY, STORE
from eo_pipeline.orchestration.io_managers import Stored


def cube_asset(
    chain: Chain,
    declared: Cube,
    *,
    after: str,
    how: str,
    unit: str = "area and period",
    version: str | None = None,
    backfill: dg.BackfillPolicy | None = None,
) -> Callable[[Callable[..., Stored]], dg.AssetsDefinition]:
    """A decorator, as `dg.asset`.

    Args:
        chain: the product.
        declared: its cube.
        after: the stage that it is made of.
        how: it is made, a sentence without its end.
        unit: what is one commit.
        version: of how it is made; None if what it is made of tells that.
        backfill: partitions a run.
    """
    product = chain.product
    return dg.asset(
        key=chain.key("cube"),
        deps=[chain.key(after)],
        partitions_def=chain.by_area_and_period,
        group_name=product.name,
        owners=product.owners,
        kinds={"zarr", "icechunk"} if declared.store == "icechunk" else {"zarr"},
        io_manager_key="cube_io",
        description=chain.describe(f"{how}; {_written(declared, unit)}."),
        automation_condition=as_soon_as_possible(),
        code_version=None if version is None else code_version(version),
        backfill_policy=backfill or grouped(),
        retry_policy=on_crash(),
        pool=f"{product.name}_cube",
        metadata={REPOSITORY: declared.repository, STORE: declared.store},
    )


def _written(declared: Cube, unit: str) -> str:
    """How partitions become part of the cube."""
    if declared.store == "icechunk":
        return f"one commit for each {unit}; the same inputs commit nothing"
    return (
        f"plain Zarr, without transactions: each {unit} counts once its row in the ledger is written; the same inputs "
        "change nothing"
    )
