"""What a cube's commit and ledger say of the run that made a partition.

What does not belong here: what it was made of.
"""

from datetime import UTC, datetime

import dagster as dg

import eo_pipeline
from eo_pipeline.core.cubes.cube_ledger import Provenance
from eo_pipeline.orchestration.chain import Chain


def provenance_of(context: dg.AssetExecutionContext, chain: Chain, key: str, inputs_hash: str) -> Provenance:
    """Of a partition, now.

    Args:
        context: of the run.
        chain: the product.
        key: Dagster's, of the partition.
        inputs_hash: of what decides its pixels.
    """
    return Provenance(
        product=chain.product.name,
        partition=key,
        run_id=context.run.run_id,
        inputs_hash=inputs_hash,
        code_version=eo_pipeline.__version__,
        committed_at=datetime.now(UTC),
    )
