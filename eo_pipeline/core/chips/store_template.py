"""A store of chips before it holds any: arrays, chunks and attributes.

One array (chip, band, y, x) of stored numbers and, beside it, what is known of each chip. A chunk is what is read at
once, one chip or several small ones; a shard is what is written at once. What does not belong here: Icechunk, and which
chip has which place (`slots`).
"""

import math
from dataclasses import dataclass

import numpy as np

from eo_pipeline.core.bands import BandEncoding
from eo_pipeline.core.cubes.cube_arrays import ArrayLayout, GroupLayout, Json
from eo_pipeline.core.cubes.cube_attributes import CONVENTIONS, packing
from eo_pipeline.core.cubes.cube_template import fill_value
from eo_pipeline.errors import ProductError

CHIP = "chip"
"""Name of the axis that grows."""
CHIPS = "chips"
"""Name of the array of pixels."""
PARTITION = "partition"
"""Name of the array that says whose a slot is; empty if it is nobody's."""

CHUNK_BYTES = 4 * 2**20
"""Bytes of a chunk at most, before compression."""
SMALL_CHUNK_BYTES = 256 * 2**10
"""Chips that are smaller share a chunk of at most so many bytes, before compression."""
SHARD_BYTES = 16 * 2**20
"""Bytes of a shard at most, before compression, unless one chip has more."""
_ENTRIES = 4096
"""Chips in a chunk of what is known of them."""

TEXTS = {
    "id": "names the chip within its partition",
    PARTITION: "the partition that the chip is of; empty where there is none (any more)",
    "label": "class of the place; empty if none is known",
    "split": "part of the data set; empty if it is not split",
    "source_image": "Earth Engine id of the only image; empty for a composite",
    "crs": "of the chip's pixels",
    "crc32c": "base64 of the big-endian CRC32C of the pixels (band, y, x) in C order",
}
"""Arrays (chip,) of texts, and what they say."""

NUMBERS: dict[str, dict[str, Json]] = {
    "centre_x": {"long_name": "x of the chip's centre", "units": "units of its crs"},
    "centre_y": {"long_name": "y of the chip's centre", "units": "units of its crs"},
}
"""Arrays (chip,) of doubles, and their attributes."""

TIME_ATTRIBUTES: dict[str, Json] = {
    "standard_name": "time",
    "long_name": "start of the period, or of the only image",
    "units": "seconds since 1970-01-01",
    "calendar": "standard",
}


@dataclass(frozen=True)
class StoreTemplate:
    """What a product's store of chips looks like.

    Attributes:
        product: name of the product, the store's title.
        bands: along the second axis, in order; all of one dtype and one nodata.
        height: rows of every chip.
        width: columns of every chip.
    """

    product: str
    bands: tuple[BandEncoding, ...]
    height: int
    width: int

    def __post_init__(self) -> None:
        if len({(band.dtype, str(band.nodata)) for band in self.bands}) != 1:
            listed = ", ".join(f"{b.name}: {b.dtype} nodata {b.nodata}" for b in self.bands)
            raise ProductError(f"expected bands of one dtype and nodata in a store of chips, got {listed or 'none'}")

    @property
    def chip_bytes(self) -> int:
        """Of one chip, before compression."""
        return self.height * self.width * len(self.bands) * np.dtype(self.bands[0].dtype).itemsize

    @property
    def chunk_shape(self) -> tuple[int, int, int, int]:
        """(chips, bands, rows, columns) that are read at once."""
        lengths = [len(self.bands), self.height, self.width]
        pixel = np.dtype(self.bands[0].dtype).itemsize
        while math.prod(lengths) * pixel > CHUNK_BYTES:
            axis = 0 if lengths[0] > 1 else lengths.index(max(lengths))
            lengths[axis] = -(-lengths[axis] // 2)
        chips = max(1, SMALL_CHUNK_BYTES // self.chip_bytes)
        return chips, *lengths  # type: ignore[return-value]  # three lengths

    @property
    def shard_shape(self) -> tuple[int, int, int, int]:
        """(chips, bands, rows, columns) that are written at once: whole chunks, whole chips."""
        chips, *lengths = self.chunk_shape
        whole = (len(self.bands), self.height, self.width)
        bands, rows, columns = (-(-n // chunk) * chunk for n, chunk in zip(whole, lengths, strict=True))
        return max(1, SHARD_BYTES // (self.chip_bytes * chips)) * chips, bands, rows, columns

    def layout(self) -> GroupLayout:
        """The empty store."""
        texts = [_known(name, "string", "", {"long_name": meaning}) for name, meaning in TEXTS.items()]
        numbers = [_known(name, "float64", "NaN", attributes) for name, attributes in NUMBERS.items()]
        time = _known("time", "int64", 0, TIME_ATTRIBUTES)
        return GroupLayout(self._attributes(), (self._pixels(), *texts, *numbers, time, _TRANSFORM, self._bands()))

    def _attributes(self) -> dict[str, Json]:
        return {"Conventions": CONVENTIONS, "title": self.product, "bands": [band.as_json() for band in self.bands]}

    def _pixels(self) -> ArrayLayout:
        return ArrayLayout(
            path=CHIPS,
            dimensions=(CHIP, "band", "y", "x"),
            shape=(0, len(self.bands), self.height, self.width),
            chunks=self.chunk_shape,
            shards=self.shard_shape,
            dtype=self.bands[0].dtype,
            fill_value=fill_value(self.bands[0]),
            attributes=self._pixel_attributes(),
        )

    def _pixel_attributes(self) -> dict[str, Json]:
        """CF's unit and packing where they are the same for all bands; each band's own are the group's."""
        beside = " ".join([*TEXTS, *NUMBERS, "time", "transform"])
        attributes: dict[str, Json] = {"long_name": "stored numbers of the chips", "coordinates": beside}
        if len({band.units for band in self.bands}) == 1 and self.bands[0].units:
            attributes["units"] = self.bands[0].units
        if all(band.kind == "continuous" for band in self.bands):
            packed = [packing(band) for band in self.bands]
            attributes |= packed[0] if all(each == packed[0] for each in packed) else {}
        return attributes

    def _bands(self) -> ArrayLayout:
        count = len(self.bands)
        return ArrayLayout("band", ("band",), (count,), (count,), None, "string", "", {"long_name": "name of the band"})


_TRANSFORM = ArrayLayout(
    "transform",
    (CHIP, "coefficient"),
    (0, 6),
    (_ENTRIES, 6),
    None,
    "float64",
    "NaN",
    {"long_name": "affine a b c d e f: x = a column + b row + c, y = d column + e row + f, of the pixels' corners"},
)


def _known(name: str, dtype: str, fill: int | str, attributes: dict[str, Json]) -> ArrayLayout:
    return ArrayLayout(name, (CHIP,), (0,), (_ENTRIES,), None, dtype, fill, attributes)
