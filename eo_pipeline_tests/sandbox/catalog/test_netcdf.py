from pathlib import Path

import netCDF4
import numpy as np
import pytest

from eo_pipeline.sandbox.catalog.fields import CatalogFileError
from eo_pipeline.sandbox.catalog.files import FileCatalog, load_file_catalog

VALUES = np.arange(2 * 3 * 4).reshape(2, 3, 4)


def write_netcdf(path: Path, *, hours: tuple[int, ...] = (0, 24), x: tuple[float, ...] = (10, 30, 50, 70)) -> None:
    with netCDF4.Dataset(path, "w") as file:
        for name, size in (("t", len(hours)), ("y", 3), ("x", 4)):
            file.createDimension(name, size)
        time = file.createVariable("t", "i4", ("t",))
        time.units = "hours since 2024-04-01"
        time[:] = hours
        file.createVariable("y", "f8", ("y",))[:] = [100, 120, 140]
        file.createVariable("x", "f8", ("x",))[:] = x
        packed = file.createVariable("packed", "i2", ("t", "y", "x"), fill_value=5)
        packed.set_auto_maskandscale(False)
        packed.scale_factor, packed.add_offset = 0.1, 273.0
        packed[:] = VALUES
        plain = file.createVariable("plain", "f4", ("t", "y", "x"))
        plain[:] = VALUES
        file.createVariable("flat", "f4", ("y", "x"))[:] = VALUES[0]


def load(folder: Path, bands: str, more: str = "crs: 'EPSG:32633', ") -> FileCatalog:
    file = folder / "catalog.yaml"
    file.write_text(f"collections: {{c: {{images: [{{netcdf: series.nc, {more}bands: {{{bands}}}}}]}}}}")
    return load_file_catalog(file)


def test_rows_from_south_to_north_are_served_north_up(tmp_path: Path) -> None:
    write_netcdf(tmp_path / "series.nc")
    record = load(tmp_path, "v: {variable: plain}").image("c/20240402")
    assert record is not None
    source = record.bands["v"]
    assert list(source.projection.transform) == [20, 0, 0, 0, -20, 150]
    data, mask = source.read(0, 1, 0, 2, 2)
    np.testing.assert_array_equal(data, VALUES[1, ::-1][:2, 1:3])
    assert mask.all()


def test_scale_and_fill_value_of_the_file_apply(tmp_path: Path) -> None:
    write_netcdf(tmp_path / "series.nc")
    record = load(tmp_path, "v: {variable: packed}").image("c/20240401")
    assert record is not None
    data, mask = record.bands["v"].read(0, 0, 0, 4, 3)
    expected = VALUES[0, ::-1]
    np.testing.assert_array_equal(mask, expected != 5)
    np.testing.assert_allclose(data[mask], (expected * 0.1 + 273)[mask])


def test_several_steps_of_a_day_get_clock_times_as_index(tmp_path: Path) -> None:
    write_netcdf(tmp_path / "series.nc", hours=(0, 6))
    records = load(tmp_path, "v: {variable: plain}").images("c", start_ms=None, end_ms=None, region=None)
    assert [record.properties["system:index"] for record in records] == ["20240401T000000", "20240401T060000"]


@pytest.mark.parametrize(
    ("bands", "more", "message"),
    [
        (
            "v: {variable: nope}",
            "",
            "expected the variable nope, got only t, y, x, packed, plain, flat; correct the name",
        ),
        ("v: {variable: flat}", "", r"expected flat with dimensions \(time, y, x\), got \('y', 'x'\); reorder it"),
        (
            "v: {variable: plain}",
            "",
            "expected a grid_mapping with crs_wkt for plain, got none; set `crs` in the entry",
        ),
        ("v: {variable: plain}", "crs: 'EPSG:4326', time: x, ", "expected units of the time variable x, got none"),
    ],
)
def test_mistakes_are_named(tmp_path: Path, bands: str, more: str, message: str) -> None:
    write_netcdf(tmp_path / "series.nc")
    with pytest.raises(CatalogFileError, match=message):
        load(tmp_path, bands, more)


def test_uneven_coordinates_are_refused(tmp_path: Path) -> None:
    write_netcdf(tmp_path / "series.nc", x=(10, 30, 50, 75))
    with pytest.raises(CatalogFileError, match="expected at least two evenly spaced coordinates, got "):
        load(tmp_path, "v: {variable: plain}")
