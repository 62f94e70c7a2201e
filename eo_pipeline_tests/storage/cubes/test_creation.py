"""Creating a cube, interrupted anywhere: the next who opens it has a cube, or knows what is in the way."""

import shutil
from pathlib import Path

import icechunk
import pytest

from eo_pipeline.errors import CubeError
from eo_pipeline.storage.cubes import CubeAddress, open_or_create_cube, read_history, verify_cube
from eo_pipeline_tests.storage.cubes.examples import UPPER_LEFT, pixels, template
from eo_pipeline_tests.storage.cubes.test_regions import write


def assert_usable(address: CubeAddress) -> None:
    cube = open_or_create_cube(address, template())
    assert write(cube, "2023-01", UPPER_LEFT, pixels(UPPER_LEFT, 1)).changed
    assert verify_cube(address, template()).findings == ()


def test_repository_without_a_template_gets_one(address: CubeAddress) -> None:
    icechunk.Repository.create(address.storage())
    assert_usable(address)


def test_creation_that_was_cut_short_begins_again(address: CubeAddress) -> None:
    """Icechunk writes `repo` last: without it there is no repository, only files that nothing refers to."""
    icechunk.Repository.create(address.storage())
    (Path(address.uri) / "repo").unlink()
    assert any(path.is_file() for path in Path(address.uri).rglob("*"))
    assert not icechunk.Repository.exists(address.storage())
    assert_usable(address)


def test_cube_that_lost_its_repository_file_is_left_as_it_is(address: CubeAddress) -> None:
    assert_usable(address)
    (Path(address.uri) / "repo").unlink()
    before = sorted(Path(address.uri).rglob("*"))
    with pytest.raises(CubeError, match=r"Expected an empty folder or a cube at .*; choose another place"):
        open_or_create_cube(address, template())
    assert sorted(Path(address.uri).rglob("*")) == before


def test_creation_that_was_cut_short_after_any_file_begins_again(tmp_path: Path) -> None:
    """Files in the order in which they were written; a template that was not committed leaves chunks and manifests."""
    whole = CubeAddress(str(tmp_path / "whole"))
    open_or_create_cube(whole, template())
    files = sorted(
        (path for path in Path(whole.uri).rglob("*") if path.is_file() and path.name != "repo"),
        key=lambda path: path.stat().st_mtime_ns,
    )
    blank = CubeAddress(str(tmp_path / "blank"))
    icechunk.Repository.create(blank.storage())
    assert len(files) > 3
    for count in range(1, len(files) + 1):
        address = CubeAddress(str(tmp_path / f"after{count}"))
        shutil.copytree(blank.uri, address.uri)
        for path in files[:count]:
            target = Path(address.uri) / path.relative_to(whole.uri)
            target.parent.mkdir(exist_ok=True)
            shutil.copy(path, target)
        cube = open_or_create_cube(address, template())
        assert verify_cube(cube.address, template()).findings == ()
        assert [version.message for version in read_history(address)] == ["example template", "Repository initialized"]
