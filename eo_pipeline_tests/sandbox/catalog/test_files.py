import os
from pathlib import Path

import numpy as np
import pytest
import rasterio
import shapely
from affine import Affine
from rasterio.warp import transform

from eo_pipeline.sandbox.catalog.fields import CatalogFileError
from eo_pipeline.sandbox.catalog.files import FileCatalog, load_file_catalog

APRIL_2024, MAY_2024, JUNE_2024 = 1711929600000, 1714521600000, 1717200000000


def write_tiff(path: Path, data: np.ndarray, nodata: float | None = None, crs: str | None = "EPSG:32633") -> None:
    affine = Affine(10, 0, 500000, 0, -10, 5300000)
    profile = {"driver": "GTiff", "width": data.shape[-1], "height": data.shape[-2], "dtype": data.dtype, "crs": crs}
    bands = data.reshape(-1, *data.shape[-2:])
    with rasterio.open(path, "w", count=len(bands), transform=affine, nodata=nodata, **profile) as file:
        file.write(bands)


def load(folder: Path, text: str) -> FileCatalog:
    file = folder / "catalog.yaml"
    file.write_text(text)
    return load_file_catalog(file)


def refused(folder: Path, text: str) -> str:
    with pytest.raises(CatalogFileError) as caught:
        load(folder, text)
    return str(caught.value)


MONTHS = """
collections:
  my/months:
    properties: {title: Months}
    images:
      - files: lst_{YYYY}{MM}.tif
        index: "{YYYY}_{MM}"
        duration: month
        properties: {source: local}
        bands:
          lst: {band: 2}
"""


@pytest.fixture
def months(tmp_path: Path) -> FileCatalog:
    for month in (5, 4):
        data = np.arange(24, dtype="i2").reshape(2, 3, 4) + 100 * month
        write_tiff(tmp_path / f"lst_2024{month:02d}.tif", data, nodata=12 + 100 * month)
    (tmp_path / "lst_readme.tif.txt").write_text("not a raster")
    return load(tmp_path, MONTHS)


def test_a_pattern_makes_one_image_per_file_in_time_order(months: FileCatalog) -> None:
    records = list(months.images("my/months", start_ms=None, end_ms=None, region=None))
    assert [record.id for record in records] == ["my/months/2024_04", "my/months/2024_05"]
    properties = records[0].properties
    assert properties["system:index"] == "2024_04"
    assert (properties["system:time_start"], properties["system:time_end"]) == (APRIL_2024, MAY_2024)
    assert properties["source"] == "local"
    assert records[0].version == properties["system:version"]
    info = months.asset("my/months")
    assert info is not None
    assert (info.type, info.properties) == ("IMAGE_COLLECTION", {"title": "Months"})


def test_time_filters_are_half_open(months: FileCatalog) -> None:
    def found(start_ms: int | None, end_ms: int | None) -> list[str]:
        records = months.images("my/months", start_ms=start_ms, end_ms=end_ms, region=None)
        return [str(record.properties["system:index"]) for record in records]

    assert found(APRIL_2024, MAY_2024) == ["2024_04"]
    assert found(MAY_2024, None) == ["2024_05"]
    assert found(APRIL_2024 + 1, MAY_2024) == []
    assert found(None, JUNE_2024) == ["2024_04", "2024_05"]


def test_region_filters_by_footprint(months: FileCatalog) -> None:
    (longitude,), (latitude,) = transform("EPSG:32633", "EPSG:4326", [500020], [5299985])
    inside, outside = shapely.Point(longitude, latitude), shapely.Point(longitude + 0.001, latitude)
    assert len(list(months.images("my/months", start_ms=None, end_ms=None, region=inside))) == 2
    assert not list(months.images("my/months", start_ms=None, end_ms=None, region=outside))


def test_a_band_reads_its_window_with_nodata_masked(months: FileCatalog) -> None:
    record = months.image("my/months/2024_04")
    assert record is not None
    source = record.bands["lst"]
    assert source.projection.crs == "EPSG:32633"
    assert list(source.projection.transform) == [10, 0, 500000, 0, -10, 5300000]
    assert (source.dimensions, source.pyramiding) == ((4, 3), "mean")
    assert source.pixel_type.dtype == np.dtype("i2")
    data, mask = source.read(0, 0, 0, 3, 2)
    assert data.tolist() == [[0, 413, 414], [416, 417, 418]]
    assert mask.tolist() == [[False, True, True], [True, True, True]]


def test_an_image_is_an_asset_and_unknown_ids_are_none(months: FileCatalog) -> None:
    info = months.asset("my/months/2024_05")
    assert info is not None
    assert info.type == "IMAGE"
    assert months.asset("my/months/2024_06") is None
    assert months.image("my/months") is None
    assert not list(months.images("other", start_ms=None, end_ms=None, region=None))


def test_a_written_out_image_mixes_files_scales_and_masks_nan(tmp_path: Path) -> None:
    write_tiff(tmp_path / "red.tif", np.array([[1, 2], [3, 4]], "u1"))
    write_tiff(tmp_path / "height.tif", np.array([[np.nan, 200], [-9999, 400]], "f4"))
    catalog = load(
        tmp_path,
        """
collections:
  my/drone:
    images:
      - id: flight
        start: 2024-04-01
        end: 2024-05-01T00:00:00Z
        bands:
          red: {path: red.tif, pyramiding: mode}
          height: {path: height.tif, scale: 0.5, offset: -100, nodata: -9999}
""",
    )
    record = catalog.image("my/drone/flight")
    assert record is not None
    assert list(record.bands) == ["red", "height"]
    assert (record.properties["system:time_start"], record.properties["system:time_end"]) == (APRIL_2024, MAY_2024)
    data, mask = record.bands["height"].read(0, 0, 0, 2, 2)
    assert record.bands["height"].pixel_type.precision == "double"
    assert data.tolist() == [[0, 0], [0, 100]]
    assert mask.tolist() == [[False, True], [False, True]]


def test_a_single_image_has_its_own_id(tmp_path: Path) -> None:
    write_tiff(tmp_path / "soil.tif", np.array([[1, 1], [3, 4]], "u1"))
    catalog = load(tmp_path, "images: {my/soil: {bands: {class: {path: soil.tif, pyramiding: mode}}}}")
    record = catalog.image("my/soil")
    info = catalog.asset("my/soil")
    assert record is not None
    assert info is not None
    assert info.type == "IMAGE"
    assert record.properties["system:index"] == "soil"
    data, mask = record.bands["class"].read(1, 0, 0, 1, 1)
    assert (data.tolist(), mask.tolist()) == ([[1]], [[True]])


def test_paths_may_lead_out_of_the_folder(tmp_path: Path) -> None:
    folder = tmp_path / "yaml"
    folder.mkdir()
    (tmp_path / "rasters").mkdir()
    write_tiff(tmp_path / "rasters" / "a_2024_153.tif", np.ones((2, 2), "u1"))
    text = "collections: {c: {images: [{files: '../rasters/*_{YYYY}_{DOY}.tif', bands: {b: {}}}]}}"
    records = list(load(folder, text).images("c", start_ms=None, end_ms=None, region=None))
    assert [record.properties["system:time_start"] for record in records] == [JUNE_2024]
    assert records[0].id == "c/20240601"


def test_a_crs_of_the_entry_overrides_a_missing_one(tmp_path: Path) -> None:
    write_tiff(tmp_path / "a.tif", np.ones((2, 2), "u1"), crs=None)
    message = refused(tmp_path, "images: {a: {bands: {b: {path: a.tif}}}}")
    assert "to have a CRS, got none; set `crs` in its entry" in message
    catalog = load(tmp_path, "images: {a: {crs: 'EPSG:3857', bands: {b: {path: a.tif}}}}")
    record = catalog.image("a")
    assert record is not None
    assert record.bands["b"].projection.crs == "EPSG:3857"


MISTAKES = {
    "collections: [1]": "catalog.collections: expected a mapping, got [1]; write `key: value` lines",
    "collection: {}": "catalog: expected only the fields collections, images, tables, got 'collection'; correct or",
    "collections: {c: {images: {}}}": "catalog.collections.c.images: expected a list, got {}; start each entry",
    "collections: {c: {}}": "catalog.collections.c: expected the field images, got none; add it",
    "collections: {c: {images: [{bands: {}}]}}": "images[0]: expected exactly one of the fields files, netcdf, id",
    "images: {a: {}}": "catalog.images.a: expected the field bands, got none; add it",
    "images: {a: {bands: {}}}": "expected at least one band",
    "images: {a: {bands: {b: {path: 3}}}}": "catalog.images.a.bands.b.path: expected a text, got 3; put it in quotes",
    "images: {a: {bands: {b: {path: no.tif}}}}": "catalog.images.a.bands.b: expected a raster at ",
    "images: {a: {bands: {b: {path: ok.tif, band: 0}}}}": "bands.b.band: expected a whole number from 1, got 0",
    "images: {a: {bands: {b: {path: ok.tif, band: 2}}}}": "bands.b.band: expected 1 to 1 of ",
    "images: {a: {bands: {b: {path: ok.tif, scale: x}}}}": "bands.b.scale: expected a number, got 'x'",
    "images: {a: {bands: {b: {path: ok.tif, pyramiding: max}}}}": "expected one of mean, sample, mode, got 'max'",
    "images: {a: {bands: {b: {path: ok.tif, scale: 2, pyramiding: mode}}}}": "expected mean or sample for a",
    "images: {a: {start: soon, bands: {b: {path: ok.tif}}}}": "a.start: expected an ISO 8601 time, got 'soon'",
    "collections: {c: {images: [{files: 'x_{YYYY}.tif', bands: {b: {}}}]}}": ".files: expected files that match",
    "collections: {c: {images: [{files: 'x.tif', bands: {b: {}}}]}}": "expected a pattern with {YYYY}",
    "collections: {c: {images: [{files: '{YYYY}{foo}.tif', bands: {b: {}}}]}}": "time fields {YYYY}, {MM}, {DD}",
    "collections: {c: {images: [{files: 'bad_{YYYY}{MM}.tif', bands: {b: {}}}]}}": "times that exist, but found ",
    "collections: {c: {images: [{netcdf: no.nc, bands: {b: {variable: v}}}]}}": "expected a NetCDF file at ",
    "a: [": "expected YAML, got a syntax error",
    "1: {}": "expected keys that are text, got {1: {}}; quote 1",
}


@pytest.mark.parametrize("text", MISTAKES)
def test_mistakes_name_the_file_the_field_and_the_way_out(tmp_path: Path, text: str) -> None:
    write_tiff(tmp_path / "ok.tif", np.ones((2, 2), "u1"))
    write_tiff(tmp_path / "bad_202413.tif", np.ones((2, 2), "u1"))
    message = refused(tmp_path, text)
    assert message.startswith(str(tmp_path / "catalog.yaml"))
    assert MISTAKES[text] in message


def test_two_images_of_one_index_are_refused(tmp_path: Path) -> None:
    write_tiff(tmp_path / "ok.tif", np.ones((2, 2), "u1"))
    image = "{id: i, bands: {b: {path: ok.tif}}}"
    message = refused(tmp_path, f"collections: {{c: {{images: [{image}, {image}]}}}}")
    assert "collections.c: expected one image per system:index, got several of c/i; set `index` or `id`" in message


def test_an_absent_catalog_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(CatalogFileError, match=r"no\.yaml: expected a readable catalog file"):
        load_file_catalog(tmp_path / "no.yaml")


def test_the_version_follows_the_file(tmp_path: Path) -> None:
    write_tiff(tmp_path / "a.tif", np.ones((2, 2), "u1"))
    os.utime(tmp_path / "a.tif", ns=(0, 1_700_000_000_123_456_000))
    record = load(tmp_path, "images: {a: {bands: {b: {path: a.tif}}}}").image("a")
    assert record is not None
    assert record.version == 1_700_000_000_123_456
