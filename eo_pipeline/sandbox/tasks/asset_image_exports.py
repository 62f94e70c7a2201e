"""Image exports to assets: their request, and their work. What does not belong here: exports to files."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import get_args

import numpy as np
import shapely
import shapely.geometry
from rasterio.windows import Window

from eo_pipeline.sandbox.catalog.pyramid import Policy
from eo_pipeline.sandbox.catalog.user_assets.band_files import new_band_file
from eo_pipeline.sandbox.catalog.user_assets.records import StoredBand, UserAsset
from eo_pipeline.sandbox.earth_engine.asset_updates import described, storable_properties
from eo_pipeline.sandbox.earth_engine.engine import Engine, Expression
from eo_pipeline.sandbox.earth_engine.grid_spec import checked_grid
from eo_pipeline.sandbox.earth_engine.raster_files import storable
from eo_pipeline.sandbox.errors import ServiceError
from eo_pipeline.sandbox.frame.request_fields import mapping, text
from eo_pipeline.sandbox.graph.geometry import WGS84, Geometry
from eo_pipeline.sandbox.graph.grids import Grid
from eo_pipeline.sandbox.graph.images import Band, Image
from eo_pipeline.sandbox.graph.pixel_types import pixel_type_of
from eo_pipeline.sandbox.settings import LiveSettings
from eo_pipeline.sandbox.tasks.asset_making import AssetMaker, AssetTarget, decode_asset_target
from eo_pipeline.sandbox.tasks.export_request import positive
from eo_pipeline.sandbox.tasks.exports import check_pixels
from eo_pipeline.sandbox.tasks.operations import Operation
from eo_pipeline.sandbox.tasks.pixel_progress import PixelProgress
from eo_pipeline.sandbox.tasks.shards import windows
from eo_pipeline.sandbox.tasks.task_work import Report


@dataclass(frozen=True)
class ImageAssetRequest:
    """Which image becomes which asset."""

    expression: Expression
    grid: Mapping[str, object] | None
    """The request's own grid; the client never sends one."""
    target: AssetTarget
    policy: Policy
    """How levels of bands are made that `policies` does not name."""
    policies: Mapping[str, Policy]
    """By band."""
    max_pixels: int | None


def decode_image_asset(body: Mapping[str, object]) -> ImageAssetRequest:
    """Read the body of `image:export` to an asset.

    Raises:
        ServiceError: A field is missing or of the wrong kind.
    """
    options = mapping(body, "assetExportOptions")
    overrides = mapping(options, "pyramidingPolicyOverrides")
    return ImageAssetRequest(
        expression=mapping(body, "expression"),
        grid=checked_grid(mapping(body, "grid")),
        target=decode_asset_target(options),
        policy=decode_policy(options, "pyramidingPolicy") or "mean",
        policies={band: decode_policy(overrides, band) or "mean" for band in overrides},
        max_pixels=positive(body, "maxPixels"),
    )


def decode_policy(fields: Mapping[str, object], name: str) -> Policy | None:
    """A pyramiding policy; None when absent or unspecified.

    Raises:
        ServiceError: There is no such policy.
    """
    said = text(fields, name)
    if not said or said == "PYRAMIDING_POLICY_UNSPECIFIED":
        return None
    known: Policy | None = next((policy for policy in get_args(Policy) if policy.upper() == said), None)
    if known is None:
        raise ServiceError(f"Invalid value at '{name}' (type.googleapis.com/PyramidingPolicy), {said[:100]!r}")
    return known


class ImageAssetExporter:
    """Does the work of `EXPORT_IMAGE` operations that make assets.

    Args:
        engine: Evaluates the expression.
        assets: Takes the asset.
        settings: Say how much is evaluated at once, and what it costs.
    """

    def __init__(self, *, engine: Engine, assets: AssetMaker, settings: LiveSettings) -> None:
        self._engine = engine
        self._assets = assets
        self._settings = settings

    def __call__(self, operation: Operation, report: Report) -> tuple[str, ...]:
        """Make the asset of an operation and return its destination URIs.

        Raises:
            ServiceError: What the service would end the operation with.
        """
        request = decode_image_asset(operation.request)

        def fill(folder: Path, asset: UserAsset) -> UserAsset:
            return self._fill(request, report, folder, asset)

        return self._assets.make(operation, request.target, "IMAGE", fill)

    def _fill(self, request: ImageAssetRequest, report: Report, folder: Path, asset: UserAsset) -> UserAsset:
        engine, settings = self._engine, self._settings.now
        image = engine.image(request.expression)
        if not image.bands:
            raise ServiceError("Exported image must have at least one band.")
        grid = engine.export_grid(image) if request.grid is None else engine.request_grid(request.grid, image)
        check_pixels(grid, request.max_pixels or settings.export_max_pixels)
        bands = tuple(_stored(number, band, grid, request) for number, band in enumerate(image.bands))
        progress = PixelProgress(grid.width * grid.height * len(bands), report, self._settings)
        self._write(image, grid, bands, folder, progress)
        fields = {"properties": storable_properties(image.properties)}
        return replace(described(asset, fields), bands=bands, footprint=outline(grid))

    def _write(
        self, image: Image, grid: Grid, bands: Sequence[StoredBand], folder: Path, progress: PixelProgress
    ) -> None:
        with ExitStack() as stack:
            files = [stack.enter_context(new_band_file(folder, band)) for band in bands]
            for column, row, part in windows(grid, self._settings.now.export_window):
                window = Window(column, row, part.width, part.height)
                for file, band, (data, mask) in zip(files, bands, self._engine.read(image, part), strict=True):
                    whole = np.where(mask != 0, data, 0).astype(band.pixel_type.dtype)
                    file.write(window, whole, mask)
                progress.computed(part, band_count=len(bands))


def outline(grid: Grid) -> Mapping[str, object]:
    """The outline of a grid as GeoJSON of EPSG:4326."""
    shape = Geometry(shapely.box(*grid.bounds), grid.crs).to(WGS84)
    body: dict[str, object] = shapely.geometry.mapping(shape)
    return body


def _stored(number: int, band: Band, grid: Grid, request: ImageAssetRequest) -> StoredBand:
    """A band of any image as a band of an asset; its range becomes that of the stored numbers."""
    return StoredBand(
        id=band.id,
        file=f"{number}.tif",
        pixel_type=pixel_type_of(storable(band.pixel_type.dtype)),
        projection=grid.projection,
        dimensions=(grid.width, grid.height),
        pyramiding=request.policies.get(band.id, request.policy),
    )
