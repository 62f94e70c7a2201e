"""Paths that compute at once: values, pixels, features. What does not belong here: downloads by address."""

from collections.abc import Mapping
from dataclasses import dataclass

from starlette.responses import Response

from eo_pipeline.sandbox.earth_engine.asset_names import asset_id
from eo_pipeline.sandbox.earth_engine.engine import Engine
from eo_pipeline.sandbox.earth_engine.pixel_request import asset_expression, decode_pixel_request
from eo_pipeline.sandbox.earth_engine.pixels_out import compute_pixels
from eo_pipeline.sandbox.earth_engine.table_pages import compute_features
from eo_pipeline.sandbox.earth_engine.wire_expression import checked_expression
from eo_pipeline.sandbox.frame.compute_limits import ComputeLimits
from eo_pipeline.sandbox.frame.endpoints import Call
from eo_pipeline.sandbox.frame.request_fields import text
from eo_pipeline.sandbox.routes.calls import PROJECT, Guarded, asset_name_of, project_of
from eo_pipeline.sandbox.settings import LiveSettings


@dataclass(frozen=True)
class Computing:
    """Answers that cost compute."""

    settings: LiveSettings
    engine: Engine
    compute: ComputeLimits

    def guarded(self) -> list[Guarded]:
        """Its paths."""
        return [
            Guarded("POST", f"{PROJECT}/value:compute", self.compute_value),
            Guarded("POST", f"{PROJECT}/image:computePixels", self.compute_pixels),
            Guarded("POST", f"{PROJECT}/table:computeFeatures", self.compute_features),
        ]

    def compute_value(self, call: Call) -> dict[str, object]:
        """POST value:compute."""
        self.compute.check(project_of(call))
        result = self.engine.value(checked_expression(call.body))
        self._charge(call)
        return {"result": result}

    def compute_pixels(self, call: Call) -> Response:
        """POST image:computePixels."""
        return self._pixels(call, checked_expression(call.body))

    def get_pixels(self, call: Call) -> Response:
        """POST ASSET:getPixels."""
        return self._pixels(call, asset_expression(asset_id(asset_name_of(call))))

    def compute_features(self, call: Call) -> dict[str, object]:
        """POST table:computeFeatures."""
        self.compute.check(project_of(call))
        page_size = self.settings.now.features_page
        page = compute_features(self.engine, checked_expression(call.body), call.body, page_size=page_size)
        self._charge(call)
        return page

    def _charge(self, call: Call, *, samples: int = 0) -> None:
        """Count the compute of an answered request; samples are pixels times bands."""
        settings = self.settings.now
        seconds = settings.eecu_seconds_per_request + samples / 1e6 * settings.eecu_seconds_per_megapixel
        self.compute.ledger.add(project_of(call), "online", text(call.body, "workloadTag") or "", seconds)

    def _pixels(self, call: Call, expression: Mapping[str, object]) -> Response:
        self.compute.check(project_of(call))
        request = decode_pixel_request(call.body, expression)
        pixels = compute_pixels(self.engine, request, self.settings.now)
        self._charge(call, samples=pixels.samples)
        return Response(pixels.content, media_type=pixels.media_type)
