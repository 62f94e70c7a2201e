"""Work lists that are planned without asking anyone."""

from pathlib import Path

import geopandas
import numpy as np
import pytest
import shapely
from numpy.typing import NDArray

from eo_pipeline.errors import ProductError, SamplesError, ZonesError
from eo_pipeline.steps.chips.plan_samples import PlannedSamples
from eo_pipeline_tests.steps.chips.sampling import CRS, FEBRUARY, LEFT, TOP, chips_product, planned, write_shapes

WEST = shapely.box(LEFT, TOP - 40_000, LEFT + 20_000, TOP)
EAST = shapely.box(LEFT + 20_000, TOP - 40_000, LEFT + 50_000, TOP)
ORIGIN = {"origin": [LEFT, TOP]}


def two_regions(folder: Path) -> dict[str, object]:
    return {"features": write_shapes(folder, {"west": WEST, "east": EAST}), "id": "name", **ORIGIN}


def positions(found: PlannedSamples) -> NDArray[np.float64]:
    """Places (n, 2) in the product's CRS."""
    return shapely.get_coordinates(found.work.table.geometry.to_crs(CRS).to_numpy())


def test_random_places_are_the_same_in_every_period_and_whatever_other_areas_there_are(tmp_path: Path) -> None:
    both = planned(chips_product(two_regions(tmp_path), sampling="random", count=50), tmp_path)
    first = both.plan("west")
    assert first.work.table.equals(both.plan("west", FEBRUARY).work.table)
    (tmp_path / "shapes.gpkg").unlink()
    alone = {"features": write_shapes(tmp_path, {"west": WEST}), "id": "name", **ORIGIN}
    again = planned(chips_product(alone, sampling="random", count=50), tmp_path).plan("west")
    assert first.work.table.equals(again.work.table)
    assert (first.unplaced, first.notes) == (0, ())
    assert shapely.contains_xy(WEST, *positions(first).T).all()


def test_chips_lie_on_the_products_pixels_around_their_places(tmp_path: Path) -> None:
    found = planned(chips_product(two_regions(tmp_path), sampling="random", count=50, size=33), tmp_path).plan("east")
    for sample, (x, y) in zip(found.work, positions(found), strict=True):
        column, row = ~sample.geobox.affine @ (x, y)
        assert (int(column), int(row)) == (16, 16)
        assert (sample.geobox.affine.c - LEFT) % 10 == (sample.geobox.affine.f - TOP) % 10 == 0
        assert sample.geobox.shape == (33, 33)


def test_splits_are_told_and_shared_by_neighbours_of_different_areas(tmp_path: Path) -> None:
    split = {"split": {"train": 0.75, "test": 0.25}, "split_block": 5_000}
    both = planned(chips_product(two_regions(tmp_path), sampling="random", count=400, **split), tmp_path)
    of_block: dict[tuple[int, int], str] = {}
    for key in ("west", "east"):
        found = both.plan(key)
        names = found.work.table["split"].tolist()
        for (x, y), name in zip(positions(found), names, strict=True):
            assert of_block.setdefault((int(x // 5000), int(y // 5000)), name) == name
        assert found.shares == {name: names.count(name) / 400 for name in ("train", "test")}


def test_a_grid_without_gaps_covers_a_box_once(tmp_path: Path) -> None:
    product = chips_product({"box": [LEFT, TOP - 5120, LEFT + 7680, TOP], **ORIGIN}, sampling="grid")
    found = planned(product, tmp_path).plan("whole").work
    corners = sorted((sample.geobox.affine.c - LEFT, TOP - sample.geobox.affine.f) for sample in found)
    assert corners == [(x, y) for x in (0, 2560, 5120) for y in (0, 2560)]
    assert sorted(found.table["id"]) == sorted(f"E000{c}S000{r}" for c in range(3) for r in (1, 2))


def test_grids_of_neighbours_share_no_chip(tmp_path: Path) -> None:
    """In every row, the middle of a chip lies on the common border."""
    area = two_regions(tmp_path)
    both = planned(chips_product(area, sampling="grid", size=200, step=100), tmp_path)
    ids = [name for key in both.areas for name in both.plan(key).work.table["id"]]
    assert len(ids) == len(set(ids))
    one = chips_product(
        {"box": [LEFT, TOP - 40_000, LEFT + 50_000, TOP], **ORIGIN}, sampling="grid", size=200, step=100
    )
    (tmp_path / "one").mkdir()
    assert set(ids) == set(planned(one, tmp_path / "one").plan("whole").work.table["id"])


def test_whole_chips_of_a_grid_stay_inside(tmp_path: Path) -> None:
    circle = shapely.Point(LEFT, TOP).buffer(10_000)
    area = {"features": write_shapes(tmp_path, {"disc": circle}), "id": "name", **ORIGIN}
    found = planned(chips_product(area, sampling="grid", within="whole", size=64), tmp_path).plan("disc")
    expected = [
        (x, y)
        for x in range(LEFT - 16_000, LEFT + 16_000, 640)
        for y in range(TOP - 16_000, TOP + 16_000, 640)
        if circle.covers(shapely.box(x, y - 640, x + 640, y))
    ]
    assert sorted((s.geobox.affine.c, s.geobox.affine.f) for s in found.work) == sorted(expected)
    assert found.unplaced == 0


def test_places_of_a_file_belong_to_one_area_each(tmp_path: Path) -> None:
    area = {"features": write_shapes(tmp_path, {"west": WEST, "east": EAST}), "id": "name", **ORIGIN}
    points = {
        "inside": shapely.Point(LEFT + 100, TOP - 100),
        "on the border": shapely.Point(LEFT + 20_000, TOP - 300),
        "outside": shapely.Point(LEFT - 1, TOP - 100),
        "polygon": shapely.Point(LEFT + 30_000, TOP - 5000).buffer(500).difference(
            shapely.Point(LEFT + 30_000, TOP - 5000).buffer(400)
        ),
    }  # fmt: skip
    frame = geopandas.GeoDataFrame(
        {"plot": list(points), "class": [1, 2, None, 3]}, geometry=list(points.values()), crs=CRS
    )
    frame.to_crs("EPSG:4326").to_file(tmp_path / "plots.geojson")
    chips = {"sampling": "points", "file": "plots.geojson", "id": "plot", "label": "class", "size": 8}
    both = planned(chips_product(area, **chips), tmp_path)
    east, west = both.plan("east"), both.plan("west")
    assert dict(zip(east.work.table["id"], east.work.table["label"], strict=True)) == {
        "on the border": "2",
        "polygon": "3",
    }
    assert west.work.table["id"].tolist() == ["inside"]
    [polygon] = [place for name, place in zip(east.work.table["id"], positions(east), strict=True) if name == "polygon"]
    assert points["polygon"].contains(shapely.Point(polygon))


def test_places_whose_chips_do_not_fit_are_counted(tmp_path: Path) -> None:
    area = two_regions(tmp_path)
    points = {"edge": shapely.Point(LEFT + 100, TOP - 5000), "middle": shapely.Point(LEFT + 10_000, TOP - 5000)}
    geopandas.GeoDataFrame({"plot": list(points)}, geometry=list(points.values()), crs=CRS).to_file(tmp_path / "p.gpkg")
    chips = {"sampling": "points", "file": "p.gpkg", "id": "plot", "size": 64, "within": "whole"}
    found = planned(chips_product(area, **chips), tmp_path).plan("west")
    assert found.work.table["id"].tolist() == ["middle"]
    assert found.notes == ("1 of 2 chips could not be placed in the region",)


def test_chips_of_utm_zones_across_the_antimeridian(tmp_path: Path) -> None:
    fiji = {"box": [179.5, -18.5, 180.5, -17.5], "crs": "EPSG:4326", "resolution": 0.001}
    product = chips_product(fiji, sampling="random", count=40, crs="utm", resolution=10, size=16)
    table = planned(product, tmp_path).plan("whole").work.table
    assert set(table["crs"]) == {"EPSG:32760", "EPSG:32701"}
    assert ((table.geometry.x > 0) == (table["crs"] == "EPSG:32760")).all()
    assert table.geometry.x.between(-180, 180).all()
    assert table["resolution"].eq(10).all()


def test_chips_of_a_pole_are_refused_in_utm(tmp_path: Path) -> None:
    arctic = {"box": [0, 83, 10, 88], "crs": "EPSG:4326", "resolution": 0.001}
    with pytest.raises(ProductError, match=r"chips\.crs: expected places from 80 S to 84 N with utm, got \d+ beyond"):
        planned(chips_product(arctic, sampling="random", count=40, crs="utm", resolution=10), tmp_path).plan("whole")


def test_a_file_with_an_id_twice_is_refused_by_its_field(tmp_path: Path) -> None:
    area = two_regions(tmp_path)
    geopandas.GeoDataFrame({"plot": ["a", "a"]}, geometry=[shapely.Point(1, 1)] * 2, crs=CRS).to_file(
        tmp_path / "p.gpkg"
    )
    chips = {"sampling": "points", "file": "p.gpkg", "id": "plot"}
    with pytest.raises(SamplesError) as told:
        planned(chips_product(area, **chips), tmp_path).plan("west")
    assert str(told.value) == (
        f"chips.file: {tmp_path / 'p.gpkg'}: column 'plot': expected every id once, got 1 repeated (a); choose a "
        "column that names each place"
    )


def test_a_file_without_the_column_is_refused_by_its_field(tmp_path: Path) -> None:
    area = two_regions(tmp_path)
    geopandas.GeoDataFrame({"plot": ["a"]}, geometry=[shapely.Point(1, 1)], crs=CRS).to_file(tmp_path / "p.gpkg")
    with pytest.raises(ZonesError, match=r"chips\.file: .*expected a column 'name', got the columns plot"):
        planned(chips_product(area, sampling="points", file="p.gpkg", id="name"), tmp_path).plan("west")


def test_a_product_without_chips_has_no_samples(tmp_path: Path) -> None:
    found = planned(chips_product({"box": [0, 0, 100, 100]}, sampling="grid"), tmp_path)
    bare = found.product.model_copy(update={"chips": None})
    with pytest.raises(ProductError, match="expected `chips` in product samples_of_scenes, got none; declare it"):
        type(found)(bare, found.areas, found.regions, tmp_path).plan("whole")


def test_a_hundred_thousand_chips_are_planned(tmp_path: Path) -> None:
    split = {"split": {"train": 0.8, "test": 0.2}, "split_block": 50_000}
    area = {"box": [0, 0, 900_000, 900_000], "crs": "EPSG:3035"}
    found = planned(chips_product(area, sampling="random", count=100_000, **split), tmp_path).plan("whole")
    assert len(found.work) == 100_000
    assert found.work.table.memory_usage(deep=True).sum() < 20_000_000
