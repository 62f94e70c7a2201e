"""Tiles of a bucket on this machine: every byte and every pixel verified, whatever the connection does."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from odc.geo.geobox import GeoBox

from eo_pipeline.core.exports.tile_names import ExpectedTiles
from eo_pipeline.core.mosaics import MosaicOptions
from eo_pipeline.errors import GridMismatchError, TilesError, TilesGoneError
from eo_pipeline.steps.exports.collect_tiles import Tile, TileSet, collect_tiles
from eo_pipeline.storage.checksums import crc32c_of
from eo_pipeline.storage.transfer import Patience
from eo_pipeline_tests.raster_files import write_raster
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


def upload(service: Service, folder: Path, prefix: str, rows: int = 2) -> dict[str, bytes]:
    """Two columns of tiles below a prefix; gives bytes by file name."""
    made = {}
    for row in range(rows):
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


def test_every_flaw_is_told_apart_in_one_message(service: Service, tmp_path: Path) -> None:
    made = upload(service, tmp_path, "flaws", rows=3)
    missing, corrupt, truncated, cut, empty, text = sorted(made)
    geobox = GeoBox((3 * SIDE, 2 * SIDE), GEOBOX.affine, CRS)
    service.bucket.delete([f"flaws/{missing}"])
    service.bucket.write(f"flaws/{cut}", made[cut][:5000])
    service.bucket.write(f"flaws/{empty}", b"")
    service.bucket.write(f"flaws/{text}", b"<html>not a raster</html>")
    service.sandbox.arm(kind="corrupted", path=f"flaws/{corrupt}$", method="GET", count=None)
    service.sandbox.arm(kind="truncated", path=f"flaws/{truncated}$", method="GET", count=1, at=1000)
    service.sandbox.arm(kind="truncated", path=f"flaws/{truncated}$", method="GET", count=None, at=0)
    with pytest.raises(TilesError) as caught:
        collect(service, "flaws", tmp_path / "tiles", geobox)
    assert type(caught.value) is TilesError
    lines = str(caught.value).splitlines()
    starts = [
        "expected 6 whole tiles at gs://test-bucket/flaws/tile*, got 6 that are not:",
        f"  missing: flaws/{missing}: rows 0-64, columns 0-64 of the export",
        f"  corrupt: flaws/{corrupt}: expected CRC32C ",
        f"  truncated: flaws/{truncated}: expected {len(made[truncated])} bytes, got 1000: ",
        f"  truncated: flaws/{cut}: its pixels end at byte {len(made[cut])}, the object has 5000 bytes",
        f"  empty: flaws/{empty}",
        f"  unreadable: flaws/{text}: expected a readable raster, got ",
        "those that are whole are kept; run the partition again to fetch the others; if what is empty or missing or "
        "truncated or unreadable stays so, another export makes the others anew: materialise the submission with "
        "resubmit: true",
    ]
    assert [line[: len(start)] for line, start in zip(lines, starts, strict=True)] == starts


def test_what_the_service_does_not_send_is_told_at_once(service: Service, tmp_path: Path) -> None:
    made = upload(service, tmp_path, "refused")
    name = sorted(made)[1]
    service.sandbox.arm(kind="status", status=403, message="No.", path=f"refused/{name}$", method="GET", count=1)
    with pytest.raises(TilesError) as caught:
        collect(service, "refused", tmp_path / "tiles")
    assert f"  refused: refused/{name}: the account may not (403 No.); grant it Storage Object" in str(caught.value)
    assert service.sandbox.control("faults")["faults"] == []


def test_other_names_than_the_grid_gives_are_no_flaw(service: Service, tmp_path: Path) -> None:
    """Files of 64 pixels though 128 were asked for: one name was expected, or two of which one is there."""
    made = upload(service, tmp_path, "other_names")
    part = ExpectedTiles("other_names/tile", GEOBOX, 2 * SIDE)
    arguments: dict[str, Any] = {"geobox": GEOBOX, "folder": tmp_path / "tiles", "now": NOW}
    assert len(collect_tiles(service.bucket, [part], **arguments)) == 4
    service.bucket.delete([f"other_names/{sorted(made)[2]}"])
    with pytest.raises(TilesError) as caught:
        collect_tiles(service.bucket, [part], **arguments)
    assert "  missing: other_names/tile*: expected tiles that cover all of [128 x 128 px" in str(caught.value)
    assert "columns 0-64, rows 64-128" in str(caught.value)


def test_fewer_and_larger_files_than_expected_are_no_flaw(service: Service, tmp_path: Path) -> None:
    upload(service, tmp_path, "larger")
    part = ExpectedTiles("larger/tile", GEOBOX, SIDE // 2)
    found = collect_tiles(service.bucket, [part], geobox=GEOBOX, folder=tmp_path / "tiles", now=NOW)
    assert len(found) == 4


def test_tiles_in_the_wrong_place_leave_a_gap(service: Service, tmp_path: Path) -> None:
    made = upload(service, tmp_path, "misplaced")
    first, *others = sorted(made)
    service.bucket.write(f"misplaced/{first}", made[others[0]])
    with pytest.raises(TilesError, match=r"missing: misplaced/tile\*: expected tiles that cover all of"):
        collect(service, "misplaced", tmp_path / "tiles")


def test_a_missing_tile_is_left_out_where_the_mosaic_may_have_gaps(service: Service, tmp_path: Path) -> None:
    made = upload(service, tmp_path, "gaps")
    service.bucket.delete([f"gaps/{sorted(made)[2]}"])
    mosaic = MosaicOptions(allow_gaps=True)
    assert len(collect(service, "gaps", tmp_path / "tiles", mosaic=mosaic)) == 3
    with pytest.raises(TilesGoneError, match="none of 4 tiles is there"):
        collect(service, "no_tile_at_all", tmp_path / "tiles", mosaic=mosaic)


def test_a_tile_in_another_crs_is_taken_where_the_mosaic_says_how_it_is_warped(
    service: Service, tmp_path: Path
) -> None:
    around = GEOBOX.pad(20).to_crs("EPSG:3857")
    pixels = np.ones((1, *around.shape), "uint16")
    tile = write_raster(tmp_path / "source.tif", around, pixels)
    service.bucket.write("warped/tile.tif", tile.read_bytes())
    with pytest.raises(GridMismatchError, match="the CRS differs"):
        collect(service, "warped", tmp_path / "tiles")
    assert len(collect(service, "warped", tmp_path / "tiles", mosaic=MosaicOptions(resampling="nearest"))) == 1


def test_parts_of_a_split_export_lie_side_by_side(service: Service, tmp_path: Path) -> None:
    """Two halves below the parent's folder, whose tiles have the same last names."""
    made = {}
    for number, half in enumerate(("digest", "digest/lower")):
        for column in range(2):
            name = f"{half}/tile-{0:010d}-{column * SIDE:010d}.tif"
            made[name] = tile_bytes(tmp_path, number, column)
            service.bucket.write(f"split/{name}", made[name])
    parts = [
        ExpectedTiles("split/digest/tile", GEOBOX[:SIDE, :], SIDE),
        ExpectedTiles("split/digest/lower/tile", GEOBOX[SIDE:, :], SIDE),
    ]
    arguments: dict[str, Any] = {"geobox": GEOBOX, "folder": tmp_path / "tiles", "now": NOW}
    found = collect_tiles(service.bucket, parts, **arguments)
    local = {name.removeprefix("digest/").replace("/", "~"): data for name, data in made.items()}
    assert files(tmp_path / "tiles") == local
    assert {tile.name: tile.source for tile in found} == {
        name.removeprefix("digest/").replace("/", "~"): f"gs://test-bucket/split/{name}" for name in made
    }
    with pytest.raises(TilesError, match=r"the 1 part\(s\) of the export leave pixels open: (.|\n)*rows 64-128"):
        collect_tiles(service.bucket, parts[:1], **arguments)
    service.bucket.delete([f"split/{name}" for name in made if "lower" in name])
    with pytest.raises(TilesGoneError, match="nothing is left at gs://test-bucket/split/digest/lower/tile"):
        collect_tiles(service.bucket, parts, **arguments)


def test_tiles_that_a_lifecycle_rule_deleted_are_told_from_those_never_written(
    service: Service, tmp_path: Path
) -> None:
    made = upload(service, tmp_path, "expired")
    service.bucket.delete([f"expired/{sorted(made)[0]}"])
    bucket = service.bucket.client.get_bucket(service.bucket.name)
    bucket.add_lifecycle_delete_rule(age=7, matches_prefix=["expired/"])
    bucket.patch()
    with pytest.raises(TilesError) as early:
        collect(service, "expired", tmp_path / "tiles", now=NOW + timedelta(hours=6))
    assert type(early.value) is TilesError
    with pytest.raises(TilesGoneError) as late:
        collect(service, "expired", tmp_path / "tiles", now=NOW + timedelta(days=7))
    assert (
        "\nmissing ones were deleted after the export: a lifecycle rule of the bucket deletes objects that begin with "
        "'expired/' 7 days after they were written\n"
    ) in str(late.value)
    service.sandbox.control("clock", {"tick": 8 * 86400})
    with pytest.raises(TilesGoneError, match=r"nothing is left at .* succeeded; a lifecycle rule of the bucket"):
        collect(service, "expired", tmp_path / "tiles")
    bucket.clear_lifecycle_rules()
    bucket.patch()


def test_progress_is_told_after_each_file(service: Service, tmp_path: Path) -> None:
    upload(service, tmp_path, "progress")
    told: list[tuple[str, int, int]] = []
    collect(service, "progress", tmp_path / "tiles", progress=lambda *numbers: told.append(numbers))
    assert told == [("tiles", number, 4) for number in (1, 2, 3, 4)]
