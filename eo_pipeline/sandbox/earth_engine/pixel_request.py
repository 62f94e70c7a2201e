"""A request for pixels, as `computePixels` and `getPixels` say it, and its limits.

What does not belong here: encoding.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from eo_pipeline.sandbox.earth_engine.grid_spec import checked_grid
from eo_pipeline.sandbox.errors import ServiceError
from eo_pipeline.sandbox.frame.request_fields import mapping, number, text, texts
from eo_pipeline.sandbox.graph.grids import Grid
from eo_pipeline.sandbox.graph.images import Image
from eo_pipeline.sandbox.settings import Settings


@dataclass(frozen=True)
class PixelRequest:
    """Which pixels, and in which file format."""

    expression: Mapping[str, object]
    """Makes the image, visualisation included."""
    grid: Mapping[str, object] | None
    band_ids: tuple[str, ...]
    """Empty: all bands."""
    file_format: str


def decode_pixel_request(body: Mapping[str, object], expression: Mapping[str, object]) -> PixelRequest:
    """Read the body of a request for pixels of an expression.

    Raises:
        ServiceError: A field is of the wrong kind.
    """
    options = mapping(body, "visualizationOptions")
    band_ids = texts(body, "bandIds")
    if options:
        expression, band_ids = _visualised(expression, options, band_ids), ()
    return PixelRequest(
        expression=expression,
        grid=checked_grid(mapping(body, "grid")),
        band_ids=band_ids,
        file_format=text(body, "fileFormat") or "AUTO_JPEG_PNG",
    )


def asset_expression(asset_id: str) -> dict[str, object]:
    """The expression that loads an image asset."""
    return _call("Image.load", {"id": {"constantValue": asset_id}}, {})


def selected(image: Image, band_ids: tuple[str, ...]) -> Image:
    """The image with only these bands, in this order; all of them when none is named.

    Raises:
        ServiceError: The image has no such band.
    """
    bands = {band.id: band for band in image.bands}
    for band_id in band_ids:
        if band_id not in bands:
            raise ServiceError(
                f"Image.select: Band pattern '{band_id}' did not match any bands. "
                f"Available bands: [{', '.join(image.band_names)}]"
            )
    return image.with_bands(*(bands[band_id] for band_id in band_ids)) if band_ids else image


def check_limits(image: Image, grid: Grid, settings: Settings) -> None:
    """Refuse what an interactive request may not ask for.

    Raises:
        ServiceError: No band, too many bands, pixels a side, or bytes.
    """
    side, size = settings.interactive_side, settings.interactive_bytes
    if not image.bands:
        raise ServiceError("Image has no bands.")
    if max(grid.width, grid.height) > side:
        raise ServiceError(f"Pixel grid dimensions ({grid.width}x{grid.height}) must be less than or equal to {side}.")
    if len(image.bands) > settings.interactive_bands:
        limit = settings.interactive_bands
        raise ServiceError(f"Number of bands ({len(image.bands)}) must be less than or equal to {limit}.")
    asked = grid.width * grid.height * sum(band.pixel_type.dtype.itemsize for band in image.bands)
    if asked > size:
        raise ServiceError(f"Total request size ({asked} bytes) must be less than or equal to {size} bytes.")


def _visualised(
    expression: Mapping[str, object], options: Mapping[str, object], band_ids: tuple[str, ...]
) -> dict[str, object]:
    """The expression wrapped into `Image.visualize`."""
    given: dict[str, object] = {"image": {"valueReference": text(expression, "result") or ""}}
    ranges = _ranges(options)
    arguments = {
        "bands": list(band_ids),
        "min": [low for low, _ in ranges],
        "max": [high for _, high in ranges],
        "gamma": number(options, "gamma"),
        "opacity": number(options, "opacity"),
        "palette": list(texts(options, "paletteColors")),
    }
    given.update({name: {"constantValue": value} for name, value in arguments.items() if value not in (None, [])})
    return _call("Image.visualize", given, mapping(expression, "values"))


def _ranges(options: Mapping[str, object]) -> list[tuple[float, float]]:
    ranges = options.get("ranges") or []
    if not isinstance(ranges, list) or not all(isinstance(entry, dict) for entry in ranges):
        raise ServiceError("Invalid value at 'visualization_options.ranges': expected a list of objects.")
    return [(number(entry, "min") or 0.0, number(entry, "max") or 0.0) for entry in ranges]


def _call(function: str, arguments: Mapping[str, object], values: Mapping[str, object]) -> dict[str, object]:
    """An expression whose result is one call, beside values it may refer to."""
    call = {"functionInvocationValue": {"functionName": function, "arguments": arguments}}
    name = f"sandbox:{function}"
    return {"values": {**values, name: call}, "result": name}
