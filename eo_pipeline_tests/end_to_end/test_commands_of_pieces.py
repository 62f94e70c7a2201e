"""Every command as a person types it, for products of chips, series and points."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import pandas as pd
import pytest
import yaml
from PIL import Image

from eo_pipeline_tests.end_to_end.chip_products import (
    COUNT,
    MONTHS,
    REGIONS,
    SIZE,
    product_of_regions,
    source_window,
    write_world,
)
from eo_pipeline_tests.end_to_end.command_line import UserProject, inside_project
from eo_pipeline_tests.end_to_end.heights import CRS, LEFT, RESOLUTION, TOP
from eo_pipeline_tests.end_to_end.pipeline import BUCKET, storage_client
from eo_pipeline_tests.processes import SandboxProcess, running_sandbox

ONE = ("--partitions", MONTHS[0], "--area", "west")
POINTS = {"a": (LEFT + 405, TOP - 505), "b": (LEFT + 715, TOP - 1105)}
"""Centres of pixels in the western region."""


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("world")
    write_world(folder)
    rows = [{"station": name, "lon": x, "lat": y} for name, (x, y) in POINTS.items()]
    pd.DataFrame(rows).to_csv(folder / "points.csv", index=False)
    return folder


@pytest.fixture(scope="module")
def sandbox(world: Path) -> Iterator[SandboxProcess]:
    catalog = world / "catalog.yaml"
    with running_sandbox(world / "sandbox", catalog=catalog, speed=100, buckets=[BUCKET]) as found:
        yield found


@pytest.fixture
def user(
    sandbox: SandboxProcess, world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[UserProject]:
    with inside_project(tmp_path / "mine", sandbox.url, monkeypatch) as made:
        for name in ("regions.geojson", "points.csv"):
            (made.folder / name).write_bytes((world / name).read_bytes())
        yield made


def declare(user: UserProject, **sections: Any) -> None:
    attributes = product_of_regions("field_ndvi", **sections)
    document = {"type": "eo_pipeline.orchestration.EarthObservationProduct", "attributes": attributes}
    user.file.write_text(yaml.safe_dump(document, sort_keys=False))


def said(user: UserProject, *arguments: str) -> str:
    """What a command prints that succeeds."""
    done = user.invoke(*arguments)
    assert done.exit_code == 0, done.output
    return done.output


def planned(user: UserProject) -> Mapping[str, Any]:
    found: Mapping[str, Any] = json.loads(said(user, "plan", "field_ndvi", "--json"))
    return found


def test_chips_are_previewed_planned_made_counted_and_deleted(user: UserProject, sandbox: SandboxProcess) -> None:
    declare(user, chips={"count": COUNT, "size": SIZE})
    shown = said(user, "preview", "field_ndvi", "--area", "west")
    assert f"{COUNT} chips from 1 images" in shown
    for name in re.findall(r"previews/\S+\.png", shown):
        assert min(Image.open(user.folder / name).size) > 100
    assert not (user.folder / "data" / "field_ndvi").exists()
    before = planned(user)
    assert (before["partitions"], before["there"], before["pieces"], before["requests"]) == (6, 0, 6 * COUNT, 6 * COUNT)
    assert before["bytes"] == 6 * COUNT * SIZE * SIZE * 4
    assert before["seconds"] == pytest.approx(6 * COUNT * 1.5 / 40)
    said(user, "run", "field_ndvi", *ONE)
    assert (planned(user)["there"], planned(user)["pieces"]) == (1, 5 * COUNT)
    assert "6 partitions, 5 to ask for piece by piece, 1 there already. No tasks." in said(user, "plan", "field_ndvi")
    assert re.search(r"chips\s+6\s+1\s", user.invoke("status").output)
    assert re.search(r"field_ndvi .* \d+", said(user, "budget"))
    chips = user.folder / "data" / "field_ndvi" / "chips" / "west"
    assert len(list(chips.rglob("*.tif"))) == COUNT
    said(user, "cancel", "field_ndvi", *ONE)
    said(user, "delete", "field_ndvi", *ONE, "--yes")
    assert not [path for path in (user.folder / "data" / "field_ndvi").rglob("*") if path.is_file()]
    assert list(storage_client(sandbox.url).bucket(BUCKET).list_blobs()) == []


def test_series_are_previewed_planned_and_made(user: UserProject, world: Path) -> None:
    declare(user, series={"file": "regions.geojson", "id": "name", "of": "period", "weights": "none"})
    pixels = source_window(world, MONTHS[0], LEFT + 300, TOP - 300, 90)[:, :80].astype(float)
    assert REGIONS["west"].area == pixels.size * RESOLUTION**2
    shown = said(user, "preview", "field_ndvi", "--area", "west", "--period", MONTHS[0])
    assert f"{pixels.mean():.4f}"[:6] in shown
    assert "That is all: 1 rows." in shown
    before = planned(user)
    assert (before["partitions"], before["pieces"], before["requests"]) == (6, 6, None)
    said(user, "run", "field_ndvi", *ONE)
    after = planned(user)
    assert (after["there"], after["pieces"], after["measured"]) == (1, 5, 1)
    assert after["requests"] > 0
    table = pd.read_parquet(user.folder / "data" / "field_ndvi" / "series" / "west" / f"{MONTHS[0]}.parquet")
    assert table["height_mean"].tolist() == pytest.approx([pixels.mean()], rel=1e-6)
    said(user, "delete", "field_ndvi", *ONE, "--yes")
    assert planned(user)["there"] == 0


def test_points_are_previewed_planned_and_made(user: UserProject, world: Path) -> None:
    declare(user, points={"file": "points.csv", "id": "station", "x": "lon", "y": "lat", "crs": CRS})
    shown = said(user, "preview", "field_ndvi", "--area", "west", "--period", MONTHS[0])
    expected = [float(source_window(world, MONTHS[0], x - 5, y + 5, 1)[0, 0]) for x, y in POINTS.values()]
    for value in expected:
        assert f"{value:.3f}"[:6] in shown
    assert planned(user)["pieces"] == len(POINTS) * 3
    said(user, "run", "field_ndvi", *ONE)
    table = pd.read_parquet(user.folder / "data" / "field_ndvi" / "points" / "west" / f"{MONTHS[0]}.parquet")
    np.testing.assert_allclose(table["height"], expected, rtol=1e-6)
    assert planned(user)["there"] == 1
    said(user, "delete", "field_ndvi", *ONE, "--yes")
    assert planned(user)["there"] == 0


def test_a_sample_of_pieces_is_refused_with_what_to_do(user: UserProject) -> None:
    declare(user, chips={"count": COUNT, "size": SIZE})
    done = user.invoke("plan", "field_ndvi", "--sample", "2")
    assert done.exit_code == 1
    assert "--sample: expected a product of tiles, a table or assets, got one of chips; make a partition of it" in (
        done.output
    )


def test_a_file_that_lacks_its_columns_is_told_with_its_place(user: UserProject) -> None:
    declare(user, points={"file": "points.csv", "id": "name", "x": "lon", "y": "lat"})
    told = user.invoke("preview", "field_ndvi").output
    assert "expected the columns name, lon, lat, got station, lon, lat without name; correct their names" in told
    declare(user, series={"file": "regions.geojson", "id": "code", "of": "period"})
    assert "expected a column 'code', got the columns name; name one of those" in user.invoke("status").output
    assert geopandas.read_file(user.folder / "regions.geojson").columns[0] == "name"
