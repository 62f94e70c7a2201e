"""What follows from an error, read from what the service or the client said, without our advice.

What does not belong here: doing it (`asking`).
"""

from enum import Enum

from eo_pipeline.core.exports.failures import FailureClass, classify
from eo_pipeline.earth_engine.interactive.client import BrokenReplyError, TooMuchError
from eo_pipeline.errors import CredentialsError, EoPipelineError, ServiceUnreachableError


class Consequence(Enum):
    """What an error means for a piece."""

    WAIT = "too many: again, as often as it takes"
    AGAIN = "again, a few times"
    HALVE = "smaller parts"
    LOSE = "this piece is lost"
    STOP = "it would meet every piece"


_C, _K = Consequence, FailureClass
_BY_KIND = {
    _K.RATE_LIMITED: _C.WAIT,
    _K.TRANSIENT: _C.AGAIN,
    _K.UNREACHABLE: _C.AGAIN,
    _K.MEMORY: _C.HALVE,
    _K.TIME_OUT: _C.HALVE,
    _K.TOO_LARGE: _C.HALVE,
    _K.CREDENTIALS: _C.STOP,
    _K.PERMISSION: _C.STOP,
    _K.NOT_REGISTERED: _C.STOP,
    _K.API_DISABLED: _C.STOP,
    _K.COMPUTE_LIMIT: _C.STOP,
}


def consequence(error: EoPipelineError) -> Consequence:
    """What follows."""
    if isinstance(error, BrokenReplyError):
        return Consequence.AGAIN
    if isinstance(error, TooMuchError):
        return Consequence.HALVE
    if isinstance(error, CredentialsError):
        return Consequence.STOP
    if isinstance(error, ServiceUnreachableError):
        return Consequence.HALVE if isinstance(error.__cause__, TimeoutError) else Consequence.AGAIN
    return _BY_KIND.get(classify(error.said).kind, Consequence.LOSE)
