from dataclasses import fields, replace
from typing import Any

import pytest
from affine import Affine
from odc.geo.geobox import GeoBox

from eo_pipeline.core.exports.export_plan import (
    CloudStorage,
    Drive,
    EarthEngineAsset,
    ExportTask,
    ImageContent,
    TableContent,
)

GEOBOX = GeoBox((300, 520), Affine(10, 0, 500_000, 0, -10, 5_200_000), "EPSG:32633")
IMAGE = ImageContent(GEOBOX, ("ndvi", "n_obs"), -32768.0, 256, 10**12)
TASK = ExportTask(
    product="ndvi",
    area_key="E0001N0002",
    period_key="2024-01",
    service="http://here",
    project="my-project",
    expression='{"result": "0"}',
    inputs="fingerprint",
    content=IMAGE,
    destination=CloudStorage("tiles", "exports"),
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
    "content": [
        replace(IMAGE, geobox=GeoBox((300, 521), GEOBOX.affine, "EPSG:32633")),
        replace(IMAGE, geobox=GeoBox((300, 520), Affine(10, 0, 500_010, 0, -10, 5_200_000), "EPSG:32633")),
        replace(IMAGE, geobox=GeoBox((300, 520), GEOBOX.affine, "EPSG:32632")),
        replace(IMAGE, band_names=("n_obs", "ndvi")),
        replace(IMAGE, band_names=("ndvi",)),
        replace(IMAGE, nodata=0.0),
        replace(IMAGE, nodata=float("nan")),
        replace(IMAGE, file_dimensions=512),
        replace(IMAGE, max_pixels=10**11),
        TableContent(),
        TableContent(("ndvi",)),
    ],
    "destination": [
        CloudStorage("elsewhere", "exports"),
        CloudStorage("tiles", ""),
        CloudStorage("tiles", "exports/2"),
        Drive("exports"),
        EarthEngineAsset("projects/my-project/assets/exports"),
    ],
    "whole": ["0" * 40],
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
    masked = replace(TASK, content=replace(IMAGE, nodata=float("nan")))
    again = replace(TASK, content=replace(IMAGE, nodata=float("nan")))
    assert masked.digest == again.digest


def test_tiles_lie_below_a_folder_of_the_digest() -> None:
    assert TASK.prefix == f"exports/ndvi/E0001N0002/2024-01/{TASK.digest}/tile"
    assert replace(TASK, destination=CloudStorage("tiles")).prefix.startswith("ndvi/E0001N0002/2024-01/")


def test_pieces_lie_below_the_folder_of_the_whole_but_not_below_its_prefix() -> None:
    piece = replace(TASK, whole=TASK.digest)
    assert piece.prefix == f"exports/ndvi/E0001N0002/2024-01/{TASK.digest}/{piece.digest}/tile"
    assert not piece.prefix.startswith(TASK.prefix)


def test_elsewhere_the_name_itself_holds_the_digest() -> None:
    drive = replace(TASK, destination=Drive("exports"))
    assert drive.prefix.startswith(f"{drive.digest}-")
    asset = replace(TASK, destination=EarthEngineAsset("projects/my-project/assets/exports"))
    assert asset.prefix.startswith("projects/my-project/assets/exports/ndvi/")
    assert asset.prefix.endswith(asset.digest)


@pytest.mark.parametrize(
    ("shape", "side", "count"),
    [((300, 520), 256, 2 * 3), ((256, 256), 256, 1), ((257, 256), 256, 2), ((1, 1), 12_800, 1)],
)
def test_an_export_is_split_into_rows_and_columns_of_files(shape: tuple[int, int], side: int, count: int) -> None:
    image = replace(IMAGE, geobox=GeoBox(shape, GEOBOX.affine, "EPSG:32633"), file_dimensions=side)
    assert replace(TASK, content=image).tile_count == count


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
