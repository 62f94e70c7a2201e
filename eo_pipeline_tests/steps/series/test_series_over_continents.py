"""Regions with long edges on a grid in degrees: edges are what was declared, and pixels weigh by their ground area.

The regions are many areas', from a file or an Earth Engine table; each is measured with one of them.
"""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import pytest
import rasterio
import shapely
import yaml
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox
from shapely.geometry.base import BaseGeometry

from eo_pipeline.core.grids import Area
from eo_pipeline.core.product import Product
from eo_pipeline.earth_engine.interactive.client import InteractiveClient
from eo_pipeline.earth_engine.interactive.expression import serialised
from eo_pipeline.earth_engine.series.series_requests import outlines_of_asset
from eo_pipeline.earth_engine.session import Session, connect
from eo_pipeline.errors import ProductError, ZonesError
from eo_pipeline.steps.load_areas import find_beside, load_areas
from eo_pipeline.steps.series.list_series import SeriesLists
from eo_pipeline.steps.series.measure_series import MeasuredSeries, measure_series
from eo_pipeline_tests.core.series.test_outlines import geodesic
from eo_pipeline_tests.processes import running_sandbox
from eo_pipeline_tests.scenes import settings_at
from eo_pipeline_tests.steps.series.series_oracle import ground_areas, statistics

GRID = GeoBox.from_bbox((0, 40, 60, 80), "EPSG:4326", resolution=0.25)
SHAPES: dict[str, BaseGeometry] = {
    "wide": shapely.Polygon([(2.1, 50.3), (57.7, 51.9), (40.2, 77.1)], [[(30, 55), (45, 56), (40, 61)]]),
    "north": shapely.box(5.05, 62.1, 55.4, 70.9),
    "small": shapely.box(20.1, 45.1, 21.3, 46.4),
}
ASSET = "local/shapes"


@dataclass(frozen=True)
class World:
    folder: Path
    session: Session
    pixels: NDArray[np.float64]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("world")
    pixels = np.random.default_rng(8).uniform(200, 300, GRID.shape).astype(np.float32)
    pixels[np.random.default_rng(9).random(GRID.shape) < 0.2] = -1
    profile: dict[str, Any] = {"driver": "GTiff", "width": GRID.width, "height": GRID.height, "count": 1, "nodata": -1}
    with rasterio.open(
        folder / "t_2024.tif", "w", **profile, dtype="float32", crs="EPSG:4326", transform=GRID.affine
    ) as file:
        file.write(pixels, 1)
    frame = geopandas.GeoDataFrame(
        {"name": list(SHAPES), "kind": "land"}, geometry=list(SHAPES.values()), crs="EPSG:4326"
    )
    frame.to_file(folder / "shapes.gpkg")
    frame.to_file(folder / "shapes.geojson")
    entry = {"id": "t_2024", "start": "2024-01-01T00:00:00Z", "bands": {"t": {"path": "t_2024.tif"}}}
    catalog = {
        "collections": {"local/t": {"images": [entry]}},
        "tables": {ASSET: {"path": "shapes.geojson"}},
    }
    (folder / "catalog.yaml").write_text(yaml.safe_dump(catalog))
    with running_sandbox(folder / "sandbox", catalog=folder / "catalog.yaml") as sandbox:
        session = connect(settings_at(sandbox.url), interactive=True)
        yield World(folder, session, np.where(pixels < 0, np.nan, pixels.astype(float)))


def product_of(area: dict[str, Any] | None = None, **series: Any) -> Product:
    box = {"box": [0, 40, 60, 80], "crs": "EPSG:4326", "resolution": 0.25}
    return Product.model_validate(
        {
            "name": "t",
            "source": {"collection": "local/t", "bands": ["t"]},
            "period": {"every": "year", "start": "2024"},
            "area": area or box,
            "series": {
                **({} if "asset" in series else {"file": "shapes.gpkg"}),
                "id": "name",
                "statistics": ["mean", "std", "sum", "max"],
                "weights": "area",
                **series,
            },
        }
    )


def areas_of(world: World, product: Product) -> dict[str, Area]:
    return {area.key: area for area in load_areas(product.area, find_beside(world.folder))}


def measured(world: World, product: Product, folder: Path, area: str = "whole") -> MeasuredSeries:
    file = world.folder / "shapes.gpkg" if product.series and product.series.file else None
    lists = SeriesLists(world.session, product, areas_of(world, product), file)
    folder.mkdir(exist_ok=True)
    order = lists.order(area, product.period.rule.parse("2024"), native_resolution=None, folder=folder)
    return measure_series(InteractiveClient(world.session), order, folder=folder)


@pytest.mark.parametrize("edges", ["planar", "geodesic"])
def test_long_edges_are_what_was_declared_and_pixels_weigh_by_their_ground_area(
    world: World, tmp_path: Path, edges: str
) -> None:
    rows = measured(world, product_of(edges=edges), tmp_path).table.set_index("name")
    areas = ground_areas(GRID)
    for name, shape in SHAPES.items():
        true = geodesic(shape, 60) if edges == "geodesic" else shape
        wanted = statistics(world.pixels, true, GRID, weights="area", areas=areas)
        close = 1e-6 if edges == "planar" else 3e-4
        for statistic in ("mean", "sum", "valid_fraction"):
            assert rows.loc[name, f"t_{statistic}"] == pytest.approx(wanted[statistic], rel=close), (name, statistic)
    flat = statistics(world.pixels, SHAPES["north"], GRID, weights="area", areas=areas)["sum"]
    apart = abs(float(rows["t_sum"]["north"]) / flat - 1)
    assert apart < 1e-6 if edges == "planar" else apart > 0.005


@pytest.mark.parametrize("kind", [{}, {"asset": ASSET}], ids=["file", "asset"])
def test_each_region_is_measured_with_one_area_and_whole_though_it_reaches_beyond(
    world: World, tmp_path: Path, kind: dict[str, str]
) -> None:
    cover = {"cover": "shapes.gpkg", "crs": "EPSG:4326", "resolution": 0.25, "tile": 60}
    product = product_of(cover, **kind)
    areas, found = areas_of(world, product), Counter[str]()
    assert len(areas) > 5
    for key in areas:
        for row in measured(world, product, tmp_path / key, key).table.to_dict("records"):
            found[row["name"]] += 1
            wanted = statistics(world.pixels, SHAPES[row["name"]], GRID, weights="area", areas=ground_areas(GRID))
            assert row["t_mean"] == pytest.approx(wanted["mean"], rel=1e-6)
            assert row["t_sum"] == pytest.approx(wanted["sum"], rel=1e-6)
    assert found == dict.fromkeys(SHAPES, 1)


def test_features_that_are_areas_have_themselves_as_region(world: World, tmp_path: Path) -> None:
    area = {"features": "shapes.gpkg", "id": "name", "crs": "EPSG:4326", "resolution": 0.25}
    for name in SHAPES:
        rows = measured(world, product_of(area), tmp_path / name, name).table
        assert list(rows["name"]) == [name]


@pytest.mark.parametrize("edges", ["planar", "geodesic"])
def test_an_asset_s_edges_are_said_in_the_request(world: World, edges: str) -> None:
    series = product_of(asset=ASSET, edges=edges).series
    assert series is not None
    assert world.session.url
    graph = json.loads(serialised(outlines_of_asset(series, ["wide"])).text)
    said = [
        node["functionInvocationValue"]["arguments"] for node in every_call(graph, "GeometryConstructors.MultiPolygon")
    ]
    assert [arguments["geodesic"] for arguments in said] == [{"constantValue": edges == "geodesic"}]


def every_call(node: Any, function: str) -> Iterator[Any]:
    if isinstance(node, dict):
        if node.get("functionInvocationValue", {}).get("functionName") == function:
            yield node
        for value in node.values():
            yield from every_call(value, function)
    elif isinstance(node, list):
        for value in node:
            yield from every_call(value, function)


def test_a_table_whose_ids_are_no_ids_is_refused(world: World, tmp_path: Path) -> None:
    with pytest.raises(
        ZonesError, match="expected a value of code in every region, got 3 without; name another property"
    ):
        measured(world, product_of(asset=ASSET, id="code"), tmp_path)


def test_a_table_with_an_id_twice_is_refused(world: World, tmp_path: Path) -> None:
    with pytest.raises(ZonesError, match="expected every kind once, got land repeated; name another property"):
        measured(world, product_of(asset=ASSET, id="kind"), tmp_path)


def test_a_product_without_series_has_no_regions(world: World, tmp_path: Path) -> None:
    plain = Product.model_validate(product_of().model_dump(by_alias=True, exclude_defaults=True, exclude={"series"}))
    lists = SeriesLists(world.session, plain, areas_of(world, plain), None)
    with pytest.raises(ProductError, match="expected `series` in the product, got none; there are no regions"):
        lists.order("whole", plain.period.rule.parse("2024"), native_resolution=None, folder=tmp_path)


def test_conditions_choose_regions_of_a_table(world: World, tmp_path: Path) -> None:
    rows = measured(world, product_of(asset=ASSET, where={"name": {"in": ["small", "wide"]}}), tmp_path).table
    assert sorted(rows["name"]) == ["small", "wide"]
