"""The list of routes of STAC. What does not belong here: what they answer."""

from collections.abc import Callable, Sequence
from datetime import datetime

from starlette.routing import BaseRoute, Route

from eo_pipeline.sandbox.catalog.catalog import Catalog
from eo_pipeline.sandbox.frame.endpoints import Endpoints
from eo_pipeline.sandbox.settings import LiveSettings
from eo_pipeline.sandbox.stac.api import Api, Documented, answering
from eo_pipeline.sandbox.stac.cog_routes import CogRoutes
from eo_pipeline.sandbox.stac.documents import API, FILES
from eo_pipeline.sandbox.stac.instants import milliseconds
from eo_pipeline.sandbox.stac.search import Search
from eo_pipeline.sandbox.stac.settings import StacSettings
from eo_pipeline.sandbox.stac.shelves import shelves
from eo_pipeline.sandbox.stac.static_catalog import STATIC, StaticCatalog


def routes(catalog: Catalog, live: LiveSettings, now: Callable[[], datetime]) -> Sequence[BaseRoute]:
    """Every route of the API, of the files and of the static catalogue.

    Args:
        catalog: holds the images.
        live: the sandbox's settings.
        now: the sandbox's time.
    """

    def settings() -> StacSettings:
        return _settings(live)

    known = shelves(catalog, settings)
    search = Search(known, settings, lambda: milliseconds(now()))
    return [
        *_api(Api(known, search), Endpoints(live)),
        *_static(StaticCatalog(known, search, settings), Endpoints(live)),
        Route(f"{FILES}/{{folder:path}}/{{name}}.tif", CogRoutes(known).get),
    ]


def _api(api: Api, endpoints: Endpoints) -> list[Route]:
    def route(path: str, handler: Documented, method: str = "GET") -> Route:
        return Route(f"{API}{path}", endpoints.public(answering(handler, endpoints.settings)), methods=[method])

    collection = "/collections/{collection}"
    return [
        route("", api.landing),
        route("/", api.landing),
        route("/conformance", api.conformance),
        route("/queryables", api.queryables),
        route("/search", api.get_search),
        route("/search", api.post_search, "POST"),
        route("/collections", api.collections),
        route(collection, api.collection),
        route(f"{collection}/queryables", api.queryables),
        route(f"{collection}/items", api.items),
        route(f"{collection}/items/{{item}}", api.item),
    ]


def _static(static: StaticCatalog, endpoints: Endpoints) -> list[Route]:
    def route(path: str, handler: Documented) -> Route:
        return Route(f"{STATIC}{path}", endpoints.public(answering(handler, endpoints.settings)))

    return [
        route("/catalog.json", static.catalog),
        route("/{collection}/collection.json", static.collection),
        route("/{collection}/{item}/{file}.json", static.item),
    ]


def _settings(live: LiveSettings) -> StacSettings:
    now = live.now
    return StacSettings(
        declares_applied_offset=now.stac_declares_applied_offset,
        applied_from=now.stac_applied_from,
        mislabelled=frozenset(now.stac_mislabelled),
        page_size=now.stac_page_size,
        count_limit=now.stac_count_limit,
        count_seconds=now.stac_count_seconds,
        scan_limit=now.stac_scan_limit,
        scan_seconds=now.stac_scan_seconds,
        static_bbox=now.stac_static_bbox,
        static_datetime=now.stac_static_datetime,
    )
