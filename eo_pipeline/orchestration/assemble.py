"""One chain's assets, checks, schedule and job as Dagster definitions.

What does not belong here: the sensor and resources, which all products share (`definitions`).
"""

import logging
import re
from collections.abc import Iterator
from textwrap import fill

import dagster as dg

from eo_pipeline.core.product import ZoneTable
from eo_pipeline.orchestration.assets.chips import build_chips
from eo_pipeline.orchestration.assets.cube import build_cube
from eo_pipeline.orchestration.assets.cube_of_scenes import build_cube_of_scenes
from eo_pipeline.orchestration.assets.cube_of_tiles import build_cube_of_tiles
from eo_pipeline.orchestration.assets.ee_asset import build_ee_asset
from eo_pipeline.orchestration.assets.export import build_export
from eo_pipeline.orchestration.assets.inputs import build_inputs
from eo_pipeline.orchestration.assets.mosaic import build_mosaic
from eo_pipeline.orchestration.assets.points import build_points
from eo_pipeline.orchestration.assets.samples import build_samples
from eo_pipeline.orchestration.assets.series import build_series
from eo_pipeline.orchestration.assets.series_csv import build_series_csv
from eo_pipeline.orchestration.assets.submission import build_submission
from eo_pipeline.orchestration.assets.table import build_table
from eo_pipeline.orchestration.assets.tiles import build_tiles
from eo_pipeline.orchestration.assets.zonal_stats import build_zonal_stats
from eo_pipeline.orchestration.assets.zonal_stats_in_earth_engine import build_zonal_stats_in_earth_engine
from eo_pipeline.orchestration.chain import Chain
from eo_pipeline.orchestration.checks import build_checks
from eo_pipeline.orchestration.cubes.jobs import build_cube_jobs
from eo_pipeline.orchestration.removing.cancel_job import build_cancel_job
from eo_pipeline.orchestration.schedules import build_schedule

DECLARATION = "declaration"
"""Last part of the key of the asset that stands for a product whose declaration is wrong."""


def chain_definitions(chain: Chain) -> dg.Definitions:
    """Everything that belongs to one product."""
    here = chain.product.made_here
    assets: list[dg.AssetsDefinition | dg.AssetSpec] = [*(_made_here(chain) if here else _exported(chain))]
    return dg.Definitions(
        assets=assets,
        asset_checks=build_checks(chain),
        schedules=[build_schedule(chain)],
        jobs=[*([] if here else [build_cancel_job(chain)]), *_cube_jobs(chain)],
    )


def _made_here(chain: Chain) -> Iterator[dg.AssetsDefinition]:
    """Of scenes, files or tiles that are composed here."""
    product = chain.product
    assert product.cube is not None  # noqa: S101  # a product that is made here has one
    yield build_inputs(chain)
    yield (build_cube_of_tiles if product.place == "tiles" else build_cube_of_scenes)(chain, product.cube)
    if product.zones is not None:
        yield build_zonal_stats(chain, product.zones)


def _cube_jobs(chain: Chain) -> list[dg.JobDefinition]:
    declared = chain.product.cube
    return [] if declared is None else build_cube_jobs(chain, declared)


def _exported(chain: Chain) -> Iterator[dg.AssetsDefinition | dg.AssetSpec]:
    """Of what Earth Engine exports."""
    yield build_submission(chain)
    yield build_export(chain)
    yield from _below_export(chain)


def _below_export(chain: Chain) -> Iterator[dg.AssetsDefinition]:
    product = chain.product
    if product.export.destination == "asset":
        yield build_ee_asset(chain)
        return
    if product.table is not None:
        yield build_table(chain, product.table)
        return
    if product.pieces is not None:
        yield from _pieces(chain)
        return
    yield build_tiles(chain)
    if "mosaic" in chain.stages:
        yield build_mosaic(chain)
    if product.zones is not None:
        yield _zonal_stats(chain, product.zones)
    if product.cube is not None:
        yield build_cube(chain, product.cube)


def _zonal_stats(chain: Chain, declared: ZoneTable) -> dg.AssetsDefinition:
    there = declared.where == "earth_engine"
    return (build_zonal_stats_in_earth_engine if there else build_zonal_stats)(chain, declared)


def _pieces(chain: Chain) -> Iterator[dg.AssetsDefinition]:
    """What is asked for piece by piece, in place of tiles."""
    if chain.product.chips is not None:
        yield build_samples(chain, chain.product.chips)
        yield build_chips(chain, chain.product.chips)
    if chain.product.series is not None:
        yield build_series(chain, chain.product.series)
        if chain.product.series.csv:
            yield build_series_csv(chain, chain.product.series)
    if chain.product.points is not None:
        yield build_points(chain, chain.product.points)
    if chain.product.zones is not None:
        yield _zonal_stats(chain, chain.product.zones)


def asset_name(name: str) -> str:
    """A name as assets and groups may bear it: letters, digits and underscores."""
    return re.sub(r"[^A-Za-z0-9_]", "_", name)


def broken_definitions(name: str, problem: str) -> dg.Definitions:
    """An asset that says in the UI what is wrong with a declaration."""
    logging.getLogger(__name__).error("The product %s is left out: %s", name, problem)
    safe = asset_name(name)
    shown = "\n".join(fill(line, 96, break_long_words=False, break_on_hyphens=False) for line in problem.splitlines())
    return dg.Definitions(
        assets=[
            dg.AssetSpec(
                key=dg.AssetKey([safe, DECLARATION]),
                group_name=safe,
                kinds={"yaml"},
                tags={"eo/declaration": "wrong"},
                description=f"**This product is left out until its declaration is right.**\n\n```\n{shown}\n```",
                metadata={"problem": problem},
            )
        ]
    )
