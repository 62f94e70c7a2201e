"""The one error of Cloud Storage and its usual causes. Not here: how an API writes it on the wire."""

NO_BUCKET = "The specified bucket does not exist."


class StorageError(Exception):
    """An answer other than success.

    Attributes:
        code: HTTP status.
        message: The sentence the service sends.
        reason: The JSON API's word for the cause, e.g. ``notFound``.
    """

    def __init__(self, code: int, message: str, reason: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.reason = reason


def invalid(message: str) -> StorageError:
    """A request that no state of the store could satisfy: HTTP 400."""
    return StorageError(400, message, "invalid")


def no_bucket() -> StorageError:
    """The bucket does not exist: HTTP 404."""
    return StorageError(404, NO_BUCKET, "notFound")


def no_object(bucket: str, name: str) -> StorageError:
    """The object, or the asked-for generation of it, does not exist: HTTP 404."""
    return StorageError(404, f"No such object: {bucket}/{name}", "notFound")


def condition_not_met() -> StorageError:
    """A precondition does not hold: HTTP 412."""
    return StorageError(412, "At least one of the pre-conditions you specified did not hold.", "conditionNotMet")


def not_modified() -> StorageError:
    """The caller already has what it asks for: HTTP 304, sent without a body."""
    return StorageError(304, "Not Modified", "notModified")
