"""Series equal a plain numpy reduction with the stated weights; gaps stay gaps; a bad region costs itself only."""

import json
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import pandas as pd
import pytest
import shapely
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox
from shapely.geometry.base import BaseGeometry

from eo_pipeline.core.grids import whole_area
from eo_pipeline.core.product import Product
from eo_pipeline.core.requests.region_batches import Limits
from eo_pipeline.earth_engine import recipes
from eo_pipeline.earth_engine.interactive.client import InteractiveClient
from eo_pipeline.earth_engine.pixels import compute_pixels
from eo_pipeline.errors import SeriesError
from eo_pipeline.steps.series.list_series import SeriesLists
from eo_pipeline.steps.series.measure_series import MeasuredSeries, measure_series
from eo_pipeline_tests.processes import started
from eo_pipeline_tests.recorder import Recorder
from eo_pipeline_tests.scenes import CRS, LEFT, TOP, Scene, Service, scenes_product
from eo_pipeline_tests.steps.series.series_oracle import statistics
from eo_pipeline_tests.steps.series.series_program import run

STATISTICS = ["mean", "std", "sum", "min", "max", "median", "p10", "p90", "count"]
KEPT = [2, 4, 5, 6, 7]

FIELDS: dict[str, BaseGeometry] = {
    "triangle": shapely.Polygon([(LEFT + 13, TOP - 17), (LEFT + 171, TOP - 31), (LEFT + 88, TOP - 163)]),
    "ring": shapely.box(LEFT + 21, TOP - 188, LEFT + 219, TOP - 12).difference(
        shapely.box(LEFT + 63, TOP - 131, LEFT + 154, TOP - 44)
    ),
    "within one pixel": shapely.box(LEFT + 111.5, TOP - 57.5, LEFT + 113, TOP - 56),
    "two parts": shapely.MultiPolygon(
        [shapely.box(LEFT + 7, TOP - 62, LEFT + 42, TOP - 23), shapely.box(LEFT + 121, TOP - 181, LEFT + 191, TOP - 99)]
    ),
}


def fields(folder: Path, shapes: dict[str, BaseGeometry] | None = None, crs: str = CRS) -> Path:
    path = folder / "fields.gpkg"
    wanted = FIELDS if shapes is None else shapes
    frame = geopandas.GeoDataFrame(
        {"field": list(wanted), "crop": ["rye"] * len(wanted)}, geometry=list(wanted.values()), crs=crs
    )
    frame.to_file(path)
    return path


def product_of(**series: Any) -> Product:
    plain = {"file": "fields.gpkg", "id": "field", "statistics": STATISTICS, "weights": "pixel"}
    sections: dict[str, Any] = {
        "mask": {"scl_include": KEPT},
        "output": {"B4": {"dtype": "uint16", "nodata": 0, "scale": 2.0, "offset": -10.0, "units": "K"}},
    }
    sections |= series.pop("sections", {})
    return scenes_product(series={**plain, **series}, **sections)


def lists_of(service: Service, product: Product, file: Path) -> SeriesLists:
    assert product.area.box is not None
    areas = {area.key: area for area in whole_area(product.area.lattice, product.area.box)}
    return SeriesLists(service.session, product, areas, file)


def measured(
    service: Service, product: Product, file: Path, folder: Path, *, limits: Limits | None = None, url: str = ""
) -> MeasuredSeries:
    session = replace(service.session, url=url or service.session.url)
    lists = lists_of(service, product, file)
    order = lists.order("whole", product.period.rule.parse("2024-01"), native_resolution=10, folder=folder)
    return measure_series(InteractiveClient(session), order, folder=folder, limits=limits)


def stored(scene: Scene) -> NDArray[np.float64]:
    """B4 in physical units as the product stores it: whole numbers of 2 K from -10 K, NaN where masked."""
    raw = scene.bands["B4"].astype(float)
    kept = np.isin(scene.bands["SCL"], KEPT) & (raw > 0)
    return np.where(kept, np.floor((raw + 10) / 2 + 0.5) * 2 - 10, np.nan)


def geobox() -> GeoBox:
    product = scenes_product()
    assert product.area.box is not None
    return whole_area(product.area.lattice, product.area.box)[0].geobox


@pytest.mark.parametrize("weights", ["area", "pixel", "none"])
def test_every_statistic_of_every_region_and_image(service: Service, tmp_path: Path, weights: str) -> None:
    file = fields(tmp_path)
    found = measured(service, product_of(weights=weights), file, tmp_path).table
    assert list(found.columns[:3]) == ["field", "image", "date"]
    assert len(found) == 4 * 3
    for scene in service.scenes[:3]:
        for name, shape in FIELDS.items():
            [row] = found[(found["field"] == name) & (found["image"] == scene.index)].to_dict("records")
            assert row["date"].isoformat() == scene.day
            wanted = statistics(stored(scene), shape, geobox(), weights=weights, areas=100.0)
            for statistic, value in wanted.items():
                got = row[f"B4_{statistic}"]
                assert got == pytest.approx(value, rel=1e-6, nan_ok=True), (name, scene.day, statistic)


def test_rows_stand_by_region_then_time_with_what_the_file_says_beside(service: Service, tmp_path: Path) -> None:
    found = measured(service, product_of(names=["crop"]), fields(tmp_path), tmp_path).table
    assert list(found["field"]) == [name for name in FIELDS for _ in range(3)]
    assert list(found["image"][:3]) == ["20240105", "20240115", "20240125"]
    assert set(found["crop"]) == {"rye"}


def test_gaps_stay_gaps(service: Service, tmp_path: Path) -> None:
    """No row where there is no image; an empty row where the image has no valid pixel."""
    [scene] = service.scenes[:1]
    row, column = np.argwhere(np.isnan(stored(scene)))[0]
    masked = shapely.box(LEFT + 10 * column + 2, TOP - 10 * row - 8, LEFT + 10 * column + 8, TOP - 10 * row - 2)
    file = fields(tmp_path, {"masked": masked, "beside": shapely.box(LEFT - 500, TOP - 90, LEFT - 400, TOP - 20)})
    product = product_of(sections={"area": {"box": [LEFT - 600, TOP - 200, LEFT + 240, TOP], "crs": CRS,
                                            "resolution": 10, "origin": [LEFT, TOP]}})  # fmt: skip
    found = measured(service, product, file, tmp_path).table
    assert set(found["field"]) == {"masked"}
    first = found[found["image"] == scene.index].iloc[0]
    assert first["B4_count"] == 0
    assert first["B4_valid_fraction"] == 0
    assert first[["B4_mean", "B4_std", "B4_sum", "B4_min", "B4_median"]].isna().all()


def test_values_below_the_least_valid_fraction_are_null_and_counts_stay(service: Service, tmp_path: Path) -> None:
    plain = measured(service, product_of(), fields(tmp_path), tmp_path).table
    least = float(plain["B4_valid_fraction"].median())
    (tmp_path / "b").mkdir()
    strict = measured(service, product_of(min_valid_fraction=least), tmp_path / "fields.gpkg", tmp_path / "b").table
    enough = plain["B4_valid_fraction"] >= least
    assert 0 < enough.sum() < len(plain)
    pd.testing.assert_frame_equal(strict[enough], plain[enough])
    assert strict[~enough]["B4_mean"].isna().all()
    for name in ("B4_count", "B4_valid_fraction"):
        pd.testing.assert_series_equal(strict[name], plain[name])


def test_a_period_is_the_composite_of_its_images(service: Service, tmp_path: Path) -> None:
    sections = {
        "composite": {"reducer": "mean"},
        "output": None,
        "source": {"collection": "local/scenes", "bands": ["B8"]},
    }
    found = measured(service, product_of(of="period", sections=sections), fields(tmp_path), tmp_path).table
    stack = np.stack(
        [
            np.where(np.isin(s.bands["SCL"], KEPT) & (s.bands["B8"] > 0), s.bands["B8"].astype(float), np.nan)
            for s in service.scenes[:3]
        ]
    )
    with np.errstate(invalid="ignore"):
        composite = (np.nansum(stack, axis=0) / (~np.isnan(stack)).sum(axis=0)).astype(np.float32).astype(float)
    assert list(found["field"]) == list(FIELDS)
    assert {day.isoformat() for day in found["period_end"]} == {"2024-02-01"}
    for name, shape in FIELDS.items():
        [row] = found[found["field"] == name].to_dict("records")
        for statistic, value in statistics(composite, shape, geobox(), weights="pixel").items():
            assert row[f"B8_{statistic}"] == pytest.approx(value, rel=1e-6, nan_ok=True), (name, statistic)


@pytest.mark.parametrize("weights", ["area", "pixel", "none"])
def test_a_product_coarser_than_its_source_is_measured_as_it_is_exported(
    service: Service, tmp_path: Path, weights: str
) -> None:
    """Averaged pixels of which only a part is valid count like any other."""
    area = {"box": [LEFT, TOP - 200, LEFT + 240, TOP], "crs": CRS, "resolution": 20, "origin": [LEFT, TOP]}
    product = product_of(weights=weights, sections={"area": area, "output": None})
    assert product.area.box is not None
    [whole] = whole_area(product.area.lattice, product.area.box)
    rows = measured(service, product, fields(tmp_path), tmp_path).table
    for scene in service.scenes[:3]:
        image = recipes.image(
            product,
            area_key="whole",
            geobox=whole.geobox,
            period=product.period.rule.parse("2024-01"),
            native_resolution=10,
            source_image=f"local/scenes/{scene.index}",
        )
        exported = compute_pixels(service.session, image, whole.geobox, nan_where_masked=True)["B4"].astype(float)
        assert 0 < np.isnan(exported).mean() < 0.5
        for name, shape in FIELDS.items():
            [row] = rows[(rows["field"] == name) & (rows["image"] == scene.index)].to_dict("records")
            for statistic, value in statistics(exported, shape, whole.geobox, weights=weights, areas=400.0).items():
                assert row[f"B4_{statistic}"] == pytest.approx(value, rel=1e-6, nan_ok=True), (name, statistic)


def test_what_came_is_not_asked_for_again(service: Service, recorder: Recorder, tmp_path: Path) -> None:
    file, limits = fields(tmp_path), Limits(rows=2)
    first = measured(service, product_of(), file, tmp_path, limits=limits, url=recorder.url)
    assert (first.requests, first.reused) == (6, 0)
    assert len(recorder.asked) == 6
    broken, *_ = sorted(tmp_path.glob(".[0-9a-f]*.json"))
    body = json.loads(broken.read_text())
    broken.write_text(json.dumps({**body, "answer": body["answer"].replace("1", "2", 1)}))
    second = measured(service, product_of(), file, tmp_path, limits=limits, url=recorder.url)
    assert (second.requests, second.reused) == (1, 5)
    assert len(recorder.asked) == 7
    pd.testing.assert_frame_equal(second.table, first.table)


def test_a_region_that_is_too_much_costs_itself_only(service: Service, tmp_path: Path) -> None:
    huge = shapely.box(LEFT - 5e5, TOP - 5e5, LEFT + 5e5, TOP + 5e5)
    file = fields(tmp_path, {"huge": huge, **FIELDS})
    service.sandbox.control("settings", {"interactive_memory_bytes": 50_000_000})
    try:
        with pytest.raises(SeriesError) as refused:
            measured(service, product_of(), file, tmp_path)
        tolerant = measured(service, product_of(tolerance=0.2), file, tmp_path)
    finally:
        service.sandbox.control("settings", {"interactive_memory_bytes": 2**31})
    said = str(refused.value)
    assert "expected 15 rows of 5 regions, got 3 that failed, more than series.tolerance (0) allows:" in said
    assert "field huge: Earth Engine: User memory limit exceeded" in said
    assert list(tolerant.failed) == ["huge"]
    assert len(tolerant.table) == 12


def test_an_outline_of_more_than_a_request_may_have_is_not_sent(service: Service, tmp_path: Path) -> None:
    angle = np.linspace(0, 2 * np.pi, 290_000, endpoint=False)
    round_ = shapely.Polygon(np.column_stack([LEFT + 100 + 50 * np.cos(angle), TOP - 100 + 50 * np.sin(angle)]))
    with pytest.raises(SeriesError, match=r"field round: its outline has 290001 vertices, [\d.]+ MiB of the 10 MiB"):
        measured(service, product_of(), fields(tmp_path, {"round": round_}), tmp_path)


def test_a_program_that_is_killed_has_nothing_asked_twice_but_what_was_under_way(
    service: Service, recorder: Recorder, tmp_path: Path
) -> None:
    fields(tmp_path)
    product = product_of()
    service.sandbox.arm(kind="slow", path="table:computeFeatures", seconds=0.2, count=None)
    command = [sys.executable, "-m", "eo_pipeline_tests.steps.series.series_program"]
    arguments = [recorder.url, product.model_dump_json(by_alias=True, exclude_defaults=True), str(tmp_path)]
    with started([*command, *arguments], log=tmp_path / "log") as process:
        wait_for(lambda: len(answers_in(tmp_path)) >= 4, seconds=60)
        process.kill()
    service.sandbox.control("faults", method="DELETE")
    before = len(answers_in(tmp_path))
    assert 4 <= before < 12
    found = run(recorder.url, product, tmp_path)
    assert (found.reused, found.requests) == (before, 12 - before)
    assert len(found.table) == 12
    bodies = Counter(json.dumps(entry.body["expression"]) for entry in recorder.asked if "Features" in entry.path)
    assert len(bodies) == 12
    assert sum(bodies.values()) <= 12 + 2


def answers_in(folder: Path) -> list[Path]:
    return list(folder.glob(".[0-9a-f]*.json"))


def wait_for(done: Callable[[], bool], *, seconds: float) -> None:
    until = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < until, "it took too long"
        time.sleep(0.02)


@pytest.mark.parametrize("ordered", [["median"], ["p10", "min"], ["max"], ["median", "p90"]], ids=", ".join)
def test_two_bands_are_told_apart_whatever_is_asked(service: Service, tmp_path: Path, ordered: list[str]) -> None:
    sections = {"mask": None, "output": None, "source": {"collection": "local/scenes", "bands": ["B4", "B8"]}}
    product = product_of(statistics=["mean", *ordered], sections=sections)
    rows = measured(service, product, fields(tmp_path), tmp_path).table
    for scene in service.scenes[:3]:
        for band in ("B4", "B8"):
            values = np.where(scene.bands[band] > 0, scene.bands[band].astype(float), np.nan)
            wanted = statistics(values, FIELDS["ring"], geobox(), weights="pixel")
            [row] = rows[(rows["field"] == "ring") & (rows["image"] == scene.index)].to_dict("records")
            for name in ("mean", "count", "valid_fraction", *ordered):
                assert row[f"{band}_{name}"] == pytest.approx(wanted[name], rel=1e-6), (band, name)


def test_an_error_that_would_meet_all_ends_the_asking_and_what_came_is_kept(service: Service, tmp_path: Path) -> None:
    refusal = "Caller does not have required permission to use project sandbox-project."
    service.sandbox.arm(
        kind="status", path="table:computeFeatures", status=403, message=refusal, reason="PERMISSION_DENIED", count=None
    )
    try:
        with pytest.raises(SeriesError, match=r"(?s)required permission.*run the partition again"):
            measured(service, product_of(), fields(tmp_path), tmp_path, limits=Limits(rows=1))
    finally:
        service.sandbox.control("faults", method="DELETE")
    assert measured(service, product_of(), fields(tmp_path), tmp_path).requests == 1
