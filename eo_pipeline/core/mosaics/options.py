"""How tiles may become a mosaic, and whether that fits its bands.

Does not belong here: tiles and grids (see plan).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from eo_pipeline.core.bands import BandEncoding
from eo_pipeline.core.mosaics.precedence import OVERLAPS, Overlap
from eo_pipeline.errors import ProductError

Compression = Literal["deflate", "zstd", "lzw", "lerc", "none"]
Resampling = Literal["nearest", "bilinear", "cubic", "average"]
COMPRESSIONS: tuple[Compression, ...] = get_args(Compression)
RESAMPLINGS: tuple[Resampling, ...] = get_args(Resampling)

HIGHEST_LEVELS = {"deflate": 12, "zstd": 22}
"""Of codecs that have levels; the lowest is 1."""


@dataclass(frozen=True)
class MosaicOptions:
    """How tiles become a mosaic.

    Attributes:
        overlap: which value wins where several tiles have one.
        resampling: how continuous bands of tiles in another CRS are warped; None if such tiles are refused.
        compression: of the file.
        level: effort of deflate or zstd, from 1; None for the usual one.
        max_z_error: how far a stored number may be off, with lerc only.
        allow_gaps: whether pixels that no tile covers become nodata; else they are an error.
    """

    overlap: Overlap = "first"
    resampling: str | None = None
    compression: str = "deflate"
    level: int | None = None
    max_z_error: float = 0.0
    allow_gaps: bool = False


def check_options(options: MosaicOptions, bands: Sequence[BandEncoding]) -> None:
    """Refuse options that are none, or that do not fit the bands.

    Args:
        options: as asked for.
        bands: of the mosaic, at least one.

    Raises:
        ProductError: names the field.
    """
    _check_bands(bands)
    _check_choice("overlap", options.overlap, OVERLAPS)
    _check_choice("compression", options.compression, COMPRESSIONS)
    if options.resampling is not None:
        _check_choice("resampling", options.resampling, RESAMPLINGS)
    _check_level(options)
    _check_nodata(options, bands)
    _check_mean(options, bands)
    _check_error(options, bands)


def _check_bands(bands: Sequence[BandEncoding]) -> None:
    if len({(band.dtype, band.nodata is None or repr(float(band.nodata))) for band in bands}) != 1:
        got = ", ".join(f"{band.name}: {band.dtype}, nodata {band.nodata}" for band in bands) or "no band"
        raise ProductError(
            f"field bands: expected one dtype and one nodata for all bands of a mosaic, got {got}; make them equal"
        )


def _check_choice(field: str, value: str, choices: Sequence[str]) -> None:
    if value not in choices:
        raise ProductError(f"field {field}: expected one of {', '.join(choices)}, got {value!r}; choose one of them")


def _check_level(options: MosaicOptions) -> None:
    if options.level is None:
        return
    highest = HIGHEST_LEVELS.get(options.compression)
    if highest is None:
        raise ProductError(
            f"field level: expected it with compression {' or '.join(HIGHEST_LEVELS)} only, got {options.compression}; "
            "remove it"
        )
    if not 1 <= options.level <= highest:
        raise ProductError(
            f"field level: expected 1 to {highest} with {options.compression}, got {options.level}; correct it"
        )


def _check_nodata(options: MosaicOptions, bands: Sequence[BandEncoding]) -> None:
    if bands[0].nodata is not None:
        return
    if options.allow_gaps:
        raise ProductError("field nodata: expected a number to fill gaps with, got none; declare one or forbid gaps")
    if options.resampling is not None:
        raise ProductError(
            "field nodata: expected a number for the pixels beside a warped tile, got none; declare one or remove "
            "resampling"
        )


def _check_mean(options: MosaicOptions, bands: Sequence[BandEncoding]) -> None:
    classes = [band.name for band in bands if band.kind == "categorical"]
    if options.overlap == "mean" and classes:
        raise ProductError(
            "field overlap: expected first, last, min or max, since classes have no mean, got mean for "
            f"{', '.join(classes)}; choose another rule"
        )


def _check_error(options: MosaicOptions, bands: Sequence[BandEncoding]) -> None:
    error = options.max_z_error
    if not (math.isfinite(error) and error >= 0):
        raise ProductError(f"field max_z_error: expected a number of stored units from 0 up, got {error}; correct it")
    if not error:
        return
    if options.compression != "lerc":
        raise ProductError(
            f"field max_z_error: expected it with compression lerc only, got compression {options.compression}; "
            "remove one of them"
        )
    if exact := [band.name for band in bands if band.kind != "continuous"]:
        raise ProductError(
            f"field max_z_error: expected continuous bands only, got {', '.join(exact)}, whose numbers have to stay; "
            "write 0"
        )
    if any(band.nodata is not None and not math.isnan(band.nodata) for band in bands):
        raise ProductError(
            f"field max_z_error: expected nodata NaN, since lerc may change the number {bands[0].nodata} that marks "
            "unusable pixels, got that; write 0 or store floats with NaN"
        )
