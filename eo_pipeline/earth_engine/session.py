"""One connection to Earth Engine: the client's process-wide state, held in one place.

Expressions are built outside of requests, by a client that is connected to any service: not while another thread
switches to another one.

What does not belong here: what is asked (`recipes`, `catalog`, `operations`, `pixels`) and retries of tasks.
"""

import socket
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import ee
import google.auth.exceptions
import requests

from eo_pipeline.core.exports.failures import FailureClass, classify
from eo_pipeline.core.requests.allowance import Allowance
from eo_pipeline.core.settings import Settings
from eo_pipeline.earth_engine.gate import Gate
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

_gate: "Gate[tuple[Session, str]]" = Gate()
"""Session and workload tag that the client is set to."""
_connected: list[tuple[str, str, str]] = []
_counting = threading.Lock()


@dataclass(frozen=True)
class Session:
    """A service and project that this process is connected to.

    Attributes:
        url: address that requests of this session go to.
        service: identity of the service and project for the ledger.
        project: Google Cloud project that pays.
        credentials: the settings' text; never printed.
        allowance: how many requests a project may make, as far as is known.
        sent: requests made on this session by workload tag; `requests_by_tag` reads them.
    """

    url: str
    service: str
    project: str
    credentials: str = field(repr=False)
    allowance: Allowance = field(default_factory=Allowance)
    sent: Counter[str] = field(default_factory=Counter, init=False, repr=False, compare=False)

    def call[T](self, request: Callable[[], T], *, tag: str = "") -> T:
        """Make one request on this connection; those of one session and tag may overlap.

        Args:
            request: asks by the client; must not call a session itself.
            tag: workload tag that the compute is accounted under.

        Raises:
            CredentialsError: the service does not accept the credentials.
            ServiceUnreachableError: there is no connection.
            ServiceError: any other refusal, with the service's words and what to do.
        """
        with _set_to(self, tag), _translated(self.url):
            self.count(tag)
            return request()

    def count(self, tag: str) -> None:
        """Note one request that is about to be made."""
        with _counting:
            self.sent[tag] += 1

    def compute(self, value: Any, *, tag: str = "") -> Any:
        """The JSON value of an `ee` object."""
        return self.call(lambda: ee.data.computeValue(value), tag=tag)


def requests_by_tag(session: Session) -> Mapping[str, int]:
    """How many requests a session made so far, refused ones included, by workload tag; it does not grow afterwards.

    What the client itself repeats after an error of the network counts once.
    """
    with _counting:
        return MappingProxyType(dict(session.sent))


@dataclass
class Count:
    """Requests made within a `counted` block, known as soon as it ends.

    Attributes:
        by_tag: how many, by workload tag; empty for requests that compute nothing.
    """

    by_tag: Mapping[str, int] = MappingProxyType({})

    @property
    def requests(self) -> int:
        """Those under any tag: requests that compute something."""
        return sum(number for tag, number in self.by_tag.items() if tag)


@contextmanager
def counted(session: Session) -> Iterator[Count]:
    """Count a session's requests inside, for "interactive requests" of a materialisation."""
    before, count = requests_by_tag(session), Count()
    try:
        yield count
    finally:
        after = requests_by_tag(session)
        more = {tag: number - before.get(tag, 0) for tag, number in after.items()}
        count.by_tag = MappingProxyType({tag: number for tag, number in more.items() if number})


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
    session = Session(url, settings.service, settings.project, settings.credentials, settings.allowance)
    with _set_to(session, ""):
        return session


def _set_to(session: Session, tag: str) -> AbstractContextManager[None]:
    """The client's process-wide state, for as long as one request takes."""

    def switch() -> None:
        _connect(session)
        ee.data.setWorkloadTag(tag)

    return _gate.within((session, tag), switch)


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
    except google.auth.exceptions.GoogleAuthError as error:
        raise refused(url, error) from error
    except (requests.RequestException, OSError) as error:
        raise unreachable(url, error) from error


def refused(url: str, error: google.auth.exceptions.GoogleAuthError) -> EoPipelineError:
    """The error for credentials that are not accepted, or for no connection to where they are."""
    if error.retryable or isinstance(error, google.auth.exceptions.TransportError):
        return unreachable(url, error)
    return CredentialsError(f"the credentials were refused ({error}); renew them or set EO_CREDENTIALS to others")


def unreachable(url: str, error: Exception) -> ServiceUnreachableError:
    """The error for a service that does not answer."""
    return ServiceUnreachableError(
        f"expected Earth Engine at {url}, got no connection ({type(error).__name__}); "
        "check the network and EO_EARTH_ENGINE_URL, or start the sandbox with `eo-pipeline sandbox`"
    )


def translate(message: str) -> EoPipelineError:
    """The error for the service's words, with what to do."""
    failure = classify(message)
    text = f"Earth Engine: {message.rstrip('.')}. {failure.advice}".strip()
    if failure.kind is FailureClass.CREDENTIALS:
        return CredentialsError(text, said=message)
    if failure.kind is FailureClass.UNREACHABLE:
        return ServiceUnreachableError(text, said=message)
    if failure.passes:
        return ServiceBusyError(text, said=message)
    return ServiceError(text, said=message)
