"""Puts the sandbox together: one application of all services' routes on one folder of data.

What does not belong here: anything a service does, and the process that serves (`__main__`).
"""

import contextlib
import random
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
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
from eo_pipeline.sandbox.catalog.user_assets.store import AssetStore
from eo_pipeline.sandbox.cloud_storage.tokens import PREFIX, TokenError, Tokens
from eo_pipeline.sandbox.control import Control
from eo_pipeline.sandbox.earth_engine.asset_rules import AssetRules
from eo_pipeline.sandbox.earth_engine.discovery import load_document, wheel_file
from eo_pipeline.sandbox.earth_engine.engine import Engine
from eo_pipeline.sandbox.earth_engine.user_assets import UserAssets
from eo_pipeline.sandbox.errors import ServiceError
from eo_pipeline.sandbox.frame.clock import Clock
from eo_pipeline.sandbox.frame.compute_ledger import ComputeLedger
from eo_pipeline.sandbox.frame.compute_limits import ComputeLimits
from eo_pipeline.sandbox.frame.endpoints import Endpoints, answer_json
from eo_pipeline.sandbox.frame.fault_middleware import FaultMiddleware
from eo_pipeline.sandbox.frame.faults import Fault, FaultBox
from eo_pipeline.sandbox.frame.journal import FILE, Journal
from eo_pipeline.sandbox.frame.journal_middleware import JournalMiddleware
from eo_pipeline.sandbox.monitoring import Monitoring
from eo_pipeline.sandbox.routes import EarthEngine
from eo_pipeline.sandbox.settings import LiveSettings
from eo_pipeline.sandbox.tasks import others
from eo_pipeline.sandbox.tasks.asset_making import AssetMaker
from eo_pipeline.sandbox.tasks.delivery import Delivery
from eo_pipeline.sandbox.tasks.destinations import Opener
from eo_pipeline.sandbox.tasks.ingestion_sources import Fetch, OpenObject
from eo_pipeline.sandbox.tasks.operation_files import OperationFiles
from eo_pipeline.sandbox.tasks.task_kinds import Workshop
from eo_pipeline.sandbox.tasks.task_queue import QueueParts, TaskQueue
from eo_pipeline.sandbox.tasks.task_work import Work, by_kind

_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
_OWN = tuple(f"/{first}/{{rest:path}}" for first in ("v1", "v1alpha", "v3", "_sandbox", "stac"))
"""Paths that are never a bucket of Cloud Storage."""


@dataclass(frozen=True)
class Parts:
    """What an application is made of."""

    data: Path
    """Folder of everything that survives a restart."""
    settings: LiveSettings
    clock: Clock
    catalog: Catalog
    """All assets, those in `store` too."""
    store: AssetStore
    """Assets of clients."""
    engine: Engine
    destinations: Mapping[str, Opener]
    """Take exported files, by kind of target."""
    open_object: OpenObject
    """Opens what ingestions read."""
    tokens: Tokens
    """Who bearer tokens of all services speak for."""
    drive_routes: Sequence[BaseRoute]
    """Of Drive, which reads what exports wrote."""
    stac_routes: Sequence[BaseRoute]
    """Of STAC, which publishes the catalog."""
    storage_routes: Sequence[BaseRoute]
    """Of Cloud Storage, which reads what exports wrote."""


def application(parts: Parts, armed: Sequence[Fault] = ()) -> ASGIApp:
    """The whole sandbox as one ASGI application; operations run while its lifespan lasts.

    Args:
        parts: What it is made of.
        armed: Faults that happen from the start.
    """
    journal = Journal(parts.data / FILE, parts.clock)
    faults = FaultBox(armed)
    compute = ComputeLimits(
        ComputeLedger(parts.data / "compute.sqlite", parts.clock.now), parts.settings, parts.clock.now
    )
    queue = _queue(parts, journal, faults, compute)
    starlette = Starlette(
        routes=_routes(parts, journal, faults, queue, compute),
        lifespan=_lifespan(queue),
        exception_handlers={ServiceError: _refused, HTTPException: _not_served, Exception: _broken},
    )
    return FaultMiddleware(JournalMiddleware(starlette, journal=journal), faults=faults, journal=journal)


def _queue(parts: Parts, journal: Journal, faults: FaultBox, compute: ComputeLimits) -> TaskQueue:
    delivery = Delivery(parts.destinations, journal, parts.settings, parts.data / "scratch")
    rules = AssetRules(parts.store, parts.catalog, parts.settings)
    workshop = Workshop(parts.engine, delivery, AssetMaker(rules), Fetch(parts.open_object, parts.settings))
    work: dict[str, Work] = {**workshop.work(), others.KIND: others.OthersWork(parts.clock)}
    files = OperationFiles(parts.data / "operations")
    ids = random.SystemRandom()
    return TaskQueue(QueueParts(files, parts.clock, parts.settings, faults, journal, compute, ids), by_kind(work))


def _routes(
    parts: Parts, journal: Journal, faults: FaultBox, queue: TaskQueue, compute: ComputeLimits
) -> list[BaseRoute]:
    """Control first: Cloud Storage's routes take every path that begins with a bucket, so they come last."""
    control = Control(parts.settings, parts.clock, journal, faults, queue, parts.engine, parts.tokens)
    earth_engine = EarthEngine(
        settings=parts.settings,
        engine=parts.engine,
        catalog=parts.catalog,
        user_assets=UserAssets(AssetRules(parts.store, parts.catalog, parts.settings)),
        queue=queue,
        compute=compute,
        document=load_document(),
        algorithms=wheel_file("algorithms.json"),
        identify=lambda token: _identified(token, parts),
    )
    monitoring = Monitoring(compute.ledger, Endpoints(parts.settings, identify=lambda token: _identified(token, parts)))
    rest = [Route(path, _unknown, methods=_METHODS) for path in _OWN]
    return [
        *control.routes(),
        *earth_engine.routes(),
        *monitoring.routes(),
        *parts.stac_routes,
        *rest,
        *parts.drive_routes,
        *parts.storage_routes,
    ]


def _identified(token: str, parts: Parts) -> str | None:
    """Whose token it is; ValueError for one of the sandbox's that no longer counts, or a foreign one if refused."""
    try:
        return parts.tokens.caller(token, None)
    except TokenError as error:
        if token.startswith(PREFIX) or not parts.settings.now.foreign_tokens:
            raise ValueError(str(error)) from error
        return None


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
