"""The files of ../shared/data, served under their Earth Engine ids, against rasterio and netCDF4."""

import datetime as dt
from pathlib import Path

import netCDF4
import numpy as np
import pytest
import rasterio
import shapely
from rasterio.warp import transform_bounds

from eo_pipeline.sandbox.catalog.files import FileCatalog, load_file_catalog

DATA = Path(__file__).parents[4] / "shared" / "data"
FLDAS, SENTINEL = "NASA/FLDAS/NOAH01/C/GL/M/V001", "COPERNICUS/S2_SR_HARMONIZED"

pytestmark = [
    pytest.mark.real_data,
    pytest.mark.skipif(not DATA.is_dir(), reason=f"the folder of real data is absent: {DATA}"),
]

CATALOG = f"""
collections:
  {FLDAS}:
    images:
      - files: {DATA}/ee_fldas_lst/RadT_tavg_{{YYYY}}{{MM}}.tif
        index: "{{YYYY}}{{MM}}"
        duration: month
        bands: {{RadT_tavg: {{}}}}
  {SENTINEL}:
    images:
      - netcdf: {DATA}/s2_l2a_scl_openeo/test_optical_cube.nc
        duration: day
        bands:
          B4: {{variable: S2-L2A-B04, nodata: 65535}}
          B3: {{variable: S2-L2A-B03, nodata: 65535}}
          B2: {{variable: S2-L2A-B02, nodata: 65535}}
          B8: {{variable: S2-L2A-B08, nodata: 65535}}
          SCL: {{variable: S2-L2A-SCL, nodata: 65535, pyramiding: mode}}
"""


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> FileCatalog:
    file = tmp_path_factory.mktemp("catalog") / "real.yaml"
    file.write_text(CATALOG)
    return load_file_catalog(file)


def test_fldas_has_four_months_and_no_march(catalog: FileCatalog) -> None:
    records = list(catalog.images(FLDAS, start_ms=None, end_ms=None, region=None))
    assert [record.properties["system:index"] for record in records] == ["202301", "202302", "202304", "202305"]
    start = int(dt.datetime(2023, 2, 1, tzinfo=dt.UTC).timestamp() * 1000)
    end = int(dt.datetime(2023, 4, 1, tzinfo=dt.UTC).timestamp() * 1000)
    assert [r.id for r in catalog.images(FLDAS, start_ms=start, end_ms=end, region=None)] == [f"{FLDAS}/202302"]
    assert catalog.image(f"{FLDAS}/202303") is None


def test_fldas_level_0_equals_rasterio(catalog: FileCatalog) -> None:
    record = catalog.image(f"{FLDAS}/202304")
    assert record is not None
    source = record.bands["RadT_tavg"]
    with rasterio.open(DATA / "ee_fldas_lst" / "RadT_tavg_202304.tif") as file:
        expected = file.read(1)
        assert source.projection.transform == tuple(file.transform)[:6]
        assert (source.projection.crs, source.dimensions) == ("EPSG:4326", (file.width, file.height))
        assert record.footprint.equals(shapely.box(*file.bounds))
    data, mask = source.read(0, 0, 0, 2313, 1613)
    assert data.dtype == source.pixel_type.dtype == np.dtype("f4")
    np.testing.assert_array_equal(mask, ~np.isnan(expected))
    np.testing.assert_array_equal(data[mask], expected[mask])


def test_fldas_level_3_is_the_mean_of_land(catalog: FileCatalog) -> None:
    record = catalog.image(f"{FLDAS}/202301")
    assert record is not None
    data, mask = record.bands["RadT_tavg"].read(3, 100, 50, 4, 3)
    with rasterio.open(DATA / "ee_fldas_lst" / "RadT_tavg_202301.tif") as file:
        native = file.read(1)[400:424, 800:832].reshape(3, 8, 4, 8)
    np.testing.assert_allclose(mask, (~np.isnan(native)).mean((1, 3)), rtol=1e-6)
    valid = mask > 0
    np.testing.assert_allclose(data[valid], np.nanmean(native.astype("f8"), (1, 3))[valid], rtol=1e-6)


@pytest.mark.parametrize(
    ("band", "variable"), [("B4", "B04"), ("B3", "B03"), ("B2", "B02"), ("B8", "B08"), ("SCL", "SCL")]
)
def test_sentinel_level_0_equals_netcdf4(catalog: FileCatalog, band: str, variable: str) -> None:
    path = DATA / "s2_l2a_scl_openeo" / "test_optical_cube.nc"
    with netCDF4.Dataset(path) as file:
        values = file.variables[f"S2-L2A-{variable}"]
        values.set_auto_maskandscale(False)
        stored = np.asarray(values[:]).astype(np.int32)
        days = file.variables["t"][:]
    expected = np.where(stored < 0, stored + 65536, stored)
    records = list(catalog.images(SENTINEL, start_ms=None, end_ms=None, region=None))
    epoch = dt.datetime(1990, 1, 1, tzinfo=dt.UTC)
    indices = [f"{epoch + dt.timedelta(days=int(day)):%Y%m%d}" for day in days]
    assert [record.properties["system:index"] for record in records] == indices
    for step, record in enumerate(records):
        data, mask = record.bands[band].read(0, 0, 0, 46, 52)
        assert data.dtype == np.dtype("u2")
        np.testing.assert_array_equal(mask, expected[step] != 65535)
        np.testing.assert_array_equal(data[mask], expected[step][mask])


def test_sentinel_has_the_crs_and_lattice_of_its_file(catalog: FileCatalog) -> None:
    record = next(catalog.images(SENTINEL, start_ms=None, end_ms=None, region=None))
    projection = record.bands["B4"].projection
    assert projection.crs == "EPSG:32631"
    assert list(projection.transform) == [10, 0, 587880, 0, -10, 5685430]
    west, south, east, north = transform_bounds("EPSG:32631", "EPSG:4326", 587880, 5684910, 588340, 5685430)
    assert record.footprint.bounds == pytest.approx((west, south, east, north), abs=1e-6)
