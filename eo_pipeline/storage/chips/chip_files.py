"""One chip as a file: GeoTIFF, NPY or PNG; written whole or not at all, and read back before it has its name.

A GeoTIFF says where it lies and what its numbers mean, an NPY is the stored numbers (band, y, x) alone, and a PNG is
colours. Does not belong here: which chips there should be, the manifest (`manifest_file`) and the store (`chip_store`).
"""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox
from PIL import Image, UnidentifiedImageError
from rasterio.io import MemoryFile

from eo_pipeline.core.bands import BandEncoding
from eo_pipeline.errors import StorageError
from eo_pipeline.storage.band_metadata import describe_bands
from eo_pipeline.storage.checksums import Crc32c
from eo_pipeline.storage.disk_space import room_for
from eo_pipeline.storage.rasters import GDAL_ERRORS

type FileFormat = Literal["geotiff", "npy", "png"]

SUFFIXES: Mapping[FileFormat, str] = {"geotiff": ".tif", "npy": ".npy", "png": ".png"}

_BLOCK = 256
_STRIPED = 512
"""Up to so many pixels a side a GeoTIFF is one block, above it is tiled."""
_PNG_EFFORT = 1
"""zlib's; more takes five times as long for a fifth less."""


@dataclass(frozen=True)
class ChipHeader:
    """What a GeoTIFF says beside pixels; the other formats say none of it.

    Attributes:
        geobox: CRS, affine and (y, x) shape.
        bands: in file order; all of one dtype and one nodata.
        tags: provenance, kept as metadata of the file.
    """

    geobox: GeoBox
    bands: Sequence[BandEncoding]
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class WrittenFile:
    """A file that is whole.

    Attributes:
        size: bytes.
        crc32c: base64 of the big-endian checksum.
    """

    size: int
    crc32c: str


def write_chip(path: Path, pixels: NDArray[Any], file_format: FileFormat, header: ChipHeader) -> WrittenFile:
    """Write a chip under its final name, whole or not at all.

    Args:
        path: in a folder that exists, with the format's suffix.
        pixels: stored numbers (band, y, x) in the bands' dtype; of a PNG, red, green, blue and opacity
            as uint8.
        file_format: of the file.
        header: for GeoTIFF.

    Raises:
        DiskFullError: no room; nothing stays behind.
        StorageError: the account may not write there, or other pixels were read back.
    """
    return put_chip(path, encode_chip(pixels, file_format, header), pixels, file_format)


def put_chip(path: Path, content: bytes, pixels: NDArray[Any], file_format: FileFormat) -> WrittenFile:
    """Write a file that is already encoded; otherwise as `write_chip`.

    Args:
        path: likewise.
        content: the file.
        pixels: what reading it back must give.
        file_format: of the content.
    """
    part = path.with_name(f"{path.name}.part")
    try:
        with room_for(path, len(content)):
            part.write_bytes(content)
        written = _read_back(part, content, pixels, file_format)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return written


def encode_chip(pixels: NDArray[Any], file_format: FileFormat, header: ChipHeader) -> bytes:
    """The file's bytes; arguments as of `write_chip`."""
    if file_format == "geotiff":
        return _geotiff(pixels, header)
    if file_format == "npy":
        buffer = io.BytesIO()
        np.save(buffer, np.ascontiguousarray(pixels), allow_pickle=False)
        return buffer.getvalue()
    return _png(pixels)


def decode_chip(content: bytes, file_format: FileFormat) -> NDArray[Any]:
    """Pixels (band, y, x) of a file's bytes; of a PNG, red, green, blue and opacity.

    Raises:
        StorageError: they are no file of that format, or not whole.
    """
    try:
        if not content:
            raise EOFError("empty")  # noqa: TRY301 - said as the libraries say it; GDAL alone takes no bytes for a new file
        if file_format == "geotiff":
            with MemoryFile(content) as memory, memory.open(driver="GTiff") as dataset:
                return np.asarray(dataset.read())
        if file_format == "npy":
            return np.asarray(np.load(io.BytesIO(content), allow_pickle=False))
        with Image.open(io.BytesIO(content), formats=["PNG"]) as picture:
            return np.moveaxis(np.asarray(picture.convert("RGBA")), -1, 0)
    except (*GDAL_ERRORS, ValueError, EOFError, OSError, SyntaxError, UnidentifiedImageError) as error:
        raise StorageError(
            f"expected a whole {file_format} file, got {len(content)} bytes that are none ({error}); ask again"
        ) from error


def _read_back(part: Path, content: bytes, pixels: NDArray[Any], file_format: FileFormat) -> WrittenFile:
    """What was written, after reading it."""
    wanted, found = Crc32c(), Crc32c()
    wanted.add(content)
    there = part.read_bytes()
    found.add(there)
    if wanted.text != found.text:
        raise StorageError(
            f"expected to read back {len(content)} bytes with CRC32C {wanted.text} from {part}, got {len(there)} with "
            f"{found.text}; check the disk and run again"
        )
    decoded = decode_chip(there, file_format)
    if decoded.shape != pixels.shape or not _same(decoded, pixels):
        raise StorageError(
            f"expected to read back {pixels.shape} pixels of {pixels.dtype} from {part}, got {decoded.shape} of "
            f"{decoded.dtype} or other numbers; run again, or choose another format"
        )
    return WrittenFile(len(there), found.text)


def _same(decoded: NDArray[Any], pixels: NDArray[Any]) -> bool:
    return decoded.dtype == pixels.dtype and np.array_equal(decoded, pixels, equal_nan=pixels.dtype.kind == "f")


def _geotiff(pixels: NDArray[Any], header: ChipHeader) -> bytes:
    height, width = header.geobox.shape
    bands = header.bands
    tiled = max(height, width) > _STRIPED
    blocks = {"tiled": True, "blockxsize": _BLOCK, "blockysize": _BLOCK} if tiled else {"blockysize": height}
    with MemoryFile() as memory:
        with memory.open(
            driver="GTiff",
            height=height,
            width=width,
            count=len(bands),
            dtype=bands[0].dtype,
            crs=str(header.geobox.crs),
            transform=header.geobox.affine,
            nodata=bands[0].nodata,
            compress="deflate",
            zlevel=1,
            predictor=3 if bands[0].is_float else 2,
            **blocks,
        ) as dataset:
            dataset.write(pixels)
            describe_bands(dataset, bands)
            dataset.update_tags(**header.tags)
        return bytes(memory.read())


def _png(pixels: NDArray[np.uint8]) -> bytes:
    """Without the opacity where all is opaque."""
    shown = pixels[:3] if (pixels[3] == np.iinfo(np.uint8).max).all() else pixels
    buffer = io.BytesIO()
    picture = Image.fromarray(np.ascontiguousarray(np.moveaxis(shown, 0, -1)))
    picture.save(buffer, "PNG", compress_level=_PNG_EFFORT)
    return buffer.getvalue()
