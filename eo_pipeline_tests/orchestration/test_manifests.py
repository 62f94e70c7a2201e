"""Recorded tiles are accounted for, or the check says which are not."""

from pathlib import Path

import dagster as dg
import pytest

from eo_pipeline.core.settings import Settings
from eo_pipeline.orchestration.chain import Chain
from eo_pipeline.orchestration.event_log import ledger
from eo_pipeline.orchestration.io_managers.mosaics import MosaicIO, NewMosaic
from eo_pipeline.orchestration.io_managers.tiles import TilesIO
from eo_pipeline.orchestration.manifests import ManifestReport, check_manifests
from eo_pipeline.steps.exports.collect_tiles import Tile, TileSet
from eo_pipeline_tests.orchestration.event_log import chain, materialise

KEY = "whole|2024-01"
FOLDER = "small/tiles/whole/2024-01/d1"
TILES = TileSet("collected", "d1", FOLDER, (Tile("a.tif", 3, "", "gs://b/a.tif"), Tile("b.tif", 4, "", "gs://b/b.tif")))


@pytest.fixture
def tiles_io(tmp_path: Path) -> TilesIO:
    return TilesIO(Settings(root=str(tmp_path)))


@pytest.fixture
def mosaic_io(tmp_path: Path) -> MosaicIO:
    return MosaicIO(Settings(root=str(tmp_path)))


def store(instance: dg.DagsterInstance, made: Chain, tiles_io: TilesIO, found: TileSet, root: str = "") -> None:
    tiles_io.store(made.key("tiles"), KEY, found)
    values = {"eo/root": root or tiles_io.place.address, "eo/digest": found.digest}
    materialise(instance, made, "tiles", KEY, values)


def report(instance: dg.DagsterInstance, made: Chain, tiles_io: TilesIO, mosaic_io: MosaicIO) -> ManifestReport:
    return check_manifests(made, ledger.stamps(instance, made.key("tiles")), tiles_io, mosaic_io)


def fill(tmp_path: Path, *names: str) -> None:
    (tmp_path / FOLDER).mkdir(parents=True)
    for name in names:
        (tmp_path / FOLDER / name).write_bytes(b"tile")


def test_tiles_that_lie_in_their_folder(
    instance: dg.DagsterInstance, tmp_path: Path, tiles_io: TilesIO, mosaic_io: MosaicIO
) -> None:
    made = chain()
    store(instance, made, tiles_io, TILES)
    fill(tmp_path, "a.tif", "b.tif")
    assert report(instance, made, tiles_io, mosaic_io) == ManifestReport(1, 2, 7, {})


def test_one_that_is_gone_without_a_mosaic(
    instance: dg.DagsterInstance, tmp_path: Path, tiles_io: TilesIO, mosaic_io: MosaicIO
) -> None:
    made = chain()
    store(instance, made, tiles_io, TILES)
    fill(tmp_path, "a.tif")
    found = report(instance, made, tiles_io, mosaic_io)
    assert found.problems == {
        KEY: f"expected 2 files in {FOLDER} or a mosaic of them, found neither; run `tiles` again"
    }
    assert found.sentence == "1 of 1 partitions are not as their manifests say."
    mosaic_io.store(made.key("mosaic"), KEY, NewMosaic("no_images", "another", None))
    assert report(instance, made, tiles_io, mosaic_io).problems
    mosaic_io.store(made.key("mosaic"), KEY, NewMosaic("no_images", "d1", None))
    assert not report(instance, made, tiles_io, mosaic_io).problems


def test_a_manifest_of_another_export_or_none_at_all(
    instance: dg.DagsterInstance, tiles_io: TilesIO, mosaic_io: MosaicIO, tmp_path: Path
) -> None:
    made = chain()
    store(instance, made, tiles_io, TileSet("no_images", "d1", "", ()))
    materialise(instance, made, "tiles", KEY, {"eo/root": tiles_io.place.address, "eo/digest": "d2"})
    assert "expected a manifest of the export d2, got d1" in report(instance, made, tiles_io, mosaic_io).problems[KEY]
    (tmp_path / "small/tiles/whole/2024-01.json").unlink()
    assert "found nothing" in report(instance, made, tiles_io, mosaic_io).problems[KEY]


def test_another_root_is_another_matter(instance: dg.DagsterInstance, tiles_io: TilesIO, mosaic_io: MosaicIO) -> None:
    made = chain()
    store(instance, made, tiles_io, TILES, root="gs://elsewhere")
    assert report(instance, made, tiles_io, mosaic_io) == ManifestReport(0, 0, 0, {})


def test_a_manifest_of_the_future_is_refused(tmp_path: Path, tiles_io: TilesIO) -> None:
    made = chain()
    path = tmp_path / "small/tiles/whole/2024-01.json"
    path.parent.mkdir(parents=True)
    path.write_text('{"version": 9, "state": "no_images", "digest": "d", "folder": "", "tiles": []}')
    with pytest.raises(Exception, match=r"expected version 1 or earlier at .*, got 9: a newer eo_pipeline wrote it"):
        tiles_io.load(made.key("tiles"), KEY)
    path.write_text('{"state": "no_images", "digest": "d", "folder": "", "tiles": []}')
    assert tiles_io.load(made.key("tiles"), KEY).digest == "d"
