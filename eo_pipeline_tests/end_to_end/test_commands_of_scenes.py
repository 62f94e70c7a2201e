"""Every command as a person types it, for a product whose pixels are composed here."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from eo_pipeline.storage.cubes import CubeAddress, open_cube, read_history
from eo_pipeline_tests.end_to_end.command_line import UserProject, inside_project
from eo_pipeline_tests.end_to_end.scenes import EAST, WEST, declared, write_catalog, write_scene
from eo_pipeline_tests.processes import SandboxProcess, running_sandbox

DAYS = ("2024-01-03", "2024-01-13", "2024-01-23")


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    folder = tmp_path_factory.mktemp("commands")
    for seed, day in enumerate(DAYS):
        write_scene(folder, day, seed=seed)
    with running_sandbox(folder / "sandbox", catalog=write_catalog(folder)) as found:
        yield found


@pytest.fixture
def user(sandbox: SandboxProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[UserProject]:
    with inside_project(tmp_path / "mine", sandbox.url, monkeypatch) as made:
        write_catalog(made.file.parent)
        yield made


def declare(user: UserProject, **more: Any) -> None:
    """January alone."""
    attributes = declared("field_ndvi", **more)
    attributes["period"] |= {"end": "2024-02"}
    document = {"type": "eo_pipeline.orchestration.EarthObservationProduct", "attributes": attributes}
    user.file.write_text(yaml.safe_dump(document, sort_keys=False))


def said(user: UserProject, *arguments: str, code: int = 0) -> str:
    """What a command prints, with single spaces."""
    done = user.invoke(*arguments, EO_STAC_URL=f"{user.url}/stac/v1", EO_ENGINE="processes:1", COLUMNS="160")
    assert done.exit_code == code, done.output
    return "\n".join(" ".join(line.split()) for line in done.output.splitlines())


def test_scenes_are_previewed_planned_composed_found_stale_and_deleted(user: UserProject) -> None:
    declare(user, cube={"repository": "cubes/small", "chunk": 64, "shard": 64})
    assert "64 x 64 pixels of EPSG:32633 from 3 images" in said(user, "preview", "field_ndvi")
    planned = said(user, "plan", "field_ndvi")
    assert "2 partitions, 0 of them in the cube" in planned
    assert "to be made 2" in planned
    assert "scenes 3, at most 3 of one shard" in planned
    assert f"numbers to be written {2 * 64 * 64 * (4 + 2 + 2) / 1000:.3g} kB before compression" in planned

    said(user, "run", "field_ndvi")
    assert "field_ndvi is complete." in said(user, "status", "field_ndvi")
    assert "2 of them in the cube as they would be today" in said(user, "plan", "field_ndvi")
    assert "0 of 2 partitions are stale" in said(user, "cube", "stale", "field_ndvi")
    assert "none" in said(user, "cube", "verify", "field_ndvi")

    declare(
        user,
        composite={"reducer": "max", "counts": ["n_obs", "n_valid"]},
        cube={"repository": "cubes/small", "chunk": 64, "shard": 64},
    )
    stale = said(user, "cube", "stale", "field_ndvi", code=1)
    assert "2 of 2 partitions are stale" in stale
    assert f"2024-01 {WEST} 1 another recipe or other areas of land" in stale
    assert "(2 stale)" in said(user, "status", "field_ndvi", code=1)

    deleted = said(user, "delete", "field_ndvi", "--partitions", "2024-01", "--area", WEST, "--yes")
    assert "1 partitions are deleted" in deleted
    cube = open_cube(CubeAddress(str(user.folder / "data" / "cubes" / "small"))).load()
    assert bool(cube.height[0, :, :64].isnull().all())
    assert not bool(cube.height[0, :, 64:].isnull().all())
    assert "inputs 1/2" in said(user, "status", "field_ndvi", code=1)
    assert f"{EAST}|2024-01" in [
        version.partition for version in read_history(CubeAddress(str(user.folder / "data" / "cubes" / "small")))
    ]


def test_what_is_about_exports_says_so(user: UserProject) -> None:
    declare(user)
    for arguments, words in (
        (("cancel", "field_ndvi"), "expected a product that is exported, got field_ndvi"),
        (("budget", "--product", "field_ndvi"), "expected a product of Earth Engine's, got field_ndvi"),
        (("plan", "field_ndvi", "--sample", "1"), "--sample: expected a product that is exported"),
        (("delete", "field_ndvi", "--partitions", "2024-01", "--keep-history"), "--keep-history: expected a product"),
    ):
        assert words in said(user, *arguments, code=1)


def test_the_doctor_asks_the_archive(user: UserProject) -> None:
    declare(user)
    found = said(user, "doctor")
    assert f"ok STAC projects_sandbox-project_assets_scenes {user.url}/stac/v1 is an API and has it" in found
    assert "Earth Engine" not in found
    source = {"stac": "https://stac.example.org/v1", "collection": "elsewhere", "bands": ["height"]}
    declare(user, source=source)
    assert "expected a collection elsewhere" in said(user, "doctor", code=1)


def test_a_source_that_does_not_answer_fails_its_partitions_in_its_own_words(user: UserProject) -> None:
    source = {"stac": "https://stac.example.org/v1", "collection": "elsewhere", "bands": ["height"]}
    declare(user, source=source)
    failed = said(user, "run", "field_ndvi", code=1)
    assert "failed inputs of" in failed
    assert "expected a collection elsewhere" in failed
