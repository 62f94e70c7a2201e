"""CF and GeoZarr attributes, against numbers worked out by hand and libraries that read them."""

import base64
import json
import struct

import pytest
import zarr_cm
from affine import Affine
from odc.geo.geobox import GeoBox
from pyproj import CRS

from eo_pipeline.core.bands import BandEncoding
from eo_pipeline.core.cubes.cube_attributes import (
    band_attributes,
    geozarr_attributes,
    grid_mapping_attributes,
    time_attributes,
    x_attributes,
    y_attributes,
)

UTM = GeoBox((20, 30), Affine(10, 0, 500_000, 0, -10, 5_000_000), "EPSG:32633")
DEGREES = GeoBox((20, 30), Affine(0.5, 0, -28, 0, -0.25, 40), "EPSG:4326")
SINUSOIDAL = GeoBox((20, 30), Affine(500, 0, 0, 0, -500, 0), "+proj=sinu +R=6371007.181 +units=m")


def test_projected_axes_are_metres() -> None:
    assert (x_attributes(UTM)["standard_name"], x_attributes(UTM)["units"]) == ("projection_x_coordinate", "m")
    assert (y_attributes(UTM)["standard_name"], y_attributes(UTM)["axis"]) == ("projection_y_coordinate", "Y")


def test_geographic_axes_are_longitude_and_latitude() -> None:
    assert (x_attributes(DEGREES)["standard_name"], x_attributes(DEGREES)["units"]) == ("longitude", "degrees_east")
    assert (y_attributes(DEGREES)["standard_name"], y_attributes(DEGREES)["units"]) == ("latitude", "degrees_north")


def test_time_counts_from_1970_and_names_its_bounds() -> None:
    assert time_attributes("days")["units"] == "days since 1970-01-01"
    assert time_attributes("hours")["bounds"] == "time_bnds"


def test_grid_mapping_has_gdal_order_and_a_crs_that_reads_back() -> None:
    attributes = grid_mapping_attributes(UTM)
    assert attributes["GeoTransform"] == "500000.0 10.0 0.0 5000000.0 0.0 -10.0"
    assert attributes["grid_mapping_name"] == "transverse_mercator"
    assert CRS.from_wkt(str(attributes["spatial_ref"])) == CRS.from_epsg(32633)
    assert CRS.from_cf(attributes) == CRS.from_epsg(32633)


@pytest.mark.parametrize("geobox", [UTM, DEGREES, SINUSOIDAL], ids=["utm", "degrees", "sinusoidal"])
def test_attributes_are_strict_json(geobox: GeoBox) -> None:
    json.dumps([grid_mapping_attributes(geobox), geozarr_attributes(geobox), x_attributes(geobox)], allow_nan=False)


@pytest.mark.parametrize("geobox", [UTM, DEGREES, SINUSOIDAL], ids=["utm", "degrees", "sinusoidal"])
def test_geozarr_conventions_validate(geobox: GeoBox) -> None:
    attributes = geozarr_attributes(geobox)
    zarr_cm.validate_many(attributes, ["proj", "spatial"])
    assert set(zarr_cm.detect_revisions(attributes)) == {"proj", "spatial"}


def test_geozarr_is_in_rasterio_order() -> None:
    attributes = geozarr_attributes(DEGREES)
    assert attributes["spatial:transform"] == [0.5, 0.0, -28.0, 0.0, -0.25, 40.0]
    assert attributes["spatial:bbox"] == [-28.0, 35.0, -13.0, 40.0]
    assert attributes["spatial:shape"] == [20, 30]
    assert attributes["proj:code"] == "EPSG:4326"


def test_crs_without_a_code_is_written_as_wkt() -> None:
    attributes = geozarr_attributes(SINUSOIDAL)
    assert "proj:code" not in attributes
    assert CRS.from_wkt(str(attributes["proj:wkt2"])) == CRS.from_user_input(SINUSOIDAL.crs)


def test_packed_continuous_values_say_how_to_unpack() -> None:
    attributes = band_attributes(BandEncoding("red", "uint16", 1e-4, -0.1, nodata=0, units="1", description="red"))
    assert attributes == {
        "grid_mapping": "spatial_ref",
        "long_name": "red",
        "units": "1",
        "_FillValue": 0,
        "scale_factor": 1e-4,
        "add_offset": -0.1,
    }


@pytest.mark.parametrize("kind", ["categorical", "count"])
def test_classes_and_counts_have_no_fill_attribute(kind: str) -> None:
    attributes = band_attributes(BandEncoding("scl", "uint8", nodata=0, kind=kind))  # type: ignore[arg-type] # a str
    assert "_FillValue" not in attributes


def test_float_fill_value_is_the_base64_of_a_double() -> None:
    text = band_attributes(BandEncoding("lst", "float32", nodata=-9999.0))["_FillValue"]
    assert struct.unpack("<d", base64.b64decode(str(text))) == (-9999.0,)


@pytest.mark.parametrize("nodata", [None, float("nan")])
def test_nan_is_never_an_attribute(nodata: float | None) -> None:
    assert "_FillValue" not in band_attributes(BandEncoding("lst", "float32", nodata=nodata))


def test_a_valid_range_is_told_in_stored_numbers() -> None:
    packed = BandEncoding("red", "uint16", 1e-4, -0.1, nodata=0, valid_range=(1, 12000.0))
    assert json.dumps(band_attributes(packed)["valid_range"]) == "[1, 12000]"
    assert json.dumps(band_attributes(BandEncoding("lst", "float32", valid_range=(200, 350)))["valid_range"]) == (
        "[200.0, 350.0]"
    )
    assert "valid_range" not in band_attributes(BandEncoding("plain", "uint8"))
