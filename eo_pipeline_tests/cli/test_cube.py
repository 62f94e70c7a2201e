"""`eo-pipeline cube`: a cube found by its product or path, and what a person reads of it."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import zarr
from click.testing import CliRunner, Result

from eo_pipeline.cli.cube.chosen import choose
from eo_pipeline.cli.init import make_project
from eo_pipeline.cli.main import main
from eo_pipeline.core.rectangles import Rectangle
from eo_pipeline.storage.cubes import (
    Cube,
    CubeAddress,
    CubeStore,
    extend_time,
    open_or_create_cube,
    open_or_create_icechunk_cube,
    read_history,
)
from eo_pipeline.storage.cubes.layout import array_at
from eo_pipeline_tests.storage.cubes.examples import (
    MONTH,
    UPPER_LEFT,
    pixels,
    provenance,
    reader,
    template,
    write_region,
)


@pytest.fixture(autouse=True)
def _wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "160")


@pytest.fixture
def cube(tmp_path: Path) -> Cube:
    """January with three inputs after another."""
    made = open_or_create_icechunk_cube(CubeAddress(str(tmp_path / "cube")), template())
    extend_time(made, MONTH.parse("2023-01"))
    for seed in (1, 2, 3):
        write_january(made, seed)
    return made


def write_january(cube: CubeStore, seed: int) -> None:
    read, told = reader(pixels(UPPER_LEFT, seed)), provenance(f"inputs{seed}", f"a|2023-01 try {seed}")
    write_region(cube, MONTH.parse("2023-01"), UPPER_LEFT, read, area_key="a", provenance=told)


def run(*arguments: str, code: int = 0, answer: str | None = None) -> list[str]:
    """Lines on standard output, with single spaces."""
    done: Result = CliRunner().invoke(main, ["cube", *arguments], prog_name="eo-pipeline", input=answer)
    assert done.exit_code == code, done.output
    return [" ".join(line.split()) for line in done.output.splitlines()]


def snapshots(cube: Cube) -> list[str]:
    return [version.snapshot for version in read_history(cube.address)]


def test_history_is_a_line_a_commit(cube: Cube) -> None:
    run("tag", cube.address.uri, "v2", "--at", snapshots(cube)[1])
    heading, *lines = run("history", cube.address.uri)
    assert heading == "snapshot committed what run inputs tags"
    said = [re.sub(r"^(\w{20}) \d{4}-\d\d-\d\d \d\d:\d\d:\d\d ", "", line) for line in lines]
    assert said == [
        "example a|2023-01 try 3 run-1 inputs3",
        "example a|2023-01 try 2 run-1 inputs2 v2",
        "example a|2023-01 try 1 run-1 inputs1",
        "example time axis to 2023-01",
        "example template",
        "Repository initialized",
    ]
    assert [line.split()[0] for line in lines] == snapshots(cube)
    assert run("history", cube.address.uri, "--limit", "2")[-1] == "... and earlier ones: --limit shows more."


def test_ids_are_whole_in_a_narrow_window(cube: Cube, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are copied into `rollback` and `tag`."""
    monkeypatch.setenv("COLUMNS", "70")
    lines = run("history", cube.address.uri)[1:]
    assert [one for line in lines if re.fullmatch(r"[0-9A-Z]{20}", one := line.split()[0])] == snapshots(cube)
    assert "\u2026" not in "".join(lines)


def test_rolling_back_asks_and_tells_how_to_undo_it(cube: Cube) -> None:
    last, middle, *_ = before = snapshots(cube)
    lines = run("rollback", cube.address.uri, middle, answer="n\n", code=1)
    assert lines[0] == (
        f"{cube.address.uri}: from {last} (example a|2023-01 try 3) to {middle} (example a|2023-01 try 2)."
    )
    assert lines[1] == "1 commits are no longer part of it then:"
    assert snapshots(cube) == before
    lines = run("rollback", cube.address.uri, middle, answer="y\n")
    assert lines[-1] == f"Done. To undo: eo-pipeline cube rollback {cube.address.uri} {last}"
    assert snapshots(cube) == before[1:]
    assert run("rollback", cube.address.uri, middle) == [
        f"{cube.address.uri} is at {middle} (example a|2023-01 try 2) already."
    ]
    run("rollback", cube.address.uri, last, "--yes")
    assert snapshots(cube) == before


def test_releases_that_were_rolled_back_are_listed_apart(cube: Cube) -> None:
    last, middle, *_ = snapshots(cube)
    assert run("tag", cube.address.uri, "v3") == [f"{cube.address.uri}: v3 is {last} (example a|2023-01 try 3)."]
    run("rollback", cube.address.uri, middle, "--yes")
    lines = run("history", cube.address.uri)
    apart = lines.index("Releases outside this history:")
    assert lines[apart + 2].startswith(last)
    assert lines[apart + 2].endswith("inputs3 v3")


def test_garbage_is_told_before_it_is_collected(cube: Cube) -> None:
    before = snapshots(cube)
    assert run("gc", cube.address.uri)[0] == f"{cube.address.uri}: 0 versions would expire, 6 stay."
    lines = run("gc", cube.address.uri, "--older-than", "0", "--dry-run")
    assert lines[0] == f"{cube.address.uri}: 4 versions would expire, 2 stay."
    assert lines[-1] == (
        "To be deleted: 0 chunks and 0 other objects of 0 B that no version holds, and what these versions alone hold."
    )
    assert run("gc", cube.address.uri, "--older-than", "0", answer="n\n", code=1)[-1].startswith("Aborted")
    assert snapshots(cube) == before
    lines = run("gc", cube.address.uri, "--older-than", "0", "--yes")
    assert f"{cube.address.uri}: 4 versions have expired, 2 stay." in lines
    assert re.fullmatch(r"Deleted: 6 chunks and \d+ other objects of [\d.]+ kB.", lines[-1])
    assert snapshots(cube) == [before[0], before[-1]]


def test_verifying_a_good_cube_and_a_spoilt_one(cube: Cube) -> None:
    good = run("verify", cube.address.uri)
    assert good == [
        f"{cube.address.uri}: 1 slots, 3 stored shards read.",
        "Nodata in written areas: red 0.0%.",
        "check findings", "structure none", "alignment none", "ledger none", "nodata none", "range none",
    ]  # fmt: skip
    session = cube.repository.writable_session("main")
    array_at(zarr.open_group(session.store), "red")[0, 0, 70] = 7
    session.commit("spoilt")
    lines = run("verify", cube.address.uri, code=1)
    assert "ledger 1" in lines
    assert lines[-1] == "2023-01 shard 0,1: expected nothing without a row, got 1 pixels of red"
    assert run("verify", cube.address.uri, "--at", snapshots(cube)[1])[1:] == good[1:]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["history", "./nothing"], "Error: Expected a cube at "),
        (["verify", "cubes"], "Error: expected a project"),
        (["tag", "{cube}", "v1", "--at", "v0"], "got 'v0' "),
        (["rollback", "{cube}", "v0"], "got 'v0' "),
    ],
)
def test_mistakes_are_one_message(
    cube: Cube, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (line,) = run(*(word.format(cube=cube.address.uri) for word in arguments), code=1)
    assert line.startswith("Error: ")
    assert message in line
    assert [path.name for path in tmp_path.iterdir() if path.name == "nothing"] == []


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    make_project(tmp_path / "fields")
    monkeypatch.chdir(tmp_path / "fields")
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "fields"))
    monkeypatch.setenv("EO_ROOT", str(tmp_path / "data"))
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.delitem(sys.modules, "products", raising=False)
    yield tmp_path / "fields"
    sys.modules.pop("products", None)


def test_a_product_s_cube_is_checked_against_its_declaration(project: Path) -> None:
    chosen = choose("field_ndvi")
    assert chosen.address.uri == str(project.parent / "data" / "cubes" / "ndvi")
    declared = chosen.template()
    assert declared is not None
    made = open_or_create_icechunk_cube(chosen.address, declared)
    (period,) = declared.rule.periods(declared.start, declared.start.replace(day=2))
    extend_time(made, period)
    height, width = declared.shard_shape
    region = Rectangle(0, 0, min(height, declared.geobox.shape[0]), min(width, declared.geobox.shape[1]))
    read = reader(pixels(region, 1, declared.bands))
    write_region(made, period, region, read, area_key="a", provenance=provenance("h"))
    assert run("verify", "field_ndvi")[0].startswith("field_ndvi: 1 slots, ")
    assert len(run("history", "field_ndvi")) == 1 + 4


@pytest.mark.parametrize(
    "command", [("history",), ("rollback", "v1"), ("tag", "v1"), ("gc", "--dry-run"), ("verify", "--at", "v1")]
)
def test_plain_zarr_has_no_versions(tmp_path: Path, command: tuple[str, ...]) -> None:
    plain = open_or_create_cube(CubeAddress(str(tmp_path / "plain"), store="zarr"), template())
    extend_time(plain, MONTH.parse("2023-01"))
    write_january(plain, 1)
    name, *rest = command
    [line] = run(name, plain.address.uri, *rest, code=1)
    assert line == (
        f"Error: Expected a cube with versions, got plain Zarr at {plain.address.uri}, which has none: no snapshots, "
        "history, way back, releases or garbage. A cube in Icechunk has them: declare store: icechunk with another "
        "repository."
    )
    assert run("verify", plain.address.uri)[0].endswith("plain: 1 slots, 3 stored shards read.")


def test_a_product_in_plain_zarr_is_found_by_its_name(project: Path) -> None:
    file = project / "products" / "field_ndvi" / "defs.yaml"
    file.write_text(file.read_text().replace("repository: cubes/ndvi", "repository: cubes/ndvi, store: zarr"))
    chosen = choose("field_ndvi")
    assert chosen.address.store == "zarr"
    declared = chosen.template()
    assert declared is not None
    open_or_create_cube(chosen.address, declared)
    assert run("verify", "field_ndvi")[0] == "field_ndvi: 0 slots, 0 stored shards read."
    assert run("history", "field_ndvi", code=1)[0].startswith("Error: Expected a cube with versions, got plain Zarr")


def test_a_product_without_a_cube_is_named(project: Path) -> None:
    file = project / "products" / "field_ndvi" / "defs.yaml"
    file.write_text("\n".join(line for line in file.read_text().splitlines() if "cube:" not in line))
    (line,) = run("history", "field_ndvi", code=1)
    assert line.startswith(
        "Error: expected a product with a cube, got field_ndvi; name another, or a repository's path"
    )
