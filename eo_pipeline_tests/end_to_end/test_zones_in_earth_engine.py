"""A product whose zones are measured inside Earth Engine: without an export, or beside mosaics that check it."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import dagster as dg
import numpy as np
import pytest
import rasterio
from numpy.typing import NDArray

from eo_pipeline.core.settings import Settings
from eo_pipeline.orchestration.check_both_ways import build_both_ways
from eo_pipeline.orchestration.compute.usage_events import INTERACTIVE
from eo_pipeline.orchestration.estimates.piece_plans import plan_pieces
from eo_pipeline.orchestration.estimates.plans import Project
from eo_pipeline.orchestration.io_managers import MosaicIO
from eo_pipeline.orchestration.partitions import PartitionKey
from eo_pipeline.orchestration.status import product_status
from eo_pipeline_tests.end_to_end.heights import CRS, LEFT, RESOLUTION, TOP, submissions, write_month
from eo_pipeline_tests.end_to_end.pipeline import Pipeline, resources
from eo_pipeline_tests.end_to_end.place import EMPTY, MONTH, Place, assert_made
from eo_pipeline_tests.end_to_end.test_zones import box, pixels_of, table, write_zones
from eo_pipeline_tests.scenes import settings_at

FIELDS = {"small": ((10, 20), (10, 20)), "large": ((60, 130), (5, 90))}
"""First and last column, first and last row."""
ZONES: dict[str, Any] = {
    "file": "fields.geojson",
    "id": "name",
    "statistics": ["count", "mean", "max", "median"],
    "where": "earth_engine",
}

NO_TILES: dict[str, Any] = {"cube": None, "export": {}}
"""Sections of a product that says nothing of tiles."""


@pytest.fixture
def place(shared_place: Place) -> Place:
    """With the pixels of the shared sandbox, and zones."""
    write_month(shared_place.folder, MONTH, seed=1)
    fields(shared_place)
    return shared_place


def fields(place: Place) -> None:
    write_zones(place.folder / "fields.geojson", {name: box(*sides) for name, sides in FIELDS.items()})


def of(pixels: NDArray[Any], name: str) -> NDArray[np.float64]:
    columns, rows = FIELDS[name]
    return pixels[slice(*rows), slice(*columns)].astype(float)


def assert_measured(found: Pipeline, place: Place) -> None:
    rows, pixels = table(found, MONTH).set_index("name"), pixels_of(place)
    assert list(rows.index) == list(FIELDS)
    for name in FIELDS:
        values = of(pixels, name)
        assert rows.loc[name, "height_count"] == values.size
        assert rows.loc[name, "height_mean"] == pytest.approx(values.mean(), rel=1e-9)
        assert rows.loc[name, "height_max"] == values.max()
        assert rows.loc[name, "height_median"] == pytest.approx(np.median(values), rel=1e-6)


def test_zones_are_measured_without_an_export(place: Place) -> None:
    found, before = place.pipeline(zones=ZONES, **NO_TILES), submissions(place.sandbox)
    assert found.chain.stages == ["submission", "export", "zonal_stats"]
    assert_made(found, found.run([MONTH]))
    assert_measured(found, place)
    assert submissions(place.sandbox) == before
    assert found.metadata("zonal_stats", MONTH)[INTERACTIVE] >= 1
    stage = {one.stage: one for one in product_status(place.instance, found.chain).stages}["zonal_stats"]
    assert (stage.done, stage.stale, stage.failed) == (1, 0, 0)


def test_it_is_made_once_and_again_for_other_zones(place: Place) -> None:
    found = place.pipeline(zones=ZONES, **NO_TILES)
    assert_made(found, found.run([MONTH]))
    before = found.metadata("zonal_stats", MONTH)
    found.run([MONTH])
    assert found.metadata("zonal_stats", MONTH) == before
    write_zones(place.folder / "fields.geojson", {"other": box((0, 10), (0, 10))})
    again = place.pipeline(zones=ZONES, **NO_TILES)
    assert_made(again, again.run([MONTH]))
    assert table(again, MONTH)["name"].tolist() == ["other"]


def test_a_period_without_images_has_counts_of_nothing(place: Place) -> None:
    found = place.pipeline(zones=ZONES, **NO_TILES)
    assert found.run([EMPTY]).failed == {}
    rows = table(found, EMPTY)
    assert rows["height_count"].tolist() == [0, 0]
    assert rows["height_mean"].isna().all()


def both_ways(found: Pipeline, place: Place) -> dg.AssetCheckEvaluation:
    zones = found.chain.product.zones
    assert zones is not None
    io = MosaicIO(Settings(root=str(found.root)))
    given = {**resources(place.sandbox.url, found.root), "mosaic_io": io}
    defs = dg.Definitions(asset_checks=[build_both_ways(found.chain, zones)], resources=given)
    done = defs.resolve_implicit_global_asset_job_def().execute_in_process(instance=place.instance)
    [evaluation] = done.get_asset_check_evaluations()
    return evaluation


def test_beside_mosaics_a_check_measures_both_ways(place: Place) -> None:
    found = place.pipeline(zones=ZONES)
    assert_made(found, found.run([MONTH]))
    assert_measured(found, place)
    same = both_ways(found, place)
    assert same.passed
    assert re.fullmatch(rf"{MONTH}: 8 numbers of 2 zones differ by (0|\d\.\d+e-1\d) at most\.", str(same.description))
    _raise_pixels(found.mosaic("whole", MONTH), by=1.0)
    other = both_ways(found, place)
    assert not other.passed
    assert "of them by more than zones.tolerance" in str(other.description)
    assert "differences" in other.metadata


def _raise_pixels(path: Path, *, by: float) -> None:
    """Everywhere by a share."""
    with rasterio.open(path) as dataset:
        pixels, profile, names = dataset.read(), dataset.profile, dataset.descriptions
    with rasterio.open(path, "w", **{**profile, "driver": "GTiff"}) as dataset:
        dataset.write(pixels * (1 + by))
        dataset.descriptions = names


def test_a_plan_counts_zones_and_what_is_there(place: Place) -> None:
    found = place.pipeline(zones=ZONES, **NO_TILES)
    settings = replace(settings_at(place.sandbox.url), root=str(found.root))
    project, wanted = Project(place.instance, found.chain, [], settings), [PartitionKey("whole", MONTH)]
    before = plan_pieces(project, wanted)
    assert (before.what, before.partitions, before.there, before.pieces) == ("zones", 1, 0, 2)
    assert found.run([MONTH]).failed == {}
    after = plan_pieces(project, wanted)
    assert (after.there, after.pieces) == (1, 0)


def test_zones_cross_areas_that_are_cells(place: Place) -> None:
    """Of 2 x 2 cells of 128 pixels."""
    write_zones(place.folder / "all.geojson", {"all": box((1, 255), (1, 255))})
    area = {"cover": "all.geojson", "crs": CRS, "resolution": RESOLUTION, "origin": [LEFT, TOP], "tile": 128}
    found = place.pipeline(zones=ZONES, area=area, **NO_TILES)
    assert len(found.chain.areas) == 4
    assert found.run([MONTH]).failed == {}
    assert_measured(found, place)


def test_areas_that_are_features_have_tables_of_their_own(place: Place) -> None:
    write_zones(place.folder / "areas.geojson", {"west": box((0, 64), (0, 128)), "east": box((128, 256), (0, 128))})
    area = {"features": "areas.geojson", "id": "name", "crs": CRS, "resolution": RESOLUTION, "origin": [LEFT, TOP]}
    found = place.pipeline(zones=ZONES, area=area, **NO_TILES)
    assert found.run([MONTH]).failed == {}
    west, east = (table(found, name, MONTH).set_index("name")["height_count"].to_dict() for name in ("west", "east"))
    assert west == {"small": 100, "large": 4 * 85}
    assert east == {"large": 2 * 85}
