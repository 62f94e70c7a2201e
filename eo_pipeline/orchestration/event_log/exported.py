"""What every stage right below `export` needs of it: that it is finished, and that its loss is told.

What does not belong here: what the stages make of it (`assets`).
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import dagster as dg

from eo_pipeline.errors import EoPipelineError, ExportGoneError
from eo_pipeline.orchestration.chain import Chain
from eo_pipeline.orchestration.event_log import names
from eo_pipeline.orchestration.event_log.ledger import Stamp


class NotExportedError(EoPipelineError):
    """The partition has no finished export."""


@contextmanager
def finished(
    context: dg.AssetExecutionContext, chain: Chain, exported: Mapping[str, Stamp], key: str
) -> Iterator[Stamp]:
    """A partition's export; if what it made is found deleted inside, a note on `export` has it exported again.

    Args:
        context: of the run.
        chain: the product.
        exported: newest materialisations of `export`, by partition.
        key: of the partition.

    Raises:
        NotExportedError: there is none.
    """
    export = exported.get(key)
    if export is None:
        raise NotExportedError(
            f"{key}: expected a finished export, found none; materialise `submission` and leave the sensor "
            "`earth_engine_operations` running"
        )
    try:
        yield export
    except ExportGoneError as error:
        note = {names.LOST: str(export.values[names.REPORTED]), "error": str(error)}
        context.log_event(
            dg.AssetObservation(
                chain.key("export"), partition=key, description="what it made was deleted", metadata=note
            )
        )
        raise
