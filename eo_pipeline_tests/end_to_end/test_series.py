"""The published example: land surface temperature of every second-level district, a row a district and 8-day image.

Expected values are plain sums over the pixels that the service computes of the same images.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg
import ee
import numpy as np
import pandas as pd
import pytest
import shapely
import yaml
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox
from shapely.geometry.base import BaseGeometry

from eo_pipeline.earth_engine.pixels import compute_pixels
from eo_pipeline.earth_engine.session import Session, connect
from eo_pipeline.orchestration.status import product_status
from eo_pipeline.storage.tables import read_columns, read_table, read_tags
from eo_pipeline_tests.docs.pages import ROOT
from eo_pipeline_tests.end_to_end.pipeline import Pipeline, pipeline
from eo_pipeline_tests.processes import SandboxProcess, running_sandbox
from eo_pipeline_tests.scenes import settings_at
from eo_pipeline_tests.steps.series.series_oracle import ground_areas, statistics

EXAMPLE = ROOT / "docs" / "examples" / "lst_districts.yaml"
COUNTRY, BOX, RESOLUTION = "Gambia", [-17.0, 13.0, -13.7, 13.95], 0.01
MONTHS = ["2023-12", "2024-01"]
IMAGES = {
    "2023-12": ["2023_12_03", "2023_12_11", "2023_12_19", "2023_12_27"],
    "2024-01": ["2024_01_01", "2024_01_09", "2024_01_17", "2024_01_25"],
}
"""The last image of a year has five days, six in a leap year: the calendar begins anew each January."""


def example(**series: Any) -> dict[str, Any]:
    """The product as it is printed, of one country and on fewer pixels."""
    printed = yaml.safe_load(EXAMPLE.read_text(encoding="utf-8"))["attributes"]
    assert printed["area"]["box"] == [-26, -36, 58, 38]
    narrowed = {**printed["series"], "where": {"ADM0_NAME": {"eq": COUNTRY}}, **series}
    return {
        **printed,
        "name": "lst_districts",
        "period": {"every": "month", "start": MONTHS[0], "end": "2024-02"},
        "area": {**printed["area"], "box": BOX, "resolution": RESOLUTION},
        "series": narrowed,
    }


@dataclass(frozen=True)
class Made:
    pipeline: Pipeline
    sandbox: SandboxProcess
    session: Session

    def table(self, month: str) -> Path:
        return self.pipeline.root / "lst_districts" / "series" / "whole" / f"{month}.parquet"

    def asked(self) -> list[str]:
        """Requests that the service computed something for."""
        wanted = ("table:computeFeatures", "value:compute")
        return [str(e["path"]) for e in self.sandbox.events("request") if str(e["path"]).endswith(wanted)]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    folder = tmp_path_factory.mktemp("series")
    (folder / "dagster").mkdir()
    with (
        running_sandbox(folder / "sandbox") as sandbox,
        dg.DagsterInstance.local_temp(str(folder / "dagster")) as instance,
    ):
        found = pipeline(example(csv=True), url=sandbox.url, root=folder / "data", instance=instance, folder=folder)
        report = found.run(MONTHS)
        assert report.failed == {}
        yield Made(found, sandbox, connect(settings_at(sandbox.url)))


@pytest.fixture(scope="module")
def districts(made: Made) -> Mapping[int, BaseGeometry]:
    wanted = ee.FeatureCollection("FAO/GAUL/2015/level2").filter(ee.Filter.eq("ADM0_NAME", COUNTRY))
    features = made.session.compute(wanted)["features"]
    return {f["properties"]["ADM2_CODE"]: shapely.geometry.shape(f["geometry"]) for f in features}


def grid() -> GeoBox:
    left, bottom, right, top = BOX
    width, height = round((right - left) / RESOLUTION), round((top - bottom) / RESOLUTION)
    return GeoBox.from_bbox((left, bottom, right, top), "EPSG:4326", shape=(height, width))


def kelvin(session: Session, index: str) -> NDArray[np.float64]:
    """(y, x) of usable temperatures of an image, NaN elsewhere, by what its stored bands say."""
    image = ee.Image(f"MODIS/061/MOD11A2/{index}")
    stored = compute_pixels(session, image.select(["LST_Day_1km", "QC_Day"]).unmask(-1).toInt32(), grid())
    quality = stored["QC_Day"]
    usable = np.isin(quality & 3, [0, 1]) & np.isin(quality >> 6 & 3, [0, 1]) & (quality >= 0)
    usable &= stored["LST_Day_1km"] >= 0
    return np.where(usable, (stored["LST_Day_1km"] * 0.02).astype(np.float32).astype(float), np.nan)


def test_every_district_and_image_equals_plain_sums_with_ground_areas_as_weights(
    made: Made, districts: Mapping[int, BaseGeometry]
) -> None:
    areas = ground_areas(grid())
    assert len(districts) == 5
    masked = 0
    for month, images in IMAGES.items():
        found = read_table(made.table(month))
        assert len(found) == len(districts) * len(images)
        for index in images:
            values = kelvin(made.session, index)
            masked += int(np.isnan(values).sum())
            for code, shape in districts.items():
                [row] = found[(found["ADM2_CODE"] == code) & (found["image"] == index)].to_dict("records")
                assert row["date"].isoformat() == index.replace("_", "-")
                wanted = statistics(values, shape, grid(), weights="area", areas=areas)
                for name in ("mean", "std", "min", "max", "count", "valid_fraction"):
                    assert row[f"LST_Day_1km_{name}"] == pytest.approx(wanted[name], rel=1e-6), (index, code, name)
    assert masked > 0


def test_the_table_tells_units_meanings_and_how_it_was_made(made: Made) -> None:
    columns = {column.name: column for column in read_columns(made.table("2024-01"))}
    assert columns["LST_Day_1km_mean"].units == "K"
    assert "each by its ground area inside the region" in columns["LST_Day_1km_mean"].description
    tags = read_tags(made.table("2024-01"))
    assert (tags["weights"], tags["edges"], tags["regions"]) == ("area", "planar", "FAO/GAUL/2015/level2")
    assert list(pd.read_csv(made.table("2024-01").with_suffix(".csv")).columns) == list(columns)


def test_every_stage_is_complete_and_nothing_is_left_of_the_work(made: Made) -> None:
    status = product_status(made.pipeline.instance, made.pipeline.chain)
    assert [stage.stage for stage in status.stages] == ["submission", "export", "series", "series_csv"]
    assert status.is_complete, status.sentence
    told = made.pipeline.metadata("series", "whole|2024-01")
    assert (told["regions"], told["images"], told["dagster/row_count"]) == (5, 4, 20)
    assert {path.name for path in made.table("2024-01").parent.iterdir()} == {
        f"{month}.{ending}" for month in MONTHS for ending in ("csv", "parquet")
    }


def test_each_district_has_a_csv_of_all_periods(made: Made, districts: Mapping[int, BaseGeometry]) -> None:
    folder = made.pipeline.root / "lst_districts" / "series_csv" / "whole"
    assert {path.name for path in folder.iterdir()} == {f"{code}.csv" for code in districts}
    code = min(districts)
    found = pd.read_csv(folder / f"{code}.csv")
    assert list(found["image"]) == [index for month in MONTHS for index in IMAGES[month]]
    assert set(found["ADM2_CODE"]) == {code}


def test_running_again_asks_for_nothing(made: Made) -> None:
    before = len(made.asked())
    assert made.pipeline.run(MONTHS).failed == {}
    own = [path for path in made.asked()[before:] if path.endswith("table:computeFeatures")]
    assert own == []


def test_a_table_that_was_deleted_is_in_no_csv_any_more(made: Made) -> None:
    """It takes a month away."""
    made.table("2023-12").unlink()
    assert made.pipeline.materialise("series_csv", "whole|2024-01").success
    for file in (made.pipeline.root / "lst_districts" / "series_csv" / "whole").iterdir():
        assert list(pd.read_csv(file)["image"]) == IMAGES["2024-01"]


def test_other_statistics_make_the_tables_anew_and_export_nothing(made: Made) -> None:
    folder = made.pipeline.root.parent
    changed = pipeline(
        example(csv=True, statistics=["mean"], weights="pixel"),
        url=made.sandbox.url,
        root=made.pipeline.root,
        instance=made.pipeline.instance,
        folder=folder,
    )
    assert not product_status(changed.instance, changed.chain).is_complete
    assert changed.run(["2024-01"]).failed == {}
    assert "LST_Day_1km_std" not in read_table(made.table("2024-01")).columns
    [csv, *_] = sorted((made.pipeline.root / "lst_districts" / "series_csv" / "whole").iterdir())
    assert set(pd.read_csv(csv)["date"].str[:7]) == {"2024-01"}
