"""What does not fit a cube is refused with what was expected, what came and what to do; what it holds stays as it was.

Beside these: templates (`test_repository`), creation (`test_creation`), no room (`test_disk_full`), areas that share or
cut shards (`test_regions`, `test_forks`), dates between others (`test_time_axis`), plain Zarr (`test_plain_zarr`).
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr
import zarr
from affine import Affine
from odc.geo.geobox import GeoBox
from zarr.codecs import ZstdCodec

from eo_pipeline.core.period_rules import ImageDates
from eo_pipeline.core.rectangles import Rectangle
from eo_pipeline.errors import CubeError
from eo_pipeline.storage.cubes import (
    Cube,
    CubeAddress,
    ShardBatch,
    ShardTask,
    WrittenBatch,
    extend_time,
    open_or_create_icechunk_cube,
    read_history,
    read_ledger,
    roll_back,
    verify_cube,
)
from eo_pipeline.storage.cubes import layout as cube_layout
from eo_pipeline.storage.cubes.layout import array_at
from eo_pipeline_tests.storage.cubes.examples import (
    BANDS,
    MONTH,
    RED,
    START,
    UPPER_LEFT,
    pixels,
    provenance,
    reader,
    template,
    write_region,
)
from eo_pipeline_tests.storage.cubes.shards import (
    SHARDS,
    WHOLE,
    Work,
    expected,
    tasks_for,
    write,
)

DAY = timedelta(days=1)


@pytest.fixture
def precious(cube: Cube) -> Cube:
    """A cube that holds January."""
    write(cube, "2023-01", tasks_for(1))
    return cube


@pytest.fixture
def head(precious: Cube) -> str:
    """Its head before anything goes wrong."""
    return precious.repository.lookup_branch("main")


def assert_nothing_lost(cube: Cube, head: str) -> None:
    """The head is what it was, and January what was written."""
    assert read_history(cube.address)[0].snapshot == head
    for band in BANDS:
        np.testing.assert_array_equal(array_at(cube.read(), band.name)[0], expected(1, band.name))
    assert verify_cube(cube.address, template()).findings == ()


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        (
            {"geobox": GeoBox((100, 120), Affine(10, 0, 500_000, 0, -10, 5_000_000), "EPSG:32634")},
            "cube proj:code: expected 'EPSG:32634', the cube has 'EPSG:32633'",
        ),
        (
            {"geobox": GeoBox((100, 120), Affine(20, 0, 500_000, 0, -20, 5_000_000), "EPSG:32633")},
            "red spatial:transform: expected [20.0, 0.0, 500000.0, 0.0, -20.0, 5000000.0], the cube has [10.0, ",
        ),
        (
            {"geobox": GeoBox((100, 120), Affine(10, 0, 500_005, 0, -10, 5_000_000), "EPSG:32633")},
            "spatial_ref GeoTransform: expected '500005.0 10.0 0.0 5000000.0 0.0 -10.0', the cube has '500000.0 10.0",
        ),
        ({"bands": (replace(RED, nodata=65535), *BANDS[1:])}, "red fill_value: expected 65535, the cube has 0"),
        ({"bands": (replace(RED, scale=2e-4), *BANDS[1:])}, "red scale_factor: expected 0.0002, the cube has 0.0001"),
        ({"bands": (replace(RED, name="rot"), *BANDS[1:])}, "rot: expected, the cube does not have it"),
    ],
)
def test_another_grid_or_encoding_is_refused(precious: Cube, head: str, changes: dict[str, Any], line: str) -> None:
    with pytest.raises(CubeError) as refusal:
        open_or_create_icechunk_cube(precious.address, template(**changes))
    assert line in str(refusal.value)
    assert "write to a new repository; this one is left as it is" in str(refusal.value)
    assert_nothing_lost(precious, head)


def test_other_chunks_and_another_start_are_refused(precious: Cube, head: str) -> None:
    for other, line in (
        (replace(template(), chunk=16), "red chunks: expected (1, 16, 16), the cube has (1, 32, 32)"),
        (replace(template(), start=datetime(2022, 1, 1, tzinfo=UTC)), "cube period_start: expected '2022-01-01T00"),
    ):
        with pytest.raises(CubeError) as refusal:
            open_or_create_icechunk_cube(precious.address, other)
        assert line in str(refusal.value)
    assert_nothing_lost(precious, head)


def dates(*spans: tuple[int, int]) -> ImageDates:
    """Days of January from one to the other."""
    return ImageDates(tuple((START + first * DAY, START + last * DAY) for first, last in spans))


@pytest.mark.parametrize(
    ("spans", "key", "said"),
    [
        (
            ((0, 1), (2, 3)),
            "2023-01-03",
            r"no time with 2023-01-03, 2023-01-03T00:.* to 2023-01-04T00:.*, got slot 1, ",
        ),
        (((0, 1), (2, 4), (4, 6)), "2023-01-05", r"no time with 2023-01-05, .*, got slot 1, which ends at 2023-01-06T"),
        (((0, 2), (2, 5)), "2023-01-01", r"no time with 2023-01-01, .*, got slot 0, which ends at 2023-01-02T00:"),
    ],
)
def test_slots_that_would_share_time_are_refused(
    address: CubeAddress, spans: tuple[tuple[int, int], ...], key: str, said: str
) -> None:
    """The cube holds 1 January and 3 to 5 January; the product's dates are others now."""
    cube = open_or_create_icechunk_cube(address, template(rule=dates((0, 1), (2, 5))))
    last = cube.template.rule.parse("2023-01-03")
    extend_time(cube, last)
    arrays = pixels(UPPER_LEFT, seed=1)
    kept = write_region(cube, last, UPPER_LEFT, reader(arrays), area_key="a", provenance=provenance("h"))
    other = open_or_create_icechunk_cube(address, template(rule=dates(*spans)))
    period = other.template.rule.parse(key)
    with pytest.raises(CubeError, match=said):
        extend_time(other, period)
    with pytest.raises(CubeError, match=f"slots? .* {key}"):
        write_region(other, period, UPPER_LEFT, None, area_key="a", provenance=provenance("h2"))
    assert read_history(address)[0].snapshot == kept.snapshot
    np.testing.assert_array_equal(array_at(cube.read(), "red")[1, :64, :64], arrays["red"])


def test_regions_that_cut_shards_and_tasks_of_other_shards_are_refused(precious: Cube, head: str) -> None:
    region = Rectangle(0, 0, 64, 100)
    tasks = [ShardTask(shard, "h2", None) for shard in SHARDS]
    with pytest.raises(CubeError, match=r"whole shards of 64 x 64 pixels, got rows 0 to 64 and columns 0 to 100; make"):
        write(precious, "2023-01", tasks[:2], region, inputs="h2")
    shifted = [replace(task, region=task.region.shifted(rows=0, columns=32)) for task in tasks]
    with pytest.raises(CubeError, match=r"one task for each of the 2 x 2 shards .*; cut the region with shards_in"):
        write(precious, "2023-01", shifted, inputs="h2")
    with pytest.raises(CubeError, match=r"an area inside the cube of 100 x 120 pixels, got rows 0 to 128"):
        write(precious, "2023-01", tasks, Rectangle(0, 0, 128, 128), inputs="h2")
    assert_nothing_lost(precious, head)


def handing_over(taken: list[WrittenBatch]) -> Callable[[Work, Sequence[ShardBatch]], Iterable[WrittenBatch]]:
    """Workers whose results somebody else keeps, too."""

    def run(work: Work, batches: Sequence[ShardBatch]) -> Iterable[WrittenBatch]:
        taken.extend(work(batch) for batch in batches)
        return taken

    return run


def test_forks_of_another_cube_are_refused(precious: Cube, head: str, tmp_path: Path) -> None:
    """Icechunk would merge them, and look for their chunks where they are not."""
    taken: list[WrittenBatch] = []
    other = open_or_create_icechunk_cube(CubeAddress(str(tmp_path / "other")), template())
    write(other, "2023-01", tasks_for(2), run=handing_over(taken))
    with pytest.raises(
        CubeError,
        match=rf"batches of slot 0 of .*/cube, forked at snapshot {head}, back .* of 2023-01, got one of slot 0 of "
        r".*/other, forked at .*; nothing was committed: give back what the function returned",
    ):
        write(precious, "2023-01", tasks_for(2, inputs="h2"), inputs="h2", run=lambda work, batches: taken)  # noqa: ARG005 - the results of others
    assert_nothing_lost(precious, head)


def test_forks_for_another_slot_or_of_an_earlier_head_are_refused(precious: Cube) -> None:
    taken: list[WrittenBatch] = []
    write(precious, "2023-02", tasks_for(2), run=handing_over(taken))
    head = extend_time(precious, MONTH.parse("2023-03")).snapshot
    for key in ("2023-03", "2023-02"):
        with pytest.raises(CubeError, match=rf"the workers of {key}, got one of slot 1 of .*, forked at .*; nothing"):
            write(precious, key, tasks_for(2, inputs="h2"), inputs="h2", run=lambda work, batches: taken)  # noqa: ARG005 - the results of others
    assert_nothing_lost(precious, head)


def test_a_cube_of_another_codec_is_written_in_its_own(address: CubeAddress, monkeypatch: pytest.MonkeyPatch) -> None:
    """How chunks are compressed is each array's own: code that would do it otherwise reads and writes it as it is."""
    with monkeypatch.context() as earlier:
        earlier.setattr(cube_layout, "_PIXEL_COMPRESSOR", ZstdCodec(level=3))
        cube = open_or_create_icechunk_cube(address, template())
        write(cube, "2023-01", tasks_for(1))
    cube = open_or_create_icechunk_cube(address, template())
    head = write(cube, "2023-02", tasks_for(2)).snapshot
    assert_nothing_lost(cube, head)
    np.testing.assert_array_equal(array_at(cube.read(), "red")[1], expected(2, "red"))
    assert [type(codec) for codec in array_at(cube.read(), "red").compressors] == [ZstdCodec]


def test_zarr_of_someone_else_is_left_alone(address: CubeAddress) -> None:
    xr.Dataset({"red": ("x", [1, 2])}).to_zarr(address.uri, consolidated=False, zarr_format=3)
    with pytest.raises(CubeError, match=r"Expected an empty folder or a cube at .*; choose another place"):
        open_or_create_icechunk_cube(address, template())
    assert xr.open_zarr(address.uri, consolidated=False)["red"].values.tolist() == [1, 2]


def test_what_someone_else_committed_over_a_cube_is_refused_and_can_be_undone(precious: Cube, head: str) -> None:
    session = precious.repository.writable_session("main")
    zarr.open_group(session.store, mode="w").create_array("red", shape=(3,), dtype="uint8")
    session.commit("mine now")
    with pytest.raises(CubeError, match=r"(?s)got differences:.*red dtype: expected uint16, the cube has uint8.*Undo"):
        open_or_create_icechunk_cube(precious.address, template())
    assert roll_back(precious.address, head).undone[0].message == "mine now"
    assert_nothing_lost(open_or_create_icechunk_cube(precious.address, template()), head)


def test_a_row_that_nobody_can_read_is_named(precious: Cube) -> None:
    assert len(read_ledger(precious)) == 1
    session = precious.repository.writable_session("main")
    array_at(zarr.open_group(session.store, mode="r+"), "ledger/record")[0, 0, 0] = "{half a row"
    session.commit("spoilt")
    said = r"a row of the ledger as this project writes it, got '\{half a row' .*; somebody else wrote to the cube: go"
    with pytest.raises(CubeError, match=said):
        read_ledger(precious)
    with pytest.raises(CubeError, match=said):
        verify_cube(precious.address)
    with pytest.raises(CubeError, match=said):
        write(precious, "2023-01", tasks_for(2, WHOLE, inputs="h2"), inputs="h2")
