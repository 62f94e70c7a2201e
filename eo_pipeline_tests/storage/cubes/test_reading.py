"""Opening cubes for reading: what is missing is named; nothing is read before it is asked for."""

import shutil
from pathlib import Path

import pytest

from eo_pipeline.errors import CubeError
from eo_pipeline.storage.cubes import Cube, CubeAddress, open_cube
from eo_pipeline_tests.storage.cubes.examples import UPPER_LEFT, pixels
from eo_pipeline_tests.storage.cubes.test_regions import write


def test_missing_cube_is_named(tmp_path: Path) -> None:
    with pytest.raises(CubeError, match=r"Expected a cube at .*/none, got: .*check the address"):
        open_cube(CubeAddress(str(tmp_path / "none")))


@pytest.mark.parametrize("snapshot", ["nonsense", "0000000000000000000G"])
def test_missing_snapshot_is_named(cube: Cube, snapshot: str) -> None:
    with pytest.raises(CubeError, match=f"Expected snapshot {snapshot} of a cube at .*, got: "):
        open_cube(cube.address, snapshot=snapshot)


def test_pixels_are_read_only_when_asked_for(cube: Cube) -> None:
    arrays = pixels(UPPER_LEFT, seed=1)
    write(cube, "2023-01", UPPER_LEFT, arrays)
    opened = open_cube(cube.address)
    path = cube.address.local_path
    assert path is not None
    shutil.rmtree(path / "chunks")
    assert opened["red"].shape == (1, 100, 120)
    with pytest.raises(Exception, match="chunks"):
        opened["red"].values  # noqa: B018 (reading is the point)
