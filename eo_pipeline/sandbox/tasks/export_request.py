"""An image export to files as its request says it. What does not belong here: what depends on the image."""

from collections.abc import Mapping
from dataclasses import dataclass

from eo_pipeline.sandbox.earth_engine.grid_spec import checked_grid
from eo_pipeline.sandbox.errors import ServiceError
from eo_pipeline.sandbox.frame.request_fields import flag, mapping, number, text, whole
from eo_pipeline.sandbox.tasks.destinations import Target, decode_target


@dataclass(frozen=True)
class ExportRequest:
    """Where an image goes, and how its files look."""

    expression: Mapping[str, object]
    grid: Mapping[str, object] | None
    """The request's own grid; the client never sends one."""
    target: Target
    max_pixels: int | None
    file_size: tuple[int, int] | None
    """(width, height) of a full file in pixels; None: the service's choice."""
    shard_size: int | None
    """Pixels a side; file sizes are multiples of it."""
    no_data: float | None
    """Value under the mask, also written as the files' nodata tag."""
    cloud_optimized: bool
    skip_empty: bool
    """Leave out files without a valid pixel."""


def decode_export(body: Mapping[str, object]) -> ExportRequest:
    """Read the body of `image:export`.

    Raises:
        ServiceError: A field is missing, of the wrong kind, or asks for something the sandbox does not do.
    """
    options = mapping(body, "fileExportOptions")
    tiff = mapping(options, "geoTiffOptions")
    target = decode_target(options, description=text(body, "description") or "")
    file_format = text(options, "fileFormat") or "GEO_TIFF"
    if file_format != "GEO_TIFF":
        raise ServiceError(f"sandbox: exports are written as GEO_TIFF only, got {file_format}.")
    return ExportRequest(
        expression=mapping(body, "expression"),
        grid=checked_grid(mapping(body, "grid")),
        target=target,
        max_pixels=_positive(body, "maxPixels"),
        file_size=_file_size(mapping(tiff, "tileDimensions")),
        shard_size=_positive(tiff, "tileSize"),
        no_data=number(mapping(tiff, "noData"), "floatValue"),
        cloud_optimized=flag(tiff, "cloudOptimized"),
        skip_empty=flag(tiff, "skipEmptyFiles"),
    )


def _positive(body: Mapping[str, object], name: str) -> int | None:
    value = whole(body, name)
    if value is not None and value < 1:
        raise ServiceError(f"Invalid value at '{name}': {value} must be positive.")
    return value


def _file_size(dimensions: Mapping[str, object]) -> tuple[int, int] | None:
    if not dimensions:
        return None
    width, height = _positive(dimensions, "width"), _positive(dimensions, "height")
    if width is None or height is None:
        raise ServiceError("Invalid value at 'tileDimensions': width and height are required.")
    return width, height
