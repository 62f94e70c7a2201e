"""What Drive, Earth Engine's assets and the root hold of a partition, and its deletion; neighbours stay."""

from pathlib import Path

import pytest

from eo_pipeline.core import keys
from eo_pipeline.core.settings import Settings
from eo_pipeline.earth_engine import assets
from eo_pipeline.steps import delete_partition as parts
from eo_pipeline.storage.drive import DriveFolder, open_drive
from eo_pipeline.storage.places import Place, open_place
from eo_pipeline_tests.end_to_end.pipeline import PROJECT
from eo_pipeline_tests.sandbox.clients import anonymous
from eo_pipeline_tests.sandbox.drive.clients import upload, uploading_client
from eo_pipeline_tests.scenes import Service

DIGEST, OTHER = "0123456789" * 4, "9876543210" * 4


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return open_place(Settings(root=str(tmp_path)))


def write(root: Path, *names: str) -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"123")


def left(root: Path) -> list[str]:
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())


def test_tiles_of_a_period_go_with_their_manifest(place: Place, tmp_path: Path) -> None:
    write(
        tmp_path, "a/2024-01.json", "a/2024-01/d/t.tif", "a/2024-01/e/t.tif", "a/2024-01-15.json", "a/2024-02/d/t.tif"
    )
    found = parts.tiles(place, place.path("a"), "2024-01")
    assert found.sizes == {"2024-01.json": 3, "2024-01/d/t.tif": 3, "2024-01/e/t.tif": 3}
    found.delete()
    assert left(tmp_path) == ["a/2024-01-15.json", "a/2024-02/d/t.tif"]
    assert not (tmp_path / "a/2024-01").exists()
    found.delete()


def test_a_mosaic_goes_with_its_sidecars_and_first_what_says_that_it_is_there(place: Place, tmp_path: Path) -> None:
    ours = ("2024-01.json", "2024-01.tif", "2024-01.tif.aux.xml", "2024-01.tif.ovr")
    write(tmp_path, *(f"a/{name}" for name in ours), "a/2024-01-15.tif", "a/2024-02.tif", "ab/2024-01.tif")
    found = parts.mosaics(place, place.path("a"), "2024-01")
    assert sorted(found.sizes) == sorted(ours)
    gone: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(place), "remove", lambda _, file: gone.append(file.name))
        found.delete()
    assert gone == list(ours)
    found.delete()
    assert left(tmp_path) == ["a/2024-01-15.tif", "a/2024-02.tif", "ab/2024-01.tif"]


def test_a_table_is_two_files(place: Place, tmp_path: Path) -> None:
    write(tmp_path, "z/2024-01.parquet", "z/2024-01.csv", "z/2024-01-15.csv")
    parts.tables(place, place.path("z"), "2024-01").delete()
    assert left(tmp_path) == ["z/2024-01-15.csv"]


def test_files_of_drive_go_by_their_beginning(service: Service) -> None:
    drive: DriveFolder = open_drive(
        Settings(project=PROJECT, drive_url=service.sandbox.url, credentials="anonymous"), "exports"
    )
    putting = uploading_client(service.sandbox.url, anonymous())
    ours = keys.drive_prefix(product="ndvi", area_key="a", period_key="2024-01", digest=DIGEST)
    theirs = keys.drive_prefix(product="ndvi", area_key="a", period_key="2024-02", digest=OTHER)
    for name in (f"{ours}-1.tif", f"{ours}-1.tif", f"{ours}-2.tif", f"{theirs}.tif"):
        upload(putting, name, b"1234")
    found = parts.exported_files(drive, ours)
    assert found.sizes == {f"{ours}-1.tif": 4, f"{ours}-2.tif": 4}
    found.delete()
    assert [file.name for file in drive.list("")] == [f"{theirs}.tif"]
    found.delete()


def test_an_asset_goes_and_its_neighbour_stays(service: Service) -> None:
    root = f"projects/{PROJECT}/assets"
    names = [
        keys.asset_id(root, product="ndvi", area_key="a", period_key=period, digest=DIGEST)
        for period in ("2024-01", "2024-02")
    ]
    for name in names:
        assets.make_holder(service.session, name, "FOLDER")
    found = parts.exported_asset(service.session, names[0])
    assert list(found.sizes) == [names[0]]
    found.delete()
    assert [assets.describe(service.session, name) is None for name in names] == [True, False]
    assert parts.exported_asset(service.session, names[0]).sizes == {}
    found.delete()


def test_what_was_made_last_goes_first() -> None:
    found = [parts.Holding(kind, "", {"x": 1}, lambda: None) for kind in reversed(parts.ORDER)]
    nothing = parts.Holding("cube", "", {}, lambda: None)
    assert [holding.kind for holding in parts.in_order([*found, nothing])] == [
        "tables", "cube", "mosaics", "tiles", "store of chips", "chips", "samples", "exported files", "assets",
    ]  # fmt: skip
