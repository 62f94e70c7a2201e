"""Many partitions in one run: each is recorded as soon as it is made, failures come out together at the end.

What does not belong here: what is made of a partition (`assets`).
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import dagster as dg
from dagster._core.storage.tags import RETRY_ON_ASSET_OR_OP_FAILURE_TAG

from eo_pipeline.errors import EoPipelineError
from eo_pipeline.orchestration.event_log import names
from eo_pipeline.orchestration.io_managers import Stored
from eo_pipeline.orchestration.partitions import in_turn

RawMetadata = Mapping[str, Any]


@dataclass(frozen=True)
class Made:
    """One partition, made and stored.

    Attributes:
        metadata: recorded at once and again with the finished run.
        pictures: metadata too heavy to be recorded twice: with the finished run only.
    """

    metadata: RawMetadata
    pictures: RawMetadata = field(default_factory=dict)


@contextmanager
def for_all_partitions(context: dg.AssetExecutionContext) -> Iterator[None]:
    """What is prepared for all partitions of a run: an error of the project is the run's failure, in its own words.

    Raises:
        dg.Failure: the whole run is started again if the error passes.
    """
    try:
        yield
    except EoPipelineError as error:
        if error.passes:
            _start_again(context)
        raise dg.Failure(description=str(error), allow_retries=False) from error


def each_partition(context: dg.AssetExecutionContext, make: Callable[[str], Made]) -> Stored:
    """Make every partition of the run, earlier periods first.

    A materialisation is recorded at once for each, so that a run that dies later keeps it. Errors that the project
    raises on purpose cost their own partition only.

    Raises:
        dg.Failure: one error that lists every partition that failed; the run is started again if one of them passes.
    """
    wanted = in_turn(context.partition_keys)
    stored: list[str] = []
    failed: dict[str, EoPipelineError] = {}
    for number, key in enumerate(wanted, start=1):
        try:
            made = make(key)
        except EoPipelineError as error:
            failed[key] = error
            context.log.error(f"{number}/{len(wanted)} {key}: {error}")  # noqa: TRY400  # its message is the remedy
            continue
        _record(context, key, made, alone=len(wanted) == 1)
        stored.append(key)
    if any(error.passes for error in failed.values()):
        _start_again(context)
    if failed:
        raise failure(failed, len(wanted))
    return Stored(tuple(stored))


def _start_again(context: dg.AssetExecutionContext) -> None:
    """Let Dagster's daemon start the run again as it does after a crash: what is done by then is found done."""
    context.instance.add_run_tags(context.run.run_id, {RETRY_ON_ASSET_OR_OP_FAILURE_TAG: "true"})


def _record(context: dg.AssetExecutionContext, key: str, made: Made, *, alone: bool) -> None:
    if not alone:
        context.log_event(
            dg.AssetMaterialization(context.asset_key, partition=key, metadata=in_reading_order(made.metadata))
        )
    shown = in_reading_order({**made.pictures, **made.metadata})
    context.add_asset_metadata(shown, asset_key=context.asset_key, partition_key=key)


def in_reading_order(metadata: RawMetadata) -> dict[str, Any]:
    """What a person looks at first, then the ledger's own entries; the UI keeps this order."""
    return dict(sorted(metadata.items(), key=lambda entry: entry[0].startswith(names.PREFIX_OF_NAMES)))


def failure(failed: Mapping[str, EoPipelineError], total: int) -> dg.Failure:
    """One failure for all partitions that failed, each with its own words; never retried by Dagster."""
    words = {key: str(error) for key, error in failed.items()}
    lines = "\n".join(f"- `{key}`: {error}" for key, error in words.items())
    first = next(iter(failed.values()))
    title = str(first) if total == 1 else f"{len(failed)} of {total} partitions failed; the others are kept.\n{lines}"
    return dg.Failure(
        description=title,
        metadata={
            "failed": dg.MetadataValue.md(lines),
            "partitions": total,
            names.ERRORS: dg.MetadataValue.json(words),
        },
        allow_retries=False,
    )
