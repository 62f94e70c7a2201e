"""Mosaics into a cube: real rasters written by rasterio, read back from the cube."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import icechunk
import numpy as np
import pytest
import rasterio
from affine import Affine
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox

from eo_pipeline.core.bands import BandEncoding
from eo_pipeline.core.cubes.cube_ledger import Provenance, State
from eo_pipeline.core.cubes.cube_template import CubeTemplate
from eo_pipeline.core.period_rules import CalendarRule
from eo_pipeline.core.rectangles import Rectangle
from eo_pipeline.errors import CubeError, GridMismatchError, SourceError, TilesError
from eo_pipeline.steps.cubes.write_mosaic_region import CubeRegionReport, write_mosaic_region
from eo_pipeline.storage.cubes import CubeAddress, open_cube

ORIGIN = (500_000, 5_000_000)
MONTH = CalendarRule("month")
BANDS = (BandEncoding("red", "int16", 0.001, 2.0, nodata=-1), BandEncoding("nir", "int16", nodata=-1))
TEMPLATE = CubeTemplate(
    "example",
    GeoBox((96, 64), Affine(10, 0, ORIGIN[0], 0, -10, ORIGIN[1]), "EPSG:32633"),
    BANDS,
    MONTH,
    datetime(2023, 1, 1, tzinfo=UTC),
    chunk=16,
    shard=32,
)
LOWER = GeoBox((64, 64), Affine(10, 0, ORIGIN[0], 0, -10, ORIGIN[1] - 320), "EPSG:32633")


@pytest.fixture(autouse=True)
def _quiet_icechunk() -> None:
    icechunk.set_logs_filter("error")  # it warns of unlocked commits each time a local repository is opened


@pytest.fixture
def address(tmp_path: Path) -> CubeAddress:
    return CubeAddress(str(tmp_path / "cube"))


def numbers(seed: int = 0) -> NDArray[Any]:
    """Pixels (band, y, x) of the lower area; the upper 16 rows have no value."""
    pixels = np.random.default_rng(seed).integers(0, 1000, (2, 64, 64)).astype("int16")
    pixels[:, :16] = -1
    return pixels


def write_tif(
    path: Path,
    pixels: NDArray[Any],
    names: tuple[str, ...] = ("red", "nir"),
    geobox: GeoBox = LOWER,
    nodata: int = -1,
    **options: Any,
) -> Path:
    profile = {
        "driver": "GTiff", "count": len(pixels), "dtype": pixels.dtype, "height": pixels.shape[1],
        "width": pixels.shape[2], "crs": "EPSG:32633", "transform": geobox.affine, "nodata": nodata, **options,
    }  # fmt: skip
    with rasterio.open(path, "w", **profile) as dataset:
        for number, name in enumerate(names, start=1):
            dataset.set_band_description(number, name)
        dataset.write(pixels)
    return path


def write(
    mosaic: Path | None, address: CubeAddress, *, key: str = "2023-02", inputs: str = "h", area: GeoBox = LOWER
) -> CubeRegionReport:
    provenance = Provenance("example", f"lower|{key}", inputs, "v1", "run", datetime(2024, 1, 1, tzinfo=UTC))
    return write_mosaic_region(
        mosaic,
        template=TEMPLATE,
        repository=address,
        period=MONTH.parse(key),
        area_geobox=area,
        area_key="lower",
        provenance=provenance,
    )


def test_mosaic_becomes_the_slot_of_its_region(tmp_path: Path, address: CubeAddress) -> None:
    pixels = numbers()
    report = write(write_tif(tmp_path / "mosaic.tif", pixels), address)
    assert (report.changed, report.slot, report.region) == (True, 1, Rectangle(32, 0, 96, 64))
    assert (report.state, report.valid_share, len(report.timeline.bars)) == (State.WRITTEN, 0.75, 4)
    expected = np.full((2, 96, 64), np.nan)
    expected[1, 32:] = np.where(pixels[0] == -1, np.nan, pixels[0] * 0.001 + 2)
    cube = open_cube(address, snapshot=report.snapshot)
    np.testing.assert_allclose(cube["red"].values, expected, rtol=0, atol=1e-12)
    np.testing.assert_array_equal(cube["nir"].values[1, 48:], pixels[1, 16:])


def test_bands_are_found_by_name(tmp_path: Path, address: CubeAddress) -> None:
    pixels = numbers()
    write(write_tif(tmp_path / "mosaic.tif", pixels[::-1], names=("nir", "red")), address)
    np.testing.assert_array_equal(open_cube(address)["nir"].values[1, 48:], pixels[1, 16:])


def test_bands_without_names_are_taken_in_order(tmp_path: Path, address: CubeAddress) -> None:
    pixels = numbers()
    write(write_tif(tmp_path / "mosaic.tif", pixels, names=()), address)
    np.testing.assert_array_equal(open_cube(address)["nir"].values[1, 48:], pixels[1, 16:])


def test_same_inputs_again_change_nothing(tmp_path: Path, address: CubeAddress) -> None:
    mosaic = write_tif(tmp_path / "mosaic.tif", numbers())
    first = write(mosaic, address)
    again = write(mosaic, address)
    assert (again.changed, again.snapshot, again.valid_share) == (False, first.snapshot, 0.75)
    assert again.timeline.bars == ()


def test_late_images_replace_the_slot(tmp_path: Path, address: CubeAddress) -> None:
    write(write_tif(tmp_path / "first.tif", numbers(1)), address)
    late = numbers(2)
    assert write(write_tif(tmp_path / "late.tif", late), address, inputs="more").changed
    np.testing.assert_array_equal(open_cube(address)["nir"].values[1, 48:], late[1, 16:])


def test_no_images_are_a_state_not_an_error(address: CubeAddress) -> None:
    report = write(None, address)
    assert (report.state, report.valid_share, report.changed) == (State.NO_IMAGES, 0, True)
    assert not write(None, address).changed


def test_area_that_cuts_shards_is_refused_before_anything_is_made(tmp_path: Path, address: CubeAddress) -> None:
    area = GeoBox((64, 64), Affine(10, 0, ORIGIN[0], 0, -10, ORIGIN[1] - 160), "EPSG:32633")
    with pytest.raises(CubeError, match=r"whole shards of 32 x 32 pixels, got rows 16 to 80"):
        write(None, address, area=area)
    assert list(tmp_path.iterdir()) == []


def test_mosaic_of_another_area_is_refused(tmp_path: Path, address: CubeAddress) -> None:
    shifted = GeoBox((64, 64), Affine(10, 0, ORIGIN[0] + 5, 0, -10, ORIGIN[1]), "EPSG:32633")
    mosaic = write_tif(tmp_path / "mosaic.tif", numbers(), geobox=shifted)
    with pytest.raises(GridMismatchError, match=r"500000.*, got .*500005.*0\.5 columns and -32 rows.*export it again"):
        write(mosaic, address)
    assert not Path(address.uri).exists()


@pytest.mark.parametrize("rows", [32, 64, -64])
def test_mosaic_of_a_neighbour_is_refused(tmp_path: Path, address: CubeAddress, rows: int) -> None:
    """It lies on the same pixels; without a check its part, or nothing, would become the area's."""
    neighbour = GeoBox((64, 64), LOWER.affine @ Affine.translation(0, rows), "EPSG:32633")
    mosaic = write_tif(tmp_path / "mosaic.tif", numbers(), geobox=neighbour)
    with pytest.raises(CubeError, match=r"on the area's grid, .*, got .*; make the mosaic again"):
        write(mosaic, address)
    assert not Path(address.uri).exists()


@pytest.mark.parametrize(
    ("raster", "problem"),
    [
        ({"names": ("red", "swir")}, "bands red, swir, expected red, nir"),
        ({"pixels": numbers()[:1], "names": ("red",)}, "bands red, expected red, nir"),
        ({"pixels": numbers().astype("float32")}, "band red: dtype float32, expected int16"),
        ({"nodata": 0}, "band red: nodata 0.0, expected -1"),
    ],
)
def test_mosaic_of_other_bands_is_refused(
    tmp_path: Path, address: CubeAddress, raster: dict[str, Any], problem: str
) -> None:
    mosaic = write_tif(tmp_path / "mosaic.tif", **({"pixels": numbers()} | raster))
    with pytest.raises(TilesError, match=problem):
        write(mosaic, address)


def cut_short(data: bytes) -> bytes:
    return data[:9000]


def flipped(data: bytes) -> bytes:
    middle = len(data) // 2
    return data[:middle] + bytes([data[middle] ^ 0xFF]) + data[middle + 1 :]


@pytest.mark.parametrize(("damaged", "options"), [(cut_short, {}), (flipped, {"compress": "deflate"})])
def test_damaged_mosaic_is_named_and_nothing_committed(
    tmp_path: Path, address: CubeAddress, damaged: Callable[[bytes], bytes], options: dict[str, Any]
) -> None:
    mosaic = write_tif(tmp_path / "mosaic.tif", numbers(), **options)
    mosaic.write_bytes(damaged(mosaic.read_bytes()))
    with pytest.raises(SourceError, match=r"the mosaic of lower, .*\n.*mosaic\.tif.*\n.*make it again"):
        write(mosaic, address)
    assert open_cube(address)["red"].isnull().all()
