"""Puts the sandbox together: one application of all services' routes on one folder of data.

What does not belong here: anything a service does, and the process that serves (`__main__`).
"""

import contextlib
import random
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp

from eo_pipeline.sandbox.catalog.catalog import Catalog
from eo_pipeline.sandbox.control import Control
from eo_pipeline.sandbox.earth_engine.discovery import load_document, wheel_file
from eo_pipeline.sandbox.earth_engine.engine import Engine
from eo_pipeline.sandbox.errors import ServiceError
from eo_pipeline.sandbox.frame.clock import Clock
from eo_pipeline.sandbox.frame.endpoints import answer_json
from eo_pipeline.sandbox.frame.fault_middleware import FaultMiddleware
from eo_pipeline.sandbox.frame.faults import FaultBox
from eo_pipeline.sandbox.frame.journal import Journal
from eo_pipeline.sandbox.frame.journal_middleware import JournalMiddleware
from eo_pipeline.sandbox.routes import EarthEngine
from eo_pipeline.sandbox.settings import LiveSettings
from eo_pipeline.sandbox.tasks.delivery import Bucket, Delivery
from eo_pipeline.sandbox.tasks.exports import ImageExporter
from eo_pipeline.sandbox.tasks.operation_files import OperationFiles
from eo_pipeline.sandbox.tasks.table_exports import TableExporter
from eo_pipeline.sandbox.tasks.task_queue import QueueParts, TaskQueue
from eo_pipeline.sandbox.tasks.task_work import Work, by_kind

_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
_OWN = ("/v1/{rest:path}", "/v1alpha/{rest:path}", "/_sandbox/{rest:path}")
"""Paths that are never a bucket of Cloud Storage."""


@dataclass(frozen=True)
class Parts:
    """What an application is made of."""

    data: Path
    """Folder of everything that survives a restart."""
    settings: LiveSettings
    clock: Clock
    catalog: Catalog
    engine: Engine
    bucket: Bucket
    """Takes exported files."""
    storage_routes: Sequence[BaseRoute]
    """Of Cloud Storage, which reads what `bucket` wrote."""


def application(parts: Parts) -> ASGIApp:
    """The whole sandbox as one ASGI application; operations run while its lifespan lasts."""
    journal = Journal(parts.data / "journal.jsonl", parts.clock)
    faults = FaultBox()
    queue = _queue(parts, journal, faults)
    starlette = Starlette(
        routes=_routes(parts, journal, faults, queue),
        lifespan=_lifespan(queue),
        exception_handlers={ServiceError: _refused, HTTPException: _not_served, Exception: _broken},
    )
    return FaultMiddleware(JournalMiddleware(starlette, journal=journal), faults=faults, journal=journal)


def _queue(parts: Parts, journal: Journal, faults: FaultBox) -> TaskQueue:
    delivery = Delivery(parts.bucket, journal, parts.settings, parts.data / "scratch")
    work: dict[str, Work] = {
        "EXPORT_IMAGE": ImageExporter(engine=parts.engine, delivery=delivery),
        "EXPORT_FEATURES": TableExporter(engine=parts.engine, delivery=delivery),
    }
    files = OperationFiles(parts.data / "operations")
    ids = random.SystemRandom()
    return TaskQueue(QueueParts(files, parts.clock, parts.settings, faults, journal, ids), by_kind(work))


def _routes(parts: Parts, journal: Journal, faults: FaultBox, queue: TaskQueue) -> list[BaseRoute]:
    """Control first: Cloud Storage's routes take every path that begins with a bucket, so they come last."""
    control = Control(parts.settings, parts.clock, journal, faults, queue, parts.engine)
    earth_engine = EarthEngine(
        settings=parts.settings,
        engine=parts.engine,
        catalog=parts.catalog,
        queue=queue,
        document=load_document(),
        algorithms=wheel_file("algorithms.json"),
    )
    rest = [Route(path, _unknown, methods=_METHODS) for path in _OWN]
    return [*control.routes(), *earth_engine.routes(), *rest, *parts.storage_routes]


def _lifespan(queue: TaskQueue) -> Callable[[Starlette], contextlib.AbstractAsyncContextManager[None]]:
    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        queue.open()
        try:
            yield
        finally:
            queue.close()

    return lifespan


def _unknown(request: Request) -> Response:
    raise ServiceError(f"sandbox: {request.method} {request.url.path} is not served.", 404, "NOT_FOUND")


async def _refused(_: Request, error: Exception) -> Response:
    if not isinstance(error, ServiceError):
        raise error
    return answer_json(error.published(), error.code)


async def _broken(_: Request, __: Exception) -> Response:
    """A mistake of the sandbox; Starlette raises it again for the log."""
    return answer_json(ServiceError("An internal error has occurred.", 500, "INTERNAL").published(), 500)


async def _not_served(request: Request, error: Exception) -> Response:
    """No route, or another method: the services' JSON in place of plain text."""
    if not isinstance(error, HTTPException):
        raise error
    name = HTTPStatus(error.status_code).phrase.upper().replace(" ", "_")
    message = f"sandbox: {request.method} {request.url.path} is not served."
    return answer_json(ServiceError(message, error.status_code, name).published(), error.status_code)
