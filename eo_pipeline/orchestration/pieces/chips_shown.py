"""What a person sees of a partition's chips in the UI. What does not belong here: cutting them (`assets.chips`)."""

from collections.abc import Sequence
from typing import Any

import dagster as dg

from eo_pipeline.core.chips.manifest import ChipOutcome, ChipState
from eo_pipeline.steps.chips.cut_chips import CutChips

_FAILED = 50
"""Chips that failed which are listed."""


def chips_metadata(found: CutChips) -> dict[str, Any]:
    """Counts, bytes, and which chips failed."""
    states = found.states
    shares = [outcome.found.nodata_share for outcome in found.outcomes if outcome.found is not None]
    shown: dict[str, Any] = {
        "chips": len(found.outcomes),
        "written": states[ChipState.WRITTEN],
        "empty": states[ChipState.EMPTY],
        "failed": states[ChipState.FAILED],
        "bytes": found.bytes,
        "were there already": found.kept,
    }
    if shares:
        shown["nodata share"] = round(sum(shares) / len(shares), 4)
    if states[ChipState.FAILED]:
        shown["failures"] = failures(found.outcomes)
    return shown


def failures(outcomes: Sequence[ChipOutcome]) -> dg.TableMetadataValue:
    """The first chips that failed, and why."""
    failed = [outcome for outcome in outcomes if outcome.state is ChipState.FAILED]
    records = [dg.TableRecord({"chip": o.id, "problem": o.problem}) for o in failed[:_FAILED]]
    schema = dg.TableSchema([dg.TableColumn("chip", "string"), dg.TableColumn("problem", "string")])
    return dg.MetadataValue.table(records, schema)
