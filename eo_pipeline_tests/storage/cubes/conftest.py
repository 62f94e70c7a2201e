"""Cubes in a temporary folder."""

from pathlib import Path

import icechunk
import pytest

from eo_pipeline.storage.cubes import Cube, CubeAddress, open_or_create_icechunk_cube
from eo_pipeline_tests.storage.cubes.examples import template


@pytest.fixture(autouse=True)
def _quiet_icechunk() -> None:
    icechunk.set_logs_filter("error")  # it warns of unlocked commits each time a local repository is opened


@pytest.fixture
def address(tmp_path: Path) -> CubeAddress:
    return CubeAddress(str(tmp_path / "cube"))


@pytest.fixture
def cube(address: CubeAddress) -> Cube:
    return open_or_create_icechunk_cube(address, template())
