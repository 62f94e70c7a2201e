"""Drive's refusals in the project's words, with what to do. What does not belong here: requests."""

import http.client
from collections.abc import Iterator
from contextlib import contextmanager

import google.auth.exceptions
import httplib2  # type: ignore[import-untyped]  # has no stubs
from googleapiclient.errors import HttpError  # type: ignore[import-untyped]  # has no stubs

from eo_pipeline.errors import CredentialsError, EoPipelineError, ServiceUnreachableError, StorageError
from eo_pipeline.storage.credentials import DRIVE_ADVICE

_SCOPES = ("insufficientPermissions", "ACCESS_TOKEN_SCOPE_INSUFFICIENT", "insufficient authentication scopes")
_REMEDIES: tuple[tuple[tuple[str, ...], str], ...] = (
    (("accessNotConfigured", "SERVICE_DISABLED", "it is disabled"), "; enable the Google Drive API for EO_PROJECT"),
    (("ateLimitExceeded", "RESOURCE_EXHAUSTED"), "; run it again in some minutes"),
)


class GoneError(StorageError):
    """There is no such file, or it is not this person's."""


@contextmanager
def translated(act: str, *, service: str) -> Iterator[None]:
    """Errors of the client as the project's.

    Args:
        act: what is done inside, in words that follow "could not".
        service: its address, for messages.

    Raises:
        CredentialsError: they are refused, or do not cover Drive.
        ServiceUnreachableError: there is no connection, or it breaks again and again.
        GoneError: there is no such file.
        StorageError: any other refusal, with Drive's words.
    """
    try:
        yield
    except HttpError as error:
        raise _refusal(act, error) from error
    except (google.auth.exceptions.TransportError, httplib2.HttpLib2Error, http.client.HTTPException, OSError) as error:
        raise ServiceUnreachableError(
            f"could not {act}: expected Google Drive at {service}, got no connection ({type(error).__name__}); check "
            "the network and EO_DRIVE_URL"
        ) from error
    except google.auth.exceptions.GoogleAuthError as error:
        raise CredentialsError(f"could not {act}: the credentials were refused ({error}); {DRIVE_ADVICE}") from error


def _refusal(act: str, error: HttpError) -> EoPipelineError:
    said = f"{error.reason} {error.error_details}"
    what = f"could not {act}: Drive says: {error.reason.rstrip('.')}"
    if error.status_code == http.client.UNAUTHORIZED or any(word in said for word in _SCOPES):
        return CredentialsError(f"{what}; {DRIVE_ADVICE}")
    if error.status_code == http.client.NOT_FOUND:
        return GoneError(f"{what}; it was deleted, or belongs to somebody else: make it again")
    return StorageError(what + next((advice for words, advice in _REMEDIES if any(word in said for word in words)), ""))
