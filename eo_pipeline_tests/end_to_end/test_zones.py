"""Which zones a table holds, and what happens when the zones' file or the data root changes."""

from dataclasses import replace
from pathlib import Path

import geopandas
import numpy as np
import pandas as pd
import pytest
import rasterio
import shapely

from eo_pipeline_tests.end_to_end.heights import CRS, LEFT, RESOLUTION, TOP, submissions
from eo_pipeline_tests.end_to_end.pipeline import Pipeline
from eo_pipeline_tests.end_to_end.place import MONTH, PARTITION, Place, assert_made

FEATURES = {"west": (0, 64), "east": (128, 256)}
"""First and last column of two areas; both reach from row 0 to row 128."""


def box(columns: tuple[int, int], rows: tuple[int, int]) -> shapely.Polygon:
    """A rectangle whose edges are those of pixels."""
    return shapely.box(
        LEFT + columns[0] * RESOLUTION,
        TOP - rows[1] * RESOLUTION,
        LEFT + columns[1] * RESOLUTION,
        TOP - rows[0] * RESOLUTION,
    )


def write_zones(path: Path, zones: dict[str, shapely.Polygon]) -> None:
    geopandas.GeoDataFrame({"name": list(zones)}, geometry=list(zones.values()), crs=CRS).to_file(path)


def by_features(place: Place, zones: dict[str, str | list[str]]) -> Pipeline:
    write_zones(place.folder / "areas.geojson", {name: box(columns, (0, 128)) for name, columns in FEATURES.items()})
    area = {"features": "areas.geojson", "id": "name", "crs": CRS, "resolution": RESOLUTION, "origin": [LEFT, TOP]}
    return place.pipeline(area=area, zones=zones, cube=None)


def table(found: Pipeline, *name: str) -> pd.DataFrame:
    return pd.read_parquet((found.root / "heights" / "zonal_stats").joinpath(*name).with_suffix(".parquet"))


def pixels_of(place: Place) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    with rasterio.open(place.folder / "h_202401.tif") as dataset:
        return np.asarray(dataset.read(1))


def test_an_area_that_is_a_zone_of_the_same_file_measures_itself_only(place: Place) -> None:
    found = by_features(place, {"file": "areas.geojson", "id": "name", "statistics": ["count", "mean"]})
    assert found.run([MONTH]).failed == {}
    for name, (first, last) in FEATURES.items():
        expected = pixels_of(place)[:128, first:last]
        measured = table(found, name, MONTH)
        assert measured["name"].tolist() == [name]
        assert measured["height_count"].tolist() == [expected.size]
        assert measured["height_mean"].tolist() == pytest.approx([expected.astype(float).mean()], rel=1e-6)


def test_zones_of_another_file_are_measured_in_the_areas_that_they_touch(place: Place) -> None:
    zones = {
        "inside west": box((10, 20), (10, 20)),
        "across": box((60, 130), (0, 10)),
        "between": box((80, 100), (0, 10)),
        "elsewhere": box((1000, 1010), (0, 10)),
    }
    write_zones(place.folder / "fields.geojson", zones)
    found = by_features(place, {"file": "fields.geojson", "id": "name", "statistics": ["count"]})
    assert found.run([MONTH]).failed == {}
    counts = {name: table(found, name, MONTH).set_index("name")["height_count"].to_dict() for name in FEATURES}
    assert counts == {"west": {"inside west": 100, "across": 40}, "east": {"across": 20}}


def test_edited_zones_are_measured_again_and_nothing_else_is_made_again(place: Place) -> None:
    found = place.pipeline()
    assert_made(found, found.run([MONTH]))
    before = {stage: found.metadata(stage, PARTITION) for stage in ("export", "tiles", "mosaic", "cube")}
    write_zones(place.folder / "zones.geojson", {"field": box((0, 10), (0, 10)), "new": box((50, 70), (5, 6))})
    again = place.pipeline()
    assert_made(again, again.run([MONTH]))
    measured = table(again, MONTH).set_index("name")
    pixels = pixels_of(place)
    assert measured["height_count"].to_dict() == {"field": 100, "new": 20}
    assert measured["height_mean"].to_dict() == pytest.approx(
        {"field": pixels[:10, :10].astype(float).mean(), "new": pixels[5, 50:70].astype(float).mean()}, rel=1e-6
    )
    assert {stage: again.metadata(stage, PARTITION) for stage in before} == before
    assert len(submissions(place.sandbox)) == 1


def test_a_new_root_gets_everything_from_the_export_that_is_there(place: Place) -> None:
    first = place.pipeline()
    assert_made(first, first.run([MONTH]))
    moved = replace(place, root=place.folder / "elsewhere").pipeline()
    assert_made(moved, moved.run([MONTH]))
    for path in first.root.rglob("*.*"):
        if path.is_file() and "cubes" not in path.parts:
            assert (moved.root / path.relative_to(first.root)).exists(), path
    with rasterio.open(moved.mosaic("whole", MONTH)) as dataset:
        np.testing.assert_array_equal(dataset.read(1), pixels_of(place))
    assert (moved.root / "cubes" / "heights").is_dir()
    assert len(submissions(place.sandbox)) == 1
