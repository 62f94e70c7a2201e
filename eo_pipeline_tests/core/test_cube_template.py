"""Cube templates: the golden structure, clipping of chunks, what is refused."""

import json
from datetime import datetime

import numpy as np
import pytest
from affine import Affine
from odc.geo.geobox import GeoBox

from eo_pipeline.core.bands import BandEncoding
from eo_pipeline.core.cubes.cube_template import CubeTemplate, fill_value
from eo_pipeline.core.period_rules import CalendarRule
from eo_pipeline.errors import CubeError, ProductError
from eo_pipeline_tests.golden.cube_templates import S2_MONTHS, START, TEMPLATES, as_text, golden_path

RED, UTM = S2_MONTHS.bands[0], S2_MONTHS.geobox


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda template: template.product)
def test_structure_is_the_reviewed_one(template: CubeTemplate) -> None:
    assert json.loads(as_text(template)) == json.loads(golden_path(template).read_text())


def test_grid_smaller_than_a_chunk_is_one_chunk() -> None:
    tiny = _template(GeoBox((40, 30), UTM.affine, UTM.crs))
    assert (tiny.chunk_shape, tiny.shard_shape, tiny.shard_grid) == ((40, 30), (40, 30), (1, 1))


def test_grid_smaller_than_a_shard_gets_a_shard_of_the_chunks_that_cover_it() -> None:
    small = _template(GeoBox((1_000, 300), UTM.affine, UTM.crs))
    assert (small.chunk_shape, small.shard_shape, small.shard_grid) == ((256, 256), (1024, 512), (1, 1))


def test_large_grid_keeps_chunk_and_shard() -> None:
    assert S2_MONTHS.shard_shape == (2560, 2560)
    assert S2_MONTHS.shard_grid == (5, 4)


def test_coordinates_are_pixel_centres() -> None:
    x, y = S2_MONTHS.coordinates("x"), S2_MONTHS.coordinates("y")
    assert (x[0], x[-1], len(x)) == (499_985, 499_985 + 10 * 10_239, 10_240)
    assert (y[0], y[-1], len(y)) == (5_200_015, 5_200_015 - 10 * 12_799, 12_800)
    assert x.dtype == y.dtype == np.dtype("f8")


@pytest.mark.parametrize(
    ("band", "expected"),
    [
        (RED, 0),
        (BandEncoding("i", "int16", nodata=-32768), -32768),
        (BandEncoding("f", "float32", nodata=-9999.0), -9999.0),
        (BandEncoding("f", "float32", nodata=float("nan")), "NaN"),
        (BandEncoding("f", "float32"), "NaN"),
        (BandEncoding("n", "uint8"), 0),
    ],
)
def test_unwritten_pixels_read_as_nodata(band: BandEncoding, expected: float | str) -> None:
    assert fill_value(band) == expected


def test_shard_that_cuts_chunks_is_refused_with_one_that_does_not() -> None:
    with pytest.raises(ProductError, match="shard 2500 and chunk 256; write a shard of 2304"):
        CubeTemplate("p", UTM, (RED,), CalendarRule("day"), START, shard=2500)


def test_two_bands_of_one_name_are_refused() -> None:
    with pytest.raises(ProductError, match=r"different names, got \['B4', 'B4'\]"):
        CubeTemplate("p", UTM, (RED, RED), CalendarRule("day"), START)


def test_band_named_like_a_coordinate_is_refused() -> None:
    with pytest.raises(ProductError, match=r"got \['time'\]; rename them"):
        CubeTemplate("p", UTM, (BandEncoding("time", "uint8"),), CalendarRule("day"), START)


def test_rotated_grid_is_refused() -> None:
    with pytest.raises(CubeError, match=r"got a rotated one.*without rotation"):
        _template(GeoBox((10, 10), UTM.affine @ Affine.rotation(3), UTM.crs))


def test_grid_without_crs_is_refused() -> None:
    with pytest.raises(CubeError, match="a grid with a CRS, got none"):
        _template(GeoBox((10, 10), UTM.affine, None))


def test_naive_start_is_refused() -> None:
    with pytest.raises(ProductError, match="Expected an instant in UTC"):
        CubeTemplate("p", UTM, (RED,), CalendarRule("day"), datetime(2020, 1, 1))  # noqa: DTZ001 (the mistake itself)


def _template(geobox: GeoBox) -> CubeTemplate:
    return CubeTemplate("p", geobox, (RED,), CalendarRule("day"), START)
