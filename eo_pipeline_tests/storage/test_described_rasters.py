"""What rasters say of themselves, read back from files that plain rasterio wrote; and what is refused."""

import math
from pathlib import Path

import numpy as np
import pytest
import rasterio

from eo_pipeline.core.bands import BandEncoding
from eo_pipeline.errors import TilesError
from eo_pipeline.storage.described_rasters import describe_raster, describe_rasters
from eo_pipeline_tests.raster_files import grid, write_raster

GRID = grid(4, 4)


def test_everything_that_metadata_say(tmp_path: Path) -> None:
    path = write_raster(tmp_path / "r.tif", GRID, np.zeros((2, 4, 4), "int16"), nodata=-1, names=["warmth", "cover"])
    with rasterio.open(path, "r+") as dataset:
        dataset.scales, dataset.offsets, dataset.units = (0.01, 1.0), (273.0, 0.0), ("K", "")
        dataset.update_tags(1, long_name="warmth of the ground")
        dataset.update_tags(2, kind="categorical")
    assert describe_raster(path).bands == (
        BandEncoding("warmth", "int16", 0.01, 273.0, -1, "K", "warmth of the ground"),
        BandEncoding("cover", "int16", nodata=-1, kind="categorical"),
    )


def test_bands_without_a_name_or_with_one_twice_have_their_number(tmp_path: Path) -> None:
    plain = write_raster(tmp_path / "plain.tif", GRID, np.zeros((2, 4, 4), "uint8"))
    assert describe_raster(plain).header.band_names == ("band_1", "band_2")
    pixels = np.zeros((3, 4, 4), "uint8")
    twice = write_raster(tmp_path / "twice.tif", GRID, pixels, names=["red", "same", "same"])
    assert describe_raster(twice).header.band_names == ("red", "band_2", "band_3")


@pytest.mark.parametrize(
    ("dtype", "nodata", "kept"),
    [("float32", -3.4028234663852886e38, -3.4028234663852886e38), ("uint8", None, None), ("int32", -9999, -9999)],
)
def test_nodata_as_the_type_holds_it(tmp_path: Path, dtype: str, nodata: float | None, kept: float | None) -> None:
    path = write_raster(tmp_path / "r.tif", GRID, np.zeros((1, 4, 4), dtype), nodata=nodata)
    assert describe_raster(path).bands[0].nodata == kept


def test_nan_is_a_nodata_of_floats(tmp_path: Path) -> None:
    path = write_raster(tmp_path / "r.tif", GRID, np.zeros((1, 4, 4), "float64"), nodata=math.nan)
    nodata = describe_raster(path).bands[0].nodata
    assert nodata is not None
    assert math.isnan(nodata)


def test_types_that_nobody_measures_are_refused(tmp_path: Path) -> None:
    path = write_raster(tmp_path / "r.tif", GRID, np.zeros((1, 4, 4), "complex64"))
    with pytest.raises(TilesError, match=r"expected numbers of type uint8, .*, got complex64; convert it, for example"):
        describe_raster(path)


def test_bands_of_different_types_are_refused(tmp_path: Path) -> None:
    for name, dtype in (("a", "uint8"), ("b", "float32")):
        write_raster(tmp_path / f"{name}.tif", GRID, np.zeros((1, 4, 4), dtype))
    bands = "".join(
        f'<VRTRasterBand dataType="{kind}" band="{number}"><SimpleSource><SourceFilename relativeToVRT="1">{name}.tif'
        "</SourceFilename><SourceBand>1</SourceBand></SimpleSource></VRTRasterBand>"
        for number, (name, kind) in enumerate((("a", "Byte"), ("b", "Float32")), start=1)
    )
    path = tmp_path / "r.vrt"
    path.write_text(
        f'<VRTDataset rasterXSize="4" rasterYSize="4"><SRS>EPSG:32633</SRS><GeoTransform>0, 10, 0, 0, 0, -10'
        f"</GeoTransform>{bands}</VRTDataset>"
    )
    with pytest.raises(TilesError, match="expected bands of one type and nodata, got float32, uint8 and nodata None"):
        describe_raster(path)


def test_every_raster_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    for name in ("a.tif", "b.tif"):
        (tmp_path / name).write_text("nothing")
    with pytest.raises(TilesError, match=r"(?s)a\.tif.*b\.tif"):
        describe_rasters([tmp_path / "a.tif", tmp_path / "b.tif"])
