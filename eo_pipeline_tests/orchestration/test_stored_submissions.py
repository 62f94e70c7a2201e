"""Submissions are read as they were written, also those of earlier versions."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from eo_pipeline.core.exports.submissions import Held, Part, Submission, SubmissionState
from eo_pipeline.errors import StorageError
from eo_pipeline.orchestration.event_log.stored_submissions import (
    identity_of,
    metadata_of,
    parts_metadata,
    place_of,
    read_parts,
    read_submission,
)

GOLDEN = Path(__file__).parents[1] / "golden" / "submissions_version_1.json"
"""Metadata as version 1 wrote them: submitted, found and without images."""

SPLIT = Submission(
    digest="d" * 40,
    state=SubmissionState.HELD,
    service="http://here my-project",
    inputs="fingerprint",
    parts=(
        Part("a" * 40, 2, "projects/p/operations/A", "p/a/tile", 0, 0, 300, 400, 256),
        Part("b" * 40, 0, "", "p/b/tile", 0, 400, 300, 100, 256),
    ),
    split=("d" * 40,),
    priority=200,
    held=Held("no room", "2024-05-01T00:00:00+00:00", 3),
)


def old(state: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(GOLDEN.read_text())[state]
    return found


@pytest.mark.parametrize(
    "submission",
    [
        SPLIT,
        replace(SPLIT, state=SubmissionState.SUBMITTED, held=None, split=()),
        Submission("", SubmissionState.HELD, "s", "", held=Held("away")),
        Submission("d" * 40, SubmissionState.NO_IMAGES, "s", "i"),
    ],
)
def test_what_is_written_is_read(submission: Submission) -> None:
    values = metadata_of(submission, place="gs://tiles")
    assert read_submission(values) == (submission, "gs://tiles")
    assert identity_of(values) == submission.identity


def test_an_export_tells_where_its_files_are() -> None:
    values = parts_metadata(SPLIT, place="drive://exports")
    assert read_parts(values) == SPLIT.parts
    assert place_of(values) == "drive://exports"


def test_version_1_named_one_operation_and_a_bucket() -> None:
    submission, place = read_submission(old("submitted"))
    assert place == "gs://test-bucket"
    [part] = submission.parts
    assert part.operation == "projects/sandbox-project/operations/ABCDEFGHIJKLMNOPQRSTUVWX"
    assert (part.digest, part.generation) == (submission.digest, 2)
    assert part.prefix == f"heights/whole/2024-05/{submission.digest}/tile"
    assert submission.identity == part.operation  # as version 1 reported it
    assert submission.state is SubmissionState.SUBMITTED


def test_version_1_without_an_operation() -> None:
    found, _ = read_submission(old("found"))
    assert (found.state, found.operations) == (SubmissionState.FOUND, ())
    assert found.identity == f"found:{found.digest}"
    nothing, _ = read_submission(old("no_images"))
    assert (nothing.state, nothing.parts) == (SubmissionState.NO_IMAGES, ())
    assert nothing.identity == f"no_images:{nothing.digest}"


def test_a_record_of_the_future_is_refused() -> None:
    with pytest.raises(StorageError, match="expected a record of version 2 or earlier, got 9: a newer eo_pipeline"):
        read_submission({**metadata_of(SPLIT, place="gs://tiles"), "eo/format": 9})
