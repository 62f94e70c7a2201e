"""Districts and ecoregions as the unmodified client uses them in the published examples of fast downloads."""

import io
from collections.abc import Iterator
from typing import Any

import ee
import numpy as np
import pytest
import shapely
from shapely.geometry import shape

from eo_pipeline_tests.processes import SandboxProcess, running_sandbox
from eo_pipeline_tests.sandbox.clients import initialize

DISTRICTS, ECOREGIONS = "FAO/GAUL/2015/level2", "RESOLVE/ECOREGIONS/2017"
NAMES = ["Uruguay", "Paraguay", "Bolivia"]


@pytest.fixture(scope="module", autouse=True)
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    with running_sandbox(tmp_path_factory.mktemp("world") / "data", speed=0) as server:
        initialize(server)
        yield server
        ee.Reset()


def districts(names: list[str]) -> Any:
    return ee.FeatureCollection(DISTRICTS).filter(ee.Filter.inList("ADM0_NAME", names))


def pages(expression: Any, size: int) -> tuple[list[dict[str, Any]], int]:
    """All features and the number of pages."""
    found: list[dict[str, Any]] = []
    request: dict[str, Any] = {"expression": expression, "pageSize": size}
    for number in range(1, 100):
        page: Any = ee.data.computeFeatures(request)
        found += page["features"]
        if "nextPageToken" not in page:
            return found, number
        request["pageToken"] = page["nextPageToken"]
    raise AssertionError("expected the pages to end")


def test_districts_of_some_countries_come_page_by_page() -> None:
    codes: Any = districts(NAMES).aggregate_array("ADM2_CODE").getInfo()
    assert len(set(codes)) == len(codes) > 100
    found, number = pages(districts(NAMES).select(["ADM0_NAME", "ADM2_CODE"]), 50)
    assert [one["properties"]["ADM2_CODE"] for one in found] == codes
    assert number == -(-len(codes) // 50)
    assert {one["properties"]["ADM0_NAME"] for one in found} == set(NAMES)
    together = shapely.union_all([shape(one["geometry"]) for one in found])
    country: Any = ee.FeatureCollection("FAO/GAUL/2015/level0").filter(ee.Filter.inList("ADM0_NAME", NAMES)).getInfo()
    land = shapely.union_all([shape(one["geometry"]) for one in country["features"]])
    assert together.symmetric_difference(land).area < 1e-3 * land.area


def test_the_temperature_of_districts_is_that_of_their_pixels() -> None:
    """Means over pixels whose centre is inside, with the QC bits as mask, against the same pixels read as numbers."""
    images = ee.ImageCollection("MODIS/061/MOD11A2").filterDate("2023-01-01", "2023-01-20")
    side = 926.625433055833 * 8
    grid = {"crs": "SR-ORG:6974", "crsTransform": [side, 0, -20015109.354, 0, -side, 10007554.677]}

    def good(image: Any) -> Any:
        quality = image.select("QC_Day").bitwiseAnd(3)
        return image.select("LST_Day_1km").updateMask(quality.lte(1)).multiply(0.02)

    some = districts(["Uruguay"]).limit(4)
    reducer = ee.Reducer.mean().unweighted().combine(ee.Reducer.count(), sharedInputs=True)
    rows = images.map(good).map(
        lambda image: image.reduceRegions(some, reducer, **grid).map(
            lambda row: row.set("image", image.get("system:index"))
        )
    )
    found, _ = pages(ee.FeatureCollection(rows).flatten().select(["ADM2_CODE", "mean", "count", "image"]), 1000)
    assert len(found) == 4 * 3
    assert {one["properties"]["image"] for one in found} == {"2023_01_01", "2023_01_09", "2023_01_17"}
    for one in found[:4]:
        outline: Any = ee.Geometry(one["geometry"]).transform("SR-ORG:6974", 1).getInfo()
        polygon = shape({key: value for key, value in outline.items() if key in ("type", "coordinates")})
        west, south, east, north = polygon.bounds
        left, top = np.floor((west + 20015109.354) / side), np.floor((10007554.677 - north) / side)
        width, height = int((east - west) // side) + 3, int((north - south) // side) + 3
        affine = {
            "scaleX": side,
            "translateX": -20015109.354 + left * side,
            "scaleY": -side,
            "translateY": 10007554.677 - top * side,
        }
        image = good(ee.Image(f"MODIS/061/MOD11A2/{one['properties']['image']}")).unmask(-1)
        window = {"crsCode": "SR-ORG:6974", "dimensions": {"width": width, "height": height}, "affineTransform": affine}
        reply = ee.data.computePixels({"expression": image, "fileFormat": "NPY", "grid": window})
        pixels = np.load(io.BytesIO(reply))["LST_Day_1km"]
        x, y = np.meshgrid(
            affine["translateX"] + (np.arange(width) + 0.5) * side,
            affine["translateY"] - (np.arange(height) + 0.5) * side,
        )
        inside = shapely.contains_xy(polygon, x, y) & (pixels > 0)
        assert one["properties"]["count"] == inside.sum()
        assert one["properties"]["mean"] == pytest.approx(pixels[inside].mean(), rel=1e-6)


def test_random_places_and_pixels_of_each_class_lie_in_an_ecoregion() -> None:
    regions = ee.FeatureCollection(ECOREGIONS)
    names: Any = regions.filter(ee.Filter.eq("REALM", "Palearctic")).aggregate_array("ECO_NAME").getInfo()
    assert "Palearctic mixed forests 2" in names
    region = regions.filter(ee.Filter.eq("ECO_NAME", "Palearctic mixed forests 2"))
    outline: Any = region.first().geometry().getInfo()
    polygon = shape({"type": outline["type"], "coordinates": outline["coordinates"]}).buffer(1e-6)
    points: Any = ee.FeatureCollection.randomPoints(region.geometry(), 1000, 7).getInfo()
    assert len(points["features"]) == 1000
    assert all(polygon.contains(shape(one["geometry"])) for one in points["features"])
    classes = ee.ImageCollection("ESA/WorldCover/v200").first().select("Map")
    sample: Any = classes.stratifiedSample(
        5, "Map", region.geometry(), 20_000, projection="EPSG:4326", seed=1, geometries=True
    ).getInfo()
    found = [one["properties"]["Map"] for one in sample["features"]]
    assert len(set(found)) >= 4
    assert max(found.count(value) for value in set(found)) == 5
    assert all(polygon.contains(shape(one["geometry"])) for one in sample["features"])
