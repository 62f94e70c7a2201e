"""One export of 5,041 tiles, through the real client: listed over six pages, each flaw among them found by name."""

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import ee
import pytest
from affine import Affine
from odc.geo.geobox import GeoBox

from eo_pipeline.core.exports.tile_names import ExpectedTiles
from eo_pipeline.errors import TilesError
from eo_pipeline.steps.exports.collect_tiles import collect_tiles
from eo_pipeline.storage.transfer import Patience
from eo_pipeline_tests.scenes import Service, running_service

SIDE, ROWS = 8, 71
TRANSFORM = [10, 0, 500_000, 0, -10, 5_200_000]
GEOBOX = GeoBox((SIDE * ROWS, SIDE * ROWS), Affine(*TRANSFORM), "EPSG:32633")
PREFIX = "many/tile"


def name(row: int, column: int) -> str:
    return f"{PREFIX}-{row * SIDE:010d}-{column * SIDE:010d}.tif"


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with running_service(tmp_path_factory.mktemp("many")) as service:
        task = ee.batch.Export.image.toCloudStorage(
            image=ee.Image.constant(7).byte(),
            description="many",
            bucket=service.bucket.name,
            fileNamePrefix=PREFIX,
            crs="EPSG:32633",
            crsTransform=TRANSFORM,
            dimensions=f"{SIDE * ROWS}x{SIDE * ROWS}",
            shardSize=SIDE,
            fileDimensions=SIDE,
        )
        task.start()
        while task.active():
            time.sleep(0.2)
        assert task.status()["state"] == "COMPLETED"
        yield service


def test_each_flaw_among_five_thousand_tiles_is_told_and_the_others_are_kept(exported: Service, tmp_path: Path) -> None:
    missing, corrupt, truncated, empty = name(0, 3), name(20, 5), name(44, 70), name(70, 70)
    bucket = replace(exported.bucket, patience=Patience(seconds=2, first_wait=0.05))
    content = {each: bucket.read(each) for each in (missing, empty)}
    bucket.delete([missing])
    bucket.write(empty, b"")
    exported.sandbox.arm(kind="corrupted", path=f"/download/.*{corrupt}$", count=3)
    exported.sandbox.arm(kind="truncated", path=f"/download/.*{truncated}$", at=0, count=None)
    part = ExpectedTiles(PREFIX, GEOBOX, SIDE)
    folder, now = tmp_path / "tiles", datetime.now(UTC)
    with pytest.raises(TilesError) as caught:
        collect_tiles(bucket, [part], geobox=GEOBOX, folder=folder, now=now)
    head, *lines, _ = str(caught.value).splitlines()
    assert head == f"expected 5041 whole tiles at gs://{bucket.name}/{PREFIX}*, got 4 that are not:"
    kinds = ["missing", "corrupt", "truncated", "empty"]
    told = [f"  {kind}: {which}" for kind, which in zip(kinds, (missing, corrupt, truncated, empty), strict=True)]
    assert [line[: len(start)] for line, start in zip(lines, told, strict=True)] == told
    assert len(list(folder.iterdir())) == 5041 - 4

    for each, data in content.items():
        bucket.write(each, data)
    exported.sandbox.control("faults", method="DELETE")
    exported.sandbox.arm(kind="slow", path="^/download/", seconds=0, count=None)
    assert len(collect_tiles(bucket, [part], geobox=GEOBOX, folder=folder, now=now)) == 5041
    again = [
        event["path"].rpartition("/o/")[2] for event in exported.sandbox.events("fault") if event["kind"] == "slow"
    ]
    assert sorted(again) == sorted([missing, corrupt, truncated, empty])
    assert len(list(folder.iterdir())) == 5041
