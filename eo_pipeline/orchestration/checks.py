"""Checks that a person reads in the UI: is the product complete.

What does not belong here: verification that must hold before a value is stored (`steps`).
"""

import dagster as dg

from eo_pipeline.orchestration.automation import when_quiet
from eo_pipeline.orchestration.chain import Chain
from eo_pipeline.orchestration.status import product_status


def build_checks(chain: Chain) -> list[dg.AssetChecksDefinition]:
    """Checks of one product."""
    return [_complete(chain)]


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
