"""A place on disk and a place in a bucket of the sandbox: the same promises."""

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import google_crc32c
import numpy as np
import pytest
import requests

from eo_pipeline.core.settings import Settings
from eo_pipeline.errors import CredentialsError, SettingsError, StorageError
from eo_pipeline.storage.places import Place, cube_address, open_place
from eo_pipeline_tests.end_to_end.pipeline import PROJECT, storage_client
from eo_pipeline_tests.processes import SandboxProcess, running_sandbox

ROOT_BUCKET = "results"


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    with running_sandbox(tmp_path_factory.mktemp("places"), buckets=[ROOT_BUCKET]) as found:
        yield found


def at(sandbox: SandboxProcess, root: str, scratch: Path, *, credentials: str = "anonymous") -> Place:
    return open_place(
        Settings(project=PROJECT, storage_url=sandbox.url, credentials=credentials, root=root, scratch=str(scratch))
    )


@pytest.fixture(params=["local", "bucket"])
def place(request: pytest.FixtureRequest, sandbox: SandboxProcess, tmp_path: Path) -> Place:
    root = tmp_path / "root" if request.param == "local" else f"gs://{ROOT_BUCKET}/{tmp_path.name}"
    return at(sandbox, str(root), tmp_path / "scratch")


def a_file(folder: Path, content: bytes, name: str = "work.bin") -> Path:
    (folder / name).write_bytes(content)
    return folder / name


def test_a_published_file_is_read_back(place: Place) -> None:
    content = np.random.default_rng(1).bytes(3_000_000)
    target = place.path("product", "mosaic", "a~2Fb", "2024-01.tif")
    with place.workspace() as folder:
        file = a_file(folder, content)
        place.publish(file, target)
        assert not file.exists()
    assert place.read(target) == content
    with place.local_copy(target) as copy:
        assert copy.name == "2024-01.tif"
        assert copy.read_bytes() == content
    assert place.names(target.parent) == {"2024-01.tif"}


def test_a_file_published_again_is_replaced(place: Place) -> None:
    target = place.path("value.json")
    for content in (b"first", b"2nd"):
        with place.workspace() as folder:
            place.publish(a_file(folder, content), target)
        assert place.read(target) == content


def test_a_filled_folder_holds_its_files(place: Place) -> None:
    with place.folder_to_fill("product/tiles/d") as folder:
        a_file(folder, b"1", "one.tif")
        a_file(folder, b"22", "two.tif")
    folder_there = place.path("product/tiles/d")
    assert place.names(folder_there) == {"one.tif", "two.tif"}
    assert place.names(place.path("product")) == frozenset()
    assert place.read(folder_there / "two.tif") == b"22"


def begin_work_that_fails(place: Place) -> None:
    with place.unfinished("product/chips/d") as folder:
        a_file(folder, b"1")
        raise StorageError("the service went away")


def test_a_folder_of_unfinished_work_stays_until_its_work_is_done(place: Place) -> None:
    with pytest.raises(StorageError, match="went away"):
        begin_work_that_fails(place)
    with place.unfinished("product/chips/e") as other:
        assert list(other.iterdir()) == []
    with place.unfinished("product/chips/d") as folder:
        assert [file.read_bytes() for file in folder.iterdir()] == [b"1"]
    assert not folder.exists()
    assert place.sizes(place.path("product"), "") == {}


def begin_and_fail(place: Place) -> None:
    with place.folder_to_resume("product/chips/d") as folder:
        a_file(folder, b"1", "one.tif")
        a_file(folder, b"one", ".log")
        raise StorageError("the service went away")


def test_work_that_ended_in_an_error_is_resumed_and_sent_once_it_is_done(place: Place) -> None:
    with pytest.raises(StorageError, match="went away"):
        begin_and_fail(place)
    with place.folder_to_resume("product/chips/other") as elsewhere:
        assert list(elsewhere.iterdir()) == []
    with place.folder_to_resume("product/chips/d") as folder:
        assert {file.name: file.read_bytes() for file in folder.iterdir()} == {"one.tif": b"1", ".log": b"one"}
        a_file(folder, b"22", "two.tif")
    there = place.path("product/chips/d")
    assert place.names(there) - {".log"} == {"one.tif", "two.tif"}
    assert place.read(there / "one.tif") == b"1"


def test_nothing_is_left_of_resumed_work_that_was_sent(sandbox: SandboxProcess, tmp_path: Path) -> None:
    place = at(sandbox, f"gs://{ROOT_BUCKET}/{tmp_path.name}", tmp_path / "scratch")
    with place.folder_to_resume("d") as folder:
        for number in range(20):
            a_file(folder, bytes([number]), f"{number}.bin")
    assert place.sizes(place.path("d"), "") == {f"{number}.bin": 1 for number in range(20)}
    assert list((tmp_path / "scratch").iterdir()) == []


def test_what_is_removed_is_gone_with_all_it_holds_and_nothing_else(place: Place) -> None:
    for name in ("tiles/d/one.tif", "tiles/d/deep/two.tif", "tiles/d2/kept.tif", "tiles/d.json"):
        with place.workspace() as folder:
            place.publish(a_file(folder, b"1"), place.path(*name.split("/")))
    place.remove(place.path("tiles", "d"))
    place.remove(place.path("tiles", "never.there"))
    assert place.names(place.path("tiles", "d")) == place.names(place.path("tiles", "d", "deep")) == frozenset()
    assert place.names(place.path("tiles", "d2")) == {"kept.tif"}
    place.remove(place.path("tiles", "d.json"))
    assert place.names(place.path("tiles")) == frozenset()


def test_sizes_of_what_begins_alike(place: Place) -> None:
    for name, content in {"2024-01.json": b"1", "2024-01/d/t.tif": b"22", "2024-02/d/t.tif": b"333"}.items():
        with place.workspace() as folder:
            place.publish(a_file(folder, content), place.path("tiles", "a", *name.split("/")))
    found = place.path("tiles", "a")
    assert place.sizes(found, "2024-01") == {"2024-01.json": 1, "2024-01/d/t.tif": 2}
    assert len(place.sizes(found, "")) == 3
    assert place.sizes(place.path("tiles", "b"), "") == place.sizes(found, "2023") == {}


def test_what_is_not_there_is_none(place: Place) -> None:
    assert place.read(place.path("no", "such.json")) is None
    assert place.names(place.path("no")) == frozenset()


def test_a_workspace_is_removed_whatever_happens(place: Place) -> None:
    with pytest.raises(FileNotFoundError), place.workspace() as folder:
        a_file(folder, b"half").rename(folder / "no" / "such")
    assert not folder.exists()


@pytest.fixture
def bucket_place(sandbox: SandboxProcess, tmp_path: Path) -> Place:
    return at(sandbox, f"gs://{ROOT_BUCKET}/{tmp_path.name}/deep/", tmp_path / "scratch")


def test_objects_have_the_root_s_prefix_and_the_file_s_checksum(
    bucket_place: Place, sandbox: SandboxProcess, tmp_path: Path
) -> None:
    content = np.random.default_rng(2).bytes(10_000)
    with bucket_place.workspace() as folder:
        assert folder.is_relative_to(tmp_path / "scratch")
        bucket_place.publish(a_file(folder, content), bucket_place.path("a", "b.bin"))
    with closing(storage_client(sandbox.url)) as client:
        [blob] = client.list_blobs(ROOT_BUCKET, prefix=f"{tmp_path.name}/")
        assert blob.name == f"{tmp_path.name}/deep/a/b.bin"
        assert blob.download_as_bytes() == content


def test_a_browser_downloads_from_the_address_that_is_shown(bucket_place: Place) -> None:
    target = bucket_place.path("area #1", "2024-01 %.tif")
    with bucket_place.workspace() as folder:
        bucket_place.publish(a_file(folder, b"pixels"), target)
    url = bucket_place.download_url(target)
    assert url is not None
    assert requests.get(url, timeout=30).content == b"pixels"


def test_google_s_own_address_is_shown_for_google(tmp_path: Path) -> None:
    place = open_place(Settings(root="gs://my-bucket/eo", credentials="anonymous"))
    shown = place.download_url(place.path("ndvi", "mosaic", "a", "2024-01.tif"))
    assert shown == "https://storage.cloud.google.com/my-bucket/eo/ndvi/mosaic/a/2024-01.tif"
    local = open_place(Settings(root=str(tmp_path)))
    assert local.download_url(local.path("x")) is None


def test_a_damaged_download_is_refused(bucket_place: Place, sandbox: SandboxProcess) -> None:
    target = bucket_place.path("x.bin")
    with bucket_place.workspace() as folder:
        bucket_place.publish(a_file(folder, bytes(1000)), target)
    sandbox.arm(kind="corrupted", path="x.bin", method="GET", after=1, count=3)
    wanted = r"could not read gs://results/.*/x\.bin: expected CRC32C .*, got .*; run it again"
    with pytest.raises(StorageError, match=wanted), bucket_place.local_copy(target):
        pass
    with bucket_place.local_copy(target) as copy:
        assert google_crc32c.value(copy.read_bytes()) == google_crc32c.value(bytes(1000))


def test_an_interrupted_upload_leaves_nothing(bucket_place: Place, sandbox: SandboxProcess) -> None:
    target = bucket_place.path("y.bin")
    sandbox.arm(kind="status", path="/upload/.*", method="POST", status=403, message="Not today.")
    words = r"could not write gs://.*y\.bin: the account may not \(Not today"
    with pytest.raises(StorageError, match=words), bucket_place.workspace() as folder:
        bucket_place.publish(a_file(folder, b"1"), target)
    assert bucket_place.read(target) is None
    assert not folder.exists()


def test_a_copy_of_what_is_not_there_is_told(bucket_place: Place) -> None:
    with (
        pytest.raises(StorageError, match=r"expected gs://results/.*/z\.bin, found nothing; make it again"),
        bucket_place.local_copy(bucket_place.path("z.bin")),
    ):
        pass


def test_a_missing_bucket_is_told_with_the_setting_that_names_it(sandbox: SandboxProcess, tmp_path: Path) -> None:
    place = at(sandbox, "gs://no-such-bucket/eo", tmp_path)
    words = (
        r"could not write gs://no-such-bucket/eo/x: it does not exist \(The specified bucket does not exist\.\); "
        r"create it, or correct EO_ROOT$"
    )
    with pytest.raises(StorageError, match=words), place.workspace() as folder:
        place.publish(a_file(folder, b"1"), place.path("x"))


@pytest.mark.parametrize("root", ["s3://bucket/eo", "gs:///eo", "http://host/eo"])
def test_a_root_that_is_none_is_told(root: str) -> None:
    with pytest.raises(SettingsError, match=rf"EO_ROOT: expected a local folder or gs://bucket/folder, got '{root}'"):
        open_place(Settings(root=root))


def test_a_root_without_credentials_is_told(tmp_path: Path) -> None:
    with pytest.raises(CredentialsError, match="expected a service account's file"):
        open_place(Settings(root="gs://bucket/eo", credentials=str(tmp_path / "none.json")))


def test_a_cube_lies_below_the_root_or_at_its_own_address() -> None:
    remote = Settings(root="gs://bucket/eo/", credentials="anonymous")
    assert cube_address(remote, "cubes/ndvi").uri == "gs://bucket/eo/cubes/ndvi"
    assert cube_address(remote, "gs://other/cubes/ndvi").uri == "gs://other/cubes/ndvi"
    assert cube_address(Settings(root="/eo"), "cubes/ndvi").uri == "/eo/cubes/ndvi"
    assert cube_address(Settings(root="/eo"), "s3://b/c").options == {}


def test_a_cube_takes_the_deployment_s_credentials(tmp_path: Path) -> None:
    file = tmp_path / "key.json"
    file.write_text(json.dumps({"client_email": "me@here", "private_key": "secret"}))
    there = cube_address(Settings(credentials=str(file), storage_url="https://store"), "gs://b/c").options
    assert list(there) == ["service_account_key"]
    key = json.loads(there["service_account_key"])
    assert key == {"client_email": "me@here", "private_key": "secret", "gcs_base_url": "https://store"}
    assert cube_address(Settings(), "gs://b/c").options == {"from_env": True}


def test_credentials_that_a_cube_cannot_use_are_told() -> None:
    with pytest.raises(SettingsError, match=r"that a cube on gs:// can use, got EO_CREDENTIALS=persistent; use a serv"):
        cube_address(Settings(credentials="persistent"), "gs://b/c")
    with pytest.raises(SettingsError, match=r"got EO_CREDENTIALS=application_default with EO_STORAGE_URL; use a serv"):
        cube_address(Settings(storage_url="http://store"), "gs://b/c")
