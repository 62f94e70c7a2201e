"""Why an Earth Engine request or task failed, read from its message: the client drops the status code.

One table, most specific first; each cause has one act. What does not belong here: when the act is due (`reconcile`),
and how an export is split (`splitting`).
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
    STORAGE_FULL = "storage_full"
    NOT_FOUND = "not_found"
    ALREADY_EXISTS = "already_exists"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    VANISHED = "vanished"
    UNREACHABLE = "unreachable"
    UNKNOWN = "unknown"


class FailureAct(Enum):
    """What a failure calls for.

    Attributes:
        WAIT: the same again once an allowance renews or there is room; does not count as an attempt.
        RETRY: the same again as the next attempt, a bounded number of times.
        SPLIT: the same pixels in smaller pieces.
        FAIL: nothing by itself; a person changes something first.
    """

    WAIT = "wait"
    RETRY = "retry"
    SPLIT = "split"
    FAIL = "fail"


@dataclass(frozen=True)
class Failure:
    """A classified failure.

    Attributes:
        kind: the cause.
        message: the service's words.
        act: what it calls for.
        advice: what a person should do, empty if nothing.
    """

    kind: FailureClass
    message: str
    act: FailureAct
    advice: str

    @property
    def passes(self) -> bool:
        """True if the same request may succeed later."""
        return self.act in (FailureAct.WAIT, FailureAct.RETRY)


_K, _A = FailureClass, FailureAct
_TABLE: tuple[tuple[str, FailureClass, FailureAct, str], ...] = (
    (r"too many tasks already in the queue", _K.QUEUE_FULL, _A.WAIT, "Wait until tasks finish, or cancel some."),
    (r"(daily|monthly|noncommercial|non-commercial).{0,60}(limit|quota|allowance)|eecu.{0,80}(limit|quota)|quota.{0,80}eecu",
     _K.COMPUTE_LIMIT, _A.WAIT, "The project's compute allowance is spent; exports go on when it renews, or raise it."),
    (r"storage ?quota|(storage|count) quota.{0,80}exceeded|quota for storage", _K.STORAGE_FULL, _A.FAIL,
     "Free some room where the export goes, or choose another destination."),
    (r"too many concurrent aggregations", _K.RATE_LIMITED, _A.RETRY, ""),
    (r"quota exceeded|rate ?limit|request rate|too many requests|resource_exhausted|\b429\b", _K.RATE_LIMITED,
     _A.RETRY, ""),
    (r"user memory limit exceeded|out of memory", _K.MEMORY, _A.SPLIT,
     "Simplify the recipe, or lower export.file_dimensions or area.tile."),
    (r"computation timed out|deadline exceeded", _K.TIME_OUT, _A.SPLIT,
     "Simplify the recipe or lower area.tile."),
    (r"payload size exceeds", _K.TOO_LARGE, _A.FAIL,
     "The recipe itself is too long: simplify it, or give geometries as a table asset."),
    (r"export too large", _K.TOO_LARGE, _A.SPLIT, "Lower area.tile, or raise export.max_pixels if the size is meant."),
    (r"too many pixels|total request size|pixel grid dimensions", _K.TOO_LARGE, _A.SPLIT, "Lower area.tile."),
    (r"inconsistent types|compatible data types", _K.DTYPE_MISMATCH, _A.FAIL,
     "All bands of an export share a dtype: cast them in the recipe."),
    (r"image has no bands|must have at least one band|no bands|empty collection", _K.NO_IMAGES, _A.FAIL,
     "No image is left after the filters: check the period, the area and source.where."),
    (r"not registered to use earth engine|not signed up for earth engine", _K.NOT_REGISTERED, _A.FAIL,
     "Register the Cloud project for Earth Engine, then run `eo-pipeline doctor`."),
    (r"api has not been used in project|it is disabled|service_disabled", _K.API_DISABLED, _A.FAIL,
     "Enable the Earth Engine API for the project, then run `eo-pipeline doctor`."),
    (r"insufficient authentication scopes", _K.CREDENTIALS, _A.FAIL,
     "Allow access to Drive: log in again with `earthengine authenticate`."),
    (r"(reauthentication|credentials|authenticate|invalid_grant|unauthenticated|login required|token.*expired)",
     _K.CREDENTIALS, _A.FAIL, "Renew the credentials: see `eo-pipeline doctor`."),
    (r"already exists|duplicate request", _K.ALREADY_EXISTS, _A.FAIL, ""),
    (r"did not match any bands|no band named|band pattern", _K.NOT_FOUND, _A.FAIL,
     "Correct the band's name in source.bands."),
    (r"not found|does not exist", _K.NOT_FOUND, _A.FAIL, "Correct the id, or ask for access to it."),
    (r"permission|caller does not have.*(access|storage)|forbidden|access denied", _K.PERMISSION, _A.FAIL,
     "Grant the account the role that the message names."),
    (r"cancel", _K.CANCELLED, _A.FAIL, "Somebody cancelled the task: materialise the submission again to restart it."),
    (r"task.*(expired|too old)|maximum lifetime", _K.EXPIRED, _A.RETRY, ""),
    (r"no longer lists", _K.VANISHED, _A.RETRY, ""),
    (r"connection|unreachable|refused|timed out|max retries exceeded|name resolution|remote end closed|find the server",
     _K.UNREACHABLE, _A.RETRY, "Check the network and EO_EARTH_ENGINE_URL."),
    (r"internal error|internal server|backend|unavailable|try again|\b50[0234]\b|service.*currently", _K.TRANSIENT,
     _A.RETRY, ""),
)  # fmt: skip


def classify(message: str) -> Failure:
    """The first row of the table whose pattern occurs in the message; UNKNOWN and not retried if none does."""
    for pattern, kind, act, advice in _TABLE:
        if re.search(pattern, message, re.IGNORECASE):
            return Failure(kind, message, act, advice)
    return Failure(FailureClass.UNKNOWN, message, FailureAct.FAIL, advice="")
