"""Monthly rasters that Earth Engine exported, as a cube with the month that does not exist."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import icechunk
import numpy as np
import pytest
import rasterio
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox

from eo_pipeline.core.bands import BandEncoding
from eo_pipeline.core.cubes.cube_ledger import Provenance, State
from eo_pipeline.core.cubes.cube_template import CubeTemplate
from eo_pipeline.core.period_rules import CalendarRule
from eo_pipeline.steps.cubes.write_mosaic_region import CubeRegionReport, write_mosaic_region
from eo_pipeline.storage.cubes import CubeAddress, open_cube, open_or_create_cube, read_ledger

FOLDER = Path(__file__).parents[4] / "shared" / "data" / "ee_fldas_lst"
MONTH = CalendarRule("month")
BAND = BandEncoding("RadT_tavg", "float32", nodata=float("nan"), units="K")

pytestmark = [
    pytest.mark.real_data,
    pytest.mark.skipif(not FOLDER.is_dir(), reason=f"real rasters are not at {FOLDER}"),
]


def rasters() -> dict[str, Path]:
    """The files by month; 2023-03 does not exist."""
    return {f"{path.stem[-6:-2]}-{path.stem[-2:]}": path for path in FOLDER.glob("*.tif")}


def write_month(key: str, template: CubeTemplate, address: CubeAddress) -> CubeRegionReport:
    return write_mosaic_region(
        rasters().get(key),
        template=template,
        repository=address,
        period=MONTH.parse(key),
        area_geobox=template.geobox,
        area_key="all",
        provenance=Provenance("fldas", key, f"hash of {key}", "v1", "run", datetime(2024, 1, 1, tzinfo=UTC)),
    )


def test_months_in_any_order_equal_the_files(tmp_path: Path) -> None:
    icechunk.set_logs_filter("error")
    pixels: dict[str, NDArray[Any]] = {}
    for key, path in rasters().items():
        with rasterio.open(path) as dataset:
            pixels[key], geobox = dataset.read(1), GeoBox.from_rio(dataset)
    template = CubeTemplate("fldas", geobox, (BAND,), MONTH, datetime(2023, 1, 1, tzinfo=UTC))
    address = CubeAddress(str(tmp_path / "cube"))
    reports = {
        key: write_month(key, template, address) for key in ("2023-05", "2023-01", "2023-03", "2023-04", "2023-02")
    }
    cube = open_cube(address)["RadT_tavg"]
    for slot, key in enumerate(("2023-01", "2023-02", "2023-03", "2023-04", "2023-05")):
        expected = pixels.get(key, np.full(geobox.shape, np.nan, "float32"))
        np.testing.assert_array_equal(cube[slot].values, expected)
        assert reports[key].valid_share == pytest.approx(np.isfinite(expected).mean())
    assert cube.dtype == np.float32
    ledger = read_ledger(open_or_create_cube(address, template))
    assert list(ledger["state"]) == ["written", "written", State.NO_IMAGES, "written", "written"]
