"""Zones measured of mosaics, of tiles that no mosaic is made of, and of the cube's slots: one table, three ways."""

from typing import Any

import geopandas
import numpy as np
import pandas as pd
import pytest
import rasterio
import shapely
from rasterstats import zonal_stats

from eo_pipeline.core.settings import Settings
from eo_pipeline.orchestration.event_log import ledger
from eo_pipeline.orchestration.freshness import Freshness
from eo_pipeline.orchestration.io_managers import MosaicIO, TilesIO
from eo_pipeline.orchestration.manifests import check_manifests
from eo_pipeline.orchestration.removing.deleting import delete
from eo_pipeline.orchestration.status import product_status
from eo_pipeline_tests.end_to_end.heights import CRS, LEFT, RESOLUTION, SIDE, TOP, submissions, write_month
from eo_pipeline_tests.end_to_end.pipeline import Pipeline
from eo_pipeline_tests.end_to_end.place import EMPTY, MONTH, PARTITION, Place, assert_made
from eo_pipeline_tests.end_to_end.test_delete import stores_of
from eo_pipeline_tests.end_to_end.test_zones import box, table, write_zones

WAYS = ("cube", "mosaics", "tiles")
"""One after another of one product, whose exports are made once."""
WITH_CUBE: dict[str, Any] = {"cube": {"repository": "cubes/heights", "chunk": 64, "shard": 128}}
SHAPES = {
    "across": shapely.Point(LEFT + 1281, TOP - 1287).buffer(803),
    "inside": shapely.Polygon([(LEFT + 111, TOP - 57), (LEFT + 983, TOP - 333), (LEFT + 402, TOP - 1011)]),
    "over the edge": shapely.box(LEFT + 2203, TOP - 2403, LEFT + 2803, TOP - 1904),
    "elsewhere": shapely.box(LEFT + 90_000, TOP - 100, LEFT + 90_100, TOP),
    "in the cube only": shapely.box(LEFT - 2000, TOP - 900, LEFT - 1700, TOP - 300),
}
STATISTICS = ["count", "mean", "sum", "min", "max", "std", "median", "nodata"]
ZONES: dict[str, Any] = {"file": "fields.geojson", "id": "name", "statistics": STATISTICS}
CELLS: dict[str, Any] = {
    "tile": 128,
    "origin": [LEFT, TOP],
    "bounds": [LEFT - 2560, TOP - 2560, LEFT + 2560, TOP],
}
"""The cube holds ground that no area covers."""
FOUR_AREAS: dict[str, Any] = {"cover": "ground.geojson", "crs": CRS, "resolution": RESOLUTION, **CELLS}
FOUR_TILES: dict[str, Any] = {"box": [LEFT - 1280, TOP - 2560, LEFT + 2560, TOP + 1280], "crs": CRS, "resolution": 10}
"""Files end in the middle of the rasters, and hold ground without images."""
TENTHS: dict[str, Any] = {"height": {"dtype": "int16", "scale": 0.1, "nodata": -32768, "units": "m"}}
FLOATS: dict[str, Any] = {"height": {"dtype": "float32"}}


@pytest.fixture
def place(shared_place: Place) -> Place:
    """With the pixels of the shared sandbox, zones, and the ground that areas cover."""
    folder = shared_place.folder
    write_month(folder, MONTH, seed=1)
    geopandas.GeoDataFrame({"name": list(SHAPES)}, geometry=list(SHAPES.values()), crs=CRS).to_file(
        folder / "fields.geojson"
    )
    write_zones(folder / "ground.geojson", {"all": box((1, SIDE - 1), (1, SIDE - 1))})
    return shared_place


def product(place: Place, of: str, **more: Any) -> Pipeline:
    said = more.pop("zones", {})
    cube = WITH_CUBE["cube"] if of == "cube" else None
    return place.pipeline(**{"zones": {**ZONES, "of": of, **said}, "cube": cube, **more})


def stored(place: Place, output: dict[str, Any]) -> np.ndarray[tuple[int, int], np.dtype[Any]]:
    """The source's pixels as the product stores them."""
    with rasterio.open(place.folder / "h_202401.tif") as dataset:
        pixels: np.ndarray[tuple[int, int], np.dtype[Any]] = dataset.read(1)
    return np.round(pixels.astype(np.float64) / 0.1) if output is TENTHS else pixels


def expected(place: Place, output: dict[str, Any]) -> pd.DataFrame:
    """What rasterstats makes of the source's own pixels, in physical units."""
    with rasterio.open(place.folder / "h_202401.tif") as dataset:
        affine = dataset.transform
    scale = 0.1 if output is TENTHS else 1.0
    values = stored(place, output).astype(np.float64) * scale
    found = zonal_stats(list(SHAPES.values()), values, affine=affine, nodata=-9999, stats=STATISTICS)
    return pd.DataFrame(found, index=list(SHAPES), dtype=float).add_prefix("height_")


@pytest.mark.parametrize(
    ("area", "output", "months"), [(FOUR_AREAS, FLOATS, [MONTH]), (FOUR_TILES, TENTHS, [MONTH, EMPTY])]
)
def test_the_three_ways_give_one_table(
    place: Place, area: dict[str, Any], output: dict[str, Any], months: list[str]
) -> None:
    tables = {}
    for of in WAYS:
        found = product(place, of, area=area, output=output, **({} if of == "tiles" else WITH_CUBE))
        assert found.run(months).failed == {}
        tables[of] = pd.concat([table(found, month) for month in months])
        [stage] = [one for one in product_status(place.instance, found.chain).stages if one.stage == "zonal_stats"]
        assert (stage.done, stage.no_images, stage.stale) == (len(months), len(months) - 1, 0)
    for of in ("cube", "tiles"):
        pd.testing.assert_frame_equal(tables[of], tables["mosaics"], rtol=1e-12)
    made = tables["cube"].set_index("name")
    there, empty = made[made["period"] == MONTH], made[made["period"] == EMPTY]
    wanted = expected(place, output)
    for name in SHAPES:
        if name in ("elsewhere", "in the cube only"):
            assert there.loc[name, "height_count"] == 0
            continue
        for column in wanted.columns:
            if column != "height_nodata":
                assert there.loc[name, column] == pytest.approx(wanted.loc[name, column], rel=1e-6), (name, column)
    assert there["height_nodata"].tolist()[:3] == pytest.approx([0, 0, wanted.loc["over the edge", "height_nodata"]])
    assert there["height_nodata"].isna().tolist() == [False, False, False, True, True]
    assert empty["height_count"].tolist() == [0] * len(SHAPES) * (len(months) - 1)
    assert empty["height_mean"].isna().all()


def test_tiles_that_no_mosaic_is_made_of_stay_and_are_measured_again(place: Place) -> None:
    found = product(place, "tiles")
    assert found.chain.stages == ["submission", "export", "tiles", "zonal_stats"]
    assert_made(found, found.run([MONTH]))
    sent = submissions(place.sandbox)
    made = {stage: found.metadata(stage, PARTITION) for stage in ("export", "tiles")}
    assert not (found.root / "heights" / "mosaic").exists()
    assert found.metadata("zonal_stats", MONTH)["eo/state"] == "written"
    write_zones(place.folder / "fields.geojson", {"new": box((100, 140), (5, 6))})
    again = product(place, "tiles")
    stale = product_status(place.instance, again.chain)
    assert [(stage.stage, stage.stale) for stage in stale.stages if stage.stale] == [("zonal_stats", 1)]
    assert_made(again, again.run([MONTH]))
    assert table(again, MONTH)["height_mean"].tolist() == pytest.approx(
        [stored(place, FLOATS)[5, 100:140].astype(float).mean()], rel=1e-6
    )
    assert {stage: again.metadata(stage, PARTITION) for stage in made} == made
    assert submissions(place.sandbox) == sent
    last = again.metadata("zonal_stats", MONTH)
    assert_made(again, again.run([MONTH]))
    assert again.metadata("zonal_stats", MONTH) == last, "nothing is done twice"


def test_tiles_that_went_with_a_mosaic_are_fetched_again(place: Place) -> None:
    first = product(place, "mosaics")
    assert_made(first, first.run([MONTH]))
    sent, mosaics = submissions(place.sandbox), table(first, MONTH)
    tiles = product(place, "tiles")
    assert Freshness(place.instance, tiles.chain, "", str(tiles.root.absolute())).made("tiles", [PARTITION]) == set()
    assert_made(tiles, tiles.run([MONTH]))
    pd.testing.assert_frame_equal(table(tiles, MONTH), mosaics)
    back = product(place, "mosaics")
    assert_made(back, back.run([MONTH]))
    pd.testing.assert_frame_equal(table(back, MONTH), mosaics)
    assert submissions(place.sandbox) == sent


def test_tiles_that_somebody_removed_are_named(place: Place) -> None:
    found = product(place, "tiles")
    assert_made(found, found.run([MONTH]))
    settings = Settings(root=str(found.root))
    recorded = ledger.stamps(place.instance, found.chain.key("tiles"))
    tiles, mosaics = TilesIO(settings), MosaicIO(settings)
    assert check_manifests(found.chain, recorded, tiles, mosaics).problems == {}
    [file] = (found.root / "heights" / "tiles").rglob("*.tif")
    file.unlink()
    [problem] = check_manifests(found.chain, recorded, tiles, mosaics).problems.values()
    assert problem.startswith("expected 1 files in heights/tiles/whole/2024-01/")
    assert problem.endswith("found fewer; run `tiles` again")
    done = found.materialise("zonal_stats", MONTH)
    assert not done.success
    words = str(done.all_node_events)
    assert "expected the tiles of 2024-01, found fewer:" in words
    assert "materialise `tiles` of it again" in words


def test_a_cube_gives_zones_over_time_and_is_measured_once(place: Place) -> None:
    found = product(place, "cube", zones={"together": True})
    assert found.chain.stages == ["submission", "export", "tiles", "mosaic", "cube", "zonal_stats"]
    assert found.chain.zones_above == "cube"
    assert_made(found, found.run([MONTH, EMPTY]))
    last = {month: found.metadata("zonal_stats", month) for month in (MONTH, EMPTY)}
    assert last[EMPTY]["eo/state"] == "no_images"
    assert_made(found, found.run([MONTH, EMPTY]))
    assert {month: found.metadata("zonal_stats", month) for month in last} == last
    over_time = pd.read_parquet(found.root / "heights" / "zonal_stats_all.parquet")
    assert over_time["period"].tolist() == [MONTH] * len(SHAPES) + [EMPTY] * len(SHAPES)
    inside = over_time[over_time["name"] == "inside"]
    assert inside["height_count"].tolist() == [expected(place, FLOATS).loc["inside", "height_count"], 0]


@pytest.mark.parametrize("of", ["tiles", "cube"])
def test_automation_makes_all_of_it(place: Place, of: str) -> None:
    found = product(place, of)
    daemon = place.daemon(found)
    assert found.materialise("submission", PARTITION).success
    daemon.work()
    assert daemon.failed == []
    for stage in found.chain.stages:
        assert found.instance.get_materialized_partitions(found.chain.key(stage)), stage
    assert table(found, MONTH)["name"].tolist() == list(SHAPES)


def test_a_slot_that_is_not_there_yet_has_no_values(place: Place) -> None:
    found = product(place, "cube")
    assert_made(found, found.run([MONTH]))
    assert found.materialise("zonal_stats", "2024-02").success
    assert found.metadata("zonal_stats", "2024-02")["eo/state"] == "no_images"
    rows = table(found, "2024-02")
    assert rows["height_count"].tolist() == [0] * len(SHAPES)
    assert rows["height_mean"].isna().all()


@pytest.mark.parametrize("of", ["tiles", "cube"])
def test_what_was_measured_goes_with_a_partition_that_is_deleted(place: Place, of: str) -> None:
    found = product(place, of, name=f"gone_{of}")
    assert_made(found, found.run([MONTH]))
    stores = stores_of(place.sandbox, found)
    delete(stores, [PARTITION], keep_history=False, tell=lambda _: None, poll_seconds=0.2)
    folder = found.root / f"gone_{of}"
    assert [path for path in folder.rglob("*") if path.is_file()] == []
    for stage in found.chain.stages[1:]:
        assert not found.instance.get_materialized_partitions(found.chain.key(stage)), stage
    assert_made(found, found.run([MONTH]))
    rows = pd.read_parquet(folder / "zonal_stats" / f"{MONTH}.parquet").set_index("name")
    assert rows["height_count"].tolist()[:2] == expected(place, FLOATS)["height_count"].tolist()[:2]
