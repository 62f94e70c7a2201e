"""Messages as in the design notes, the client's source, Google's documentation and public issue threads."""

import pytest

from eo_pipeline.core.exports.failures import FailureAct, FailureClass, classify

K, A = FailureClass, FailureAct


@pytest.mark.parametrize(
    ("message", "kind", "act"),
    [
        ("Too many tasks already in the queue (3000). Please wait for some of them to complete.", K.QUEUE_FULL, A.WAIT),
        ("Too many concurrent aggregations.", K.RATE_LIMITED, A.RETRY),
        ("Quota exceeded for quota metric 'Read requests'", K.RATE_LIMITED, A.RETRY),
        ("User memory limit exceeded.", K.MEMORY, A.SPLIT),
        ("Computation timed out.", K.TIME_OUT, A.SPLIT),
        (
            "Export too large: specified 400000000 pixels (max: 100000000). Specify higher maxPixels value if you "
            "intend to export a large area.",
            K.TOO_LARGE,
            A.SPLIT,
        ),
        ("Total request size (56623104 bytes) must be less than or equal to 50331648 bytes.", K.TOO_LARGE, A.SPLIT),
        ("Pixel grid dimensions (40818x1) must be less than or equal to 32768.", K.TOO_LARGE, A.SPLIT),
        ("Request payload size exceeds the limit: 10485760 bytes.", K.TOO_LARGE, A.FAIL),
        (
            "Exported bands must have compatible data types; found inconsistent types: Float32 and UInt16.",
            K.DTYPE_MISMATCH,
            A.FAIL,
        ),
        ("Image.select: Band pattern 'B99' did not match any bands. Available bands: [B1, B2]", K.NOT_FOUND, A.FAIL),
        (
            "ImageCollection.load: ImageCollection asset 'COPERNICUS/S3' not found (does not exist or caller does not "
            "have access).",
            K.NOT_FOUND,
            A.FAIL,
        ),
        ("Exported image must have at least one band.", K.NO_IMAGES, A.FAIL),
        (
            "Project 'my-project' is not registered to use Earth Engine. Visit the registration page.",
            K.NOT_REGISTERED,
            A.FAIL,
        ),
        (
            "Earth Engine API has not been used in project 123 before or it is disabled. Enable it by visiting it.",
            K.API_DISABLED,
            A.FAIL,
        ),
        ("Caller does not have required permission to use project my-project.", K.PERMISSION, A.FAIL),
        (
            "Please authorize access to your Earth Engine account by running earthengine authenticate",
            K.CREDENTIALS,
            A.FAIL,
        ),
        ("Cancelled.", K.CANCELLED, A.FAIL),
        ("Internal error.", K.TRANSIENT, A.RETRY),
        ("The service is currently unavailable.", K.TRANSIENT, A.RETRY),
        ("Connection reset by peer", K.UNREACHABLE, A.RETRY),
        (
            "Your usage exceeded the custom quota for 'earthengine.googleapis.com/daily_eecu_usage_time', which is "
            "adjusted by an administrator of your project.",
            K.COMPUTE_LIMIT,
            A.WAIT,
        ),
        ("Monthly noncommercial compute quota used up.", K.COMPUTE_LIMIT, A.WAIT),
        (
            "Quota exceeded for quota metric 'Number of read requests' and limit 'Number of read requests per minute "
            "per user' of service 'earthengine.googleapis.com'",
            K.RATE_LIMITED,
            A.RETRY,
        ),
        (
            "Too Many Requests: Request was rejected because the request rate or concurrency limit was exceeded.",
            K.RATE_LIMITED,
            A.RETRY,
        ),
        ("Asset storage quota of 'projects/p/assets' exceeded: 268435456000 bytes.", K.STORAGE_FULL, A.FAIL),
        ("The user's Drive storage quota has been exceeded.", K.STORAGE_FULL, A.FAIL),
        ("Request had insufficient authentication scopes.", K.CREDENTIALS, A.FAIL),
        ("Task expired.", K.EXPIRED, A.RETRY),
        ("The operation exceeded its maximum lifetime of 10 days.", K.EXPIRED, A.RETRY),
        ("Earth Engine no longer lists this task", K.VANISHED, A.RETRY),
        ("Something nobody has seen before", K.UNKNOWN, A.FAIL),
    ],
)
def test_messages_tell_the_cause_and_the_act(message: str, kind: FailureClass, act: FailureAct) -> None:
    failure = classify(message)
    assert (failure.kind, failure.act) == (kind, act)
    assert failure.message == message


def test_every_failure_that_a_person_must_mend_says_how() -> None:
    for message in (
        "User memory limit exceeded.",
        "Computation timed out.",
        "Project x is not registered to use Earth Engine",
    ):
        assert classify(message).advice
