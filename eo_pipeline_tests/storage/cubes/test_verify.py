"""Verifying: a good cube has no findings, and each way of spoiling one is found and named."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr
import zarr

from eo_pipeline.core.bands import DTYPES, BandEncoding
from eo_pipeline.core.cubes.cube_findings import Check
from eo_pipeline.core.cubes.cube_ledger import Record, ShardRow, State
from eo_pipeline.core.rectangles import Rectangle
from eo_pipeline.errors import CubeError
from eo_pipeline.storage.cubes import (
    Cube,
    CubeAddress,
    HowToVerify,
    open_or_create_icechunk_cube,
    record_failure,
    verify_cube,
)
from eo_pipeline.storage.cubes.layout import array_at
from eo_pipeline.storage.cubes.opening import open_or_create_repository
from eo_pipeline_tests.storage.cubes.examples import (
    BANDS,
    LOWER_RIGHT,
    MONTH,
    UPPER_LEFT,
    pixels,
    provenance,
    template,
)
from eo_pipeline_tests.storage.cubes.shards import SHARDS, expected, nothing, tasks_for
from eo_pipeline_tests.storage.cubes.shards import write as write_shards
from eo_pipeline_tests.storage.cubes.test_regions import write


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """January in two areas, one without images; February empty, with counts; March shard by shard; April failed."""
    folder = tmp_path_factory.mktemp("made") / "cube"
    cube = open_or_create_icechunk_cube(CubeAddress(str(folder)), template())
    half = pixels(UPPER_LEFT, seed=1)
    half["red"][:32] = 0
    write(cube, "2023-01", UPPER_LEFT, half, area="a")
    write(cube, "2023-01", LOWER_RIGHT, None, area="b")
    cloudy = pixels(UPPER_LEFT, seed=2)
    cloudy["red"][:], cloudy["classes"][:] = 0, 255
    write(cube, "2023-02", UPPER_LEFT, cloudy, area="a")
    write_shards(cube, "2023-03", [nothing(SHARDS[0], State.OCEAN), *tasks_for(3)[1:]])
    write(cube, "2023-04", LOWER_RIGHT, pixels(LOWER_RIGHT, seed=4), area="b")
    record_failure(cube, MONTH.parse("2023-04"), UPPER_LEFT, "a", provenance("h"))
    return folder


@pytest.fixture
def good(made: Path, address: CubeAddress) -> Cube:
    """A copy of the good cube, to be spoilt."""
    shutil.copytree(made, address.uri)
    return open_or_create_icechunk_cube(address, template())


def spoil(cube: Cube, change: Callable[[zarr.Group], object]) -> None:
    """Commit something behind the ledger's back."""
    session = cube.repository.writable_session("main")
    change(zarr.open_group(session.store, mode="r+"))
    session.commit("spoilt")


def found(cube: Cube, how: HowToVerify | None = None, *, bare: bool = False) -> list[tuple[str, str, str]]:
    verified = verify_cube(cube.address, None if bare else cube.template, how=how or HowToVerify())
    return [(finding.check.value, finding.where, finding.said) for finding in verified.findings]


def test_good_cube_has_no_findings_and_says_what_it_holds(good: Cube) -> None:
    verified = verify_cube(good.address, good.template)
    assert verified.findings == ()
    assert (verified.slots, verified.shards, verified.more) == (4, 3 + 1 + 3 * 3 + 3, False)
    written = [UPPER_LEFT, UPPER_LEFT, *SHARDS[1:], LOWER_RIGHT]
    area = sum(shard.pixels for shard in written)
    assert verified.nodata_shares == pytest.approx({"red": (32 * 64 + 64 * 64) / area, "classes": 64 * 64 / area})


def test_good_cube_has_no_findings_without_its_product(good: Cube) -> None:
    assert found(good, bare=True) == []


@pytest.mark.parametrize("threads", [1, 3])
def test_threads_find_the_same(good: Cube, threads: int) -> None:
    spoil(good, lambda group: put(group, "n_obs", 2, 0, 0, 9))
    wanted = "expected nothing where the row says 'ocean', got 1 pixels of n_obs"
    assert found(good, HowToVerify(threads=threads)) == [("ledger", "2023-03 all shard 0,0", wanted)]


def put(group: zarr.Group, path: str, *place_and_value: Any) -> bool:
    """Write the last argument at the index that the others are; always True, so that lambdas can do it twice."""
    *place, value = place_and_value
    array_at(group, path)[tuple(place)] = value
    return True


EMPTY = ShardRow(State.EMPTY, 0.0, "h")


def row(area: str, region: Rectangle, state: State = State.NO_IMAGES, shards: tuple[ShardRow, ...] = ()) -> str:
    return Record(area, region, state, 0.0, provenance("h"), shards).as_text()


def in_shard_and_area(area: str, shard: str, said: str) -> list[tuple[str, str, str]]:
    """Of an area that is one shard: both have a row."""
    return [("ledger", f"{area} shard {shard}", said), ("ledger", area, said)]


EVERYTHING = slice(None)
SPOILT: dict[str, tuple[Callable[[zarr.Group], object], list[tuple[str, str, str]]]] = {
    "written without pixels": (
        lambda g: put(g, "red", 3, EVERYTHING, EVERYTHING, 0) and put(g, "classes", 3, EVERYTHING, EVERYTHING, 255),
        in_shard_and_area("2023-04 b", "1,1", "expected pixels where the row says 'written', got none"),
    ),
    "written with fewer pixels": (
        lambda g: put(g, "red", 3, slice(64, 66), EVERYTHING, 0),
        in_shard_and_area("2023-04 b", "1,1", "expected the usable share 1 as in the row, got 0.972222"),
    ),
    "empty with a pixel": (
        lambda g: put(g, "red", 1, 5, 5, 7),
        in_shard_and_area("2023-02 a", "0,0", "expected no usable pixel where the row says 'empty', got 1"),
    ),
    "no images with pixels": (
        lambda g: put(g, "red", 0, slice(70, 72), 70, 7),
        [("ledger", "2023-01 b shard 1,1", "expected nothing where the row says 'no_images', got 2 pixels of red")],
    ),
    "failed with pixels": (
        lambda g: put(g, "classes", 3, 0, 0, 7),
        [("ledger", "2023-04 a shard 0,0", "expected nothing where the row says 'failed', got 1 pixels of classes")],
    ),
    "pixels without a row": (
        lambda g: put(g, "red", 0, 0, 70, 7),
        [("ledger", "2023-01 shard 0,1", "expected nothing without a row, got 1 pixels of red")],
    ),
    "a state without a row": (
        lambda g: put(g, "ledger/state", 0, 0, 1, 1),
        [("ledger", "2023-01 shard 0,1", "expected a row, got only the state 'written'")],
    ),
    "a row without its state": (
        lambda g: put(g, "ledger/state", 2, 1, 0, 2),
        [("ledger", "2023-03 all shard 1,0", "expected the state 'written' as in the row, got 'no_images'")],
    ),
    "rows over one shard": (
        lambda g: put(g, "ledger/record", 0, 0, 1, row("c", Rectangle(0, 64, 100, 120))),
        [
            ("ledger", "2023-01 c shard 0,1", "expected the state 'no_images' as in the row, got 'not done'"),
            ("ledger", "2023-01 b", "expected shards of its own, got shard 1,1 of c"),
        ],
    ),
    "a row at another shard": (
        lambda g: put(g, "ledger/record", 0, 0, 1, row("c", Rectangle(64, 0, 100, 64))),
        [
            ("ledger", "2023-01 c", "expected its row at its upper left shard, got it at shard 0,1"),
            ("ledger", "2023-01 c shard 1,0", "expected the state 'no_images' as in the row, got 'not done'"),
        ],
    ),
    "a row with too few shards": (
        lambda g: put(g, "ledger/record", 1, 1, 0, row("c", Rectangle(64, 0, 100, 120), shards=(EMPTY,)))
        and put(g, "ledger/state", 1, 1, slice(0, 2), np.array([3, 2], "u1")),
        [("ledger", "2023-02 c", "expected a row for each of 2 shards, got 1")],
    ),
    "x moved by half a pixel": (
        lambda g: put(g, "x", 3, 500_040.0),
        [("alignment", "x", "expected 500035.0 at 3 by the affine, got 500040.0, 0.5 pixels off")],
    ),
    "y not a number": (
        lambda g: put(g, "y", 0, np.nan),
        [("alignment", "y", "expected 4999995.0 at 0 by the affine, got nan, nan pixels off")],
    ),
    "slots out of order": (
        lambda g: put(g, "time", 1, 0),
        [
            ("alignment", "time", "expected slots in order, got 0 in slot 1 after 19358"),
            ("alignment", "time_bnds", "expected a period that begins at 0 in slot 1, got [19389, 19417]"),
        ],
    ),
    "another GeoTransform": (
        lambda g: array_at(g, "spatial_ref").attrs.update({"GeoTransform": "1.0 2.0 3.0 4.0 5.0 6.0"}),
        [
            ("structure", "spatial_ref GeoTransform", "expected '500000.0 10.0 0.0 5000000.0 0.0 -10.0', the cube has "
            "'1.0 2.0 3.0 4.0 5.0 6.0'"),
        ],
    ),
    "a variable added later": (
        lambda g: g.create_array("nir", shape=(4, 100, 120), chunks=(1, 32, 32), dtype="u2"),
        [("structure", "nir", "not expected, the cube has it")],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", SPOILT)
def test_what_is_spoilt_is_named(good: Cube, name: str) -> None:
    change, findings = SPOILT[name]
    spoil(good, change)
    assert found(good) == findings


BARE: dict[str, tuple[Callable[[zarr.Group], object], list[tuple[str, str, str]]]] = {
    "a band of another length": (
        lambda g: array_at(g, "red").resize((3, 100, 120)),
        [("structure", "red", "expected the shape (4, 100, 120), got (3, 100, 120)")],
    ),
    "a band of other shards": (
        lambda g: add_band(g, shards=(1, 32, 32), dtype="u2"),
        [("structure", "nir", "expected shards of one slot, (1, 64, 64), got (1, 32, 32)")],
    ),
    "a band of dates": (
        lambda g: add_band(g, shards=(1, 64, 64), dtype="i8"),
        [("structure", "nir", f"expected one of {', '.join(DTYPES)}, got int64")],
    ),
    "another CRS": (
        lambda g: array_at(g, "spatial_ref").attrs.update({"crs_wkt": "EPSG:32634"}),
        [("alignment", "spatial_ref", "expected a crs_wkt of EPSG:32633, got another CRS")],
    ),
    "another transform of a band": (
        lambda g: array_at(g, "red").attrs.update({"spatial:transform": [1.0, 0.0, 0.0, 0.0, -1.0, 0.0]}),
        [
            ("alignment", "red", "expected spatial:transform [10.0, 0.0, 500000.0, 0.0, -10.0, 5000000.0] as of the "
            "group, got [1.0, 0.0, 0.0, 0.0, -1.0, 0.0]"),
        ],
    ),
}  # fmt: skip


def add_band(group: zarr.Group, *, shards: tuple[int, int, int], dtype: str) -> None:
    group.create_array(
        "nir", shape=(4, 100, 120), chunks=(1, 32, 32), shards=shards, dtype=dtype,
        dimension_names=("time", "y", "x"),
    )  # fmt: skip


@pytest.mark.parametrize("name", BARE)
def test_what_does_not_fit_is_named_without_the_product(good: Cube, name: str) -> None:
    change, findings = BARE[name]
    spoil(good, change)
    assert found(good, bare=True) == findings


def test_cube_without_a_band_is_named(good: Cube) -> None:
    def strip(group: zarr.Group) -> None:
        for band in BANDS:
            del group[band.name]

    spoil(good, strip)
    assert found(good, bare=True) == [("structure", "cube", "expected a band over (time, y, x), got none")]


def test_alignment_is_checked_without_the_product_too(good: Cube) -> None:
    change, _ = SPOILT["another GeoTransform"]
    spoil(good, change)
    (finding,) = found(good, bare=True)
    assert finding[:2] == ("alignment", "spatial_ref")
    assert "expected GeoTransform 500000.0 10.0" in finding[2]


@pytest.mark.parametrize(
    ("attributes", "said"),
    [
        ({"valid_min": 10, "valid_max": 150}, "expected 10 to 150, got {} other pixels such as {}"),
        ({"valid_range": [10, 150]}, "expected 10 to 150, got {} other pixels such as {}"),
        ({"flag_values": [1, 2, 3]}, "expected one of 1, 2, 3, got {} other pixels such as {}"),
    ],
)
def test_numbers_that_a_band_does_not_declare_are_counted(cube: Cube, attributes: dict[str, Any], said: str) -> None:
    arrays = pixels(UPPER_LEFT, seed=1)
    write(cube, "2023-01", UPPER_LEFT, arrays, area="a")
    spoil(cube, lambda group: array_at(group, "red").attrs.update(attributes))
    red = arrays["red"]
    outside = ~np.isin(red, [1, 2, 3]) if "flag_values" in attributes else (red < 10) | (red > 150)
    said = said.format(np.count_nonzero(outside), float(red[outside][0]))
    assert found(cube, bare=True) == [("range", "2023-01 red", said)]


def test_a_band_s_own_range_is_checked_with_and_without_the_product(address: CubeAddress) -> None:
    ranged = template(bands=(replace(BANDS[0], valid_range=(10, 150)), *BANDS[1:]))
    cube, arrays = open_or_create_icechunk_cube(address, ranged), pixels(UPPER_LEFT, seed=1)
    arrays["red"][:5] = 0
    write(cube, "2023-01", UPPER_LEFT, arrays, area="a")
    red = arrays["red"]
    outside = (red != 0) & ((red < 10) | (red > 150))
    said = f"expected 10 to 150, got {np.count_nonzero(outside)} other pixels such as {red[outside][0]:.1f}"
    assert found(cube) == found(cube, bare=True) == [("range", "2023-01 red", said)]


def test_a_range_that_is_declared_later_is_checked_in_the_cube_as_it_is(good: Cube) -> None:
    later = template(bands=(replace(BANDS[0], valid_range=(0, 100)), *BANDS[1:]))
    cube = open_or_create_icechunk_cube(good.address, later)
    assert {where for _, where, _ in found(cube)} == {"2023-01 red", "2023-03 red", "2023-04 red"}
    assert "valid_range" not in array_at(cube.read(), "red").attrs
    wide = template(bands=(replace(BANDS[0], valid_range=(0, 200)), *BANDS[1:]))
    assert found(open_or_create_icechunk_cube(good.address, wide)) == []


def test_too_much_nodata_is_a_finding_of_its_period(good: Cube) -> None:
    said = "expected at most 90.0% nodata in written areas, got 100.0%"
    assert found(good, HowToVerify(max_nodata=0.9)) == [
        ("nodata", "2023-02 red", said), ("nodata", "2023-02 classes", said),
    ]  # fmt: skip
    january = [where for _, where, _ in found(good, HowToVerify(max_nodata=0.49)) if where.startswith("2023-01")]
    assert january == ["2023-01 red"]


def test_nan_beside_another_nodata_is_found(tmp_path: Path) -> None:
    bands = (BandEncoding("lst", "float32", nodata=-9999.0), BandEncoding("plain", "float32", nodata=float("nan")))
    cube = open_or_create_icechunk_cube(CubeAddress(str(tmp_path / "cube")), template(bands=bands))
    arrays = pixels(UPPER_LEFT, 1, bands)
    write(cube, "2023-01", UPPER_LEFT, arrays, area="a")
    assert found(cube) == []
    for name in ("lst", "plain"):
        spoil(cube, lambda group, name=name: put(group, name, 0, 3, slice(0, 5), np.nan))  # type: ignore[misc] # default
    checks = [finding for finding in found(cube) if finding[0] == "nodata"]
    assert checks == [("nodata", "2023-01 lst", "expected nodata -9999 where there is no value, got 5 NaN")]


def test_findings_end_at_the_limit(good: Cube) -> None:
    spoil(good, lambda group: put(group, "ledger/state", slice(0, 4), 0, 1, 4))
    verified = verify_cube(good.address, good.template, how=HowToVerify(limit=2))
    assert len(verified.findings) == 2
    assert verified.more


def test_an_earlier_version_can_be_verified(good: Cube) -> None:
    before = good.repository.lookup_branch("main")
    spoil(good, lambda group: put(group, "red", 0, 0, 70, 7))
    assert verify_cube(good.address, good.template, version=before).findings == ()
    assert found(good)


def test_store_of_someone_else_is_named(tmp_path: Path) -> None:
    address = CubeAddress(str(tmp_path / "other"))
    session = open_or_create_repository(address).writable_session("main")
    xr.Dataset({"a": (("time", "y", "x"), np.ones((1, 2, 2)))}).to_zarr(session.store, consolidated=False)
    session.commit("someone else's")
    missing = [finding.where for finding in verify_cube(address).findings if finding.check is Check.STRUCTURE]
    assert missing == ["cube"] * 3 + ["x", "y", "spatial_ref", "time", "time_bnds", "ledger/state", "ledger/record"]


def test_missing_cube_is_named(tmp_path: Path) -> None:
    with pytest.raises(CubeError, match=r"Expected a cube at .*/none, got"):
        verify_cube(CubeAddress(str(tmp_path / "none")))


def test_expected_pixels_are_what_the_cube_holds(good: Cube) -> None:
    """The fixture is what its name says: what was written is not read back by the code under test alone."""
    march = expected(3, "red")
    march[SHARDS[0].slices] = 0
    session = good.repository.readonly_session("main")
    read = xr.open_zarr(session.store, consolidated=False, mask_and_scale=False)["red"].values
    np.testing.assert_array_equal(read[2], march)
    assert len(BANDS) == 3


def test_only_slots_that_were_written_to_since_a_version_are_read(good: Cube) -> None:
    before = verify_cube(good.address, good.template).snapshot
    unchanged = verify_cube(good.address, good.template, how=HowToVerify(since=before))
    assert (unchanged.slots, unchanged.shards, unchanged.snapshot) == (0, 0, before)
    spoil(good, lambda group: array_at(group, "red").__setitem__((1, slice(0, 4), slice(0, 4)), 500))
    since = verify_cube(good.address, good.template, how=HowToVerify(since=before))
    assert since.slots == 1
    assert since.findings == verify_cube(good.address, good.template).findings != ()


def test_a_version_that_is_no_ancestor_tells_nothing_so_that_all_is_read(good: Cube) -> None:
    before = verify_cube(good.address, good.template).snapshot
    spoil(good, lambda group: array_at(group, "red").__setitem__((1, slice(0, 4), slice(0, 4)), 500))
    after = good.repository.lookup_branch("main")
    good.repository.reset_branch("main", before)
    for since in (after, "0" * 20):
        assert verify_cube(good.address, good.template, how=HowToVerify(since=since)).slots == 4
