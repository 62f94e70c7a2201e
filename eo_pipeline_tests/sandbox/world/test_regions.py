"""The demo's region files: what other parts rely on."""

import json
from pathlib import Path
from typing import Any

import pytest
import shapely
from shapely.geometry import shape

from eo_pipeline.sandbox.graph.crs import transformer
from eo_pipeline_tests.sandbox.world.test_coast import WORLD

REGIONS = Path(__file__).parents[3] / "eo_pipeline" / "defs" / "regions"
NATURAL_EARTH = Path(__file__).parents[4] / "shared" / "data" / "naturalearth_110m"


def features(name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((REGIONS / name).read_text(encoding="utf-8"))["features"]
    return found


def test_countries_are_all_there_valid_and_small() -> None:
    countries = features("countries_110m.geojson")
    properties = [feature["properties"] for feature in countries]
    assert len(countries) == 177
    assert all(set(each) == {"name", "iso_n3"} for each in properties)
    assert len({each["name"] for each in properties}) == 177
    assert all(shape(feature["geometry"]).is_valid for feature in countries)
    assert (REGIONS / "countries_110m.geojson").stat().st_size < 400_000


@pytest.mark.real_data
@pytest.mark.skipif(not NATURAL_EARTH.is_dir(), reason=f"the folder of real data is absent: {NATURAL_EARTH}")
def test_countries_are_those_of_natural_earth() -> None:
    import geopandas as gpd  # noqa: PLC0415 - only this test needs it

    expected = gpd.read_file(NATURAL_EARTH / "naturalearth_lowres.shp").set_index("name").geometry
    for feature in features("countries_110m.geojson"):
        ours, theirs = shape(feature["geometry"]), expected[feature["properties"]["name"]]
        assert ours.intersection(theirs).area / ours.union(theirs).area > 0.97


def test_fields_have_ten_to_sixty_hectares_on_land_in_four_cells() -> None:
    to_metres = transformer("EPSG:4326", "EPSG:32633")
    cells, names = set(), set()
    for feature in features("fields.geojson"):
        assert set(feature["properties"]) == {"field_id", "crop"}
        names.add(feature["properties"]["field_id"])
        field = shape(feature["geometry"])
        assert field.is_valid
        assert WORLD.contains(field)
        x, y = to_metres.transform(*shapely.get_coordinates(field).T)
        assert len(x) == 5
        assert 10e4 < shapely.Polygon(list(zip(x, y, strict=True))).area < 60e4
        cells |= {(int(east // 25_600), int(north // 25_600)) for east, north in zip(x, y, strict=True)}
    assert len(names) == 12
    assert cells == {(20, 208), (20, 209), (21, 208), (22, 208)}
