"""A submission as metadata of a materialisation, and back, whichever version of the project wrote it.

What does not belong here: looking materialisations up (`ledger`).
"""

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from eo_pipeline.core.exports.submissions import Held, Part, Submission, SubmissionState
from eo_pipeline.errors import StorageError
from eo_pipeline.orchestration.event_log.names import (
    DIGEST,
    FORMAT,
    HELD,
    INPUTS,
    OPERATION,
    PARTS,
    PLACE,
    PRIORITY,
    SERVICE,
    SPLIT,
    STATE,
)

VERSION = 2
"""Of what is written. 1 (without a number) knew one operation, its generation and prefix, and a bucket."""


def metadata_of(submission: Submission, *, place: str) -> dict[str, Any]:
    """The submission as metadata of its materialisation.

    Args:
        submission: any.
        place: address that the service writes to.
    """
    held = submission.held
    return {
        FORMAT: VERSION,
        OPERATION: ", ".join(submission.operations),
        STATE: submission.state.value,
        DIGEST: submission.digest,
        INPUTS: submission.inputs,
        PLACE: place,
        PARTS: json.dumps([asdict(part) for part in submission.parts]),
        SPLIT: json.dumps(submission.split),
        HELD: json.dumps(asdict(held)) if held is not None else "",
        PRIORITY: submission.priority,
        SERVICE: submission.service,
    }


def parts_metadata(submission: Submission, *, place: str) -> dict[str, Any]:
    """What events of `export` tell of their submission."""
    told = metadata_of(submission, place=place)
    return {name: told[name] for name in (FORMAT, STATE, DIGEST, PLACE, PARTS, SERVICE)}


def read_submission(values: Mapping[str, Any]) -> tuple[Submission, str]:
    """The submission that metadata holds, and its place.

    Raises:
        StorageError: a later version of the project wrote it.
    """
    values = _migrated(values)
    held = str(values[HELD])
    submission = Submission(
        digest=str(values[DIGEST]),
        state=SubmissionState(str(values[STATE])),
        service=str(values[SERVICE]),
        inputs=str(values[INPUTS]),
        parts=read_parts(values),
        split=tuple(json.loads(str(values[SPLIT]))),
        priority=int(values[PRIORITY]),
        held=Held(**json.loads(held)) if held else None,
    )
    return submission, str(values[PLACE])


def read_parts(values: Mapping[str, Any]) -> tuple[Part, ...]:
    """The parts that metadata of a submission or of an export holds."""
    return tuple(Part(**part) for part in json.loads(str(_migrated(values)[PARTS])))


def place_of(values: Mapping[str, Any]) -> str:
    """Where the files of an export are, from its metadata."""
    return str(_migrated(values)[PLACE])


def identity_of(values: Mapping[str, Any]) -> str:
    """`Submission.identity` of metadata; empty if it holds none."""
    return read_submission(values)[0].identity if DIGEST in values else ""


def _migrated(values: Mapping[str, Any]) -> Mapping[str, Any]:
    """The same in today's version."""
    version = int(values.get(FORMAT, 1))
    if version > VERSION:
        raise StorageError(
            f"expected a record of version {VERSION} or earlier, got {version}: a newer eo_pipeline wrote it; update "
            "this one"
        )
    return _from_1(values) if version == 1 else values


def _from_1(values: Mapping[str, Any]) -> Mapping[str, Any]:
    operation, state = str(values.get("eo/operation", "")), str(values.get(STATE, ""))
    generation = int(values.get("eo/generation", 0))
    part = Part(str(values[DIGEST]), generation, operation, str(values.get("eo/prefix", "")))
    parts = [] if state == SubmissionState.NO_IMAGES.value else [asdict(part)]
    bucket = str(values.get("eo/bucket", ""))
    return {
        **values,
        FORMAT: VERSION,
        PLACE: f"gs://{bucket}",
        PARTS: json.dumps(parts),
        SPLIT: "[]",
        HELD: "",
        PRIORITY: 100,
    }
