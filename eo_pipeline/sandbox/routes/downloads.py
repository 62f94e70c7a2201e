"""Paths of thumbnails, maps and tables: a request is kept, and its result downloaded by address.

What does not belong here: answers to the request itself (`computing`).
"""

import secrets
from dataclasses import dataclass, field

from starlette.responses import Response

from eo_pipeline.sandbox.earth_engine.downloads import (
    KeptRequests,
    decode_image_download,
    decode_table_download,
    download_image,
    download_table,
)
from eo_pipeline.sandbox.earth_engine.engine import Engine
from eo_pipeline.sandbox.earth_engine.map_tiles import draw_tile, tile_grid
from eo_pipeline.sandbox.errors import ServiceError
from eo_pipeline.sandbox.frame.compute_limits import ComputeLimits
from eo_pipeline.sandbox.frame.endpoints import Call
from eo_pipeline.sandbox.routes.calls import PROJECT, Guarded, Public, project_of
from eo_pipeline.sandbox.settings import LiveSettings


@dataclass(frozen=True)
class Downloads:
    """What is drawn or listed when its address is asked for."""

    settings: LiveSettings
    engine: Engine
    compute: ComputeLimits
    kept: KeptRequests = field(default_factory=KeptRequests)
    """Requests by name."""

    def public(self) -> list[Public]:
        """Addresses of what was kept."""
        return [
            Public(f"{PROJECT}/thumbnails/{{id}}:getPixels", self.thumbnail_pixels),
            Public(f"{PROJECT}/maps/{{id}}/tiles/{{zoom}}/{{x}}/{{y}}", self.map_tile),
            Public(f"{PROJECT}/tables/{{id}}:getFeatures", self.table_features),
        ]

    def guarded(self) -> list[Guarded]:
        """Paths that keep a request."""
        return [
            Guarded("POST", f"{PROJECT}/thumbnails", self.create_thumbnail, "earthengine.thumbnails.create"),
            Guarded("POST", f"{PROJECT}/maps", self.create_map, "earthengine.maps.create"),
            Guarded("POST", f"{PROJECT}/tables", self.create_table, "earthengine.tables.create"),
        ]

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

    def _kept(self, call: Call, group: str) -> dict[str, object]:
        self.compute.check(project_of(call))
        name = f"projects/{project_of(call)}/{group}/{secrets.token_hex(16)}"
        self.kept.keep(name, call.body)
        return {"name": name}


def _download_name(call: Call, group: str) -> str:
    return f"projects/{project_of(call)}/{group}/{call.parameters['id']}"


def _place(said: str) -> int:
    """A number of a tile's address."""
    if not (said.isascii() and said.isdigit() and len(said) < 10):
        raise ServiceError(f"Invalid value in the address of a tile (TYPE_INT32), {said[:100]!r}")
    return int(said)
