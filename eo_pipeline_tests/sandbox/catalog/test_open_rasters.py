"""Files kept open: bounded in number, never shared, opened anew when they were replaced."""

from pathlib import Path

import numpy as np
import pytest
import rasterio

from eo_pipeline.sandbox.catalog.open_rasters import OpenRasters


def write(path: Path, value: int, *, width: int = 3) -> Path:
    profile = {"driver": "GTiff", "count": 1, "dtype": "uint8", "crs": "EPSG:4326", "width": width, "height": 2}
    with rasterio.open(path, "w", transform=rasterio.Affine(1, 0, 0, 0, -1, 2), **profile) as file:
        file.write(np.full((1, 2, width), value, "u1"))
    return path


def test_a_file_stays_open_until_too_many_were_used_after_it(tmp_path: Path) -> None:
    rasters = OpenRasters(idle=2)
    used = []
    for number in range(3):
        with rasters.opened(write(tmp_path / f"{number}.tif", number)) as file:
            assert file.read(1)[0, 0] == number
            used.append(file)
    assert [file.closed for file in used] == [True, False, False]
    with rasters.opened(tmp_path / "2.tif") as again:
        assert again is used[2]


def test_two_readers_of_one_file_do_not_share_it(tmp_path: Path) -> None:
    rasters = OpenRasters(idle=2)
    path = write(tmp_path / "a.tif", 7)
    with rasters.opened(path) as first, rasters.opened(path) as second:
        assert first is not second
    assert first.closed != second.closed


def test_a_replaced_file_is_read_anew(tmp_path: Path) -> None:
    rasters = OpenRasters(idle=2)
    path = write(tmp_path / "a.tif", 7)
    with rasters.opened(path) as file:
        file.read(1)
    write(tmp_path / "b.tif", 8, width=4).replace(path)
    with rasters.opened(path) as file:
        assert file.read(1).tolist() == [[8] * 4] * 2


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(OSError, match=r"nothing\.tif"), OpenRasters(idle=1).opened(tmp_path / "nothing.tif"):
        pass
