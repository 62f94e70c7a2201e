"""Outlines that are written without the client are the same expression to the client."""

import json
from typing import Any

import ee
import shapely

from eo_pipeline.earth_engine.interactive.expression import serialised
from eo_pipeline.earth_engine.region_nodes import (
    REGION_BYTES,
    VERTEX_BYTES,
    box_to_come,
    regions_to_come,
    with_box,
    with_regions,
)
from eo_pipeline_tests.scenes import CRS, LEFT, TOP, Service

RING = shapely.Polygon(
    [(LEFT, TOP), (LEFT + 91.123456789, TOP), (LEFT, TOP - 77)],
    [[(LEFT + 5, TOP - 5), (LEFT + 9, TOP - 5), (LEFT + 5, TOP - 9)]],
)
PAIR = shapely.MultiPolygon(
    [shapely.box(LEFT, TOP - 10, LEFT + 10, TOP), shapely.box(LEFT + 30, TOP - 9, LEFT + 40, TOP)]
)


def of_client() -> Any:
    def feature(number: int, shape: Any) -> Any:
        polygons = [[list(ring.coords) for ring in (p.exterior, *p.interiors)] for p in shapely.get_parts(shape)]
        return ee.Feature(ee.Geometry.MultiPolygon(polygons, CRS, False), {"r": number})  # its signature

    return ee.FeatureCollection([feature(7, RING), feature(8, PAIR)])


def test_the_service_sees_the_same_regions(service: Service) -> None:
    def measured(regions: Any) -> Any:
        told = regions.map(
            lambda f: ee.Feature(None, {"r": f.get("r"), "area": f.geometry().area(1, ee.Projection(CRS))})
        )
        return ee.Dictionary({"area": told.aggregate_array("area"), "r": told.aggregate_array("r")})

    wanted = service.session.compute(measured(of_client()))
    text = with_regions(serialised(measured(regions_to_come())), [(7, RING), (8, PAIR)], CRS).text
    got = service.session.compute(ee.deserializer.fromCloudApiJSON(text.decode()))
    assert got == wanted
    assert wanted["r"] == [7, 8]
    assert wanted["area"] == [RING.area, PAIR.area]


def test_a_region_has_no_more_bytes_than_is_said() -> None:
    far = shapely.Polygon([(-179.12345678901234, -89.12345678901234), (-1.0 / 3, 0.0), (1e-7 / 3, 2.0 / 3)])
    place = serialised(regions_to_come())
    one, two = (with_regions(place, [(n, far) for n in range(count)], "EPSG:4326").text for count in (1, 2))
    assert json.loads(two)
    assert 0 < len(two) - len(one) <= REGION_BYTES + 4 * VERTEX_BYTES


def test_the_service_sees_the_same_box(service: Service) -> None:
    box = (LEFT + 1.123456789, TOP - 77.0, LEFT + 91.0, TOP)

    def measured(outline: Any) -> Any:
        return ee.List([outline.area(1, ee.Projection(CRS)), outline.bounds(1, ee.Projection(CRS)).coordinates()])

    wanted = service.session.compute(measured(ee.Geometry.Rectangle(list(box), CRS, False)))
    text = with_box(serialised(measured(box_to_come())), box, CRS).text
    assert b"loadTable" not in text
    got = service.session.compute(ee.deserializer.fromCloudApiJSON(text.decode()))
    assert got == wanted
    assert wanted[0] == (box[2] - box[0]) * 77
