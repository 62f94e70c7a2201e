"""Scenes of a search are those that pystac-client finds by itself; every refusal names the source."""

import json
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
import rasterio
import shapely
from affine import Affine
from odc.geo.geobox import GeoBox
from pyproj import Transformer

from eo_pipeline.core.product.source import Condition
from eo_pipeline.core.scenes.fingerprint import fingerprint
from eo_pipeline.core.scenes.stack import Wanted
from eo_pipeline.core.scenes.view import View
from eo_pipeline.errors import ServiceUnreachableError, SourceError
from eo_pipeline.sources.source import Source
from eo_pipeline.sources.stac.source import StacSource
from eo_pipeline_tests.processes import SandboxProcess
from eo_pipeline_tests.raster_files import REAL_DATA
from eo_pipeline_tests.sources.stac.searches import HURRIED, NEW, OLD, VIENNA, period, plain_items, source

JUNE = period("2023-06-01", "2023-06-16")
AROUND_VIENNA = [16.34, 48.19, 16.38, 48.22]


def test_scenes_are_found_in_order_with_their_versions(archive: SandboxProcess) -> None:
    searched: Source = source(archive)
    scenes = searched.inputs(VIENNA, JUNE)
    items = plain_items(archive, NEW, AROUND_VIENNA, "2023-06-01T00:00:00Z/2023-06-15T23:59:59.999Z")
    assert [scene.id for scene in scenes] == [item.id for item in items]
    assert len(scenes) > 5
    for scene, item in zip(scenes, items, strict=True):
        assert scene.instant == item.datetime
        assert scene.collection == NEW
        assert f"updated={item.properties['updated']}" in scene.version
        assert item.properties["s2:processing_baseline"] in scene.version
        told = shapely.geometry.shape(item.geometry or {})
        assert (
            scene.footprint.symmetric_difference(told).area < 1e-4 * told.area
        )  # its edges are straight in UTM as well
        assert told.difference(scene.footprint).area < 1e-9
        assert scene.band("red").href == scene.band("B04").href == item.assets["red"].href
        assert scene.band("red").geobox == GeoBox(
            (10980, 10980), Affine(*item.assets["red"].extra_fields["proj:transform"]), item.properties["proj:code"]
        )
        assert (scene.band("red").dtype, scene.band("red").nodata) == ("uint16", 0)
        assert scene.band("scl").is_classes
        assert not scene.band("nir").is_classes
    assert fingerprint(scenes) == fingerprint(searched.inputs(VIENNA, JUNE))


def test_pages_and_boxes_hold_each_scene_once(archive: SandboxProcess) -> None:
    """Pages of five items, in a place that is asked for in two boxes."""
    fiji = GeoBox((40, 40), Affine(1500, 0, 150_000, 0, -1500, 8_190_000), "EPSG:32701")
    scenes = source(archive, OLD, page=5).inputs(fiji, period("2023-06-01", "2023-06-06"))
    wide = plain_items(archive, OLD, [178.5, -17.5, -178.5, -16], "2023-06-01T00:00:00Z/2023-06-05T23:59:59.999Z")
    expected = [item.id for item in wide if _meets(item.geometry, fiji)]
    assert len(scenes) > 5
    assert [scene.id for scene in scenes] == expected
    assert {scene.id.split("_")[1].rstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ") for scene in scenes} == {"1", "60"}


def _meets(geometry: object, grid: GeoBox) -> bool:
    """Whether an outline, cut at 180, comes within 2 km of the corners and sides of a grid in its own CRS."""
    height, width = grid.shape
    along = np.linspace(0, 1, 60)
    columns = width * np.concatenate([along, along * 0 + 1, 1 - along, along * 0])
    rows = height * np.concatenate([along * 0, along, along * 0 + 1, 1 - along])
    a, _, c, _, e, f = tuple(grid.affine)[:6]
    lon, lat = Transformer.from_crs(str(grid.crs), 4326, always_xy=True).transform(a * columns + c, e * rows + f)
    around = shapely.Polygon(np.column_stack([lon % 360, lat])).buffer(0.02)
    parts = shapely.get_parts(shapely.geometry.shape(geometry))  # type: ignore[arg-type] # pystac's type is loose
    return any(shapely.intersects(shapely.transform(part, _eastwards), around) for part in parts)


def _eastwards(places: np.ndarray) -> np.ndarray:
    """Places of one side of the antimeridian from 0 to 360."""
    longitude = places[:, 0] + (360 if places[:, 0].mean() < 0 else 0)
    return np.column_stack([longitude, places[:, 1]])


def test_the_end_of_a_period_belongs_to_the_next(archive: SandboxProcess) -> None:
    searched = source(archive)
    scenes = searched.inputs(VIENNA, JUNE)
    instant = scenes[3].instant
    before = searched.inputs(VIENNA, period("2023-06-01", instant.isoformat()[:-6]))
    after = searched.inputs(VIENNA, period(instant.isoformat()[:-6], "2023-06-16"))
    assert before == scenes[:3]
    assert after == scenes[3:]


def test_a_static_catalogue_gives_the_same_scenes(archive: SandboxProcess) -> None:
    place = GeoBox((60, 60), Affine(100, 0, 600_000, 0, -100, 5_340_000), "EPSG:32633")
    span = period("2022-01-21", "2022-01-30")
    walked = StacSource(f"{archive.url}/stac/static/catalog.json", OLD, patience=HURRIED).inputs(place, span)
    searched = source(archive, OLD).inputs(place, span)
    assert [(scene.id, scene.version) for scene in walked] == [(scene.id, scene.version) for scene in searched]
    assert [scene.band("red") for scene in walked] == [scene.band("red") for scene in searched]
    assert len(walked) > 2


def test_a_reprocessed_scene_has_another_version(archive: SandboxProcess) -> None:
    long_ago = source(archive).inputs(VIENNA, JUNE)
    archive.control("settings", {"world_reprocessed_share": 1.0, "world_reprocessed_days": 1.0})
    try:
        made_anew = source(archive).inputs(VIENNA, JUNE)
    finally:
        archive.control("settings", {"world_reprocessed_share": 0.0})
    assert [scene.id for scene in made_anew] == [scene.id for scene in long_ago]
    assert all(new.version != old.version for new, old in zip(made_anew, long_ago, strict=True))
    assert fingerprint(made_anew) != fingerprint(long_ago)


@pytest.mark.parametrize("kind", ["status", "reset", "truncated"])
def test_passing_trouble_is_borne(archive: SandboxProcess, kind: str) -> None:
    span = period("2023-06-01", "2023-06-08")
    expected = source(archive).inputs(VIENNA, span)
    archive.arm(kind=kind, path="/stac/v1", count=3)
    assert source(archive).inputs(VIENNA, span) == expected
    assert len([event for event in archive.events("fault") if event["kind"] == kind]) >= 3


def test_lasting_trouble_names_the_source(archive: SandboxProcess) -> None:
    archive.arm(kind="status", path="/stac/v1/search", status=503, count=None)
    try:
        with pytest.raises(
            SourceError, match=r"could not search sentinel-2-c1-l2a of http://.*/stac/v1: it answered 503"
        ):
            source(archive, patience=HURRIED).inputs(VIENNA, JUNE)
    finally:
        archive.control("faults", method="DELETE")


def test_no_archive_names_the_address() -> None:
    silent = StacSource("http://127.0.0.1:9/stac", NEW, patience=HURRIED)
    with pytest.raises(ServiceUnreachableError, match=r"could not search .* of http://127\.0\.0\.1:9/stac"):
        silent.inputs(VIENNA, JUNE)


def test_a_property_that_no_item_has_is_refused_with_those_there_are(archive: SandboxProcess) -> None:
    conditions = {"eo:cloud_cover": Condition(lt=80), "CLOUDY_PIXEL_PERCENTAGE": Condition(lt=80)}
    searched = source(archive, where=conditions)
    with pytest.raises(
        SourceError,
        match=r"source.where: .* got CLOUDY_PIXEL_PERCENTAGE, which none of \d+ has; choose among .*eo:cloud_cover",
    ):
        searched.inputs(VIENNA, JUNE)
    assert searched.inputs(VIENNA, period("1999-06-01", "1999-07-01")) == ()


def test_what_is_no_archive_is_refused(archive: SandboxProcess, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="expected a collection nowhere at"):
        source(archive, "nowhere").inputs(VIENNA, JUNE)
    with pytest.raises(SourceError, match=r"expected a collection nowhere in .*, got .*sentinel-2-l2a"):
        StacSource(f"{archive.url}/stac/static/catalog.json", "nowhere", patience=HURRIED).inputs(VIENNA, JUNE)
    with pytest.raises(SourceError, match="it answered 404"):
        StacSource(f"{archive.url}/stac/v2", NEW, patience=HURRIED).inputs(VIENNA, JUNE)
    (tmp_path / "page.json").write_text("<html>", encoding="utf-8")
    with pytest.raises(SourceError, match="expected STAC, got something else"):
        StacSource(str(tmp_path / "page.json"), NEW, patience=HURRIED).inputs(VIENNA, JUNE)


def test_an_item_without_a_time_is_named(tmp_path: Path) -> None:
    item = {
        "type": "Feature",
        "stac_version": "1.0.0",
        "id": "timeless",
        "geometry": {"type": "Point", "coordinates": [16.36, 48.2]},
        "bbox": [16.36, 48.2, 16.36, 48.2],
        "properties": {"datetime": None},
        "links": [],
        "assets": {},
        "collection": "made",
    }
    (tmp_path / "item.json").write_text(json.dumps(item), encoding="utf-8")
    collection = {
        "type": "Collection",
        "stac_version": "1.0.0",
        "id": "made",
        "description": "one item",
        "license": "other",
        "extent": {"spatial": {"bbox": [[-180, -90, 180, 90]]}, "temporal": {"interval": [[None, None]]}},
        "links": [{"rel": "item", "href": "./item.json"}],
    }
    (tmp_path / "collection.json").write_text(json.dumps(collection), encoding="utf-8")
    with pytest.raises(SourceError, match=r"could not read item \./item\.json of made of .*: expected a STAC item"):
        StacSource(str(tmp_path / "collection.json"), "made").inputs(VIENNA, JUNE)


@pytest.mark.real_data
@pytest.mark.skipif(not REAL_DATA.is_dir(), reason=f"the folder of real data is absent: {REAL_DATA}")
def test_a_real_item_says_little_and_is_read_all_the_same() -> None:
    """An openEO item of three bands in one file, without projection, types or nodata."""
    folder = REAL_DATA / "s2_stac_mini"
    mini = StacSource(str(folder / "collection.json"), "unknown-job")
    with rasterio.open(folder / "openEO_2023-06-01Z.tif") as file:
        geobox, pixels = GeoBox.from_rio(file), file.read()
    (scene,) = mini.inputs(geobox, period("2023-06-01", "2023-06-02"))
    assert mini.inputs(geobox, period("2023-05-31", "2023-06-01")) == ()
    assert scene.instant == datetime(2023, 6, 1, tzinfo=UTC)
    assert scene.version.startswith("properties=")
    assert list(scene.bands) == ["B04", "B03", "B02"]
    stack = mini.load([scene], View(geobox), [Wanted("B02"), Wanted("B04")])
    np.testing.assert_array_equal(stack.bands["B02"].stored[0], pixels[2])
    np.testing.assert_array_equal(stack.bands["B04"].stored[0], pixels[0])
    assert stack.bands["B04"].nodata == -32768
