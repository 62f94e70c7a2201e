"""All paths of the service together. What does not belong here: any group of them."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property, wraps
from threading import BoundedSemaphore

from starlette.responses import Response
from starlette.routing import Route

from eo_pipeline.sandbox.catalog.catalog import Catalog
from eo_pipeline.sandbox.earth_engine.discovery import Document, at
from eo_pipeline.sandbox.earth_engine.engine import Engine
from eo_pipeline.sandbox.earth_engine.user_assets import UserAssets
from eo_pipeline.sandbox.frame.access import Identify, anybody
from eo_pipeline.sandbox.frame.compute_limits import ComputeLimits
from eo_pipeline.sandbox.frame.endpoints import Call, Endpoints, Handler
from eo_pipeline.sandbox.graph.allowances import interactive
from eo_pipeline.sandbox.graph.limits import allowed
from eo_pipeline.sandbox.routes.assets import Assets
from eo_pipeline.sandbox.routes.calls import PROJECT, Guarded, Public
from eo_pipeline.sandbox.routes.computing import Computing
from eo_pipeline.sandbox.routes.downloads import Downloads
from eo_pipeline.sandbox.routes.operations import Operations
from eo_pipeline.sandbox.settings import LiveSettings
from eo_pipeline.sandbox.tasks.task_queue import TaskQueue

_TOGETHER = 2
"""Computations at the same time: of more, each waits for Python's lock at every call of a library, and all get slow."""


@dataclass(frozen=True)
class EarthEngine:
    """What Earth Engine's routes work with."""

    settings: LiveSettings
    engine: Engine
    catalog: Catalog
    user_assets: UserAssets
    queue: TaskQueue
    compute: ComputeLimits
    document: Document
    """The discovery document, without addresses."""
    algorithms: bytes
    """The published list of algorithms, JSON."""
    identify: Identify = anybody
    """Says who a bearer token speaks for."""

    def routes(self) -> list[Route]:
        """All routes of the service."""
        endpoints = Endpoints(self.settings, identify=self.identify, compute=self.compute)
        computing = Computing(self.settings, self.engine, self.compute)
        downloads = Downloads(self.settings, self.engine, self.compute)
        operations = Operations(self.settings, self.queue, self.compute)
        assets = Assets(self.settings, self.engine, self.catalog, self.user_assets)
        public = [
            Public("/$discovery/rest", self.discovery),
            *(replace(one, handler=self._in_turn(one.handler)) for one in downloads.public()),
        ]
        guarded = [
            Guarded("GET", f"{PROJECT}/algorithms", self.list_algorithms),
            *(replace(one, handler=self._in_turn(one.handler)) for one in computing.guarded()),
            *(replace(one, handler=self._in_turn(one.handler)) for one in downloads.guarded()),
            *operations.guarded(),
            *assets.guarded(computing.get_pixels),
        ]
        return [
            *(Route(one.path, endpoints.public(self._limited(one.handler))) for one in public),
            *(
                Route(one.path, endpoints.guarded(self._limited(one.handler), one.permission), methods=[one.method])
                for one in guarded
            ),
        ]

    def _limited(self, handler: Handler) -> Handler:
        """The handler, with what an interactive request may use."""

        @wraps(handler)
        def answer(call: Call) -> Mapping[str, object] | Response:
            with allowed(interactive(self.settings.now)):
                return handler(call)

        return answer

    def _in_turn(self, handler: Handler) -> Handler:
        """The handler, which waits while as many others compute as do well together."""

        @wraps(handler)
        def answer(call: Call) -> Mapping[str, object] | Response:
            with self._turns:
                return handler(call)

        return answer

    @cached_property
    def _turns(self) -> BoundedSemaphore:
        return BoundedSemaphore(_TOGETHER)

    def discovery(self, call: Call) -> Document:
        """GET /$discovery/rest."""
        return at(self.document, call.base_url)

    def list_algorithms(self, _: Call) -> Response:
        """GET algorithms."""
        return Response(self.algorithms, media_type="application/json; charset=UTF-8")
