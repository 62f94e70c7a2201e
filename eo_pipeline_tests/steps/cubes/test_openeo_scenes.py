"""Real Sentinel-2 series of openEO, each date a scene: monthly medians are numpy's, a month of clouds is empty."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import netCDF4
import numpy as np
import pytest
from affine import Affine
from odc.geo.geobox import GeoBox

from eo_pipeline.core.cubes.cube_ledger import State
from eo_pipeline.core.cubes.cube_template import CubeTemplate
from eo_pipeline.core.rectangles import Rectangle
from eo_pipeline.steps.cubes.plan_region import plan_region
from eo_pipeline.steps.cubes.write_scenes_region import Workers, write_scenes_region
from eo_pipeline.storage.cubes import CubeAddress, open_or_create_cube, verify_cube
from eo_pipeline_tests.raster_files import REAL_DATA, needs_real_data
from eo_pipeline_tests.steps.cubes import plain
from eo_pipeline_tests.steps.cubes.archive import MadeScene, write_archive
from eo_pipeline_tests.steps.cubes.here import Here
from eo_pipeline_tests.steps.cubes.products import provenance_of, scenes_product

pytestmark = needs_real_data

CLEAR = [4, 5, 6, 7, 11]


def scenes_of(name: str) -> list[MadeScene]:
    """The dates of a cube; SCL is on the pixels of red there."""
    with netCDF4.Dataset(REAL_DATA / "s2_l2a_scl_openeo" / f"{name}.nc") as file:
        file.set_auto_maskandscale(False)
        x, y, days = (np.asarray(file[axis][:]) for axis in ("x", "y", "t"))
        red, scl = (np.asarray(file[f"S2-L2A-{band}"][:]).astype(np.int64) for band in ("B04", "SCL"))
    grid = GeoBox((len(y), len(x)), Affine(10, 0, float(x[0]) - 5, 0, -10, float(y[0]) + 5), "EPSG:32631")
    assert red.min() > 0
    assert scl.max() < 12
    first = datetime(1990, 1, 1, 10, 50, tzinfo=UTC)
    return [
        MadeScene(
            f"s{day}",
            first + timedelta(days=int(day)),
            grid,
            {"red": red[number].astype(np.uint16), "scl": scl[number].astype(np.uint8)},
        )
        for number, day in enumerate(days)
    ]


@pytest.mark.parametrize(
    ("name", "start", "months"), [("test_optical_cube", "2023-10", 3), ("cdse_sentinel2_l2a", "2023-04", 1)]
)
def test_monthly_medians_are_numpys(tmp_path: Path, name: str, start: str, months: int) -> None:
    scenes = scenes_of(name)
    grid, source = scenes[0].grid, write_archive(tmp_path / "archive", scenes)
    box = grid.boundingbox
    product = scenes_product(
        source={"stac": "unused", "collection": "made-l2a", "bands": ["red"]},
        mask={"scl_include": CLEAR},
        area={
            "crs": "EPSG:32631",
            "resolution": 10,
            "origin": [box.left, box.top],
            "box": [box.left, box.bottom, box.right, box.top],
        },
        period={"every": "month", "start": start, "end": "2024-01"},
        cube={"repository": "cube", "shard": 32, "chunk": 16},
    )
    template = CubeTemplate("made", grid, tuple(product.bands), product.period.rule, product.period.starts_at, 16, 32)
    address, region = CubeAddress(str(tmp_path / "cube")), Rectangle(0, 0, *grid.shape)
    periods = product.period.rule.periods(product.period.starts_at, datetime(2024, 1, 1, tzinfo=UTC))[:months]
    for period in periods:
        plan = plan_region(product, template, region, period, source)
        report = write_scenes_region(
            plan,
            source,
            Workers(Here()),
            template=template,
            repository=address,
            period=period,
            area_key="whole",
            provenance=provenance_of(plan),
        )
        there = [scene for scene in scenes if period.contains(scene.instant)]
        assert len(plan.scenes) == len(there) > 4
        red, scl = (np.stack([scene.bands[band] for scene in there]) for band in ("red", "scl"))
        clear = np.isin(scl, CLEAR)
        cube = open_or_create_cube(address, template).read()
        stored = {band: np.asarray(cube[band][report.slot]) for band in ("red", "n_valid", "n_obs")}  # type: ignore[index] # arrays of the template
        np.testing.assert_array_equal(
            stored["red"], plain.half_up(plain.median(np.where(clear, red, np.nan)), 0, "uint16")
        )
        np.testing.assert_array_equal(stored["n_valid"], clear.sum(axis=0))
        assert (stored["n_obs"] == len(there)).all()
        cloudy = period.key == "2023-11"
        assert set(report.states) <= ({State.EMPTY} if cloudy else {State.WRITTEN, State.EMPTY})
        assert stored["red"].any() == (not cloudy)
    assert not verify_cube(address, template).findings
