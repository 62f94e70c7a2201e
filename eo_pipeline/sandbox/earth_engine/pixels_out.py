"""Computed pixels as the bytes of a file: NPY, GEO_TIFF, PNG and JPEG. What does not belong here: which pixels."""

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import PIL.Image
from rasterio.io import MemoryFile

from eo_pipeline.sandbox.earth_engine.engine import Engine, Pixels
from eo_pipeline.sandbox.earth_engine.pixel_request import PixelRequest, check_limits, selected
from eo_pipeline.sandbox.earth_engine.raster_files import Layout, filled, geotiff_profile, storable
from eo_pipeline.sandbox.errors import ServiceError
from eo_pipeline.sandbox.graph.grids import Grid
from eo_pipeline.sandbox.graph.images import Image
from eo_pipeline.sandbox.settings import Settings


@dataclass(frozen=True)
class EncodedPixels:
    """A file in memory."""

    content: bytes
    media_type: str
    samples: int = 0
    """Pixels times bands that were computed for it."""


@dataclass(frozen=True)
class Computed:
    """An image on a grid with its pixels."""

    image: Image
    grid: Grid
    bands: Sequence[Pixels]

    def only(self, numbers: Sequence[int]) -> "Computed":
        """The same with only these bands, by place."""
        image = self.image.with_bands(*(self.image.bands[number] for number in numbers))
        return Computed(image, self.grid, [self.bands[number] for number in numbers])


Encoders = Mapping[str, Callable[[Computed], EncodedPixels]]
"""By file format."""


def compute_pixels(
    engine: Engine, request: PixelRequest, settings: Settings, encoders: "Encoders | None" = None
) -> EncodedPixels:
    """Evaluate and encode; by ENCODERS unless others are given.

    Raises:
        ServiceError: The expression, grid, size or file format is refused.
    """
    known = ENCODERS if encoders is None else encoders
    encode = known.get(request.file_format)
    if encode is None:
        raise ServiceError(f"Unsupported file format {request.file_format}; the sandbox knows {sorted(known)}.")
    image = selected(engine.image(request.expression), request.band_ids)
    grid = engine.request_grid(request.grid, image)
    check_limits(image, grid, settings)
    encoded = encode(Computed(image, grid, engine.read(image, grid)))
    return replace(encoded, samples=grid.width * grid.height * len(image.bands))


def _npy(computed: Computed) -> EncodedPixels:
    """A structured array (row, column), one field a band, 0 under the mask."""
    fields = [(band.id, band.pixel_type.dtype) for band in computed.image.bands]
    array = np.zeros((computed.grid.height, computed.grid.width), fields)
    for (name, _), (data, mask) in zip(fields, computed.bands, strict=True):
        array[name] = np.where(mask != 0, data, 0)
    buffer = io.BytesIO()
    np.save(buffer, array)
    return EncodedPixels(buffer.getvalue(), "application/octet-stream")


def geotiff(computed: Computed) -> EncodedPixels:
    """Bands of one common dtype; the nodata tag is -inf for floats, else the dtype's minimum (unverified)."""
    dtype = storable(np.result_type(*(band.pixel_type.dtype for band in computed.image.bands)))
    no_data = float("-inf") if dtype.kind == "f" else float(np.iinfo(dtype).min)
    layout = Layout(tuple(computed.image.band_names), dtype, no_data, no_data)
    with MemoryFile() as memory:
        with memory.open(**geotiff_profile(computed.grid, layout)) as dataset:
            for number, (band_id, (data, mask)) in enumerate(
                zip(layout.band_ids, computed.bands, strict=True), start=1
            ):
                dataset.write(filled(data, mask, layout), number)
                dataset.set_band_description(number, band_id)
        return EncodedPixels(memory.read(), "image/tiff")


def _png(computed: Computed) -> EncodedPixels:
    colours, valid = _picture(computed, "PNG")
    return _saved(np.dstack([colours, np.where(valid, 255, 0).astype("u1")]), "PNG")


def _jpeg(computed: Computed) -> EncodedPixels:
    colours, _ = _picture(computed, "JPEG")
    return _saved(colours, "JPEG")


def _auto(computed: Computed) -> EncodedPixels:
    """JPEG when every pixel is valid, else PNG."""
    _, valid = _picture(computed, "AUTO_JPEG_PNG")
    return _jpeg(computed) if valid.all() else _png(computed)


def _picture(computed: Computed, file_format: str) -> tuple[np.ndarray, np.ndarray]:
    """Colours (row, column, 3) uint8, values clipped to 0..255, and where every band is valid (row, column)."""
    count = len(computed.bands)
    if count not in {1, 3}:
        raise ServiceError(f"Must have 1 or 3 bands to write {file_format}, got {count}; select or visualize.")
    planes = [np.clip(np.nan_to_num(data), 0, 255).astype("u1") for data, _ in computed.bands]
    valid = np.logical_and.reduce([mask != 0 for _, mask in computed.bands])
    return np.dstack(planes * (3 // count)), valid


def _saved(colours: np.ndarray, file_format: str) -> EncodedPixels:
    buffer = io.BytesIO()
    PIL.Image.fromarray(colours).save(buffer, file_format)
    return EncodedPixels(buffer.getvalue(), f"image/{file_format.lower()}")


ENCODERS: Encoders = {
    "NPY": _npy,
    "GEO_TIFF": geotiff,
    "PNG": _png,
    "JPEG": _jpeg,
    "AUTO_JPEG_PNG": _auto,
}
