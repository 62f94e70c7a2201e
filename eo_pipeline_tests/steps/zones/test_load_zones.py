"""Zones of a file or of an Earth Engine table, and what is said of a table that cannot be used."""

from pathlib import Path
from typing import Any, NoReturn

import ee
import geopandas
import pytest
import shapely

from eo_pipeline.core.grids import Area, whole_area
from eo_pipeline.core.product import Product
from eo_pipeline.core.zonal.shapes import Zones
from eo_pipeline.errors import ProductError, ZonesError
from eo_pipeline.steps.zones.load_zones import load_zones
from eo_pipeline_tests.scenes import Service, scenes_product

TABLE, COUNTRY = "FAO/GAUL/2015/level2", {"ADM0_NAME": {"eq": "Gambia"}}
EVERYWHERE, WEST = [-17.0, 13.0, -13.7, 14.0], [-17.0, 13.0, -16.5, 14.0]


def product_of(box: list[float] = EVERYWHERE, **zones: Any) -> Product:
    plain = {"asset": TABLE, "asset_where": COUNTRY, "id": "ADM2_CODE", "where": "earth_engine"}
    return scenes_product(zones={**plain, **zones}, area={"box": box, "crs": "EPSG:4326", "resolution": 0.01})


def areas_of(product: Product) -> dict[str, Area]:
    assert product.area.box is not None
    return {area.key: area for area in whole_area(product.area.lattice, product.area.box)}


def loaded(service: Service, product: Product) -> Zones:
    return load_zones(product, areas_of(product), None, lambda: service.session)


def test_zones_of_a_table_are_its_features_with_their_outlines(service: Service) -> None:
    wanted = service.session.compute(ee.FeatureCollection(TABLE).filter(ee.Filter.eq("ADM0_NAME", "Gambia")))
    districts = {f["properties"]["ADM2_CODE"]: shapely.geometry.shape(f["geometry"]) for f in wanted["features"]}
    found = loaded(service, product_of())
    assert (found.source, found.id_column, str(found.crs), found.kind) == (TABLE, "ADM2_CODE", "EPSG:4326", "polygons")
    assert set(found.ids) == set(districts)
    for name, shape in zip(found.ids, found.geometries, strict=True):
        assert shape.symmetric_difference(districts[int(name)]).area < 1e-9 * shape.area


def test_zones_elsewhere_are_left_out(service: Service) -> None:
    every, few = loaded(service, product_of()), loaded(service, product_of(WEST))
    left, bottom, right, top = WEST
    frame = shapely.box(left, bottom, right, top)
    there = [name for name, shape in zip(every.ids, every.geometries, strict=True) if shape.intersects(frame)]
    assert list(few.ids) == there
    assert 0 < len(there) < len(every.ids)
    assert few.checksum != every.checksum
    assert loaded(service, product_of(WEST)).checksum == few.checksum


@pytest.mark.parametrize(
    ("zones", "words"),
    [
        ({"id": "ADM0_NAME"}, r"expected every ADM0_NAME once, got Gambia repeated; name another property"),
        ({"id": "NOBODY"}, r"expected a value of NOBODY in every feature, got \d without; name another property"),
        ({"asset_where": {"ADM0_NAME": {"eq": "Narnia"}}}, r"expected features that touch the areas, got none; name"),
    ],
)
def test_a_table_that_cannot_be_used_is_told_apart(service: Service, zones: dict[str, Any], words: str) -> None:
    with pytest.raises(ZonesError, match=rf"zones\.asset: {TABLE}: {words}"):
        loaded(service, product_of(**zones))


def nobody() -> NoReturn:
    raise AssertionError("a file needs no session")


def test_zones_of_a_file_need_no_session(tmp_path: Path) -> None:
    shape = shapely.box(0, 0, 1, 1)
    geopandas.GeoDataFrame({"n": [7]}, geometry=[shape], crs="EPSG:4326").to_file(tmp_path / "z.gpkg")
    product = product_of(file="z.gpkg", asset=None, asset_where={}, id="n")
    assert load_zones(product, areas_of(product), tmp_path / "z.gpkg", nobody).ids == (7,)


def test_a_product_without_zones_has_none_to_load() -> None:
    with pytest.raises(ProductError, match="expected `zones` in the product, got none"):
        load_zones(scenes_product(), {}, None, nobody)
