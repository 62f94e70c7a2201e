"""Dagster's UI on the demo's products, as a person sees it in a browser: what is drawn, not only what is stored."""

import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, expect

from eo_pipeline_tests.system.demo_ui import BROKEN, MADE, MONTH, PRODUCTS, DemoUI, demo_ui, screenshots

pytestmark = [pytest.mark.system, pytest.mark.timeout(420)]

STAGES = ["submission", "export", "tiles", "mosaic"]
FIELDS = [f"{letter}{number:02d}" for letter in "AB" for number in range(1, 7)]


@pytest.fixture(scope="module")
def ui(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DemoUI]:
    with demo_ui(tmp_path_factory.mktemp("chromium")) as found:
        yield found


@pytest.fixture
def page(chromium: Browser, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A window; a picture of what it shows at the end of the test is kept."""
    page = chromium.new_page(viewport={"width": 1600, "height": 1000})
    page.set_default_timeout(30_000)
    expect.set_options(timeout=30_000)
    yield page
    page.screenshot(path=screenshots(tmp_path) / f"{request.node.name}.png")
    page.close()


def metadata_row(page: Page, name: str) -> Locator:
    """The row of a materialisation's metadata that has this name."""
    return page.locator("tr").filter(has=page.locator("td:first-child").get_by_text(name, exact=True))


def open_partition(page: Page, ui: DemoUI, stage: str, partition: str) -> None:
    """The page of an asset's partitions, with one of them chosen, once its metadata is drawn."""
    page.goto(f"{ui.stack.ui}/assets/{MADE}/{stage}?view=partitions&partition={partition.replace('|', '%7C')}")
    page.get_by_text("Latest materialization").wait_for()
    metadata_row(page, "eo/state").wait_for()


def test_the_graph_shows_the_chain_from_left_to_right(ui: DemoUI, page: Page) -> None:
    page.goto(f"{ui.stack.ui}/locations/project/asset-groups/{MADE}/lineage")
    nodes = {name: page.locator("foreignObject").filter(has_text=name) for name in (*STAGES, "cube", "zonal_stats")}
    lefts = {}
    for name, node in nodes.items():
        expect(node.last).to_contain_text("Partitions")
        box = node.last.bounding_box()
        assert box is not None
        lefts[name] = box["x"]
    assert [lefts[stage] for stage in STAGES] == sorted({lefts[stage] for stage in STAGES})
    assert lefts["cube"] == lefts["zonal_stats"] > lefts["mosaic"]
    for node in nodes.values():
        expect(node.last).to_contain_text("16% filled")  # one of six months
    for kind in ("earthengine", "GCS", "cog", "Icechunk", "Parquet"):
        expect(page.get_by_text(kind, exact=True).first).to_be_visible()


def test_a_mosaic_s_picture_is_the_first_thing_on_its_page(ui: DemoUI, page: Page, tmp_path: Path) -> None:
    area = ui.areas[0]
    open_partition(page, ui, "mosaic", f"{area}|{MONTH}")
    names = page.locator("tr td:first-child").all_inner_texts()
    assert names[0].strip() == "picture"
    bookkeeping = [name.strip().startswith("eo/") for name in names]
    assert bookkeeping == sorted(bookkeeping), names
    bands = metadata_row(page, "bands").inner_text()
    assert [name for name in ("ndvi", "n_obs", "n_valid") if name in bands] == ["ndvi", "n_obs", "n_valid"]

    metadata_row(page, "picture").get_by_text("[Show Markdown]").click()
    image = page.get_by_alt_text(f"{area} {MONTH}")
    image.wait_for()
    width, height, decoded = image.evaluate("image => [image.naturalWidth, image.naturalHeight, image.complete]")
    assert decoded
    assert width > 1.5 * height > 300  # two maps side by side
    page.screenshot(path=screenshots(tmp_path) / "mosaic_picture.png")
    drawn = Image.open(io.BytesIO(image.screenshot())).convert("RGB")
    left, right = drawn.crop((0, 0, drawn.width // 2, drawn.height)), drawn.crop((drawn.width // 2, 0, *drawn.size))
    assert share_of(left, blue=False) > 0.3
    assert share_of(right, blue=True) > 0.3


def share_of(image: Image.Image, *, blue: bool) -> float:
    """Share of pixels that are blue, as counts are, or else green to red, as NDVI is."""
    red, green, blues = np.moveaxis(np.asarray(image, dtype=np.int16), -1, 0)
    found = blues > red + 30 if blue else np.maximum(red, green) > blues + 30
    return float(found.mean())


def test_the_partitions_page_lists_areas_and_periods_with_their_states(ui: DemoUI, page: Page) -> None:
    area = ui.areas[0]
    open_partition(page, ui, "mosaic", f"{area}|{MONTH}")
    for count in ("Materialized (6)", "Missing (30)", "Failed (0)", "36 Partitions Selected"):
        expect(page.get_by_text(count)).to_be_visible()
    shown = page.inner_text("body").splitlines()
    assert set(ui.areas) <= set(shown)
    assert {f"2024-{month:02d}" for month in range(4, 10)} <= set(shown)
    expect(page.get_by_text(f"{area}|{MONTH}").first).to_be_visible()


def test_the_table_of_zones_shows_schema_row_count_and_the_values_of_its_file(ui: DemoUI, page: Page) -> None:
    open_partition(page, ui, "zonal_stats", MONTH)
    assert metadata_row(page, "dagster/row_count").inner_text().split() == ["dagster/row_count", "12"]
    cells = [row.split("\t") for row in metadata_row(page, "preview").locator("table").inner_text().splitlines()]
    expected = pd.read_csv(ui.stack.root / MADE / "zonal_stats" / f"{MONTH}.csv")
    assert cells[0] == list(expected.columns)
    assert [row[0] for row in cells[1:]] == FIELDS == list(expected["field_id"])
    shown = pd.DataFrame(cells[1:], columns=cells[0])
    assert shown["ndvi_mean"].astype(float).tolist() == pytest.approx(expected["ndvi_mean"].tolist(), rel=1e-5)
    assert shown["ndvi_count"].astype(int).tolist() == expected["ndvi_count"].tolist()

    page.goto(f"{ui.stack.ui}/assets/{MADE}/zonal_stats")
    columns = page.locator("table").filter(has_text="Column name")
    expect(columns).to_contain_text("mean of the zone's usable pixels")
    described = columns.inner_text()
    assert all(name in described for name in expected.columns)
    expect(page.get_by_text("Row count")).to_be_visible()
    expect(page.get_by_text("crops", exact=True)).to_be_visible()  # the team that owns it
    expect(page.get_by_text("Monthly median NDVI of cloud-free Sentinel-2 observations").first).to_be_visible()


def test_an_export_tells_its_times_its_cost_and_its_task(ui: DemoUI, page: Page) -> None:
    open_partition(page, ui, "export", f"{ui.areas[0]}|{MONTH}")
    for name in ("EECU-seconds", "queue seconds", "run seconds"):
        assert float(metadata_row(page, name).inner_text().split()[-1]) >= 0
    task = metadata_row(page, "task").locator("a").first
    assert str(task.get_attribute("href")).startswith("https://code.earthengine.google.com/tasks/")
    expect(metadata_row(page, "tiles at")).to_contain_text(f"gs://sandbox-bucket/{MADE}/")


def test_sensors_are_on_and_schedules_that_spend_off(ui: DemoUI, page: Page) -> None:
    page.goto(f"{ui.stack.ui}/automation")
    states = {
        "sensors/earth_engine_operations": True,
        "sensors/automation": True,
        "schedules/compute_usage_hourly": True,
        **{f"schedules/{name}_submit_available": False for name in PRODUCTS},
    }
    for path, on in states.items():
        link = page.locator(f"a[href$='{path}']").first
        link.wait_for()
        switch = link.locator("xpath=ancestor::*[count(.//input) > 1][1]").locator("input").last
        expect(switch).to_be_checked(checked=on)
    assert page.locator("a[href*='/schedules/']").count() == len(PRODUCTS) + 1
    page.goto(f"{ui.stack.ui}/locations/project/sensors/earth_engine_operations")
    expect(page.get_by_text("Reports finished exports of every product")).to_be_visible()
    expect(page.get_by_text(f"{MADE}_settle").first).to_be_visible()
    expect(page.get_by_text("0 runs requested").first).to_be_visible()


def test_a_broken_product_says_what_is_wrong_and_the_others_are_there(ui: DemoUI, page: Page) -> None:
    page.goto(f"{ui.stack.ui}/assets/{BROKEN}/declaration")
    expect(page.get_by_text("This product is left out until its declaration is right.")).to_be_visible()
    file = ui.project.defs / BROKEN / "defs.yaml"
    line = 1 + next(number for number, text in enumerate(file.read_text().splitlines()) if "medain" in text)
    said = " ".join(page.locator("code").filter(has_text="medain").first.inner_text().split())
    choices = "median, mean, min, max, first, mosaic, best_pixel, medoid, or percentile_N with N from 0 to 100"
    wanted = f"{file}:{line}: composite.reducer: expected one of {choices}, got 'medain'; correct the reducer"
    assert said == wanted
    page.goto(f"{ui.stack.ui}/assets")
    for name in PRODUCTS:
        for stage in (*STAGES, "zonal_stats", "cube"):
            expect(page.locator(f"a[href='/assets/{name}/{stage}']").first).to_be_visible()
    page.goto(f"{ui.stack.ui}/locations")
    expect(page.get_by_text("Loaded", exact=True)).to_be_visible()
