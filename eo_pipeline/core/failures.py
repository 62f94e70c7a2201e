"""Why an Earth Engine request or task failed, read from its message: the client drops the status code.

One table, most specific first. What does not belong here: what is then done about it (`reconcile`).
"""

import re
from dataclasses import dataclass
from enum import Enum


class FailureClass(Enum):
    """Causes that call for different acts."""

    TRANSIENT = "transient"
    RATE_LIMITED = "rate_limited"
    QUEUE_FULL = "queue_full"
    COMPUTE_LIMIT = "compute_limit"
    MEMORY = "memory"
    TIME_OUT = "time_out"
    TOO_LARGE = "too_large"
    DTYPE_MISMATCH = "dtype_mismatch"
    NO_IMAGES = "no_images"
    NOT_REGISTERED = "not_registered"
    API_DISABLED = "api_disabled"
    PERMISSION = "permission"
    CREDENTIALS = "credentials"
    NOT_FOUND = "not_found"
    ALREADY_EXISTS = "already_exists"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    UNREACHABLE = "unreachable"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Failure:
    """A classified failure.

    Attributes:
        kind: the cause.
        message: the service's words.
        retry: True if the same request may succeed later.
        advice: what a person should do, empty if nothing.
    """

    kind: FailureClass
    message: str
    retry: bool
    advice: str


_K = FailureClass
_TABLE: tuple[tuple[str, FailureClass, bool, str], ...] = (
    (r"too many tasks already in the queue", _K.QUEUE_FULL, True, "Wait until tasks finish, or cancel some."),
    (r"too many concurrent aggregations", _K.RATE_LIMITED, True, ""),
    (r"quota exceeded|rate ?limit|too many requests|resource_exhausted|\b429\b", _K.RATE_LIMITED, True, ""),
    (r"(daily|monthly).*(limit|quota)|eecu.*(limit|quota)|noncommercial.*(limit|quota)", _K.COMPUTE_LIMIT, True,
     "The project's compute allowance is spent; exports resume when it renews, or raise it."),
    (r"user memory limit exceeded|out of memory", _K.MEMORY, False,
     "Export smaller files: lower export.file_dimensions or area.tile."),
    (r"computation timed out|deadline exceeded", _K.TIME_OUT, False,
     "Simplify the recipe or lower area.tile."),
    (r"export too large|too many pixels|total request size|pixel grid dimensions|payload size exceeds", _K.TOO_LARGE,
     False, "Lower area.tile, or raise export.max_pixels if the size is meant."),
    (r"inconsistent types|compatible data types", _K.DTYPE_MISMATCH, False,
     "All bands of an export share a dtype: cast them in the recipe."),
    (r"image has no bands|must have at least one band|no bands|empty collection", _K.NO_IMAGES, False,
     "No image is left after the filters: check the period, the area and source.where."),
    (r"not registered to use earth engine|not signed up for earth engine", _K.NOT_REGISTERED, False,
     "Register the Cloud project for Earth Engine, then run `eo-pipeline doctor`."),
    (r"api has not been used in project|it is disabled|service_disabled", _K.API_DISABLED, False,
     "Enable the Earth Engine API for the project, then run `eo-pipeline doctor`."),
    (r"(reauthentication|credentials|authenticate|invalid_grant|unauthenticated|login required|token.*expired)",
     _K.CREDENTIALS, False, "Renew the credentials: see `eo-pipeline doctor`."),
    (r"already exists|duplicate request", _K.ALREADY_EXISTS, False, ""),
    (r"did not match any bands|no band named|band pattern", _K.NOT_FOUND, False,
     "Correct the band's name in source.bands."),
    (r"not found|does not exist", _K.NOT_FOUND, False, "Correct the id, or ask for access to it."),
    (r"permission|caller does not have.*(access|storage)|forbidden|access denied", _K.PERMISSION, False,
     "Grant the account the role that the message names."),
    (r"cancel", _K.CANCELLED, False, "Somebody cancelled the task: materialise the submission again to restart it."),
    (r"task.*(expired|too old)", _K.EXPIRED, True, ""),
    (r"connection|unreachable|refused|timed out|max retries exceeded|name resolution|remote end closed|find the server",
     _K.UNREACHABLE, True, "Check the network and EO_EARTH_ENGINE_URL."),
    (r"internal error|internal server|backend|unavailable|try again|\b50[0234]\b|service.*currently", _K.TRANSIENT,
     True, ""),
)  # fmt: skip


def classify(message: str) -> Failure:
    """The first row of the table whose pattern occurs in the message; UNKNOWN and not retried if none does."""
    for pattern, kind, retry, advice in _TABLE:
        if re.search(pattern, message, re.IGNORECASE):
            return Failure(kind, message, retry, advice)
    return Failure(FailureClass.UNKNOWN, message, retry=False, advice="")
