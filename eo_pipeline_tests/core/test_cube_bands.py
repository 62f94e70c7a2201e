"""Bands as a cube's own attributes describe them are those that its product declared."""

import math

import pytest

from eo_pipeline.core.bands import BandEncoding
from eo_pipeline.core.cubes.cube_bands import bands_of, check_bands
from eo_pipeline.errors import CubeError
from eo_pipeline_tests.storage.cubes.examples import template

DECLARED = (
    BandEncoding("cover", "uint8", nodata=255, description="land cover", kind="categorical"),
    BandEncoding("depth", "float32", nodata=-9999.0, units="m"),
    BandEncoding("height", "float32", nodata=math.nan, units="m", description="above the sea"),
    BandEncoding("ndvi", "int16", scale=0.0001, nodata=-32768),
    BandEncoding("n_obs", "int16", nodata=-32768, units="1", kind="count"),
    BandEncoding("plain", "uint16", nodata=0, units="DN"),
    BandEncoding("scaled", "uint16", scale=0.5, offset=-3.0),
)


def test_what_was_declared_is_found_again() -> None:
    made = {band.name: band for band in DECLARED}
    variables = {array.path: array for array in template(bands=DECLARED).layout().arrays if array.path in made}
    found = bands_of(variables)
    assert [band.name for band in found] == sorted(made)
    for band in found:
        assert repr(band) == repr(made[band.name]), "nodata may be NaN"
    check_bands(variables, found, cube="c")


def test_a_cube_without_bands_is_refused() -> None:
    with pytest.raises(CubeError, match="Expected bands over time, y and x in the cube, got none; check the address"):
        bands_of({})
