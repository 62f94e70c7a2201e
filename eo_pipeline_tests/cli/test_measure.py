"""`eo-pipeline measure` on files of its own: against rasterstats, exactextract and plain numpy; what it refuses."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import pandas as pd
import pytest
import rasterio
import shapely
import zarr
from click.testing import CliRunner, Result
from exactextract import exact_extract  # type: ignore[import-untyped]  # it ships no types
from numpy.typing import NDArray
from rasterio.enums import ColorInterp
from rasterstats import zonal_stats
from zarr.storage import LocalStore

from eo_pipeline.cli.main import main
from eo_pipeline.storage.cubes import CubeAddress, open_or_create_cube
from eo_pipeline.storage.cubes.layout import describe_array
from eo_pipeline.storage.cubes.reading import readonly_store
from eo_pipeline.storage.described_rasters import describe_raster
from eo_pipeline.storage.tables import read_columns, read_tags
from eo_pipeline_tests.raster_files import grid, write_raster
from eo_pipeline_tests.storage.cubes.examples import LOWER_RIGHT, RED, UPPER_LEFT, pixels, template
from eo_pipeline_tests.storage.cubes.test_regions import write

CRS = "EPSG:32633"
HEIGHT, WIDTH = 70, 90
GRID = grid(HEIGHT, WIDTH)
SHAPES = {
    "round": shapely.Point(500_417, 4_999_633).buffer(211),
    "corner": shapely.Polygon([(500_011, 4_999_987), (500_603, 4_999_911), (500_107, 4_999_402)]),
    "beyond": shapely.box(500_853, 4_999_253, 500_997, 4_999_517),
    "elsewhere": shapely.box(600_000, 4_999_000, 600_100, 4_999_100),
}
THERE = ["round", "corner", "beyond"]
NAMES = ["count", "mean", "sum", "min", "max", "std", "median", "majority"]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder but for the zones."""
    monkeypatch.chdir(tmp_path)
    write_zones(tmp_path / "zones.gpkg")
    return tmp_path


def write_zones(path: Path, **more: Any) -> None:
    frame = {"name": list(SHAPES), "same": [1] * len(SHAPES)}
    geopandas.GeoDataFrame(frame, geometry=list(SHAPES.values()), **{"crs": CRS, **more}).to_file(path)


def measure(*words: str, zones: str = "zones.gpkg", column: str = "name", out: str = "t.parquet") -> Result:
    arguments = ["measure", zones, *words, "--id", column, "--out", out]
    return CliRunner().invoke(main, arguments, catch_exceptions=False)


def said(done: Result) -> str:
    """What is told, in one line."""
    return " ".join(done.output.split())


def classes() -> NDArray[np.uint8]:
    numbers = np.random.default_rng(4).integers(1, 9, (2, HEIGHT, WIDTH)).astype("uint8")
    numbers[:, 10:30, 20:40] = 255
    return numbers


def write_classes(path: Path, **options: Any) -> Path:
    """Two bands: scaled values, and classes with a palette."""
    with rasterio.open(write_raster(path, GRID, classes(), nodata=255, names=["ndvi", "cover"]), "r+") as dataset:
        dataset.scales, dataset.offsets, dataset.units = (0.5, 1.0), (-1.0, 0.0), ("share", "")
        for number, tags in options.items():
            dataset.update_tags(int(number[1:]), **tags)
    return path


@pytest.mark.parametrize("rule", ["center", "all_touched"])
def test_a_raster_is_measured_as_rasterstats_measures_it(here: Path, rule: str) -> None:
    write_classes(here / "r.tif")
    done = measure("r.tif", "--statistics", ",".join(NAMES), "--rule", rule)
    assert done.exit_code == 0, done.output
    table = pd.read_parquet("t.parquet").set_index("name")
    assert list(table.columns) == [f"{band}_{name}" for band in ("ndvi", "cover") for name in NAMES]
    stored = classes().astype("float64")
    for number, (band, scale, offset) in enumerate((("ndvi", 0.5, -1.0), ("cover", 1.0, 0.0))):
        values = np.where(stored[number] == 255, -9999, stored[number] * scale + offset)
        expected = zonal_stats(
            [SHAPES[name] for name in THERE], values, affine=GRID.affine, nodata=-9999, stats=NAMES,
            all_touched=rule == "all_touched",
        )  # fmt: skip
        for name, row in zip(THERE, expected, strict=True):
            got = [table.loc[name, f"{band}_{statistic}"] for statistic in NAMES]
            assert got == pytest.approx([row[statistic] for statistic in NAMES], rel=1e-12), (band, name)
    assert table.loc["elsewhere", "ndvi_count"] == 0
    assert table["cover_mean"].isna().tolist() == [False, False, False, True]
    units = {column.name: column.units for column in read_columns(Path("t.parquet"))}
    assert units["ndvi_mean"] == "share"
    assert read_tags(Path("t.parquet"))["source"] == "r.tif"


def test_shares_of_pixels_are_those_of_exactextract(here: Path) -> None:
    heights = np.random.default_rng(2).normal(500, 100, (1, HEIGHT, WIDTH)).astype("float32")
    heights[:, :20, :30] = np.nan
    write_raster(here / "r.tif", GRID, heights, nodata=np.nan, names=["height"])
    assert measure("r.tif", "--rule", "fractional", "--statistics", "mean,count,sum").exit_code == 0
    there = geopandas.read_file("zones.gpkg").iloc[:3]
    expected = exact_extract("r.tif", there, ["mean", "count", "sum"], output="pandas")
    table = pd.read_parquet("t.parquet").iloc[:3]
    for statistic in ("mean", "count", "sum"):
        assert table[f"height_{statistic}"].tolist() == pytest.approx(expected[statistic].tolist(), rel=1e-6)


def test_tiles_of_one_mosaic_are_measured_together(here: Path) -> None:
    numbers = classes()[:1]
    write_raster(here / "left.tif", grid(HEIGHT, 40), numbers[:, :, :40], nodata=255, names=["b"])
    write_raster(here / "right.tif", grid(HEIGHT, 50, left=5e5 + 400), numbers[:, :, 40:], nodata=255, names=["b"])
    write_raster(here / "whole.tif", GRID, numbers, nodata=255, names=["b"])
    assert measure("left.tif", "right.tif", out="tiles.parquet").exit_code == 0
    assert measure("whole.tif", out="whole.parquet").exit_code == 0
    pd.testing.assert_frame_equal(pd.read_parquet("tiles.parquet"), pd.read_parquet("whole.parquet"))


def test_a_raster_without_nodata_counts_every_pixel_and_says_so(here: Path) -> None:
    write_raster(here / "r.tif", GRID, classes())
    done = measure("r.tif", "--bands", "band_2", "--statistics", "count,max", out="t.csv")
    assert "No nodata is declared of band_2: every pixel counts." in said(done)
    table = pd.read_csv("t.csv").set_index("name")
    assert list(table.columns) == ["band_2_count", "band_2_max"]
    values = classes()[1].astype(float)
    expected = zonal_stats([SHAPES[name] for name in THERE], values, affine=GRID.affine, nodata=-1, stats=["count"])
    assert table.loc[THERE, "band_2_count"].tolist() == [row["count"] for row in expected]
    assert table.loc["round", "band_2_max"] == 255


def test_a_nodata_that_the_type_cannot_hold_is_none(here: Path) -> None:
    write_raster(here / "plain.tif", GRID, classes()[:1])
    (here / "r.vrt").write_text(
        f'<VRTDataset rasterXSize="{WIDTH}" rasterYSize="{HEIGHT}"><SRS>{CRS}</SRS>'
        "<GeoTransform>500000, 10, 0, 5000000, 0, -10</GeoTransform>"
        '<VRTRasterBand dataType="Byte" band="1"><NoDataValue>-9999</NoDataValue><SimpleSource>'
        '<SourceFilename relativeToVRT="1">plain.tif</SourceFilename><SourceBand>1</SourceBand></SimpleSource>'
        "</VRTRasterBand></VRTDataset>"
    )
    done = measure("r.vrt", "--statistics", "max")
    assert done.exit_code == 0, done.output
    assert "No nodata is declared of band_1" in said(done)
    assert pd.read_parquet("t.parquet")["band_1_max"].tolist()[0] == 255


def test_counts_are_left_out_and_classes_known_by_tag_or_palette(here: Path) -> None:
    write_classes(here / "r.tif", b1={"kind": "count"}, b2={"kind": "categorical", "long_name": "land cover"})
    assert measure("r.tif", "--statistics", "mode").exit_code == 0
    columns = read_columns(Path("t.parquet"))
    assert [column.name for column in columns] == ["name", "cover_mode"]
    assert columns[1].description.startswith("cover (land cover): most frequent")
    assert measure("r.tif", "--bands", "ndvi", out="counts.csv").exit_code == 0
    assert list(pd.read_csv("counts.csv").columns) == ["name", "ndvi_mean", "ndvi_count"]


def test_a_palette_makes_a_band_categorical(here: Path) -> None:
    path = write_raster(here / "p.tif", GRID, classes()[:1], photometric="PALETTE")
    with rasterio.open(path, "r+") as dataset:
        dataset.write_colormap(1, {number: (number, 0, 0, 255) for number in range(256)})
    with rasterio.open(path) as dataset:
        assert dataset.colorinterp[0] is ColorInterp.palette
    assert [band.kind for band in describe_raster(path).bands] == ["categorical"]


def test_a_long_table_with_shapes(here: Path) -> None:
    write_classes(here / "r.tif")
    done = measure("r.tif", "--form", "long", "--geometry", "--statistics", "mean")
    assert done.exit_code == 0, done.output
    found = geopandas.read_parquet("t.parquet")
    assert found["band"].tolist() == ["ndvi", "cover"] * 4
    assert found.crs == CRS
    assert [shape.bounds for shape in found.geometry[::2]] == [shape.bounds for shape in SHAPES.values()]
    assert "4 zones, 8 rows; 1 zones without pixels." in said(done)
    assert "Table: t.parquet" in said(done)
    assert "geometry" not in done.output


def test_pixels_are_weighed_by_a_raster(here: Path) -> None:
    numbers, people = classes()[:1], np.random.default_rng(9).random((1, HEIGHT, WIDTH)).astype("float32")
    write_raster(here / "r.tif", GRID, numbers, nodata=255, names=["b"])
    write_raster(here / "people.tif", GRID, people)
    assert measure("r.tif", "--statistics", "weighted_mean", "--weights", "people.tif").exit_code == 0
    [inside] = zonal_stats([SHAPES["corner"]], numbers[0], affine=GRID.affine, nodata=255, stats=[], raster_out=True)
    row, column = inside["mini_raster_affine"].f, inside["mini_raster_affine"].c
    top, left = round((5e6 - row) / 10), round((column - 5e5) / 10)
    mask = ~inside["mini_raster_array"].mask
    window = np.s_[top : top + mask.shape[0], left : left + mask.shape[1]]
    expected = np.average(numbers[0][window][mask], weights=people[0][window][mask])
    table = pd.read_parquet("t.parquet").set_index("name")
    assert table.loc["corner", "b_weighted_mean"] == pytest.approx(expected, rel=1e-6)


@pytest.fixture(scope="module")
def cubes(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, NDArray[np.float64]]:
    """An Icechunk repository and a plain copy of it, and the values of red by slot, NaN where there is none."""
    folder = tmp_path_factory.mktemp("cubes")
    address = CubeAddress(str(folder / "cube"))
    cube = open_or_create_cube(address, template())
    red = np.full((3, 100, 120), np.nan)
    written = [(0, "2023-01", UPPER_LEFT), (0, "2023-01", LOWER_RIGHT), (2, "2023-03", UPPER_LEFT)]
    for slot, key, region in written:
        arrays = pixels(region, seed=slot)
        write(cube, key, region, arrays)
        stored = arrays["red"].astype(float)
        red[slot, *region.slices] = np.where(stored == RED.nodata, np.nan, stored * RED.scale + RED.offset)
    source = readonly_store(address)
    group, plain = zarr.open_group(source, mode="r"), folder / "plain.zarr"
    copy = zarr.open_group(LocalStore(plain), mode="w", zarr_format=3)
    copy.attrs.update(group.attrs.asdict())
    for name, array in group.arrays():
        made = copy.create_array(
            name, shape=array.shape, chunks=array.chunks, dtype=array.dtype, fill_value=array.fill_value,
            dimension_names=describe_array(name, array).dimensions, attributes=array.attrs.asdict(),
        )  # fmt: skip
        made[...] = array[...]
    return folder, red


@pytest.mark.parametrize("name", ["cube", "plain.zarr"])
def test_a_cube_gives_a_row_for_each_zone_and_period(
    here: Path, cubes: tuple[Path, NDArray[np.float64]], name: str
) -> None:
    folder, red = cubes
    done = measure(str(folder / name), "--bands", "red", "--statistics", "count,mean,max")
    assert done.exit_code == 0, done.output
    table = pd.read_parquet("t.parquet")
    assert table["period"].tolist() == [key for key in ("2023-01", "2023-02", "2023-03") for _ in SHAPES]
    affine = template().geobox.affine
    for slot, values in enumerate(red):
        plain = np.where(np.isnan(values), -9999, values)
        expected = zonal_stats(
            [SHAPES[zone] for zone in THERE], plain, affine=affine, nodata=-9999, stats=["count", "mean", "max"]
        )
        rows = table.iloc[4 * slot : 4 * slot + 3]
        assert rows["red_count"].tolist() == [row["count"] for row in expected]
        for statistic in ("mean", "max"):
            wanted = [np.nan if row[statistic] is None else row[statistic] for row in expected]
            assert np.allclose(rows[f"red_{statistic}"], wanted, rtol=1e-12, equal_nan=True)
    assert "4 zones in 3 slots, 12 rows; 1 zones without pixels." in said(done)
    assert "slots 3 of 3" in said(done) or "3/3" in done.output


def test_some_periods_of_a_cube_and_all_its_bands_but_counts(here: Path, cubes: tuple[Path, Any]) -> None:
    done = measure(str(cubes[0] / "cube"), "--periods", "2023-01..2023-02", "--statistics", "count", out="t.csv")
    assert done.exit_code == 0, done.output
    table = pd.read_csv("t.csv")
    assert table["period"].unique().tolist() == ["2023-01", "2023-02"]
    assert [name for name in table.columns if name.endswith("_count")] == ["classes_count", "red_count"]
    alone = measure(str(cubes[0] / "cube"), "--periods", "2023-02", "--geometry", out="one.parquet")
    assert alone.exit_code == 0, alone.output
    assert geopandas.read_parquet("one.parquet")["period"].tolist() == ["2023-02"] * 4


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["r.tif", "--statistics", "mean,mediun"], "(mediun is unknown); correct them"),
        (["r.tif", "--bands", "nir"], "--bands: expected some of ndvi, cover, got nir; correct them"),
        (["r.tif", "CUBE"], "expected rasters, or one cube alone, got 2 sources and among them"),
        (["nothing.tif"], "SOURCE: expected rasters or a cube, got nothing at nothing.tif; correct it"),
        (["text.tif"], "expected a readable raster, got text.tif"),
        (["nowhere.tif"], "expected a georeferenced raster, got nowhere.tif without a CRS"),
        (["r.tif", "floats.tif"], "expected floats.tif to have the bands of r.tif, ndvi (uint8, nodata 255"),
        (["r.tif", "half.tif"], "not whole pixels"),
        (["far.tif"], "expected zones that touch the areas on"),
        (["folder"], "Expected an Icechunk repository or a Zarr group of format 3 at folder, got neither"),
        (["r.tif", "--periods", "2023-01"], "--periods: expected a cube beside it, got rasters, which have none"),
        (
            ["CUBE", "--periods", "2022-01"],
            "--periods: expected periods of the cube (2023-01 to 2023-03), got '2022-01'",
        ),
        (["CUBE", "--periods", "2023-02..2023-01"], "--periods: expected A..B with A before B, got 2023-02..2023-01"),
        (["r.tif", "--weights", "r.tif"], "--weights: expected weighted_mean among --statistics beside it, got none"),
        (["r.tif", "--statistics", "weighted_mean"], "weights: expected a raster beside the statistic weighted_mean"),
        (["r.tif", "--statistics", "own.nothing"], "--statistics: expected an importable function package.module.fu"),
    ],
)
def test_what_cannot_be_measured_is_told_and_nothing_is_left(
    here: Path, cubes: tuple[Path, Any], words: list[str], told: str
) -> None:
    write_classes(here / "r.tif")
    (here / "text.tif").write_text("no raster")
    (here / "folder").mkdir()
    floats = np.zeros((2, HEIGHT, WIDTH), "float32")
    write_raster(here / "floats.tif", GRID, floats, names=["ndvi", "cover"])
    write_classes_at(here / "half.tif", left=500_005)
    write_classes_at(here / "far.tif", left=800_000)
    with rasterio.open(
        here / "nowhere.tif", "w", driver="GTiff", width=4, height=4, count=1, dtype="uint8", transform=GRID.affine
    ) as dataset:
        dataset.write(np.zeros((1, 4, 4), "uint8"))
    before = sorted(path.name for path in here.iterdir())
    done = measure(*(str(cubes[0] / "cube") if word == "CUBE" else word for word in words))
    assert done.exit_code == 1
    assert told in said(done)
    assert sorted(path.name for path in here.iterdir()) == before


def write_classes_at(path: Path, *, left: float) -> None:
    with rasterio.open(
        write_raster(path, grid(HEIGHT, WIDTH, left=left), classes(), nodata=255, names=["ndvi", "cover"]), "r+"
    ) as dataset:
        dataset.scales, dataset.offsets, dataset.units = (0.5, 1.0), (-1.0, 0.0), ("share", "")


@pytest.mark.parametrize(
    ("zones", "column", "out", "told"),
    [
        ("zones.gpkg", "same", "t.csv", "column 'same': expected every id once, got 1 repeated (1); merge those"),
        ("zones.gpkg", "code", "t.csv", "expected a column 'code', got the columns name, same; name one of those"),
        ("none.gpkg", "name", "t.csv", "none.gpkg: expected a file of shapes, got nothing there; correct the path"),
        ("bare.shp", "name", "t.csv", "bare.shp: expected a CRS, got none; store it with the file"),
        ("zones.gpkg", "name", "t.xlsx", "t.xlsx: expected a name that ends in .parquet or .csv, got t.xlsx"),
        (
            "zones.gpkg",
            "name",
            "there.csv",
            "there.csv: expected no file there yet, got one; remove it or give another",
        ),
    ],
)
def test_zones_and_tables_that_cannot_be_are_told(here: Path, zones: str, column: str, out: str, told: str) -> None:
    write_classes(here / "r.tif")
    write_zones(here / "bare.shp", crs=None)
    (here / "there.csv").write_text("mine")
    done = measure("r.tif", zones=zones, column=column, out=out)
    assert done.exit_code == 1
    assert told in said(done)
    assert (here / "there.csv").read_text() == "mine"


def test_shapes_have_no_place_in_csv_and_rules_none_beside_points(here: Path) -> None:
    write_classes(here / "r.tif")
    assert "expected a name that ends in .parquet for a table with shapes" in said(
        measure("r.tif", "--geometry", out="t.csv")
    )
    points = geopandas.GeoDataFrame({"name": ["p"]}, geometry=[shapely.Point(500_415, 4_999_915)], crs=CRS)
    points.to_file("points.gpkg")
    refused = measure("r.tif", "--rule", "fractional", zones="points.gpkg")
    assert "--rule: expected no rule beside points, got fractional" in said(refused)
    assert measure("r.tif", "--bands", "cover", zones="points.gpkg").exit_code == 0
    assert pd.read_parquet("t.parquet")["cover_mean"].tolist() == [classes()[1, 8, 41]]


def test_neither_dagster_nor_earth_engine_is_imported(here: Path) -> None:
    write_classes(here / "r.tif")
    words = ["measure", "zones.gpkg", "r.tif", "--id", "name", "--out", "t.csv"]
    code = (
        f"import sys\nfrom eo_pipeline.cli.main import main\nmain({words}, standalone_mode=False)\n"
        "print(sorted({'dagster', 'ee'} & set(sys.modules)))"
    )
    root = str(Path(__file__).parents[2])
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env={"PYTHONPATH": root}
    )
    assert done.stdout.splitlines()[-1] == "[]"
