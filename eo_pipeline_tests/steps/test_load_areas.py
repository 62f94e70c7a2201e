"""From a declaration's file, features or box to areas on the product's lattice."""

import re
from pathlib import Path

import geopandas
import numpy as np
import pytest
import shapely

from eo_pipeline.core.product import AreaGrid
from eo_pipeline.errors import ProductError, TilesError, ZonesError
from eo_pipeline.steps.load_areas import check_zones, find_beside, find_weights, load_areas
from eo_pipeline_tests.products import product
from eo_pipeline_tests.raster_files import grid as pixels
from eo_pipeline_tests.raster_files import write_raster

UTM = {"crs": "EPSG:32633", "resolution": 10.0}


def polygons(folder: Path, shapes: dict[str, shapely.Polygon], crs: str | None = "EPSG:32633") -> str:
    frame = geopandas.GeoDataFrame({"name": list(shapes)}, geometry=list(shapes.values()), crs=crs)
    frame.to_file(folder / "fields.gpkg", driver="GPKG")
    return "fields.gpkg"


def grid(**fields: object) -> AreaGrid:
    return AreaGrid.model_validate({**UTM, **fields})


def bounds(declared: AreaGrid, folder: Path) -> dict[str, tuple[float, ...]]:
    areas = load_areas(declared, find_beside(folder))
    return {area.key: tuple(area.geobox.boundingbox.bbox) for area in areas}


def test_a_box_is_one_area_widened_to_whole_pixels(tmp_path: Path) -> None:
    assert bounds(grid(box=[3, 7, 98, 101]), tmp_path) == {"whole": (0, 0, 100, 110)}


def test_cover_takes_the_cells_that_polygons_share_area_with(tmp_path: Path) -> None:
    file = polygons(tmp_path, {"a": shapely.box(100, 100, 2600, 200), "touching": shapely.box(-300, 0, 0, 100)})
    found = bounds(grid(cover=file, tile=256), tmp_path)
    assert found == {
        "E0000N0000": (0, 0, 2560, 2560),
        "E0001N0000": (2560, 0, 5120, 2560),
        "W0001N0000": (-2560, 0, 0, 2560),
    }


def test_an_area_added_later_moves_no_other(tmp_path: Path) -> None:
    first = polygons(tmp_path, {"a": shapely.box(100, 100, 200, 200)})
    before = bounds(grid(cover=first, tile=256, origin=[5, 5]), tmp_path)
    (tmp_path / first).unlink()
    more = {"a": shapely.box(100, 100, 200, 200), "b": shapely.box(-9000, -9000, -8000, -8000)}
    after = bounds(grid(cover=polygons(tmp_path, more), tile=256, origin=[5, 5]), tmp_path)
    assert before.items() < after.items()


def test_each_feature_is_an_area_with_its_buffer(tmp_path: Path) -> None:
    file = polygons(tmp_path, {"b/2": shapely.box(5, 5, 15, 15), "a": shapely.box(100, 100, 120, 110)})
    found = bounds(grid(features=file, id="name", buffer=3), tmp_path)
    assert list(found) == ["a", "b~2F2"]
    assert found == {"a": (90, 90, 130, 120), "b~2F2": (0, 0, 20, 20)}


def test_polygons_of_another_crs_are_reprojected(tmp_path: Path) -> None:
    shape = shapely.box(500_003, 5_200_003, 500_097, 5_200_097)
    web = geopandas.GeoSeries([shape], crs="EPSG:32633").to_crs("EPSG:3857")[0]
    file = polygons(tmp_path, {"a": web}, crs="EPSG:3857")
    assert bounds(grid(features=file, id="name"), tmp_path) == {"a": (500_000, 5_200_000, 500_100, 5_200_100)}


def fiji(folder: Path) -> str:
    """Vanua Levu west of 180 degrees and Taveuni and Lau east of it, as longitudes from -180 to 180."""
    return polygons(
        folder, {"west": shapely.box(177, -19, 180, -16), "east": shapely.box(-180, -19, -178, -16)}, crs="EPSG:4326"
    )


def test_areas_across_the_antimeridian_have_contiguous_x(tmp_path: Path) -> None:
    declared = AreaGrid.model_validate(
        {"cover": fiji(tmp_path), "crs": "EPSG:4326", "resolution": 0.01, "origin": [177, -19], "tile": 100}
    )
    found = bounds(declared, tmp_path)
    assert len(found) == 5 * 3
    assert min(b[0] for b in found.values()) == pytest.approx(177)
    assert max(b[2] for b in found.values()) == pytest.approx(182)


def test_features_across_the_antimeridian_lie_beyond_180(tmp_path: Path) -> None:
    declared = AreaGrid.model_validate(
        {"features": fiji(tmp_path), "id": "name", "crs": "EPSG:4326", "resolution": 0.5}
    )
    assert bounds(declared, tmp_path)["east"] == pytest.approx((180, -19, 182, -16))


def test_a_box_across_the_antimeridian_goes_beyond_180(tmp_path: Path) -> None:
    declared = AreaGrid.model_validate({"box": [177, -20, 182, -15], "crs": "EPSG:4326", "resolution": 0.5})
    assert bounds(declared, tmp_path)["whole"] == pytest.approx((177, -20, 182, -15))


def test_areas_outside_the_declared_bounds_are_named(tmp_path: Path) -> None:
    file = polygons(tmp_path, {"in": shapely.box(0, 0, 10, 10), "out": shapely.box(9000, 0, 9010, 10)})
    with pytest.raises(ProductError) as caught:
        bounds(grid(features=file, id="name", bounds=[0, 0, 1000, 1000]), tmp_path)
    assert str(caught.value) == (
        "area.bounds: expected every area inside [0.0, 0.0, 1000.0, 1000.0], got out outside; widen the bounds (a cube "
        "that exists needs another repository then) or drop the polygons"
    )


def test_bounds_hold_the_whole_cells_they_cut(tmp_path: Path) -> None:
    file = polygons(tmp_path, {"a": shapely.box(0, 0, 10, 10)})
    assert list(bounds(grid(cover=file, tile=256, bounds=[0, 0, 100, 100]), tmp_path)) == ["E0000N0000"]


def test_no_area_at_all_is_told(tmp_path: Path) -> None:
    file = polygons(tmp_path, {})
    with pytest.raises(ZonesError, match=r"area\.cover: .*expected features, got a file without any"):
        bounds(grid(cover=file), tmp_path)


def test_a_file_is_looked_for_in_order_and_every_place_is_named(tmp_path: Path) -> None:
    near, far = tmp_path / "near", tmp_path / "far"
    for folder in (near, far):
        folder.mkdir()
        (folder / "x.gpkg").touch()
    find = find_beside(near, far)
    assert find("area.cover", "x.gpkg") == near / "x.gpkg"
    assert find("area.cover", str(far / "x.gpkg")) == far / "x.gpkg"
    with pytest.raises(ProductError) as caught:
        find("area.cover", "y.gpkg")
    assert f"area.cover: expected a file at {near}/y.gpkg or {far}/y.gpkg, found none; correct" in str(caught.value)


def test_an_unknown_crs_is_named(tmp_path: Path) -> None:
    with pytest.raises(ProductError, match=r"area\.crs: expected a CRS such as EPSG:32633, got 'UTM 33'"):
        bounds(grid(box=[0, 0, 1, 1], crs="UTM 33"), tmp_path)


def test_a_file_without_a_crs_or_the_column_is_refused(tmp_path: Path) -> None:
    file = polygons(tmp_path, {"a": shapely.box(0, 0, 1, 1)})
    with pytest.raises(ZonesError, match="expected a column 'field_id', got the columns name"):
        bounds(grid(features=file, id="field_id"), tmp_path)
    geopandas.GeoDataFrame({"name": ["a"]}, geometry=[shapely.box(0, 0, 1, 1)]).to_file(tmp_path / "bare.shp")
    with pytest.raises(ZonesError, match="expected a CRS, got none; store it with the file"):
        bounds(grid(features="bare.shp", id="name"), tmp_path)


def test_zones_need_a_file_with_the_column(tmp_path: Path) -> None:
    file = polygons(tmp_path, {"a": shapely.box(0, 0, 1, 1)})
    find = find_beside(tmp_path)
    assert check_zones(product(), find) is None
    assert check_zones(product(zones={"file": file, "id": "name"}), find) == tmp_path / file
    with pytest.raises(ZonesError, match=rf"zones\.file: {re.escape(str(tmp_path))}.*expected a column 'n'.* name"):
        check_zones(product(zones={"file": file, "id": "n"}), find)
    with pytest.raises(ProductError, match=r"zones\.file: expected a file at"):
        check_zones(product(zones={"file": "absent.gpkg", "id": "n"}), find)


def test_the_raster_of_weights_is_found_and_looked_at(tmp_path: Path) -> None:
    find = find_beside(tmp_path)
    zones = {"file": "z", "id": "n", "statistics": ["weighted_mean"], "weights": "people.tif"}
    assert find_weights(product(), find) is None
    with pytest.raises(ProductError, match=r"zones\.weights: expected a file at .*people\.tif, found none"):
        find_weights(product(zones=zones), find)
    (tmp_path / "people.tif").write_text("no raster")
    with pytest.raises(TilesError, match=r"zones\.weights: expected a readable raster, got .*people\.tif"):
        find_weights(product(zones=zones), find)
    write_raster(tmp_path / "people.tif", pixels(2, 2), np.ones((1, 2, 2), "float32"))
    assert find_weights(product(zones=zones), find) == tmp_path / "people.tif"
