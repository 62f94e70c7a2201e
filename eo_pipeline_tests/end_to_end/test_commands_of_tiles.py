"""Looking at a product of aligned tiles that lie beside its declaration, as a person types it; no service."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from eo_pipeline_tests.end_to_end.command_line import UserProject, inside_project
from eo_pipeline_tests.steps.cubes.glad import STEP, place, random_classes, write_tile

SIDE, DEGREES = 40, 5
PLACES = [(row, column) for row in range(2) for column in range(3)]
FAR = (10, 10)
"""Of a tile that lies outside the cube; the cube's last 40 columns have no tile of any year."""
MISSING = (1, 2)


def put(folder: Path, year: str, row: int, column: int) -> None:
    file = folder / year / f"{place(row, column, degrees=DEGREES)}.tif"
    pixels = random_classes(SIDE, SIDE, row * 10 + column)
    write_tile(file, pixels, north=80 - row * DEGREES, west=column * DEGREES - 180)


@pytest.fixture
def user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[UserProject]:
    attributes = {
        "source": {"tiles": "cover/{year}/{lat}_{lon}.tif", "bands": ["classes"]},
        "period": {"every": "year", "start": "2000", "end": "2002"},
        "area": {"box": [-180, 70, -160, 80], "crs": "EPSG:4326", "resolution": STEP},
        "output": {"classes": {"dtype": "uint8", "nodata": 255, "kind": "categorical"}},
        "cube": {"repository": "cubes/cover", "chunk": 16, "shard": 32, "engine": "processes:1"},
    }
    with inside_project(tmp_path / "mine", "http://127.0.0.1:9", monkeypatch) as made:
        document = {"type": "eo_pipeline.orchestration.EarthObservationProduct", "attributes": attributes}
        made.file.write_text(yaml.safe_dump(document, sort_keys=False))
        folder = made.file.parent / "cover"
        for row, column in [*PLACES, FAR]:
            put(folder, "2000", row, column)
        for row, column in set(PLACES) - {MISSING}:
            put(folder, "2001", row, column)
        yield made


def said(user: UserProject, *arguments: str, code: int = 0) -> str:
    """What a command prints, with single spaces."""
    done = user.invoke(*arguments, COLUMNS="160")
    assert done.exit_code == code, done.output
    return "\n".join(" ".join(line.split()) for line in done.output.splitlines())


def test_tiles_are_previewed_and_planned(user: UserProject) -> None:
    """15 shards, 3 of them of ocean; in 2001 one has no tile but other years'."""
    assert "32 x 16 pixels of EPSG:4326 from 6 tiles" in said(user, "preview", "field_ndvi", "--side", "32")
    assert (user.folder / "previews").is_dir()
    assert not (user.folder / "data").exists()
    planned = said(user, "plan", "field_ndvi")
    assert "2 periods, 0 of them in the cube" in planned
    assert "\n2000 7 0 1 15 3 (20%) 0 12 10.2 kB\n" in planned
    assert "\n2001 5 2 0 15 3 (20%) 1 11 9.73 kB\n" in planned
    assert "Nothing is charged" in planned
    told = json.loads(user.invoke("plan", "field_ndvi", "--json").stdout)
    assert told["bytes"] == 128 * 80 * 2 - 16 * 32
    assert [period["missing"] for period in told["periods"]] == [[], ["30N 130W", "75N 170W"]]
    assert "0 of 0 partitions are stale" in said(user, "cube", "stale", "field_ndvi")


def test_what_cannot_be_listed_is_told_beside_the_rest(user: UserProject) -> None:
    folder = user.file.parent / "cover"
    (folder / "2001" / f"{place(0, 0, degrees=DEGREES)}.tif").write_bytes(b"no raster")
    planned = said(user, "plan", "field_ndvi", code=1)
    assert "\n2000 7 0 1 15" in planned
    assert "|2001: expected tiles of" in planned
    (user.file.parent / "cover").rename(user.file.parent / "elsewhere")
    refused = said(user, "plan", "field_ndvi", code=1)
    assert "defs.yaml:4: source.tiles: expected a file at" in refused
    assert f"{user.file.parent}/cover or {user.folder}/cover, found none" in refused
