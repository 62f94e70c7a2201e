"""From a declaration's file or box to each area's polygon."""

from pathlib import Path

import pytest
import shapely

from eo_pipeline.core.product import AreaGrid
from eo_pipeline.errors import ProductError
from eo_pipeline.steps.load_areas import find_beside, load_areas
from eo_pipeline.steps.load_regions import load_regions
from eo_pipeline_tests.steps.chips.sampling import chips_product, planned, write_shapes


def test_the_box_is_as_declared(tmp_path: Path) -> None:
    found = planned(chips_product({"box": [3, 7, 98, 101]}, sampling="grid"), tmp_path)
    assert found.regions.polygon("whole").equals(shapely.box(3, 7, 98, 101))


def test_features_go_by_their_areas_keys(tmp_path: Path) -> None:
    file = write_shapes(tmp_path, {"b/2": shapely.box(5, 5, 15, 15), "a": shapely.box(100, 100, 120, 110)})
    found = planned(chips_product({"features": file, "id": "name"}, sampling="grid"), tmp_path)
    assert found.regions.polygon("b~2F2").equals(shapely.box(5, 5, 15, 15))
    assert found.regions.polygon("a").equals(shapely.box(100, 100, 120, 110))


def test_a_buffer_reaches_as_far_as_the_areas_pixels(tmp_path: Path) -> None:
    file = write_shapes(tmp_path, {"a": shapely.box(100, 100, 120, 110)})
    found = planned(chips_product({"features": file, "id": "name", "buffer": 30}, sampling="grid"), tmp_path)
    assert found.regions.polygon("a").bounds == (70, 70, 150, 140)
    assert tuple(found.areas["a"].geobox.boundingbox.bbox) == (70, 70, 150, 140)


def test_cells_are_the_covered_part(tmp_path: Path) -> None:
    file = write_shapes(tmp_path, {"a": shapely.box(100, 100, 3000, 200), "b": shapely.box(2000, 150, 2900, 4000)})
    found = planned(chips_product({"cover": file, "tile": 256}, sampling="grid"), tmp_path)
    cell = shapely.box(2560, 0, 5120, 2560)
    expected = shapely.union_all([shapely.box(2560, 100, 3000, 200), shapely.box(2560, 150, 2900, 2560)])
    assert found.regions.polygon("E0001N0000").equals(expected.intersection(cell))


def test_regions_across_the_antimeridian_lie_where_their_areas_do(tmp_path: Path) -> None:
    shapes = {"west": shapely.box(179, -18, 180, -17), "east": shapely.box(-180, -18, -179, -17)}
    file = write_shapes(tmp_path, shapes, crs="EPSG:4326")
    area = {"features": file, "id": "name", "crs": "EPSG:4326", "resolution": 0.01}
    found = planned(chips_product(area, sampling="grid"), tmp_path)
    assert found.regions.polygon("east").bounds == (180, -18, 181, -17)


def test_a_feature_that_is_gone_is_named(tmp_path: Path) -> None:
    file = write_shapes(tmp_path, {"a": shapely.box(0, 0, 10, 10), "b": shapely.box(20, 0, 30, 10)})
    declared = AreaGrid.model_validate({"features": file, "id": "name", "crs": "EPSG:32633", "resolution": 10})
    areas = {area.key: area for area in load_areas(declared, find_beside(tmp_path))}
    (tmp_path / file).unlink()
    write_shapes(tmp_path, {"a": shapely.box(0, 0, 10, 10)})
    with pytest.raises(ProductError) as told:
        load_regions(declared, areas, tmp_path / file)
    assert str(told.value) == (
        "area.features: expected the features of all areas in shapes.gpkg, got none for b; put them back, or reload "
        "the definitions to drop their areas"
    )
