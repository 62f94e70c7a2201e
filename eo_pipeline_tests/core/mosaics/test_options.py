"""What may be asked of a mosaic, and what is said of what may not."""

import math

import pytest

from eo_pipeline.core.bands import BandEncoding
from eo_pipeline.core.mosaics import MosaicOptions, check_options
from eo_pipeline.errors import ProductError

WHOLE = BandEncoding("ndvi", "int16", nodata=-9999)
REAL = BandEncoding("lst", "float32", nodata=math.nan)
CLASSES = BandEncoding("land", "int16", nodata=-9999, kind="categorical")
SEEN = BandEncoding("n_obs", "float32", nodata=math.nan, kind="count")
BARE = BandEncoding("b", "uint8")


@pytest.mark.parametrize(
    ("options", "bands"),
    [
        (MosaicOptions(), [WHOLE, CLASSES]),
        (MosaicOptions(), [BARE]),
        (MosaicOptions(overlap="mean"), [REAL, SEEN]),
        (MosaicOptions(overlap="max", compression="zstd", allow_gaps=True), [CLASSES]),
        (MosaicOptions(resampling="bilinear"), [WHOLE, CLASSES]),
        (MosaicOptions(compression="lerc"), [WHOLE, CLASSES]),
        (MosaicOptions(compression="zstd", level=22), [WHOLE]),
        (MosaicOptions(compression="lerc", max_z_error=0.01), [REAL]),
    ],
)
def test_what_fits_its_bands_may_be_asked_for(options: MosaicOptions, bands: list[BandEncoding]) -> None:
    check_options(options, bands)


@pytest.mark.parametrize(
    ("options", "bands", "words"),
    [
        (MosaicOptions(), [WHOLE, REAL], "field bands: expected one dtype and one nodata .* got ndvi: int16, nodata"),
        (MosaicOptions(), [], "field bands: .* got no band"),
        (MosaicOptions(overlap="median"), [WHOLE], "field overlap: expected one of first, last, .* got 'median'"),  # type: ignore[arg-type]  # what the test is about
        (MosaicOptions(overlap="mean"), [WHOLE, CLASSES], "field overlap: .* classes have no mean, got mean for land"),
        (MosaicOptions(compression="jpeg"), [WHOLE], "field compression: expected one of deflate, .* got 'jpeg'"),
        (MosaicOptions(compression="lzw", level=1), [WHOLE], "field level: expected it with .* deflate or zstd only"),
        (MosaicOptions(level=13), [WHOLE], "field level: expected 1 to 12 with deflate, got 13; correct it"),
        (MosaicOptions(compression="zstd", level=0), [WHOLE], "field level: expected 1 to 22 with zstd, got 0"),
        (MosaicOptions(resampling="mode"), [WHOLE], "field resampling: expected one of nearest, .* got 'mode'"),
        (MosaicOptions(resampling="cubic"), [BARE], "field nodata: expected a number for the pixels beside a warped"),
        (MosaicOptions(allow_gaps=True), [BARE], "field nodata: expected a number to fill gaps with, got none"),
        (MosaicOptions(compression="lerc", max_z_error=-1), [REAL], "field max_z_error: expected .* from 0 up, got -1"),
        (MosaicOptions(max_z_error=1), [REAL], "field max_z_error: expected it with compression lerc only, got .*defl"),
        (MosaicOptions(compression="lerc", max_z_error=1), [REAL, SEEN], "continuous bands only, got n_obs, whose"),
        (MosaicOptions(compression="lerc", max_z_error=1), [WHOLE], "expected nodata NaN, .* change the number -9999"),
    ],
)
def test_what_does_not_fit_is_named(options: MosaicOptions, bands: list[BandEncoding], words: str) -> None:
    with pytest.raises(ProductError, match=words):
        check_options(options, bands)
