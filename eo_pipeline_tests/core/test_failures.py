"""Messages as in shared design notes, the client's source and public issue threads."""

import pytest

from eo_pipeline.core.failures import FailureClass, classify

K = FailureClass


@pytest.mark.parametrize(
    ("message", "kind", "retry"),
    [
        ("Too many tasks already in the queue (3000). Please wait for some of them to complete.", K.QUEUE_FULL, True),
        ("Too many concurrent aggregations.", K.RATE_LIMITED, True),
        ("Quota exceeded for quota metric 'Read requests'", K.RATE_LIMITED, True),
        ("User memory limit exceeded.", K.MEMORY, False),
        ("Computation timed out.", K.TIME_OUT, False),
        (
            "Export too large: specified 400000000 pixels (max: 100000000). Specify higher maxPixels value if you "
            "intend to export a large area.",
            K.TOO_LARGE,
            False,
        ),
        ("Total request size (56623104 bytes) must be less than or equal to 50331648 bytes.", K.TOO_LARGE, False),
        ("Pixel grid dimensions (40818x1) must be less than or equal to 32768.", K.TOO_LARGE, False),
        ("Request payload size exceeds the limit: 10485760 bytes.", K.TOO_LARGE, False),
        (
            "Exported bands must have compatible data types; found inconsistent types: Float32 and UInt16.",
            K.DTYPE_MISMATCH,
            False,
        ),
        ("Image.select: Band pattern 'B99' did not match any bands. Available bands: [B1, B2]", K.NOT_FOUND, False),
        (
            "ImageCollection.load: ImageCollection asset 'COPERNICUS/S3' not found (does not exist or caller does not "
            "have access).",
            K.NOT_FOUND,
            False,
        ),
        ("Exported image must have at least one band.", K.NO_IMAGES, False),
        (
            "Project 'my-project' is not registered to use Earth Engine. Visit the registration page.",
            K.NOT_REGISTERED,
            False,
        ),
        (
            "Earth Engine API has not been used in project 123 before or it is disabled. Enable it by visiting it.",
            K.API_DISABLED,
            False,
        ),
        ("Caller does not have required permission to use project my-project.", K.PERMISSION, False),
        (
            "Please authorize access to your Earth Engine account by running earthengine authenticate",
            K.CREDENTIALS,
            False,
        ),
        ("Cancelled.", K.CANCELLED, False),
        ("Internal error.", K.TRANSIENT, True),
        ("The service is currently unavailable.", K.TRANSIENT, True),
        ("Connection reset by peer", K.UNREACHABLE, True),
        ("Something nobody has seen before", K.UNKNOWN, False),
    ],
)
def test_messages_tell_the_cause(message: str, kind: FailureClass, *, retry: bool) -> None:
    failure = classify(message)
    assert (failure.kind, failure.retry) == (kind, retry)
    assert failure.message == message


def test_every_failure_that_a_person_must_mend_says_how() -> None:
    for message in (
        "User memory limit exceeded.",
        "Computation timed out.",
        "Project x is not registered to use Earth Engine",
    ):
        assert classify(message).advice
