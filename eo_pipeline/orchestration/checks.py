"""Checks that a person reads in the UI: is the product complete, is every recorded tile or chip accounted for.

What does not belong here: verification that must hold before a value is stored (`steps`).
"""

import dagster as dg

from eo_pipeline.orchestration.automation import when_quiet
from eo_pipeline.orchestration.chain import Chain
from eo_pipeline.orchestration.check_both_ways import build_both_ways
from eo_pipeline.orchestration.cubes.checks import build_cube_checks
from eo_pipeline.orchestration.event_log import ledger
from eo_pipeline.orchestration.io_managers import ChipsIO, MosaicIO, TilesIO
from eo_pipeline.orchestration.manifests import ManifestReport, check_manifests
from eo_pipeline.orchestration.pieces.chip_manifests import check_chip_manifests
from eo_pipeline.orchestration.status import product_status


def build_checks(chain: Chain) -> list[dg.AssetChecksDefinition]:
    """Checks of one product."""
    of_tiles = [_manifest(chain)] if "tiles" in chain.stages else []
    of_chips = [_manifest_of_chips(chain)] if "chips" in chain.stages else []
    cube = chain.product.cube
    of_cube = [build_cube_checks(chain, cube)] if cube is not None and "cube" in chain.stages else []
    return [_complete(chain), *of_tiles, *of_chips, *_of_zones(chain), *of_cube]


def _of_zones(chain: Chain) -> list[dg.AssetChecksDefinition]:
    """Where zones are measured inside Earth Engine and mosaics are there, too."""
    zones = chain.product.zones
    if zones is None or zones.where == "local" or "mosaic" not in chain.stages:
        return []
    return [build_both_ways(chain, zones)]


def _complete(chain: Chain) -> dg.AssetChecksDefinition:
    *before, last = chain.stages

    @dg.asset_check(
        asset=chain.key(last),
        name="complete",
        additional_deps=[chain.key(stage) for stage in before],
        automation_condition=when_quiet(),
        description="Every partition of every stage is there: a finished backfill page does not tell that.",
    )
    def complete(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
        status = product_status(context.instance, chain)
        return dg.AssetCheckResult(
            passed=status.is_complete,
            severity=dg.AssetCheckSeverity.WARN,
            description=status.sentence,
            metadata={"stages": dg.MetadataValue.md(status.markdown), "missing": status.missing},
        )

    return complete


def _manifest(chain: Chain) -> dg.AssetChecksDefinition:
    key = chain.key("tiles")

    @dg.asset_check(
        asset=key,
        name="manifest",
        additional_deps=[chain.key("mosaic")] if "mosaic" in chain.stages else [],
        automation_condition=when_quiet(),
        description="Every recorded tile lies in its folder or became part of its mosaic.",
    )
    def manifest(
        context: dg.AssetCheckExecutionContext,
        tiles_io: dg.ResourceParam[TilesIO],
        mosaic_io: dg.ResourceParam[MosaicIO],
    ) -> dg.AssetCheckResult:
        report = check_manifests(chain, ledger.stamps(context.instance, key), tiles_io, mosaic_io)
        return _told(report)

    return manifest


def _manifest_of_chips(chain: Chain) -> dg.AssetChecksDefinition:
    key = chain.key("chips")

    @dg.asset_check(
        asset=key,
        name="manifest",
        additional_deps=[chain.key("samples")],
        automation_condition=when_quiet(),
        description="Every chip that a manifest lists lies in its folder or in the store, and is as large as listed.",
    )
    def manifest(context: dg.AssetCheckExecutionContext, chips_io: dg.ResourceParam[ChipsIO]) -> dg.AssetCheckResult:
        return _told(check_chip_manifests(chain, ledger.stamps(context.instance, key), chips_io))

    return manifest


def _told(report: ManifestReport) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        passed=not report.problems,
        description=report.sentence,
        metadata={
            "partitions": report.partitions,
            report.what: report.listed,
            "bytes": report.bytes,
            **({"problems": dg.MetadataValue.md(report.markdown)} if report.problems else {}),
        },
    )
