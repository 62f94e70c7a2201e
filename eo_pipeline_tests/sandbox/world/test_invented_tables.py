"""Districts and ecoregions: what a table of regions has to be, whatever was invented."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import shapely
from shapely.geometry.base import BaseGeometry

from eo_pipeline.sandbox.graph.values import Feature
from eo_pipeline.sandbox.world.world import ProceduralWorld, build_world

GAUL = "FAO/GAUL/2015"
ECOREGIONS = "RESOLVE/ECOREGIONS/2017"


def rows(world: ProceduralWorld, table: str) -> Sequence[Feature]:
    found = world.table(table)
    assert found is not None
    return found


def shapes(features: Sequence[Feature]) -> list[BaseGeometry]:
    return [feature.geometry.shape for feature in features if feature.geometry is not None]


def column(features: Sequence[Feature], name: str) -> list[Any]:
    return [feature.properties[name] for feature in features]


@pytest.mark.parametrize("name", ["Kenya", "Indonesia", "Fiji", "Luxembourg", "Russia"])
def test_districts_are_a_country_without_gaps_or_overlaps(world: ProceduralWorld, name: str) -> None:
    (country,) = shapes([one for one in rows(world, f"{GAUL}/level0") if one.properties["ADM0_NAME"] == name])
    districts = shapes([one for one in rows(world, f"{GAUL}/level2") if one.properties["ADM0_NAME"] == name])
    assert sum(one.area for one in districts) == pytest.approx(country.area, rel=1e-9)
    assert shapely.union_all(districts).symmetric_difference(country).area < 1e-6 * country.area
    assert all(one.is_valid for one in districts)


def test_a_continent_has_hundreds_of_districts_in_provinces_and_some_in_several_parts(world: ProceduralWorld) -> None:
    names = {"Argentina", "Bolivia", "Brazil", "Chile", "Colombia", "Ecuador", "Guyana", "Paraguay", "Peru", "Suriname"}
    districts = rows(world, f"{GAUL}/level2")
    american = [one for one in districts if one.properties["ADM0_NAME"] in names]
    assert 700 < len(american) < 1500
    assert len(set(column(districts, "ADM2_CODE"))) == len(districts) > 5000
    provinces = {one.properties["ADM1_CODE"]: one.properties["ADM0_NAME"] for one in american}
    assert 4 < len(american) / len(provinces) < 16
    assert all(provinces[one.properties["ADM1_CODE"]] == one.properties["ADM0_NAME"] for one in american)
    assert sum(len(shapely.get_parts(one)) > 1 for one in shapes(american)) >= 3
    corners = [shapely.get_num_coordinates(one) for one in shapes(american)]
    assert np.median(corners) > 30


def test_ecoregions_cover_the_land_follow_the_climate_and_never_overlap(world: ProceduralWorld) -> None:
    regions = rows(world, ECOREGIONS)
    assert len(set(column(regions, "ECO_NAME"))) == len(set(column(regions, "ECO_ID"))) == len(regions) > 12
    outlines = shapes(regions)
    together = shapely.union_all(outlines)
    assert sum(one.area for one in outlines) == pytest.approx(together.area, rel=1e-9)
    land = shapely.intersection(shapely.union_all(world.scenery.coast.land), shapely.box(-180, -55, 180, 80))
    assert land.difference(together).area < 0.01 * land.area
    known = {(0, 23): "Deserts", (-60, -4): "Moist Broadleaf", (22, 1): "Moist Broadleaf", (90, 72): "Tundra"}
    for place, biome in known.items():
        (here,) = [one for one in regions if one.geometry and one.geometry.shape.contains(shapely.Point(place))]
        assert biome in str(here.properties["BIOME_NAME"])
    assert set(column(regions, "REALM")) >= {"Palearctic", "Nearctic", "Neotropic", "Afrotropic", "Australasia"}


def test_a_region_is_the_same_in_every_world(world: ProceduralWorld) -> None:
    for table in (f"{GAUL}/level2", ECOREGIONS):
        mine, other = rows(world, table), rows(build_world(), table)
        assert [one.properties for one in mine] == [one.properties for one in other]
        assert all(a.equals(b) for a, b in zip(shapes(mine), shapes(other), strict=True))


def test_a_table_that_is_known_is_listed_before_it_is_made(world: ProceduralWorld) -> None:
    assert {f"{GAUL}/level2", ECOREGIONS} <= set(world.asset_ids())
    asset = world.asset(f"{GAUL}/level2")
    assert asset is not None
    assert asset.type == "TABLE"
    assert world.table(f"{GAUL}/level2") is world.table(f"{GAUL}/level2")
