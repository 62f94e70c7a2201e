"""Tables of zones as a product declares them: forms, shapes, classes, points, functions; what is refused."""

import shutil
from pathlib import Path
from typing import Any

import dagster as dg
import geopandas
import numpy as np
import pandas as pd
import pytest
import rasterio
import shapely
from affine import Affine
from numpy.typing import NDArray
from pyproj import Proj

from eo_pipeline.core.settings import Settings
from eo_pipeline.errors import ProductError
from eo_pipeline.orchestration.definitions import build_definitions
from eo_pipeline.orchestration.io_managers import MosaicIO, NewMosaic, TablesIO
from eo_pipeline.storage.tables import read_columns, read_tags
from eo_pipeline_tests.end_to_end.pipeline import resources
from eo_pipeline_tests.orchestration.event_log import chain

SIDE, RESOLUTION = 16, 10
MONTH = "2024-01"
TRANSFORM = Affine(RESOLUTION, 0, 0, 0, -RESOLUTION, SIDE * RESOLUTION)
FIELDS = {"west": shapely.box(0, 0, 50, 50), "east": shapely.box(103, 0, 160, 53)}
CLASSES = {"B4": {"dtype": "uint8", "nodata": 255, "kind": "categorical", "description": "land cover"}}


def write_fields(folder: Path, fields: dict[str, Any]) -> None:
    frame = geopandas.GeoDataFrame({"field": list(fields)}, geometry=list(fields.values()), crs="EPSG:32633")
    frame.to_file(folder / "fields.gpkg", driver="GPKG")


def made(folder: Path, pixels: NDArray[Any], zones: dict[str, Any], *, until: str = MONTH, **sections: Any) -> Path:
    """The table's Parquet file of a product of one area whose mosaics have some pixels; of January, made in one run."""
    declared = {
        "source": {"collection": "local/scenes", "bands": ["B4"]},
        "period": {"every": "month", "start": "2024-01", "end": "2024-03"},
        "area": {"box": [0, 0, SIDE * RESOLUTION, SIDE * RESOLUTION], "crs": "EPSG:32633", "resolution": RESOLUTION},
        "zones": {"file": "fields.gpkg", "id": "field", **zones},
        **sections,
    }
    product, root = chain(folder, **declared), folder / "data"
    box = product.areas["whole"].geobox
    profile = {"driver": "GTiff", "width": SIDE, "height": SIDE, "count": 1, "dtype": pixels.dtype}
    nodata = 255 if pixels.dtype == np.uint8 else np.nan
    with rasterio.open(folder / "m.tif", "w", crs=str(box.crs), transform=box.affine, nodata=nodata, **profile) as file:
        file.write(pixels, 1)
        file.descriptions = ("B4",)
    io = MosaicIO(Settings(root=str(root)))
    for month in {MONTH, until}:
        copy = shutil.copy(folder / "m.tif", folder / f"{month}.tif")
        io.store(product.key("mosaic"), f"whole|{month}", NewMosaic("written", "d" * 40, Path(copy)))
    definitions = build_definitions([product.product], resources=resources("http://127.0.0.1:9", root), folder=folder)
    span = {"dagster/asset_partition_range_start": MONTH, "dagster/asset_partition_range_end": until}
    with dg.DagsterInstance.ephemeral() as instance:
        job = definitions.resolve_implicit_global_asset_job_def()
        job.execute_in_process(instance=instance, asset_selection=[product.key("zonal_stats")], tags=span)
    return root / "small" / "zonal_stats" / f"{MONTH}.parquet"


def heights() -> NDArray[np.float32]:
    return np.arange(SIDE * SIDE, dtype="float32").reshape(SIDE, SIDE)


def test_a_long_table_with_shapes_is_geoparquet_and_its_csv_has_none(tmp_path: Path) -> None:
    write_fields(tmp_path, FIELDS)
    path = made(tmp_path, heights(), {"rule": "fractional", "form": "long", "geometry": True})
    found = geopandas.read_parquet(path)
    assert found.crs.to_epsg() == 32633
    assert [shape.bounds for shape in found.geometry] == [FIELDS[name].bounds for name in found["field"]]
    assert found["statistic"].tolist() == ["mean", "count"] * 2
    east = found[found["field"] == "east"].set_index("statistic")["value"]
    assert east["count"] == pytest.approx(5.7 * 5.3)
    plain = pd.read_csv(path.with_suffix(".csv"))
    assert list(plain.columns) == [name for name in found.columns if name != "geometry"]
    key, settings = dg.AssetKey(["small", "zonal_stats"]), Settings(root=str(tmp_path / "data"))
    loaded = TablesIO(settings).load(key, MONTH)
    assert isinstance(loaded, geopandas.GeoDataFrame)
    assert loaded["value"].tolist() == found["value"].tolist()


def test_columns_and_the_file_say_the_rule_and_units(tmp_path: Path) -> None:
    write_fields(tmp_path, FIELDS)
    pixels = (np.arange(SIDE * SIDE) % 3).astype("uint8").reshape(SIDE, SIDE)
    zones = {"statistics": ["count", "mode"], "classes": [0, 2], "areas": True, "rule": "all_touched"}
    path = made(tmp_path, pixels, zones, output=CLASSES)
    told = {column.name: (column.units, column.description) for column in read_columns(path)}
    pixels_of = "pixels that the zone touches"
    assert told["B4_class_2_area"] == ("m2", f"B4 (land cover): ground that class 2 covers in the zone; {pixels_of}")
    assert told["B4_class_2_count"] == ("pixels", f"B4 (land cover): pixels of class 2 in the zone; {pixels_of}")
    assert read_tags(path)["rule"] == pixels_of
    west = pd.read_parquet(path).set_index("field").loc["west"]
    assert west["B4_class_2_area"] == west["B4_class_2_count"] * RESOLUTION**2
    assert west["B4_count"] == 25


def test_an_inner_buffer_leaves_pixels_along_edges_out(tmp_path: Path) -> None:
    write_fields(tmp_path, FIELDS)
    path = made(tmp_path, heights(), {"statistics": ["count"], "inner_buffer": 12, "rule": "fractional"})
    west = pd.read_parquet(path).set_index("field").loc["west"]
    at_x_0 = Proj("EPSG:32633").get_factors(*Proj("EPSG:32633")(0, 0, inverse=True)).meridional_scale
    assert at_x_0 > 1.002
    assert west["B4_count"] == pytest.approx((5 - 2.4 * at_x_0) ** 2, rel=1e-4)
    assert "12 m within the zone's edges" in read_columns(path)[-1].description


@pytest.mark.parametrize("rule", ["center", "all_touched", "fractional"])
def test_a_run_of_several_dates_finds_the_pixels_of_zones_once(tmp_path: Path, rule: str) -> None:
    write_fields(tmp_path, FIELDS)
    zones = {"rule": rule, "statistics": ["mean", "median", "count"]}
    january = made(tmp_path, heights(), zones, until="2024-02")
    numbers = pd.read_parquet(january).iloc[:, 4:]
    pd.testing.assert_frame_equal(pd.read_parquet(january.with_name("2024-02.parquet")).iloc[:, 4:], numbers)
    pd.testing.assert_frame_equal(pd.read_parquet(made(tmp_path, heights(), zones)).iloc[:, 4:], numbers)
    assert not list((tmp_path / "data").rglob("coverage*")), "what was kept for the run is gone"


def test_pixels_are_weighed_by_the_raster_that_the_product_names(tmp_path: Path) -> None:
    write_fields(tmp_path, {"all": shapely.box(0, 0, 160, 160)})
    people = np.random.default_rng(2).random((SIDE, SIDE)).astype("float32")
    profile = {"driver": "GTiff", "width": SIDE, "height": SIDE, "count": 1, "dtype": "float32"}
    with rasterio.open(tmp_path / "people.tif", "w", crs="EPSG:32633", transform=TRANSFORM, **profile) as file:
        file.write(people, 1)
    path = made(tmp_path, heights(), {"statistics": ["mean", "weighted_mean"], "weights": "people.tif"})
    row = pd.read_parquet(path).iloc[0]
    assert row["B4_mean"] == pytest.approx(127.5)
    assert row["B4_weighted_mean"] == pytest.approx(np.average(heights(), weights=people))
    assert read_tags(path)["weights"] == "people.tif"


def test_all_periods_are_together_and_made_again_they_are_there_once(tmp_path: Path) -> None:
    write_fields(tmp_path, FIELDS)
    for _ in range(2):
        path = made(tmp_path, heights(), {"together": True})
    earlier = path.with_name("2023-12.parquet")
    earlier.write_bytes(path.read_bytes())
    made(tmp_path, heights(), {"together": True})
    found = pd.read_parquet(path.parent.with_name("zonal_stats_all.parquet"))
    alone = pd.read_parquet(path)
    assert found["field"].tolist() == 2 * alone["field"].tolist()
    pd.testing.assert_frame_equal(found[2:].reset_index(drop=True), alone)


def test_points_and_functions_of_one_s_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "own_statistics.py").write_text(
        "def double(values, weights):\n    return 2 * (values * weights).sum()\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    write_fields(tmp_path, {"a": shapely.Point(5, 155), "b": shapely.Point(155, 5)})
    path = made(tmp_path, heights(), {"statistics": ["mean", "own_statistics.double"]})
    found = pd.read_parquet(path)
    assert found["B4_mean"].tolist() == [0, 255]
    assert found["B4_double"].tolist() == [0, 510]
    assert "pixels that hold a point of the zone" in read_columns(path)[-1].description


def test_what_only_polygons_have_is_refused_of_points(tmp_path: Path) -> None:
    write_fields(tmp_path, {"a": shapely.Point(5, 155)})
    words = "zones: expected polygons in fields.gpkg beside inner_buffer, rule fractional, got points, which have no gr"
    with pytest.raises(dg.Failure, match=words):
        made(tmp_path, heights(), {"inner_buffer": 5, "rule": "fractional"})


def test_a_function_that_is_not_there_is_named(tmp_path: Path) -> None:
    write_fields(tmp_path, FIELDS)
    words = r"zones\.statistics: expected an importable function package\.module\.function, got 'nobody\.knows'"
    with pytest.raises(ProductError, match=words):
        made(tmp_path, heights(), {"statistics": ["nobody.knows"]})
