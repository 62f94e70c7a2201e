"""What rasters say of themselves, and whether that is what bands and a grid expect.

Does not belong here: opening files (see storage.rasters).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from odc.geo.geobox import GeoBox

from eo_pipeline.core.bands import BandEncoding
from eo_pipeline.core.mosaics import place
from eo_pipeline.errors import GridMismatchError, TilesError


@dataclass(frozen=True)
class RasterHeader:
    """What a raster file says of itself.

    Attributes:
        geobox: CRS, affine and (y, x) shape.
        dtype: numpy's name of the stored type, the same for all bands.
        count: number of bands.
        nodata: the stored number that means "no value", the same for all bands; None if not declared.
        band_names: descriptions in band order, "" where a band has none.
        scales: physical units per stored unit, in band order.
        offsets: physical value of a stored 0, in band order.
        block_shape: (rows, columns) of a block of the first band.
        masked: whether it has a mask of its own that says which pixels have no value.
    """

    geobox: GeoBox
    dtype: str
    count: int
    nodata: float | None
    band_names: tuple[str, ...]
    scales: tuple[float, ...]
    offsets: tuple[float, ...]
    block_shape: tuple[int, int]
    masked: bool = False

    def band_numbers(self, bands: Sequence[BandEncoding]) -> tuple[int, ...]:
        """Numbers from 1 of the bands, by name where the file names them, else by position; () if they do not fit."""
        if not any(self.band_names):
            return tuple(range(1, len(bands) + 1)) if self.count == len(bands) else ()
        if any(band.name not in self.band_names for band in bands):
            return ()
        return tuple(self.band_names.index(band.name) + 1 for band in bands)


def check_headers(headers: Mapping[Path, RasterHeader], bands: Sequence[BandEncoding]) -> None:
    """Refuse rasters that do not hold the bands as encoded.

    Raises:
        TilesError: lists every difference of every raster.
    """
    problems = [
        f"  {path}: {problem}" for path, header in headers.items() for problem in header_problems(header, bands)
    ]
    if problems:
        raise TilesError(
            "expected rasters as the product's bands say, got\n" + "\n".join(problems) + "\nmake them anew"
        )


def check_lattice(headers: Mapping[Path, RasterHeader], target: GeoBox, *, warps: bool = False) -> None:
    """Refuse rasters that do not lie on the target's pixels.

    Args:
        headers: by file.
        target: whose pixels count.
        warps: whether rasters in another CRS are warped; else they are refused.

    Raises:
        GridMismatchError: lists every such raster.
    """
    problems = []
    for path, header in headers.items():
        try:
            place(header.geobox, target, warps=warps)
        except GridMismatchError as error:
            problems.append(f"{path}: {error}")
    if problems:
        raise GridMismatchError("\n".join(problems))


def header_problems(header: RasterHeader, bands: Sequence[BandEncoding]) -> Iterator[str]:
    """What keeps a raster from holding the bands as encoded, in words."""
    if not header.band_numbers(bands):
        got = ", ".join(name or "unnamed" for name in header.band_names)
        yield f"bands {got}, expected {', '.join(band.name for band in bands)}"
    for band in bands:
        if header.dtype != band.dtype:
            yield f"band {band.name}: dtype {header.dtype}, expected {band.dtype}"
        if header.nodata is not None and not _same_number(header.nodata, band.nodata):
            yield f"band {band.name}: nodata {header.nodata}, expected {band.nodata}"


def _same_number(got: float, wanted: float | None) -> bool:
    return wanted is not None and bool(np.array_equal(got, wanted, equal_nan=True))
