"""What the service answers instead of a result. What does not belong here: mistakes of Python callers."""

from __future__ import annotations


class ServiceError(Exception):
    """An error of the service, as Earth Engine and Cloud Storage put it on the wire.

    Attributes:
        message: the service's own text; clients match on it.
        code: HTTP status of the answer.
        status: the canonical name that goes with the code, for example INVALID_ARGUMENT.
    """

    def __init__(self, message: str, code: int = 400, status: str = "INVALID_ARGUMENT") -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.status = status

    def published(self) -> dict[str, dict[str, object]]:
        """The JSON body of the answer: {"error": {code, message, status}}."""
        return {"error": {"code": self.code, "message": self.message, "status": self.status}}
