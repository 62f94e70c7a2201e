"""What of Cloud Storage is adjustable. Not here: the folder and address it is served from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True)
class CloudStorageSettings:
    """Each field says where its default comes from."""

    authentication: Literal["optional", "required"] = "optional"
    """Chosen. Requests without credentials are served ("optional") or answered 401; wrong ones always get 401."""
    read_only_buckets: frozenset[str] = frozenset()
    """Chosen. Every write to these is answered 403."""
    forbidden_buckets: frozenset[str] = frozenset()
    """Chosen. Every request on these is answered 403."""
    token_seconds: float = 3600.0
    """Documented. Clock seconds an access token lives."""
    trusted_keys: Mapping[str, str] | None = field(default=None)
    """Chosen. Public keys (PEM) by key id that tokens must be signed with; None accepts any signature."""
    page_limit: int = 1000
    """Documented. Most entries of one page of a listing."""
    compose_limit: int = 32
    """Documented. Most source objects of one compose request."""
    batch_limit: int = 100
    """Documented. Most calls of one batch request."""
    location: str = "US-CENTRAL1"
    """Chosen. Location of buckets created without one."""
