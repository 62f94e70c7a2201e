"""Creating and opening cubes."""

from dataclasses import replace
from pathlib import Path

import icechunk
import numpy as np
import pytest
import xarray as xr
import zarr

from eo_pipeline.core.bands import BandEncoding
from eo_pipeline.core.cubes.cube_arrays import differences
from eo_pipeline.core.period_rules import CalendarRule
from eo_pipeline.errors import CubeError
from eo_pipeline.storage.cubes import Cube, CubeAddress, open_or_create_icechunk_cube
from eo_pipeline.storage.cubes.layout import array_at, describe
from eo_pipeline_tests.golden.cube_templates import MODIS_LST
from eo_pipeline_tests.storage.cubes.examples import BANDS, RED, template, utm


def history(cube: Cube) -> list[str]:
    """Messages of the branch's commits, the newest first."""
    return [snapshot.message for snapshot in cube.repository.ancestry(branch="main")]


def head(cube: Cube) -> zarr.Group:
    return zarr.open_group(cube.repository.readonly_session("main").store, mode="r")


def test_new_cube_holds_the_template_and_no_pixels(cube: Cube) -> None:
    assert differences(cube.template.layout(), describe(head(cube))) == []
    assert [array_at(head(cube), band.name).shape for band in BANDS] == [(0, 100, 120)] * 3
    assert history(cube)[0] == "example template"


def test_coordinates_are_written(cube: Cube) -> None:
    np.testing.assert_array_equal(array_at(head(cube), "x")[:], 500_005 + 10 * np.arange(120))
    np.testing.assert_array_equal(array_at(head(cube), "y")[:], 4_999_995 - 10 * np.arange(100))


def test_nan_fill_values_and_float_fills_survive_the_round_trip(tmp_path: Path) -> None:
    cube = open_or_create_icechunk_cube(CubeAddress(str(tmp_path / "modis")), MODIS_LST)
    assert describe(head(cube)).as_json() == MODIS_LST.layout().as_json() | {
        "arrays": {array.path: array.as_json() for array in describe(head(cube)).arrays}
    }
    assert np.isnan(array_at(head(cube), "lst").fill_value)
    assert differences(MODIS_LST.layout(), describe(head(cube))) == []


def test_path_of_a_group_is_no_array(cube: Cube) -> None:
    with pytest.raises(TypeError, match="Expected an array at ledger, got a group"):
        array_at(head(cube), "ledger")


def test_opening_again_commits_nothing(cube: Cube, address: CubeAddress) -> None:
    again = open_or_create_icechunk_cube(address, cube.template)
    assert history(again) == history(cube)


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"bands": (replace(RED, dtype="int16"), *BANDS[1:])}, "red dtype: expected int16, the cube has uint16"),
        ({"bands": (replace(RED, offset=0.0), *BANDS[1:])}, "red add_offset: expected 0.0, the cube has -0.1"),
        ({"bands": (*BANDS, BandEncoding("nir", "uint16"))}, "nir: expected, the cube does not have it"),
        ({"bands": BANDS[:2]}, "n_obs: not expected, the cube has it"),
        ({"shard": 32}, "red shards: expected (1, 32, 32), the cube has (1, 64, 64)"),
        ({"rule": CalendarRule("day")}, "cube period_rule: expected 'day', the cube has 'month'"),
        ({"geobox": utm(100, 130)}, "red shape: expected (100, 130), the cube has (100, 120)"),
    ],
)
def test_another_template_is_refused_and_the_cube_left_alone(
    cube: Cube, address: CubeAddress, changes: dict[str, object], line: str
) -> None:
    before = history(cube)
    with pytest.raises(CubeError) as refusal:
        open_or_create_icechunk_cube(address, template(**changes))  # type: ignore[arg-type] # one of its keyword arguments
    assert line in str(refusal.value)
    assert "write to a new repository; this one is left as it is" in str(refusal.value)
    assert history(cube) == before


def test_repository_of_something_else_is_refused(address: CubeAddress) -> None:
    repository = icechunk.Repository.create(address.storage())
    session = repository.writable_session("main")
    xr.Dataset({"a": ("x", [1, 2])}).to_zarr(session.store, consolidated=False)
    session.commit("someone else's")
    with pytest.raises(CubeError, match="a: not expected, the cube has it"):
        open_or_create_icechunk_cube(address, template())


def test_folder_of_other_files_is_not_touched(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(CubeError, match=r"Expected an empty folder or a cube at .*clean prefixes"):
        open_or_create_icechunk_cube(CubeAddress(str(tmp_path)), template())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["notes.txt"]


@pytest.mark.parametrize("uri", ["s3://bucket", "gs:///prefix", "http://host/cube"])
def test_other_addresses_are_refused(uri: str) -> None:
    with pytest.raises(CubeError, match=f"s3://bucket/prefix or gs://bucket/prefix, got {uri}"):
        CubeAddress(uri).storage()


def test_options_of_a_local_path_are_refused() -> None:
    with pytest.raises(CubeError, match=r"no storage options for the local path cube, got \['region'\]"):
        CubeAddress("cube", {"region": "x"}).storage()


def test_options_are_not_printed() -> None:
    assert "hidden" not in repr(CubeAddress("s3://b/p", {"secret_access_key": "hidden"}))
