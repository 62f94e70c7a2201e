"""A disk that fills up while a product is made: how much was needed where, and nothing half-written."""

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import rasterio

from eo_pipeline.cli.init import make_project
from eo_pipeline_tests.end_to_end.command_line import UserProject
from eo_pipeline_tests.end_to_end.pipeline import make_bucket
from eo_pipeline_tests.processes import SandboxProcess, running_sandbox

RUN = ("run", "field_ndvi", "--partitions", "2024-04..2024-05")


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    with running_sandbox(tmp_path_factory.mktemp("full_disk") / "sandbox", speed=100) as found:
        make_bucket(found.url)
        yield found


@pytest.fixture
def project(sandbox: SandboxProcess, tmp_path: Path) -> UserProject:
    """A new project: its history knows of nothing made elsewhere."""
    made = UserProject(tmp_path / "project", sandbox.url)
    make_project(made.folder)
    made.declare()
    return made


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[Path]:
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("mounting a small tmpfs needs root")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.parametrize(("stage", "size"), [("tiles", "100k"), ("mosaic", "300k")])
def test_a_full_disk_is_told_with_how_much_and_where(
    project: UserProject, tmp_path: Path, stage: str, size: str
) -> None:
    with small_disk(tmp_path / "small", size) as disk:
        done = project.run(*RUN, "--area", "E0245N2087", EO_ROOT=str(disk))
        assert done.returncode == 1
        told = done.stderr.partition(f"failed {stage} of E0245N2087|2024-04")[2].splitlines()[1]
        assert re.match(rf"  expected room for .* (at|in) {disk}/", told), told
        assert re.search(r"[0-9.]+ MB.* free", told), told
        assert re.search(r"; free (some )?space", told), told
        assert "Traceback" not in done.stderr
        check_whole(disk)


def test_partitions_that_found_room_are_kept_and_not_told_as_failed(project: UserProject, tmp_path: Path) -> None:
    with small_disk(tmp_path / "small", "500k") as disk:
        done = project.run(*RUN, EO_ROOT=str(disk))
        manifests = (disk / "field_ndvi" / "tiles").rglob("*.json")
        kept = {f"{path.parent.name}|{path.stem}" for path in manifests}
        check_whole(disk)
    failed = [line for line in done.stderr.splitlines() if line.startswith("failed tiles of ")]
    told = {name for line in failed for name in line.removeprefix("failed tiles of ").split(", ")}
    assert len(kept) + len(told) == 6
    assert kept
    assert told
    assert not kept & told


def check_whole(root: Path) -> None:
    """Every raster below a folder can be read to its last pixel, and no work in progress is left."""
    files = [path for path in root.rglob("*") if path.is_file()]
    assert not [path for path in files if path.suffix in {".part", ".tmp"} or ".incoming" in path.parts]
    for path in files:
        if path.suffix == ".tif":
            with rasterio.open(path) as dataset:
                assert dataset.read().any()
