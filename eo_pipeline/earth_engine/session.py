"""One connection to Earth Engine: the client's process-wide state, held in one place.

What does not belong here: what is asked (`recipes`, `catalog`, `operations`, `pixels`) and retries of tasks.
"""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import ee
import google.auth.exceptions
import requests

from eo_pipeline.core.failures import FailureClass, classify
from eo_pipeline.core.settings import Settings
from eo_pipeline.errors import (
    CredentialsError,
    EoPipelineError,
    ServiceBusyError,
    ServiceError,
    ServiceUnreachableError,
)
from eo_pipeline.storage.credentials import load_credentials

_CONNECT_SECONDS = 30
_DEADLINE_MILLISECONDS = 120_000
_MAX_RETRIES = 3

_lock = threading.RLock()
_connected: list[tuple[str, str, str]] = []


@dataclass(frozen=True)
class Session:
    """A service and project that this process is connected to.

    Attributes:
        url: address that requests of this session go to.
        service: identity of the service and project for the ledger.
        project: Google Cloud project that pays.
        credentials: the settings' text; never printed.
    """

    url: str
    service: str
    project: str
    credentials: str = field(repr=False)

    def call[T](self, request: Callable[[], T], *, tag: str = "") -> T:
        """Make one request on this connection, under a workload tag.

        Raises:
            CredentialsError: the service does not accept the credentials.
            ServiceUnreachableError: there is no connection.
            ServiceError: any other refusal, with the service's words and what to do.
        """
        with _lock:
            _connect(self)
            ee.data.setWorkloadTag(tag)
            with _translated(self.url):
                return request()

    def compute(self, value: Any, *, tag: str = "") -> Any:
        """The JSON value of an `ee` object."""
        return self.call(lambda: ee.data.computeValue(value), tag=tag)


def connect(settings: Settings, *, interactive: bool = False) -> Session:
    """A session for exports, or for interactive requests; the connection is made now, so errors show early.

    Raises:
        CredentialsError, ServiceUnreachableError, ServiceError: see `Session.call`.
    """
    if not settings.project:
        raise ServiceError(
            "expected a Google Cloud project in EO_PROJECT, got none; set it to a project registered for Earth Engine"
        )
    url = settings.interactive_url if interactive else settings.earth_engine_url
    session = Session(url, settings.service, settings.project, settings.credentials)
    with _lock:
        _connect(session)
    return session


def _connect(session: Session) -> None:
    """Point the process-wide client at the session, unless it already is."""
    wanted = (session.url, session.project, session.credentials)
    if _connected == [wanted]:
        return
    _connected.clear()
    credentials = load_credentials(session.credentials)
    with _translated(session.url), _default_timeout(_CONNECT_SECONDS):
        ee.Reset()
        ee.data.setMaxRetries(_MAX_RETRIES)
        ee.Initialize(credentials, url=session.url, project=session.project)
        ee.data.setDeadline(_DEADLINE_MILLISECONDS)
    _connected.append(wanted)


@contextmanager
def _default_timeout(seconds: float) -> Iterator[None]:
    """Bound the client's one request that has no timeout of its own, for a static file that it can live without."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(seconds)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)


@contextmanager
def _translated(url: str) -> Iterator[None]:
    try:
        yield
    except ee.EEException as error:
        raise translate(str(error)) from error
    except google.auth.exceptions.TransportError as error:
        raise _unreachable(url, error) from error
    except google.auth.exceptions.GoogleAuthError as error:
        if error.retryable:
            raise _unreachable(url, error) from error
        raise CredentialsError(
            f"the credentials were refused ({error}); renew them or set EO_CREDENTIALS to others"
        ) from error
    except (requests.RequestException, OSError) as error:
        raise _unreachable(url, error) from error


def _unreachable(url: str, error: Exception) -> ServiceUnreachableError:
    return ServiceUnreachableError(
        f"expected Earth Engine at {url}, got no connection ({type(error).__name__}); "
        "check the network and EO_EARTH_ENGINE_URL, or start the sandbox with `eo-pipeline sandbox`"
    )


def translate(message: str) -> EoPipelineError:
    """The error for the service's words, with what to do."""
    failure = classify(message)
    text = f"Earth Engine: {message.rstrip('.')}. {failure.advice}".strip()
    if failure.kind is FailureClass.CREDENTIALS:
        return CredentialsError(text)
    if failure.kind is FailureClass.UNREACHABLE:
        return ServiceUnreachableError(text)
    if failure.retry:
        return ServiceBusyError(text)
    return ServiceError(text)
