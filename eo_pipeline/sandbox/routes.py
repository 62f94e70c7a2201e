"""Earth Engine's REST v1: which path means what. What does not belong here: the work behind a path."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field

from starlette.responses import Response
from starlette.routing import Route

from eo_pipeline.sandbox.catalog.catalog import Catalog
from eo_pipeline.sandbox.earth_engine.asset_filters import parse_filter
from eo_pipeline.sandbox.earth_engine.asset_names import asset_id
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
from eo_pipeline.sandbox.earth_engine.pixel_request import asset_expression, decode_pixel_request
from eo_pipeline.sandbox.earth_engine.pixels_out import compute_pixels
from eo_pipeline.sandbox.earth_engine.table_pages import compute_features
from eo_pipeline.sandbox.earth_engine.wire_expression import checked_expression
from eo_pipeline.sandbox.frame.endpoints import Call, Endpoints
from eo_pipeline.sandbox.settings import LiveSettings
from eo_pipeline.sandbox.tasks.export_request import decode_export
from eo_pipeline.sandbox.tasks.submission import decode_submission
from eo_pipeline.sandbox.tasks.table_exports import decode_table_export
from eo_pipeline.sandbox.tasks.task_queue import TaskQueue

_MAX_PAGE = 10_000
_VERSIONS = ("v1", "v1alpha")


@dataclass(frozen=True)
class EarthEngine:
    """What Earth Engine's routes work with."""

    settings: LiveSettings
    engine: Engine
    catalog: Catalog
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
        project, asset = "/v1/projects/{project}", "projects/{project}/assets/{asset:path}"
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
            Route(f"{project}/tables", guarded(self.create_table), methods=["POST"]),
            Route(f"{project}/tables/{{id}}:getFeatures", endpoints.public(self.table_features)),
            Route(f"{project}/operations", guarded(self.list_operations)),
            Route(f"{operation}:cancel", guarded(self.cancel_operation), methods=["POST"]),
            Route(operation, guarded(self.get_operation)),
            *(route for version in _VERSIONS for route in self._asset_routes(f"/{version}/{asset}", endpoints)),
        ]

    def _asset_routes(self, asset: str, endpoints: Endpoints) -> list[Route]:
        """The routes of assets, which GDAL asks in an older version of the service."""
        guarded = endpoints.guarded
        return [
            Route(f"{asset}:getPixels", guarded(self.get_pixels), methods=["POST"]),
            Route(f"{asset}:listAssets", guarded(self.list_assets)),
            Route(f"{asset}:listImages", guarded(self.list_images)),
            Route(asset, guarded(self.get_asset)),
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
        decode_export(call.body)
        return self._submit(call, "EXPORT_IMAGE")

    def export_table(self, call: Call) -> dict[str, object]:
        """POST table:export."""
        decode_table_export(call.body)
        return self._submit(call, "EXPORT_FEATURES")

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
        return describe(self.catalog, _asset_name(call))

    def list_assets(self, call: Call) -> dict[str, object]:
        """GET ASSET:listAssets."""
        query = ListQuery(
            wanted=parse_filter(call.query.get("filter", "")),
            page_size=_page_size(call, self.settings),
            page_token=call.query.get("pageToken"),
            basic=call.query.get("view") == "BASIC",
        )
        scan_limit = self.settings.now.list_scan_limit
        return list_images(self.catalog, _asset_name(call), query, scan_limit=scan_limit).published()

    def list_images(self, call: Call) -> dict[str, object]:
        """GET ASSET:listImages."""
        query = ListQuery(
            wanted=image_filter(call.query),
            page_size=_page_size(call, self.settings),
            page_token=call.query.get("pageToken"),
            basic=False,
        )
        scan_limit = self.settings.now.list_scan_limit
        return list_images(self.catalog, _asset_name(call), query, scan_limit=scan_limit).published(key="images")

    def _submit(self, call: Call, kind: str) -> dict[str, object]:
        priority = self.settings.now.default_priority
        submission = decode_submission(call.parameters["project"], kind, call.body, default_priority=priority)
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


def _operation_name(call: Call) -> str:
    return f"projects/{call.parameters['project']}/operations/{call.parameters['operation']}"


def _asset_name(call: Call) -> str:
    return f"projects/{call.parameters['project']}/assets/{call.parameters['asset']}"


def _page_size(call: Call, settings: LiveSettings) -> int:
    return min(call.whole("pageSize", settings.now.list_page_size), _MAX_PAGE)
