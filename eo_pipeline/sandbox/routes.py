"""Earth Engine's REST v1: which path means what. What does not belong here: the work behind a path."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import wraps

from starlette.responses import Response
from starlette.routing import Route

from eo_pipeline.sandbox.catalog.catalog import Catalog
from eo_pipeline.sandbox.earth_engine.asset_filters import parse_filter, parse_shape
from eo_pipeline.sandbox.earth_engine.asset_folders import describe_root, is_folder, list_folder
from eo_pipeline.sandbox.earth_engine.asset_names import asset_id, asset_name, is_project_root
from eo_pipeline.sandbox.earth_engine.assets import ListQuery, describe, list_images
from eo_pipeline.sandbox.earth_engine.discovery import Document, at
from eo_pipeline.sandbox.earth_engine.downloads import (
    KeptRequests,
    decode_image_download,
    decode_table_download,
    download_image,
    download_table,
)
from eo_pipeline.sandbox.earth_engine.engine import Engine
from eo_pipeline.sandbox.earth_engine.image_listing import image_filter
from eo_pipeline.sandbox.earth_engine.map_tiles import draw_tile, tile_grid
from eo_pipeline.sandbox.earth_engine.pixel_request import asset_expression, decode_pixel_request
from eo_pipeline.sandbox.earth_engine.pixels_out import compute_pixels
from eo_pipeline.sandbox.earth_engine.table_pages import compute_features, list_features
from eo_pipeline.sandbox.earth_engine.user_assets import UserAssets
from eo_pipeline.sandbox.earth_engine.wire_expression import checked_expression
from eo_pipeline.sandbox.errors import ServiceError
from eo_pipeline.sandbox.frame.access import Identify, anybody
from eo_pipeline.sandbox.frame.compute_limits import ComputeLimits
from eo_pipeline.sandbox.frame.endpoints import COMPUTE, Call, Endpoints, Handler
from eo_pipeline.sandbox.frame.request_fields import text
from eo_pipeline.sandbox.graph.allowances import interactive
from eo_pipeline.sandbox.graph.limits import allowed
from eo_pipeline.sandbox.settings import LiveSettings
from eo_pipeline.sandbox.tasks.asset_making import AssetTarget
from eo_pipeline.sandbox.tasks.image_manifest import decode_image_manifest
from eo_pipeline.sandbox.tasks.submission import decode_ingestion, decode_submission
from eo_pipeline.sandbox.tasks.table_ingestion import decode_table_manifest
from eo_pipeline.sandbox.tasks.task_kinds import check_image_export, check_table_export
from eo_pipeline.sandbox.tasks.task_queue import TaskQueue

_MAX_PAGE = 10_000
_VERSIONS = ("v1", "v1alpha")


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
    kept: KeptRequests = field(default_factory=KeptRequests)
    """Requests of downloads."""
    identify: Identify = anybody
    """Says who a bearer token speaks for."""

    def routes(self) -> list[Route]:
        """All routes of the service."""
        endpoints = Endpoints(self.settings, identify=self.identify, compute=self.compute)
        project, asset = "/v1/projects/{project}", "/v1/projects/{project}/assets/{asset:path}"
        operation = f"{project}/operations/{{operation}}"
        exports, operations, assets = "earthengine.exports.create", "earthengine.operations", "earthengine.assets"
        pages: list[tuple[str, Handler]] = [
            ("/$discovery/rest", self.discovery),
            (f"{project}/thumbnails/{{id}}:getPixels", self.thumbnail_pixels),
            (f"{project}/maps/{{id}}/tiles/{{zoom}}/{{x}}/{{y}}", self.map_tile),
            (f"{project}/tables/{{id}}:getFeatures", self.table_features),
        ]
        calls: list[tuple[str, str, Handler, str]] = [
            ("GET", f"{project}/algorithms", self.list_algorithms, COMPUTE),
            ("POST", f"{project}/value:compute", self.compute_value, COMPUTE),
            ("POST", f"{project}/image:computePixels", self.compute_pixels, COMPUTE),
            ("POST", f"{project}/image:export", self.export_image, exports),
            ("POST", f"{project}/image:import", self.import_image, "earthengine.imports.create"),
            ("POST", f"{project}/table:computeFeatures", self.compute_features, COMPUTE),
            ("POST", f"{project}/table:export", self.export_table, exports),
            ("POST", f"{project}/table:import", self.import_table, "earthengine.imports.create"),
            ("POST", f"{project}/thumbnails", self.create_thumbnail, "earthengine.thumbnails.create"),
            ("POST", f"{project}/maps", self.create_map, "earthengine.maps.create"),
            ("POST", f"{project}/tables", self.create_table, "earthengine.tables.create"),
            ("GET", f"{project}/operations", self.list_operations, f"{operations}.list"),
            ("POST", f"{operation}:cancel", self.cancel_operation, f"{operations}.update"),
            ("GET", operation, self.get_operation, f"{operations}.get"),
            ("GET", f"{project}:listAssets", self.list_roots, f"{assets}.list"),
            ("POST", f"{project}/assets", self.create_asset, f"{assets}.create"),
            ("GET", f"{asset}:listFeatures", self.list_features, f"{assets}.get"),
            ("POST", f"{asset}:copy", self.copy_asset, f"{assets}.create"),
            ("POST", f"{asset}:move", self.move_asset, f"{assets}.update"),
            ("POST", f"{asset}:getIamPolicy", self.get_policy, f"{assets}.getIamPolicy"),
            ("POST", f"{asset}:setIamPolicy", self.set_policy, f"{assets}.setIamPolicy"),
            ("PATCH", asset, self.update_asset, f"{assets}.update"),
            ("DELETE", asset, self.delete_asset, f"{assets}.delete"),
        ]
        for version in _VERSIONS:
            one = f"/{version}/projects/{{project}}/assets/{{asset:path}}"
            calls += [
                ("POST", f"{one}:getPixels", self.get_pixels, f"{assets}.get"),
                ("GET", f"{one}:listAssets", self.list_assets, f"{assets}.list"),
                ("GET", f"{one}:listImages", self.list_images, f"{assets}.list"),
                ("GET", one, self.get_asset, f"{assets}.get"),
            ]
        return [
            *(Route(path, endpoints.public(self._limited(handler))) for path, handler in pages),
            *(
                Route(path, endpoints.guarded(self._limited(handler), may), methods=[method])
                for method, path, handler, may in calls
            ),
        ]

    def _limited(self, handler: Handler) -> Handler:
        """The handler, with what an interactive request may use."""

        @wraps(handler)
        def answer(call: Call) -> Mapping[str, object] | Response:
            with allowed(interactive(self.settings.now)):
                return handler(call)

        return answer

    def discovery(self, call: Call) -> Document:
        """GET /$discovery/rest."""
        return at(self.document, call.base_url)

    def list_algorithms(self, _: Call) -> Response:
        """GET algorithms."""
        return Response(self.algorithms, media_type="application/json; charset=UTF-8")

    def compute_value(self, call: Call) -> dict[str, object]:
        """POST value:compute."""
        self.compute.check(call.parameters["project"])
        result = self.engine.value(checked_expression(call.body))
        self._charge(call)
        return {"result": result}

    def compute_pixels(self, call: Call) -> Response:
        """POST image:computePixels."""
        return self._pixels(call, checked_expression(call.body))

    def get_pixels(self, call: Call) -> Response:
        """POST ASSET:getPixels."""
        return self._pixels(call, asset_expression(asset_id(_asset_name(call))))

    def export_image(self, call: Call) -> dict[str, object]:
        """POST image:export."""
        check_image_export(call.body)
        return self._submit(call, "EXPORT_IMAGE")

    def export_table(self, call: Call) -> dict[str, object]:
        """POST table:export."""
        check_table_export(call.body)
        return self._submit(call, "EXPORT_FEATURES")

    def import_image(self, call: Call) -> dict[str, object]:
        """POST image:import."""
        return self._ingest(call, "INGEST_IMAGE", decode_image_manifest(call.body).target)

    def import_table(self, call: Call) -> dict[str, object]:
        """POST table:import."""
        return self._ingest(call, "INGEST_TABLE", decode_table_manifest(call.body).target)

    def compute_features(self, call: Call) -> dict[str, object]:
        """POST table:computeFeatures."""
        self.compute.check(call.parameters["project"])
        page_size = self.settings.now.features_page
        page = compute_features(self.engine, checked_expression(call.body), call.body, page_size=page_size)
        self._charge(call)
        return page

    def create_thumbnail(self, call: Call) -> dict[str, object]:
        """POST thumbnails."""
        decode_image_download(call.body)
        return self._kept(call, "thumbnails")

    def thumbnail_pixels(self, call: Call) -> Response:
        """GET thumbnails/ID:getPixels, of anyone who knows the id."""
        file = download_image(self.engine, self.kept.get(_download_name(call, "thumbnails")), self.settings.now)
        return Response(file.content, media_type=file.media_type)

    def create_map(self, call: Call) -> dict[str, object]:
        """POST maps."""
        decode_image_download(call.body)
        return self._kept(call, "maps")

    def map_tile(self, call: Call) -> Response:
        """GET maps/ID/tiles/Z/X/Y, of anyone who knows the id."""
        body = self.kept.get(_download_name(call, "maps"))
        grid = tile_grid(*(_place(call.parameters[name]) for name in ("zoom", "x", "y")))
        file = draw_tile(self.engine, body, grid, self.settings.now)
        return Response(file.content, media_type=file.media_type)

    def create_table(self, call: Call) -> dict[str, object]:
        """POST tables."""
        decode_table_download(call.body)
        return self._kept(call, "tables")

    def table_features(self, call: Call) -> Response:
        """GET tables/ID:getFeatures, of anyone who knows the id."""
        file = download_table(self.engine, self.kept.get(_download_name(call, "tables")))
        return Response(file.content, media_type=file.media_type)

    def get_operation(self, call: Call) -> dict[str, object]:
        """GET operations/ID."""
        return self.queue.get(_operation_name(call)).published()

    def cancel_operation(self, call: Call) -> dict[str, object]:
        """POST operations/ID:cancel."""
        self.queue.cancel(_operation_name(call))
        return {}

    def list_operations(self, call: Call) -> dict[str, object]:
        """GET operations, newest first; the token is the place of the last one listed."""
        size = _page_size(call, self.settings)
        before = call.whole("pageToken", 10**9)
        known = self.queue.newest_first(call.parameters["project"])
        left = [operation for operation in known if operation.order < before]
        answer: dict[str, object] = {"operations": [operation.published() for operation in left[:size]]}
        if len(left) > size:
            answer["nextPageToken"] = str(left[size - 1].order)
        return answer if left else {}

    def get_asset(self, call: Call) -> dict[str, object]:
        """GET ASSET."""
        name = _asset_name(call)
        if is_project_root(asset_id(name)):
            return describe_root(self.user_assets.rules, name)
        return self._described(name)

    def create_asset(self, call: Call) -> dict[str, object]:
        """POST projects/P/assets."""
        name = f"projects/{call.parameters['project']}/assets/{call.query.get('assetId', '')}"
        return self._described(self.user_assets.create(name, call.body))

    def copy_asset(self, call: Call) -> dict[str, object]:
        """POST ASSET:copy."""
        return self._described(self.user_assets.copy(_asset_name(call), call.body))

    def move_asset(self, call: Call) -> dict[str, object]:
        """POST ASSET:move."""
        return self._described(self.user_assets.move(_asset_name(call), call.body))

    def delete_asset(self, call: Call) -> dict[str, object]:
        """DELETE ASSET."""
        self.user_assets.delete(_asset_name(call))
        return {}

    def update_asset(self, call: Call) -> dict[str, object]:
        """PATCH ASSET."""
        return self._described(self.user_assets.update(_asset_name(call), call.body))

    def get_policy(self, call: Call) -> dict[str, object]:
        """POST ASSET:getIamPolicy."""
        return self.user_assets.policy(_asset_name(call))

    def set_policy(self, call: Call) -> dict[str, object]:
        """POST ASSET:setIamPolicy."""
        return self.user_assets.set_policy(_asset_name(call), call.body)

    def list_roots(self, call: Call) -> dict[str, object]:
        """GET projects/P:listAssets."""
        return self._listed(call, f"projects/{call.parameters['project']}/assets")

    def list_assets(self, call: Call) -> dict[str, object]:
        """GET ASSET:listAssets."""
        return self._listed(call, _asset_name(call))

    def list_features(self, call: Call) -> dict[str, object]:
        """GET ASSET:listFeatures."""
        region = call.query.get("region")
        return list_features(
            self.engine,
            asset_id(_asset_name(call)),
            replace(parse_filter(call.query.get("filter", "")), region=parse_shape(region) if region else None),
            page_token=call.query.get("pageToken"),
            page_size=min(call.whole("pageSize", self.settings.now.features_page), self.settings.now.features_page),
        )

    def _described(self, name_or_id: str) -> dict[str, object]:
        return describe(self.catalog, asset_name(asset_id(name_or_id)), self.settings.now)

    def _listed(self, call: Call, parent: str) -> dict[str, object]:
        query = ListQuery(
            wanted=parse_filter(call.query.get("filter", "")),
            page_size=_page_size(call, self.settings),
            page_token=call.query.get("pageToken"),
            basic=call.query.get("view") == "BASIC",
        )
        if is_folder(self.user_assets.rules, parent):
            return list_folder(self.user_assets.rules, parent, query).published()
        return list_images(self.catalog, parent, query, self.settings.now).published()

    def list_images(self, call: Call) -> dict[str, object]:
        """GET ASSET:listImages."""
        query = ListQuery(
            wanted=image_filter(call.query),
            page_size=_page_size(call, self.settings),
            page_token=call.query.get("pageToken"),
            basic=False,
        )
        return list_images(self.catalog, _asset_name(call), query, self.settings.now).published(key="images")

    def _submit(self, call: Call, kind: str) -> dict[str, object]:
        self.compute.check(call.parameters["project"])
        priority = self.settings.now.default_priority
        submission = decode_submission(call.parameters["project"], kind, call.body, default_priority=priority)
        return self.queue.submit(replace(submission, caller=call.caller)).published()

    def _ingest(self, call: Call, kind: str, target: AssetTarget) -> dict[str, object]:
        id_, settings = asset_id(target.name), self.settings.now
        submission = decode_ingestion(call.parameters["project"], kind, call.body, settings=settings, id_=id_)
        return self.queue.submit(replace(submission, caller=call.caller)).published()

    def _kept(self, call: Call, group: str) -> dict[str, object]:
        self.compute.check(call.parameters["project"])
        name = f"projects/{call.parameters['project']}/{group}/{secrets.token_hex(16)}"
        self.kept.keep(name, call.body)
        return {"name": name}

    def _charge(self, call: Call, *, samples: int = 0) -> None:
        """Count the compute of an answered request; samples are pixels times bands."""
        settings = self.settings.now
        seconds = settings.eecu_seconds_per_request + samples / 1e6 * settings.eecu_seconds_per_megapixel
        self.compute.ledger.add(call.parameters["project"], "online", text(call.body, "workloadTag") or "", seconds)

    def _pixels(self, call: Call, expression: Mapping[str, object]) -> Response:
        self.compute.check(call.parameters["project"])
        request = decode_pixel_request(call.body, expression)
        pixels = compute_pixels(self.engine, request, self.settings.now)
        self._charge(call, samples=pixels.samples)
        return Response(pixels.content, media_type=pixels.media_type)


def _download_name(call: Call, group: str) -> str:
    return f"projects/{call.parameters['project']}/{group}/{call.parameters['id']}"


def _place(said: str) -> int:
    """A number of a tile's address."""
    if not (said.isascii() and said.isdigit() and len(said) < 10):
        raise ServiceError(f"Invalid value in the address of a tile (TYPE_INT32), {said[:100]!r}")
    return int(said)


def _operation_name(call: Call) -> str:
    return f"projects/{call.parameters['project']}/operations/{call.parameters['operation']}"


def _asset_name(call: Call) -> str:
    return f"projects/{call.parameters['project']}/assets/{call.parameters['asset']}"


def _page_size(call: Call, settings: LiveSettings) -> int:
    return min(call.whole("pageSize", settings.now.list_page_size), _MAX_PAGE)
