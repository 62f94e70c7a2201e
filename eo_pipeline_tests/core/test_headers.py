"""Headers against what bands and a grid expect; all problems come out together."""

from pathlib import Path

import pytest

from eo_pipeline.core.bands import BandEncoding
from eo_pipeline.core.headers import RasterHeader, check_headers, check_lattice
from eo_pipeline.errors import GridMismatchError, TilesError
from eo_pipeline_tests.raster_files import grid

BANDS = [BandEncoding("red", "uint16", nodata=0), BandEncoding("nir", "uint16", nodata=0)]


def header(names: tuple[str, ...], *, dtype: str = "uint16", nodata: float | None = 0.0) -> RasterHeader:
    count = len(names)
    return RasterHeader(grid(4, 5), dtype, count, nodata, names, (1.0,) * count, (0.0,) * count, (4, 5))


def test_named_bands_are_found_in_any_order() -> None:
    assert header(("qa", "nir", "red")).band_numbers(BANDS) == (3, 2)


def test_unnamed_bands_are_taken_by_position_if_their_number_fits() -> None:
    assert header(("", "")).band_numbers(BANDS) == (1, 2)
    assert header(("", "", "")).band_numbers(BANDS) == ()


def test_a_header_as_expected_passes() -> None:
    check_headers({Path("a.tif"): header(("red", "nir")), Path("b.tif"): header(("", ""), nodata=None)}, BANDS)


def test_every_difference_of_every_raster_is_listed() -> None:
    headers = {
        Path("fine.tif"): header(("red", "nir")),
        Path("names.tif"): header(("red", "green")),
        Path("dtype.tif"): header(("red", "nir"), dtype="float32"),
        Path("nodata.tif"): header(("red", "nir"), nodata=255.0),
    }
    with pytest.raises(TilesError) as caught:
        check_headers(headers, BANDS)
    message = str(caught.value)
    assert "names.tif: bands red, green, expected red, nir" in message
    assert "dtype.tif: band red: dtype float32, expected uint16" in message
    assert "nodata.tif: band nir: nodata 255.0, expected 0" in message
    assert "fine.tif" not in message


def test_a_nodata_the_product_does_not_know_is_refused() -> None:
    with pytest.raises(TilesError, match=r"nodata 0\.0, expected None"):
        check_headers({Path("a.tif"): header(("red",))}, [BandEncoding("red", "uint16")])


def test_rasters_off_the_lattice_are_all_listed() -> None:
    off = RasterHeader(grid(4, 5, left=5e5 + 3), "uint16", 1, None, ("",), (1.0,), (0.0,), (4, 5))
    with pytest.raises(GridMismatchError, match=r"(?s)a\.tif: .*0\.3 columns.*\nb\.tif: .*0\.3 columns"):
        check_lattice({Path("a.tif"): off, Path("b.tif"): off, Path("c.tif"): header(("red",))}, grid(9, 9))
