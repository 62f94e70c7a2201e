"""The errors of Drive v3 in the shape its clients read: `{"error": {code, message, errors: [{domain, reason, ..}]}}`.

What does not belong here: when they happen.
"""

from dataclasses import dataclass

NO_SERVICE_ACCOUNT_QUOTA = (
    "Service Accounts do not have storage quota. Leverage shared drives "
    "(https://developers.google.com/workspace/drive/api/guides/about-shareddrives), "
    "or use OAuth delegation (http://support.google.com/a/answer/7281227) instead."
)
"""What an upload by a service account is answered; reported in public issue threads since 2025."""


@dataclass
class DriveError(Exception):
    """An answer other than success."""

    code: int
    """HTTP status."""
    message: str
    reason: str
    """Drive's word for the cause, e.g. `notFound`."""
    domain: str = "global"
    """`global`, or `usageLimits` for rates."""
    location: str | None = None
    """The parameter or header that is wrong."""
    location_type: str = "parameter"

    def published(self) -> dict[str, object]:
        """The JSON body of the answer."""
        entry = {"message": self.message, "domain": self.domain, "reason": self.reason}
        if self.location is not None:
            entry |= {"location": self.location, "locationType": self.location_type}
        return {"error": {"code": self.code, "message": self.message, "errors": [entry]}}


def not_found(file_id: str) -> DriveError:
    """The file does not exist, or the caller may not see it: HTTP 404."""
    return DriveError(404, f"File not found: {file_id}.", "notFound", location="fileId")


def invalid(parameter: str, message: str = "Invalid Value") -> DriveError:
    """A parameter that says nothing the service knows: HTTP 400."""
    return DriveError(400, message, "invalid", location=parameter)


def bad_request(message: str) -> DriveError:
    """A request that no state of the drive could satisfy: HTTP 400."""
    return DriveError(400, message, "badRequest")


def not_writable(message: str) -> DriveError:
    """A field that clients may not set: HTTP 403."""
    return DriveError(403, message, "fieldNotWritable")


def not_permitted(file_id: str) -> DriveError:
    """A file the caller may see, but not change: HTTP 403."""
    message = f"The user does not have sufficient permissions for file {file_id}."
    return DriveError(403, message, "insufficientFilePermissions")


def quota_exceeded(message: str = "The user's Drive storage quota has been exceeded.") -> DriveError:
    """No room for the bytes: HTTP 403."""
    return DriveError(403, message, "storageQuotaExceeded")


def unauthenticated() -> DriveError:
    """A token that is malformed, forged or expired: HTTP 401."""
    return DriveError(401, "Invalid Credentials", "authError", location="Authorization", location_type="header")


def unregistered() -> DriveError:
    """No credentials at all: HTTP 403."""
    message = (
        "Method doesn't allow unregistered callers (callers without established identity). "
        "Please use API Key or other form of API consumer identity to call this API."
    )
    return DriveError(403, message, "forbidden")
