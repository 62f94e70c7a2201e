"""Tiles of a bucket on this machine: every byte and every pixel verified, whatever the connection does."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from odc.geo.geobox import GeoBox

from eo_pipeline.core.tile_names import ExpectedTiles
from eo_pipeline.errors import TilesError, TilesGoneError
from eo_pipeline.steps.collect_tiles import Tile, TileSet, collect_tiles
from eo_pipeline.storage.checksums import crc32c_of
from eo_pipeline.storage.transfer import Patience
from eo_pipeline_tests.scenes import CRS, LEFT, RESOLUTION, TOP, Service

SIDE = 64
NOW = datetime.now(UTC)
GEOBOX = GeoBox(
    (2 * SIDE, 2 * SIDE), rasterio.Affine(RESOLUTION, 0, LEFT, 0, -RESOLUTION, TOP), CRS
)  # four tiles of 64 x 64 pixels


@pytest.fixture(autouse=True)
def as_before(service: Service) -> Iterator[None]:
    yield
    service.sandbox.control("faults", method="DELETE")


def tile_bytes(folder: Path, row: int, column: int) -> bytes:
    """A tile at its place, of random pixels that no compression makes small."""
    path = folder / "source.tif"
    affine = rasterio.Affine(RESOLUTION, 0, LEFT + column * SIDE * 10, 0, -RESOLUTION, TOP - row * SIDE * 10)
    pixels = np.random.default_rng(10 * row + column).integers(0, 60_000, (SIDE, SIDE), dtype=np.uint16)
    profile = {"driver": "GTiff", "width": SIDE, "height": SIDE, "count": 1, "dtype": "uint16", "crs": CRS}
    with rasterio.open(path, "w", transform=affine, **profile) as file:
        file.write(pixels, 1)
    return path.read_bytes()


def upload(service: Service, folder: Path, prefix: str) -> dict[str, bytes]:
    """Four tiles below a prefix; gives bytes by file name."""
    made = {}
    for row in range(2):
        for column in range(2):
            name = f"tile-{row * SIDE:010d}-{column * SIDE:010d}.tif"
            made[name] = tile_bytes(folder, row, column)
            service.bucket.write(f"{prefix}/{name}", made[name])
    return made


def collect(
    service: Service, prefix: str, folder: Path, geobox: GeoBox = GEOBOX, now: datetime = NOW, **options: Any
) -> tuple[Tile, ...]:
    """With little patience, so that what does not pass is told soon."""
    bucket = replace(service.bucket, patience=Patience(seconds=2, first_wait=0.02))
    part = ExpectedTiles(f"{prefix}/tile", geobox, SIDE)
    return collect_tiles(bucket, [part], geobox=geobox, folder=folder, now=now, **options)


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()} if folder.exists() else {}


def test_every_tile_is_there_with_its_bytes_and_listed_by_name(service: Service, tmp_path: Path) -> None:
    made = upload(service, tmp_path, "plain")
    found = collect(service, "plain", tmp_path / "tiles")
    assert files(tmp_path / "tiles") == made
    assert [tile.name for tile in found] == sorted(made)
    for tile in found:
        assert tile.size == len(made[tile.name])
        assert tile.crc32c == crc32c_of(tmp_path / "tiles" / tile.name)
        assert tile.source == f"gs://test-bucket/plain/{tile.name}"
    assert TileSet("collected", "d", "f", found).bytes == sum(map(len, made.values()))


def test_nothing_in_the_bucket_is_told_with_the_way_out(service: Service, tmp_path: Path) -> None:
    with pytest.raises(TilesGoneError) as caught:
        collect(service, "nothing", tmp_path / "tiles")
    assert str(caught.value) == (
        "expected 4 whole tiles at gs://test-bucket/nothing/tile*, got 1 that are not:\n"
        "  missing: nothing/tile*: none of 4 tiles is there\n"
        "missing ones were deleted after the export: nothing is left at gs://test-bucket/nothing/tile* of an export "
        "that succeeded\n"
        "those that are whole are kept; another export makes the others anew: materialise the submission with "
        "resubmit: true"
    )


def test_a_missing_tile_is_named(service: Service, tmp_path: Path) -> None:
    made = upload(service, tmp_path, "missing")
    service.bucket.delete([f"missing/{sorted(made)[2]}"])
    with pytest.raises(TilesError) as caught:
        collect(service, "missing", tmp_path / "tiles")
    assert type(caught.value) is TilesError
    assert str(caught.value) == (
        "expected 4 whole tiles at gs://test-bucket/missing/tile*, got 1 that are not:\n"
        "  missing: missing/tile-0000000064-0000000000.tif: rows 64-128, columns 0-64 of the export\n"
        "those that are whole are kept; another export makes the others anew: materialise the submission with "
        "resubmit: true"
    )


def test_names_do_not_decide_where_a_tile_is(service: Service, tmp_path: Path) -> None:
    made = upload(service, tmp_path, "renamed")
    for old, new in zip(sorted(made), sorted(made, reverse=True), strict=True):
        service.bucket.write(f"renamed/{old}", made[new])
    assert len(collect(service, "renamed", tmp_path / "tiles")) == 4


def test_corrupt_downloads_are_listed_and_leave_nothing_behind(service: Service, tmp_path: Path) -> None:
    made = upload(service, tmp_path, "corrupt")
    names = sorted(made)
    for name in names[1:3]:
        service.sandbox.arm(kind="corrupted", path=f"corrupt/{name}$", method="GET", count=None)
    with pytest.raises(TilesError) as caught:
        collect(service, "corrupt", tmp_path / "tiles")
    said = str(caught.value)
    assert said.startswith("expected 4 whole tiles at gs://test-bucket/corrupt/tile*, got 2 that are not:\n")
    for name in names[1:3]:
        assert f"  corrupt: corrupt/{name}: expected CRC32C " in said
    assert said.count(" in 3 downloads\n") == 2
    assert said.endswith("\nthose that are whole are kept; run the partition again to fetch the others")
    assert files(tmp_path / "tiles") == {name: made[name] for name in (names[0], names[3])}


def test_running_again_fetches_only_what_is_not_there(service: Service, tmp_path: Path) -> None:
    made = upload(service, tmp_path, "resumed")
    name = sorted(made)[1]
    service.sandbox.arm(kind="corrupted", path=f"resumed/{name}$", method="GET", count=None)
    with pytest.raises(TilesError, match="got 1 that are not"):
        collect(service, "resumed", tmp_path / "tiles")
    service.sandbox.control("faults", method="DELETE")
    before = {path.name: path.stat().st_mtime_ns for path in (tmp_path / "tiles").iterdir()}
    assert len(collect(service, "resumed", tmp_path / "tiles")) == 4
    after = {path.name: path.stat().st_mtime_ns for path in (tmp_path / "tiles").iterdir()}
    assert before.items() < after.items()
    assert files(tmp_path / "tiles") == made


def test_a_broken_file_under_the_final_name_is_fetched_again(service: Service, tmp_path: Path) -> None:
    made = upload(service, tmp_path, "broken")
    folder = tmp_path / "tiles"
    folder.mkdir()
    first, second, *_ = sorted(made)
    (folder / first).write_bytes(made[first][:100])
    (folder / second).write_bytes(bytes(len(made[second])))
    (folder / f"{second}.part").write_bytes(b"of a process that died")
    collect(service, "broken", folder)
    assert files(folder) == made


@pytest.mark.parametrize("kind", ["status", "truncated", "reset"])
def test_a_passing_trouble_is_outlived(service: Service, tmp_path: Path, kind: str) -> None:
    made = upload(service, tmp_path, f"passing_{kind}")
    service.sandbox.arm(kind=kind, path=f"passing_{kind}/", method="GET", count=2)
    assert len(collect(service, f"passing_{kind}", tmp_path / "tiles")) == 4
    assert files(tmp_path / "tiles") == made
    assert service.sandbox.control("faults")["faults"] == []


def test_stray_files_are_neither_taken_nor_touched(service: Service, tmp_path: Path) -> None:
    made = upload(service, tmp_path, "stray")
    service.bucket.write("stray/tile-readme.txt", b"a note")
    service.bucket.write("stray/other.tif", b"another export's")
    folder = tmp_path / "tiles"
    folder.mkdir()
    (folder / "mine.txt").write_bytes(b"mine")
    assert [tile.name for tile in collect(service, "stray", folder)] == sorted(made)
    assert files(folder) == {**made, "mine.txt": b"mine"}


def test_surplus_pixels_around_the_area_are_accepted(service: Service, tmp_path: Path) -> None:
    upload(service, tmp_path, "surplus")
    inner = GEOBOX[10:100, 5:128]
    assert len(collect(service, "surplus", tmp_path / "tiles", inner)) == 4


def test_a_file_that_is_no_raster_is_named(service: Service, tmp_path: Path) -> None:
    made = upload(service, tmp_path, "text")
    name = sorted(made)[3]
    service.bucket.write(f"text/{name}", b"<html>not a raster</html>")
    with pytest.raises(TilesError, match=name):
        collect(service, "text", tmp_path / "tiles")


def test_progress_is_told_after_each_file(service: Service, tmp_path: Path) -> None:
    upload(service, tmp_path, "progress")
    told: list[tuple[str, int, int]] = []
    collect(service, "progress", tmp_path / "tiles", progress=lambda *numbers: told.append(numbers))
    assert told == [("tiles", number, 4) for number in (1, 2, 3, 4)]
