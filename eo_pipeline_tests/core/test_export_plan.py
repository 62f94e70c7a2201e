from dataclasses import fields, replace
from typing import Any

import pytest
from affine import Affine
from odc.geo.geobox import GeoBox

from eo_pipeline.core.export_plan import ExportTask

GEOBOX = GeoBox((300, 520), Affine(10, 0, 500_000, 0, -10, 5_200_000), "EPSG:32633")
TASK = ExportTask(
    product="ndvi",
    area_key="E0001N0002",
    period_key="2024-01",
    service="http://here",
    project="my-project",
    expression='{"result": "0"}',
    inputs="fingerprint",
    geobox=GEOBOX,
    band_names=("ndvi", "n_obs"),
    nodata=-32768.0,
    file_dimensions=256,
    bucket="tiles",
    folder="exports",
    max_pixels=10**12,
    priority=100,
)
OTHERS: dict[str, list[Any]] = {
    "product": ["evi"],
    "area_key": ["E0002N0002"],
    "period_key": ["2024-02"],
    "service": ["http://there"],
    "project": ["your-project"],
    "expression": ['{"result": "1"}'],
    "inputs": ["other"],
    "geobox": [
        GeoBox((300, 521), GEOBOX.affine, "EPSG:32633"),
        GeoBox((300, 520), Affine(10, 0, 500_010, 0, -10, 5_200_000), "EPSG:32633"),
        GeoBox((300, 520), GEOBOX.affine, "EPSG:32632"),
    ],
    "band_names": [("n_obs", "ndvi"), ("ndvi",)],
    "nodata": [0.0, float("nan")],
    "file_dimensions": [512],
    "bucket": ["elsewhere"],
    "folder": ["", "exports/2"],
    "max_pixels": [10**11],
}


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in OTHERS.items() for value in values])
def test_whatever_changes_data_or_their_place_makes_another_digest(name: str, value: Any) -> None:
    assert replace(TASK, **{name: value}).digest != TASK.digest


def test_the_priority_does_not() -> None:
    assert replace(TASK, priority=5).digest == TASK.digest


def test_no_field_is_forgotten_above() -> None:
    assert {field.name for field in fields(ExportTask)} == {*OTHERS, "priority"}


def test_the_digest_is_the_same_on_every_machine_and_day() -> None:
    assert TASK.digest == "669c3d4e1086f879b4201f4294b576816b976121"
    assert replace(TASK, nodata=float("nan")).digest == replace(TASK, nodata=float("nan")).digest


def test_tiles_lie_below_a_folder_of_the_digest() -> None:
    assert TASK.prefix == f"exports/ndvi/E0001N0002/2024-01/{TASK.digest}/tile"
    assert replace(TASK, folder="").prefix.startswith("ndvi/E0001N0002/2024-01/")


@pytest.mark.parametrize(
    ("shape", "side", "count"),
    [((300, 520), 256, 2 * 3), ((256, 256), 256, 1), ((257, 256), 256, 2), ((1, 1), 12_800, 1)],
)
def test_an_export_is_split_into_rows_and_columns_of_files(shape: tuple[int, int], side: int, count: int) -> None:
    task = replace(TASK, geobox=GeoBox(shape, GEOBOX.affine, "EPSG:32633"), file_dimensions=side)
    assert task.tile_count == count


def test_each_attempt_has_a_request_id_that_its_description_ends_with() -> None:
    first, second = TASK.request_id(1), TASK.request_id(2)
    assert first != second
    assert TASK.digest in first
    head, _, tail = TASK.description(2).partition(":")
    assert (head.rpartition("-")[0], tail) == ("ndvi.E0001N0002.2024-01", second)


def test_a_long_description_keeps_its_request_id() -> None:
    text = replace(TASK, product="p" * 63, area_key="a" * 80).description(3)
    assert len(text) <= 100
    assert text.endswith(f":eo-{replace(TASK, product='p' * 63, area_key='a' * 80).digest}-g3")
