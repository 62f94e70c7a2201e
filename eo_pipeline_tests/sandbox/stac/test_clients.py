"""Unmodified pystac-client, odc.stac and GDAL read the archive, and see what Earth Engine's client sees."""

import datetime as dt
from typing import Any

import ee
import numpy as np
import odc.stac
import pystac
import pystac_client
import pytest
import rasterio
import shapely
from odc.geo.geobox import GeoBox

from eo_pipeline_tests.sandbox.clients import HEIGHT, LEFT, NODATA, SIDE, TOP, WIDTH, numbers
from eo_pipeline_tests.sandbox.stac.conftest import Archive

VIENNA = [16.3, 48.1, 16.4, 48.2]
JUNE = "2023-06-01T00:00:00Z/2023-06-30T23:59:59Z"
OLD, NEW = "sentinel-2-l2a", "sentinel-2-c1-l2a"
HARMONISED = "COPERNICUS/S2_SR_HARMONIZED"


def earth_engine_images(bounds: list[float], start: str, end: str) -> list[dict[str, Any]]:
    """Properties of Earth Engine's images, newest first."""
    region = ee.Geometry.Rectangle(bounds, None, False)
    found = ee.ImageCollection(HARMONISED).filterBounds(region).filterDate(start, end).getInfo()["features"]
    images = [feature["properties"] for feature in found]
    return sorted(images, key=lambda image: (image["system:time_start"], image["system:index"]), reverse=True)


def pixels(image: ee.Image, geobox: GeoBox) -> np.ndarray:
    """Earth Engine's pixels on a grid, 0 where masked, (row, column)."""
    a, b, c, d, e, f = tuple(geobox.affine)[:6]
    affine = {"scaleX": a, "shearX": b, "translateX": c, "shearY": d, "scaleY": e, "translateY": f}
    height, width = geobox.shape
    grid = {"dimensions": {"width": width, "height": height}, "affineTransform": affine, "crsCode": str(geobox.crs)}
    answer = ee.data.computePixels({"expression": image.unmask(0), "fileFormat": "NUMPY_NDARRAY", "grid": grid})
    return np.asarray(answer[answer.dtype.names[0]])


def collection(archive: Archive, name: str) -> pystac.Collection:
    """The collection of an id."""
    found = archive.client.get_collection(name)
    assert found is not None
    return found


def index_of(item: pystac.Item) -> str:
    """The system:index of the image that an item of Earth Search shows, from its granule and datatake."""
    start = item.properties["s2:datatake_id"].split("_")[1]
    _, tile, _, sensed = item.properties["s2:granule_id"].split("_")
    return f"{start}_{sensed}_{tile}"


def test_a_search_by_place_and_time_finds_earth_engines_images(archive: Archive) -> None:
    search = archive.client.search(collections=[NEW], bbox=VIENNA, datetime=JUNE)
    items = list(search.items())
    expected = earth_engine_images(VIENNA, "2023-06-01", "2023-07-01")
    assert [index_of(item) for item in items] == [image["system:index"] for image in expected]
    assert [item.properties["eo:cloud_cover"] for item in items] == [
        image["CLOUDY_PIXEL_PERCENTAGE"] for image in expected
    ]
    assert len(items) > 10
    assert search.matched() == len(items)


def test_pages_of_both_methods_hold_each_item_once(archive: Archive) -> None:
    asked: dict[str, Any] = {"collections": [OLD], "bbox": VIENNA, "datetime": JUNE, "limit": 5}
    by_post = [len(page.items) for page in archive.client.search(**asked).pages()]
    by_get = [item.id for item in archive.client.search(method="GET", **asked).items()]
    whole = [item.id for item in archive.client.search(**{**asked, "limit": 100}).items()]
    assert by_get == whole
    assert len(set(whole)) == len(whole) == sum(by_post)
    assert set(by_post[:-1]) == {5}


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_queries_filter_and_sort(archive: Archive, method: str) -> None:
    asked: dict[str, Any] = {"collections": [OLD], "bbox": VIENNA, "datetime": JUNE, "method": method}
    clouds = sorted(item.properties["eo:cloud_cover"] for item in archive.client.search(**asked).items())
    sorted_query: dict[str, Any] = {
        "query": {"eo:cloud_cover": {"lt": 60}, "platform": {"eq": "sentinel-2a"}},
        "limit": 2,
    }
    found = list(archive.client.search(**asked, **sorted_query, sortby="-properties.eo:cloud_cover").items())
    said = [item.properties["eo:cloud_cover"] for item in found]
    assert said == sorted(said, reverse=True)
    assert said
    assert set(said) < {cloud for cloud in clouds if cloud < 60}
    assert {item.properties["platform"] for item in found} == {"sentinel-2a"}


def test_a_cql2_filter_is_heeded(archive: Archive) -> None:
    filter_ = {
        "op": "and",
        "args": [
            {"op": "<=", "args": [{"property": "eo:cloud_cover"}, 60]},
            {"op": "in", "args": [{"property": "grid:code"}, ["MGRS-33UXP"]]},
        ],
    }
    found = list(archive.client.search(collections=[NEW], bbox=VIENNA, datetime=JUNE, filter=filter_).items())
    expected = [
        image["system:index"]
        for image in earth_engine_images(VIENNA, "2023-06-01", "2023-07-01")
        if image["CLOUDY_PIXEL_PERCENTAGE"] <= 60 and image["MGRS_TILE"] == "33UXP"
    ]
    assert [index_of(item) for item in found] == expected


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_fields_leave_parts_out(archive: Archive, method: str) -> None:
    asked: dict[str, Any] = {"collections": [OLD], "bbox": VIENNA, "datetime": JUNE, "max_items": 1, "method": method}
    fields = ["properties.eo:cloud_cover", "-assets", "-properties.datetime"]
    (item,) = archive.client.search(**asked, fields=fields).items_as_dicts()
    assert list(item["properties"]) == ["eo:cloud_cover"]
    assert "assets" not in item
    assert item["bbox"][0] < VIENNA[2]


def test_ids_and_intersects_find_items(archive: Archive) -> None:
    (whole,) = archive.client.search(collections=[OLD], ids=["S2B_33UWP_20230624_0_L2A"]).items()
    point = {"type": "Point", "coordinates": [16.35, 48.15]}
    at_point = archive.client.search(collections=[OLD], intersects=point, datetime="2023-06-24")
    assert whole.id in [item.id for item in at_point.items()]
    alone = collection(archive, OLD).get_item(whole.id)
    assert alone is not None
    assert alone.geometry == whole.geometry
    assert shapely.geometry.shape(whole.geometry or {}).contains(shapely.Point(16.35, 48.15))
    assert whole.datetime is not None
    assert whole.datetime.date() == dt.date(2023, 6, 24)


def test_scenes_across_the_antimeridian_are_found_from_both_sides(archive: Archive) -> None:
    asked: dict[str, Any] = {"collections": [OLD], "datetime": "2023-06-01/2023-06-10"}
    both = {item.id for item in archive.client.search(**asked, bbox=[179.5, -17.0, -179.8, -16.2]).items()}
    west = {item.id for item in archive.client.search(**asked, bbox=[179.5, -17.0, 180.0, -16.2]).items()}
    east = {item.id for item in archive.client.search(**asked, bbox=[-180.0, -17.0, -179.8, -16.2]).items()}
    assert both == west | east
    for item in archive.client.search(collections=[OLD], ids=sorted(west & east)).items_as_dicts():
        left, south, right, north = item["bbox"]
        assert left > right
        parts = shapely.geometry.shape(item["geometry"])
        assert parts.geom_type == "MultiPolygon"
        assert (south, north) == (parts.bounds[1], parts.bounds[3])
    assert west & east


def test_items_of_a_collection_are_listed(archive: Archive) -> None:
    items = list(collection(archive, "local_days").get_items())
    assert [item.id for item in items] == [f"202405{day:02d}" for day in range(25, 0, -1)]
    assert items[0].common_metadata.end_datetime == dt.datetime(2024, 5, 26, tzinfo=dt.UTC)


def test_every_collection_of_the_catalogue_is_published(archive: Archive) -> None:
    ids = {collection.id for collection in archive.client.get_collections()}
    assert {OLD, NEW, "local_days", "local_numbers", "COPERNICUS_S2_SR_HARMONIZED"} <= ids
    assert "ECMWF_ERA5_LAND_MONTHLY_AGGR" in ids


@pytest.mark.parametrize(
    ("collection", "days"),
    [
        (OLD, "2021-08-20/2021-08-29"),
        (OLD, "2022-02-01/2022-02-10"),
        (OLD, "2023-06-15/2023-06-24"),
        (NEW, "2023-06-15/2023-06-24"),
    ],
)
def test_odc_stac_loads_what_compute_pixels_gives(archive: Archive, collection: str, days: str) -> None:
    (item, *_) = archive.client.search(collections=[collection], bbox=VIENNA, datetime=days).items()
    geobox = GeoBox((200, 150), rasterio.Affine(10, 0, 600000, 0, -10, 5340000), "EPSG:32633")
    loaded = odc.stac.load([item], bands=["red", "B11", "scl"], geobox=geobox, resampling="nearest").isel(time=0)
    image = ee.Image(f"{HARMONISED}/{index_of(item)}")
    is_new = collection == NEW or item.properties["s2:processing_baseline"] >= "04.00"
    added = 1000 if is_new and not item.properties["earthsearch:boa_offset_applied"] else 0
    valid = pixels(image.select("B4").mask().gt(0), geobox) > 0
    for name, band in {"red": "B4", "B11": "B11"}.items():
        expected = np.where(valid, pixels(image.select(band), geobox).astype(int) + added, 0)
        np.testing.assert_array_equal(loaded[name].to_numpy(), expected)
    np.testing.assert_array_equal(loaded["scl"].to_numpy(), pixels(image.select("SCL"), geobox))
    assert valid.any()


def test_reflectances_agree_between_both_collections_where_offsets_are_declared(archive: Archive) -> None:
    """Before the archive took offsets out of its pixels, declared scale and offset give the same reflectance."""
    geobox = GeoBox((64, 64), rasterio.Affine(20, 0, 600000, 0, -20, 5340000), "EPSG:32633")
    found = []
    for collection in (OLD, NEW):
        (item, *_) = archive.client.search(
            collections=[collection], bbox=VIENNA, datetime="2022-02-01/2022-02-20"
        ).items()
        (band,) = item.assets["nir"].extra_fields.get("raster:bands") or item.assets["nir"].extra_fields["bands"]
        stored = odc.stac.load([item], bands=["nir"], geobox=geobox)["nir"].isel(time=0).to_numpy()
        scale, offset = (band.get(name, band.get(f"raster:{name}")) for name in ("scale", "offset"))
        found.append(np.where(stored > 0, stored * scale + offset, np.nan))
    np.testing.assert_allclose(found[0], found[1], atol=1e-9)
    assert np.isfinite(found[0]).any()


def test_declared_offsets_and_labels_have_the_archives_habits(archive: Archive) -> None:
    """Items whose offset is applied declare -0.1 all the same; one is labelled the other way round by a setting."""
    ids = ["S2B_33UWP_20230604_0_L2A", "S2B_33UWP_20230624_0_L2A"]
    items = {item["id"]: item for item in archive.client.search(collections=[OLD], ids=ids).items_as_dicts()}
    applied = [items[name]["properties"]["earthsearch:boa_offset_applied"] for name in ids]
    assert applied == [False, True]
    for item in items.values():
        (band,) = item["assets"]["red"]["raster:bands"]
        assert (band["scale"], band["offset"], band["nodata"]) == (0.0001, -0.1, 0)
        assert item["properties"]["proj:epsg"] == 32633
        assert item["assets"]["red"]["proj:shape"] == [10980, 10980]
        assert item["assets"]["scl"]["proj:transform"][0] == 20
        assert item["properties"]["created"] <= item["properties"]["updated"]


def test_local_rasters_are_read_as_they_stand(archive: Archive) -> None:
    (item,) = archive.client.search(collections=["local_numbers"]).items()
    with rasterio.open(f"/vsicurl/{item.assets['numbers'].href}") as file:
        assert file.transform == rasterio.Affine(SIDE, 0, LEFT, 0, -SIDE, TOP)
        assert file.crs.to_epsg() == 32633
        assert file.overviews(1) == [2]
        stored = file.read(1, masked=True)
    expected = np.ma.masked_equal(numbers(), NODATA)
    np.testing.assert_array_equal(stored.mask, expected.mask)
    np.testing.assert_array_equal(stored.compressed(), expected.compressed())
    loaded = odc.stac.load([item], bands=["numbers"], crs="EPSG:32633", resolution=SIDE)
    assert loaded["numbers"].attrs["nodata"] == stored.fill_value == -32768
    by_place = (
        loaded["numbers"]
        .isel(time=0)
        .sel(x=LEFT + SIDE * (np.arange(WIDTH) + 0.5), y=TOP - SIDE * (np.arange(HEIGHT) + 0.5))
    )
    np.testing.assert_array_equal(by_place.to_numpy(), stored.filled())


def test_overviews_are_earth_engines_pyramid(archive: Archive) -> None:
    (item, *_) = archive.client.search(collections=[NEW], bbox=VIENNA, datetime=JUNE).items()
    with rasterio.open(f"/vsicurl/{item.assets['red'].href}", OVERVIEW_LEVEL=0) as file:
        assert file.shape == (5490, 5490)
        stored = file.read(1, window=((1200, 1250), (500, 540)))
        affine = file.transform * rasterio.Affine.translation(500, 1200)
    expected = pixels(ee.Image(f"{HARMONISED}/{index_of(item)}").select("B4"), GeoBox((50, 40), affine, "EPSG:32633"))
    np.testing.assert_array_equal(stored, np.where(expected > 0, expected.astype(int) + 1000, 0))
    assert (stored > 0).all()


def test_floats_are_masked_by_nan(archive: Archive) -> None:
    (item,) = archive.client.search(collections=["ECMWF_ERA5_LAND_MONTHLY_AGGR"], datetime="2023-07").items()
    geobox = GeoBox((30, 40), rasterio.Affine(0.1, 0, 9.95, 0, -0.1, 48.05), "EPSG:4326")
    loaded = odc.stac.load([item], bands=["temperature_2m"], geobox=geobox)["temperature_2m"].isel(time=0)
    expected = pixels(ee.Image("ECMWF/ERA5_LAND/MONTHLY_AGGR/202307").select("temperature_2m"), geobox)
    np.testing.assert_array_equal(np.nan_to_num(loaded.to_numpy()), expected)
    assert expected.any()


def test_the_static_catalogue_is_walked_without_search(archive: Archive) -> None:
    catalog = pystac.Catalog.from_file(f"{archive.server.url}/stac/static/catalog.json")
    children = {child.id: child for child in catalog.get_children()}
    items = list(children[OLD].get_items())
    box, times = [16.3, 48.1, 16.5, 48.3], "2022-01-10T00:00:00Z/2022-03-10T00:00:00Z"
    searched = list(archive.client.search(collections=[OLD], bbox=box, datetime=times).items())
    assert [item.id for item in items] == [item.id for item in reversed(searched)]
    assert items[0].assets["red"].href == searched[-1].assets["red"].href
    assert len(list(children["local_days"].get_items())) == 25


def test_what_does_not_exist_is_not_found(archive: Archive) -> None:
    assert archive.client.get_collection("nowhere") is None
    assert collection(archive, OLD).get_item("S2A_33UWP_20130602_0_L2A") is None
    assert list(archive.client.search(collections=["nowhere"]).items()) == []


def test_a_refused_search_says_what_to_change(archive: Archive) -> None:
    with pytest.raises(pystac_client.exceptions.APIError, match="narrow its place or its times"):
        list(archive.client.search(collections=[OLD], sortby="properties.eo:cloud_cover").items())
