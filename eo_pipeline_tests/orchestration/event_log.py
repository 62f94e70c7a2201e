"""Chains without a service, and events that a run or the sensor would have stored.

What does not belong here: expectations.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import dagster as dg

from eo_pipeline.core.exports.submissions import Held, Part, Submission, SubmissionState
from eo_pipeline.orchestration.chain import Chain
from eo_pipeline.orchestration.declarations import Origin, load_chain
from eo_pipeline.orchestration.event_log.stored_submissions import metadata_of
from eo_pipeline_tests.products import product

HERE = "http://here my-project"
BUCKET = "tiles"


def chain(folder: Path = Path(), **sections: object) -> Chain:
    """The small product's chain, with sections replaced; files it names are in `folder`."""
    return load_chain(product(**sections), Origin(None, None, (folder,), "small"))


def submission(
    operation: str, *, digest: str = "d", state: str = "submitted", service: str = HERE, generation: int = 1
) -> Submission:
    """A submission as the asset records it."""
    name = f"projects/p/operations/{operation}" if operation else ""
    parts = () if state == "no_images" else (Part(digest * 40, generation, name, f"small/{digest * 40}/tile"),)
    held = Held("the queue is full") if state == "held" else None
    return Submission(digest * 40, SubmissionState(state), service, "inputs", parts, held=held)


def record(instance: dg.DagsterInstance, made: Chain, partition: str, sent: Submission) -> None:
    """Store a submission's materialisation."""
    materialise(instance, made, "submission", partition, metadata_of(sent, place=f"gs://{BUCKET}"))


def materialise(
    instance: dg.DagsterInstance, made: Chain, stage: str, partition: str, metadata: Mapping[str, Any] | None = None
) -> None:
    """Store a materialisation of any stage."""
    event = dg.AssetMaterialization(made.key(stage), partition=partition, metadata=dict(metadata or {}))
    instance.report_runless_asset_event(event)
