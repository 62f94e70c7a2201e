"""What can go wrong with a bucket, in the project's words.

What does not belong here: when to try again (`storage.transfer.patience`).
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import google.api_core.exceptions
import google.auth.exceptions
import requests

from eo_pipeline.errors import CredentialsError, ServiceUnreachableError, StorageError

_SAID = re.compile(r'"message": ?"([^"]+)"')
"""The service's own sentence in a reply that the client quotes whole."""


@contextmanager
def translated(act: str, *, address: str, named_by: str) -> Iterator[None]:
    """Errors of Google's client, and of credentials, in the project's words.

    Args:
        act: what is being done, for "could not ..".
        address: of the service.
        named_by: which setting names the bucket.

    Raises:
        StorageError: the service refused.
        CredentialsError: the credentials were refused.
        ServiceUnreachableError: there is no connection.
    """
    try:
        yield
    except google.api_core.exceptions.NotFound as error:
        raise StorageError(
            f"could not {act}: it does not exist ({_words(error)}); create it, or correct {named_by}"
        ) from error
    except (google.api_core.exceptions.Forbidden, google.api_core.exceptions.Unauthorized) as error:
        raise StorageError(f"could not {act}: {forbidden(_words(error))}") from error
    except google.api_core.exceptions.RetryError as error:
        raise unreachable(act, address, type(error.cause or error).__name__) from error
    except google.api_core.exceptions.GoogleAPIError as error:
        raise StorageError(f"could not {act}: {_words(error)}") from error
    except google.auth.exceptions.RefreshError as error:
        if error.retryable:
            raise unreachable(act, address, type(error).__name__) from error
        raise CredentialsError(
            f"could not {act}: the credentials were refused; renew them or set EO_CREDENTIALS"
        ) from error
    except google.auth.exceptions.InvalidOperation as error:
        raise CredentialsError(
            f"could not {act}: it is not open to everybody ({error}); name credentials that may, such as EO_CREDENTIALS"
        ) from error
    except (requests.RequestException, google.auth.exceptions.TransportError) as error:
        raise unreachable(act, address, type(error).__name__) from error


def forbidden(words: str) -> str:
    """The end of a sentence about a request that the account may not make."""
    return f"the account may not ({words}); grant it Storage Object Admin on the bucket"


def unreachable(act: str, address: str, trouble: str) -> ServiceUnreachableError:
    """The error for a service that does not answer."""
    return ServiceUnreachableError(
        f"could not {act}: expected Cloud Storage at {address}, got no connection ({trouble}); check the network and "
        "EO_STORAGE_URL"
    )


def said(reply: str) -> str:
    """The service's own sentence in a reply, or the beginning of the reply."""
    found = _SAID.search(reply)
    return found[1] if found else reply.strip()[:300]


def _words(error: Exception) -> str:
    message = getattr(error, "message", "") or str(error)
    return said(message.rpartition("prettyPrint=false: ")[2])
