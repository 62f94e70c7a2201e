"""Earth Engine's REST v1: which path means what. What does not belong here: the work behind a path."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

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
from eo_pipeline.sandbox.earth_engine.map_tiles import draw_tile, tile_grid
from eo_pipeline.sandbox.earth_engine.pixel_request import asset_expression, decode_pixel_request
from eo_pipeline.sandbox.earth_engine.pixels_out import compute_pixels
from eo_pipeline.sandbox.earth_engine.table_pages import compute_features, list_features
from eo_pipeline.sandbox.earth_engine.user_assets import UserAssets
from eo_pipeline.sandbox.earth_engine.wire_expression import checked_expression
from eo_pipeline.sandbox.errors import ServiceError
from eo_pipeline.sandbox.frame.endpoints import Call, Endpoints
from eo_pipeline.sandbox.settings import LiveSettings
from eo_pipeline.sandbox.tasks.asset_making import AssetTarget
from eo_pipeline.sandbox.tasks.image_manifest import decode_image_manifest
from eo_pipeline.sandbox.tasks.submission import decode_ingestion, decode_submission
from eo_pipeline.sandbox.tasks.table_ingestion import decode_table_manifest
from eo_pipeline.sandbox.tasks.task_kinds import check_image_export, check_table_export
from eo_pipeline.sandbox.tasks.task_queue import TaskQueue

_MAX_PAGE = 10_000


@dataclass(frozen=True)
class EarthEngine:
    """What Earth Engine's routes work with."""

    settings: LiveSettings
    engine: Engine
    catalog: Catalog
    user_assets: UserAssets
    queue: TaskQueue
    document: Document
    """The discovery document, without addresses."""
    algorithms: bytes
    """The published list of algorithms, JSON."""
    kept: KeptRequests = field(default_factory=KeptRequests)
    """Requests of downloads."""

    def routes(self) -> list[Route]:
        """All routes of the service."""
        endpoints = Endpoints(self.settings)
        guarded = endpoints.guarded
        project, asset = "/v1/projects/{project}", "/v1/projects/{project}/assets/{asset:path}"
        operation = f"{project}/operations/{{operation}}"
        return [
            Route("/$discovery/rest", endpoints.public(self.discovery)),
            Route(f"{project}/algorithms", guarded(self.list_algorithms)),
            Route(f"{project}/value:compute", guarded(self.compute_value), methods=["POST"]),
            Route(f"{project}/image:computePixels", guarded(self.compute_pixels), methods=["POST"]),
            Route(f"{project}/image:export", guarded(self.export_image), methods=["POST"]),
            Route(f"{project}/table:computeFeatures", guarded(self.compute_features), methods=["POST"]),
            Route(f"{project}/table:export", guarded(self.export_table), methods=["POST"]),
            Route(f"{project}/thumbnails", guarded(self.create_thumbnail), methods=["POST"]),
            Route(f"{project}/thumbnails/{{id}}:getPixels", endpoints.public(self.thumbnail_pixels)),
            Route(f"{project}/maps", guarded(self.create_map), methods=["POST"]),
            Route(f"{project}/maps/{{id}}/tiles/{{zoom}}/{{x}}/{{y}}", endpoints.public(self.map_tile)),
            Route(f"{project}/image:import", guarded(self.import_image), methods=["POST"]),
            Route(f"{project}/table:import", guarded(self.import_table), methods=["POST"]),
            Route(f"{project}/tables", guarded(self.create_table), methods=["POST"]),
            Route(f"{project}/tables/{{id}}:getFeatures", endpoints.public(self.table_features)),
            Route(f"{project}/operations", guarded(self.list_operations)),
            Route(f"{operation}:cancel", guarded(self.cancel_operation), methods=["POST"]),
            Route(operation, guarded(self.get_operation)),
            Route(f"{asset}:getPixels", guarded(self.get_pixels), methods=["POST"]),
            Route(f"{project}:listAssets", guarded(self.list_roots)),
            Route(f"{project}/assets", guarded(self.create_asset), methods=["POST"]),
            Route(f"{asset}:listAssets", guarded(self.list_assets)),
            Route(f"{asset}:listFeatures", guarded(self.list_features)),
            Route(f"{asset}:copy", guarded(self.copy_asset), methods=["POST"]),
            Route(f"{asset}:move", guarded(self.move_asset), methods=["POST"]),
            Route(f"{asset}:getIamPolicy", guarded(self.get_policy), methods=["POST"]),
            Route(f"{asset}:setIamPolicy", guarded(self.set_policy), methods=["POST"]),
            Route(asset, guarded(self.get_asset), methods=["GET"]),
            Route(asset, guarded(self.update_asset), methods=["PATCH"]),
            Route(asset, guarded(self.delete_asset), methods=["DELETE"]),
        ]

    def discovery(self, call: Call) -> Document:
        """GET /$discovery/rest."""
        return at(self.document, call.base_url)

    def list_algorithms(self, _: Call) -> Response:
        """GET algorithms."""
        return Response(self.algorithms, media_type="application/json; charset=UTF-8")

    def compute_value(self, call: Call) -> dict[str, object]:
        """POST value:compute."""
        return {"result": self.engine.value(checked_expression(call.body))}

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
        page_size = self.settings.now.features_page
        return compute_features(self.engine, checked_expression(call.body), call.body, page_size=page_size)

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

    def _submit(self, call: Call, kind: str) -> dict[str, object]:
        priority = self.settings.now.default_priority
        submission = decode_submission(call.parameters["project"], kind, call.body, default_priority=priority)
        return self.queue.submit(submission).published()

    def _ingest(self, call: Call, kind: str, target: AssetTarget) -> dict[str, object]:
        id_, settings = asset_id(target.name), self.settings.now
        submission = decode_ingestion(call.parameters["project"], kind, call.body, settings=settings, id_=id_)
        return self.queue.submit(submission).published()

    def _kept(self, call: Call, group: str) -> dict[str, object]:
        name = f"projects/{call.parameters['project']}/{group}/{secrets.token_hex(16)}"
        self.kept.keep(name, call.body)
        return {"name": name}

    def _pixels(self, call: Call, expression: Mapping[str, object]) -> Response:
        request = decode_pixel_request(call.body, expression)
        pixels = compute_pixels(self.engine, request, self.settings.now)
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
