"""Work lists for which Earth Engine is asked, over HTTP on the sandbox."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from pyproj import Geod

from eo_pipeline.core.chips.found_places import FoundPlaces
from eo_pipeline.core.grids import Lattice
from eo_pipeline.earth_engine.sample_requests import outline
from eo_pipeline.earth_engine.session import Session, connect
from eo_pipeline.errors import ProductError, ServiceError
from eo_pipeline.steps.chips.plan_samples import PlannedSamples
from eo_pipeline_tests.processes import SandboxProcess, running_sandbox
from eo_pipeline_tests.recorder import Recorder, recording
from eo_pipeline_tests.scenes import settings_at
from eo_pipeline_tests.steps.chips.sampling import (
    CLASS_TILES,
    CLASSES,
    COLLECTION,
    CRS,
    FEBRUARY,
    GLOBE,
    LEFT,
    RESOLUTION,
    SIDE,
    TOP,
    Planned,
    chips_product,
    class_pixels,
    planned,
    write_shapes,
    write_world,
)

METRES = SIDE * RESOLUTION
SQUARE = shapely.box(LEFT, TOP - METRES, LEFT + METRES, TOP)
DISC = shapely.Point(LEFT + METRES / 2, TOP - METRES / 2).buffer(800)
CORNER = shapely.box(LEFT + 20, TOP - 120, LEFT + 180, TOP - 20)
"""Where the western images are."""


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    folder = tmp_path_factory.mktemp("world")
    with running_sandbox(folder / "sandbox", catalog=write_world(folder)) as found:
        yield found


@pytest.fixture(scope="module")
def recorder(sandbox: SandboxProcess) -> Iterator[Recorder]:
    with recording(sandbox.url) as found:
        yield found


@pytest.fixture(scope="module")
def session(recorder: Recorder) -> Session:
    settings = settings_at(recorder.url)
    return connect(replace(settings, interactive_url=recorder.url), interactive=True)


def regions(folder: Path, session: Session, **chips: Any) -> Planned:
    """Chips of the square, the disc and the corner."""
    shapes = {"square": SQUARE, "disc": DISC, "corner": CORNER}
    declared = {"features": write_shapes(folder, shapes), "id": "name"}
    return planned(chips_product(declared, **chips), folder, session)


def classes_at(found: PlannedSamples) -> list[str]:
    """The class of the pixel that each place lies in, read from the raster."""
    x, y = shapely.get_coordinates(found.work.table.geometry.to_crs(CRS).to_numpy()).T
    columns, rows = np.floor((x - LEFT) / 10).astype(int), np.floor((TOP - y) / 10).astype(int)
    return [str(value) for value in class_pixels()[rows, columns].tolist()]


PAYLOAD_BYTES = 10 * 2**20
"""Of a request ("Request payload size exceeds the limit: 10485760 bytes")."""
STRATA = {"image": CLASSES, "band": "Map", "scale": 10}


def test_as_many_of_each_class_as_asked_for_labelled_with_it(tmp_path: Path, session: Session) -> None:
    found = regions(tmp_path, session, sampling="stratified", count=40, strata=STRATA, size=8).plan("disc")
    labels = found.work.table["label"].tolist()
    assert Counter(labels) == {"10": 40, "20": 40}
    assert labels == classes_at(found)
    places = shapely.get_coordinates(found.work.table.geometry.to_crs(CRS).to_numpy())
    assert shapely.contains_xy(DISC, *places.T).all()
    assert len(np.unique(places, axis=0)) == 80
    assert (found.unplaced, found.shortfalls, found.notes) == (0, {}, ())


def test_fewer_pixels_than_asked_for_are_told_by_class(tmp_path: Path, session: Session) -> None:
    found = regions(tmp_path, session, sampling="stratified", count=40, strata=STRATA, size=8).plan("square")
    assert Counter(found.work.table["label"]) == {"10": 40, "20": 40, "30": 5}
    assert found.shortfalls == {"30": 5}
    assert found.notes == ("class 30: 5 of 40 chips, since no more pixels of it fit in the region",)


def test_the_same_pixels_in_every_period_and_others_with_another_seed(tmp_path: Path, session: Session) -> None:
    asked: dict[str, Any] = {"sampling": "stratified", "count": 20, "strata": STRATA, "size": 8}
    first = regions(tmp_path, session, **asked)
    (tmp_path / "other").mkdir()
    other = regions(tmp_path / "other", session, **asked, seed=2)
    january, february = first.plan("disc").work.table, first.plan("disc", FEBRUARY).work.table
    assert january.equals(february)
    assert not january.geometry.equals(other.plan("disc").work.table.geometry)


def test_another_period_of_the_same_area_asks_nothing(tmp_path: Path, session: Session, recorder: Recorder) -> None:
    found = regions(tmp_path, session, sampling="stratified", count=20, strata=STRATA, size=8)
    drawn: dict[str, FoundPlaces] = {}
    recorder.asked.clear()
    first = found.plan("disc", drawn=drawn).work.table
    assert len(recorder.asked) == 1
    assert found.plan("disc", FEBRUARY, drawn).work.table.equals(first)
    assert len(recorder.asked) == 1
    square = found.plan("square", drawn=drawn).work.table
    assert len(recorder.asked) == 2
    assert square.equals(found.plan("square").work.table)
    assert list(drawn) == ["square"]


def test_a_collection_is_mosaicked(tmp_path: Path, session: Session) -> None:
    strata = {**STRATA, "image": CLASS_TILES}
    found = regions(tmp_path, session, sampling="stratified", count=20, strata=strata, size=8).plan("disc")
    assert found.work.table["label"].tolist() == classes_at(found) == ["10"] * 20 + ["20"] * 20


def test_many_samples_come_page_by_page_with_coordinates_and_classes_only(
    tmp_path: Path, session: Session, recorder: Recorder
) -> None:
    recorder.asked.clear()
    found = regions(tmp_path, session, sampling="stratified", count=4000, strata=STRATA, size=8).plan("square")
    assert Counter(found.work.table["label"]) == {"10": 4000, "20": 4000, "30": 5}
    assert [entry.path.rpartition("/")[2] for entry in recorder.asked] == ["table:computeFeatures"] * 9


def test_a_region_of_very_many_vertices_fits_into_a_request(
    tmp_path: Path, session: Session, recorder: Recorder
) -> None:
    coast = shapely.Point(LEFT + METRES / 2, TOP - METRES / 2).buffer(800, quad_segs=30_000)
    area = {"features": write_shapes(tmp_path, {"coast": coast}), "id": "name"}
    product = chips_product(area, sampling="stratified", count=5000, strata={**STRATA, "scale": 20}, size=8)
    recorder.asked.clear()
    found = planned(product, tmp_path, session).plan("coast")
    assert max(len(json.dumps(entry.body)) for entry in recorder.asked) < PAYLOAD_BYTES / 2
    assert shapely.contains_xy(
        coast, *shapely.get_coordinates(found.work.table.geometry.to_crs(CRS).to_numpy()).T
    ).all()
    assert found.notes[-1] == (
        "the region was simplified by 5 units of its CRS to at most 50000 vertices to ask for its pixels; those "
        "outside the region itself were dropped"
    )
    x, y = np.meshgrid(np.arange(10, METRES, 20) - METRES / 2, np.arange(10, METRES, 20) - METRES / 2)
    assert len(found.work) >= (np.hypot(x, y) < 795).sum()


def test_whole_chips_of_a_class_stay_in_the_region(tmp_path: Path, session: Session) -> None:
    asked: dict[str, Any] = {"sampling": "stratified", "count": 40, "strata": STRATA, "size": 32, "within": "whole"}
    found = regions(tmp_path, session, **asked).plan("disc")
    boxes = [shapely.box(*sample.geobox.boundingbox.bbox) for sample in found.work]
    assert shapely.covers(DISC, boxes).all()
    assert Counter(found.work.table["label"]) == {"10": 40, "20": 40}
    assert found.work.table["label"].tolist() == classes_at(found)


def test_regions_in_degrees_are_asked_for_as_they_are(tmp_path: Path, session: Session) -> None:
    area = {"features": write_shapes(tmp_path, {"disc": DISC}), "id": "name", "crs": "EPSG:4326", "resolution": 1e-4}
    product = chips_product(area, sampling="stratified", count=30, strata=STRATA, size=8)
    found = planned(product, tmp_path, session).plan("disc")
    assert Counter(found.work.table["label"]) == {"10": 30, "20": 30}
    assert found.work.table["label"].tolist() == classes_at(found)
    assert shapely.contains_xy(DISC, *shapely.get_coordinates(found.work.table.geometry.to_crs(CRS).to_numpy()).T).all()


def test_pixels_of_a_class_are_drawn_by_ground_area_in_degrees_too(tmp_path: Path, session: Session) -> None:
    area = {"box": [10, 0, 40, 80], "crs": "EPSG:4326", "resolution": 0.01}
    strata = {"image": GLOBE, "band": "Map", "scale": 20_000}
    product = chips_product(area, sampling="stratified", count=4000, strata=strata, size=8)
    latitudes = planned(product, tmp_path, session).plan("whole").work.table.geometry.y
    counts, edges = np.histogram(latitudes, bins=np.linspace(0, 80, 9))
    globe = Geod(ellps="WGS84")
    areas = np.array([abs(globe.geometry_area_perimeter(_band(s, n))[0]) for s, n in pairwise(edges)])
    expected = counts.sum() * areas / areas.sum()
    assert ((counts - expected) ** 2 / expected).sum() < 24.3  # 0.1 % of chi-square with 7 degrees of freedom


def _band(south: float, north: float) -> shapely.Polygon:
    return shapely.segmentize(shapely.box(10, south, 40, north), 0.1)


@pytest.mark.parametrize(("image", "got"), [("local/nothing", "nothing"), ("USDOS/LSIB_SIMPLE/2017", "TABLE")])
def test_classes_that_are_not_there_are_refused(tmp_path: Path, session: Session, image: str, got: str) -> None:
    strata = {**STRATA, "image": image}
    with pytest.raises(ProductError) as told:
        regions(tmp_path, session, sampling="stratified", count=30, strata=strata).plan("disc")
    assert str(told.value) == (
        "chips.strata.image: expected an image or a collection of images that Earth Engine has, got "
        f"{got} at {image}; correct the id, or ask for access to it"
    )


def test_a_band_that_is_not_there_is_refused(tmp_path: Path, session: Session) -> None:
    with pytest.raises(
        ProductError, match=f"chips.strata.band: expected a band of {CLASSES}, got 'Mapp'; Earth Engine: "
    ):
        regions(tmp_path, session, sampling="stratified", count=3, strata={**STRATA, "band": "Mapp"}).plan("disc")


def test_what_is_too_much_for_the_service_is_asked_for_in_smaller_tiles(
    tmp_path: Path, session: Session, recorder: Recorder, sandbox: SandboxProcess
) -> None:
    """The sandbox does not compute in tiles: it refuses each time."""
    planned_here = regions(tmp_path, session, sampling="stratified", count=3, strata=STRATA, size=8)
    recorder.asked.clear()
    before = sandbox.control("settings")["settings"]["interactive_memory_bytes"]["value"]
    sandbox.control("settings", {"interactive_memory_bytes": 1000})
    try:
        with pytest.raises(ServiceError, match="User memory limit exceeded"):
            planned_here.plan("disc")
    finally:
        sandbox.control("settings", {"interactive_memory_bytes": before})
    scales = [scale for entry in recorder.asked for scale in (1, 4, 16) if tiles_of(entry.body) == scale]
    assert scales == [1, 4, 16]


def tiles_of(body: Mapping[str, Any]) -> int:
    """The tileScale of a request."""
    values = body["expression"]["values"].values()
    found: list[int] = [
        call["functionInvocationValue"]["arguments"]["tileScale"]["constantValue"]
        for call in values
        if "tileScale" in call.get("functionInvocationValue", {}).get("arguments", {})
    ]
    return found[0]


def test_one_chip_an_image_that_touches_the_region_after_the_conditions(
    tmp_path: Path, session: Session, recorder: Recorder
) -> None:
    found = regions(tmp_path, session, sampling="images", size=8)
    recorder.asked.clear()
    table = found.plan("corner").work.table
    assert len(recorder.asked) == 1
    assert table["source_image"].tolist() == [
        f"{COLLECTION}/{name}" for name in ("west_early", "west_middle", "west_last")
    ]
    assert [str(time) for time in table["time"]] == [
        "2024-01-03 10:00:00+00:00",
        "2024-01-15 10:00:00+00:00",
        "2024-01-31 23:59:59+00:00",
    ]
    assert table["id"].tolist() == ["corner-west_early", "corner-west_middle", "corner-west_last"]
    assert table[["left", "top", "width", "height"]].nunique().tolist() == [1, 1, 1, 1]
    assert CORNER.contains(shapely.Point(*table.geometry.to_crs(CRS).iloc[0].coords[0]))
    assert found.plan("corner", FEBRUARY).work.table["source_image"].tolist() == [f"{COLLECTION}/west_next"]


def test_an_area_without_images_has_no_chips(tmp_path: Path, session: Session) -> None:
    shapes = {"nowhere": shapely.box(LEFT + 900, TOP - 1900, LEFT + 1000, TOP - 1800)}
    area = {"features": write_shapes(tmp_path, shapes), "id": "name"}
    found = planned(chips_product(area, sampling="images", size=8), tmp_path, session).plan("nowhere")
    assert (len(found.work), found.unplaced, found.notes) == (0, 0, ())


def test_only_the_polygon_counts_not_its_box(tmp_path: Path, session: Session) -> None:
    """The image lies in the region's box, in the corner that its polygon leaves out."""
    triangle = shapely.Polygon([(LEFT, TOP - 1000), (LEFT + 2000, TOP - 1000), (LEFT + 2000, TOP)])
    area = {"features": write_shapes(tmp_path, {"triangle": triangle}), "id": "name"}
    found = planned(chips_product(area, sampling="images", size=8), tmp_path, session).plan("triangle")
    assert found.work.table["source_image"].tolist() == [f"{COLLECTION}/east_early"]


def test_at_most_count_images_are_cut_and_a_larger_count_keeps_them(tmp_path: Path, session: Session) -> None:
    chosen = []
    for count in (1, 2, 3):
        (folder := tmp_path / str(count)).mkdir()
        found = regions(folder, session, sampling="images", size=8, count=count).plan("corner")
        chosen.append(found.work.table["source_image"].tolist())
    assert [len(ids) for ids in chosen] == [1, 2, 3]
    assert set(chosen[0]) < set(chosen[1]) < set(chosen[2])
    assert all(ids == [name for name in chosen[2] if name in ids] for ids in chosen)


def test_without_a_size_the_whole_region_is_shown(tmp_path: Path, session: Session) -> None:
    found = regions(tmp_path, session, sampling="images").plan("corner").work
    expected = Lattice(CRS, 10.0, 0.0, 0.0).covering(CORNER.bounds)
    assert [sample.geobox for sample in found] == [expected] * 3


def test_a_chip_that_fits_nowhere_is_told(tmp_path: Path, session: Session) -> None:
    found = regions(tmp_path, session, sampling="images", size=64, within="whole").plan("corner")
    assert len(found.work) == 0
    assert found.notes == (
        "3 of 3 chips could not be placed in the region",
        "no chip of that size lies in the region as a whole",
    )


def test_a_polygon_of_many_vertices_is_simplified_until_it_fits_a_request() -> None:
    circle = shapely.Point(0, 0).buffer(100_000, quad_segs=50_000)
    found = outline(circle, step=2.5, most=1000)
    assert shapely.get_num_coordinates(found.polygon) <= 1000
    assert 2.5 <= found.tolerance < 100
    assert shapely.hausdorff_distance(found.polygon, circle) <= found.tolerance
    small = outline(circle, step=2.5, most=300_000)
    assert (small.polygon is circle, small.tolerance) == (True, 0)
