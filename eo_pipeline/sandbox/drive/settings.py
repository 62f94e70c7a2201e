"""What of Drive is adjustable. What does not belong here: the folder and address it is served from."""

from dataclasses import dataclass


@dataclass(frozen=True)
class DriveSettings:
    """Values in force; their sources are with the sandbox's settings."""

    credentials_required: bool = False
    """Refuse callers without a token; otherwise they are the person `cloud_storage.auth.PERSON`."""
    quota_bytes: int = 15 * 2**30
    """Bytes a person's files may have together; service accounts have none."""
    requests_per_minute: int = 12_000
    """Requests of one caller within a minute; 0: any."""
    rate_reason: str = "userRateLimitExceeded"
    """`reason` of the 403 to a request above that."""
    rate_message: str = "User Rate Limit Exceeded"
    """`message` of it."""


SERVICE_ACCOUNTS = ".gserviceaccount.com"
"""How the addresses of service accounts end."""


def is_service_account(email: str) -> bool:
    """Whether an address is a service account's, which has no storage of its own."""
    return email.endswith(SERVICE_ACCOUNTS)
