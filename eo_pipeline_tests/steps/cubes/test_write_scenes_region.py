"""A partition from scenes on disk into a cube: what is written, left alone, discarded, and what the report says."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from odc.geo.crs import CRS

from eo_pipeline.core.cubes.cube_ledger import State
from eo_pipeline.core.cubes.discard import Shapes, kept_shards
from eo_pipeline.core.product import Product
from eo_pipeline.core.rectangles import Rectangle
from eo_pipeline.core.scenes.changes import SceneChanges
from eo_pipeline.engines import Progress
from eo_pipeline.engines.timeline_picture import timeline_png
from eo_pipeline.errors import SourceError
from eo_pipeline.sources.stac.source import StacSource
from eo_pipeline.steps.cubes.find_stale import Today, find_stale
from eo_pipeline.steps.cubes.plan_region import RegionPlan, plan_region
from eo_pipeline.steps.cubes.write_scenes_region import ScenesRegionReport, Workers, write_scenes_region
from eo_pipeline.storage.cubes import (
    CubeAddress,
    open_or_create_cube,
    read_history,
    read_ledger,
    read_partitions,
    verify_cube,
)
from eo_pipeline_tests.steps.cubes import plain
from eo_pipeline_tests.steps.cubes.archive import COLLECTION, LEFT, TOP, MadeScene, grid_at, made_scene, write_archive
from eo_pipeline_tests.steps.cubes.here import Here
from eo_pipeline_tests.steps.cubes.products import (
    JUNE,
    provenance_of,
    scenes_product,
    template_of,
    two_processes,
)

REGION = Rectangle(0, 0, 128, 128)
WEST, EAST = made_scene("west", 3, grid_at(-120, -20), seed=1), made_scene("east", 3, grid_at(30, -20), seed=2)
OLD = made_scene("old", 8, grid_at(-10, -12), seed=3, baseline="03.01")
LATE = made_scene("late", 18, grid_at(-156, -20), seed=4)
"""Over the first 4 columns of the region: within the left shards alone."""
HERE = Workers(Here())
LAND = Shapes([shapely.box(LEFT, TOP - 1280, LEFT + 639, TOP - 641)], CRS("EPSG:32633"))
"""In the lower left shard alone."""


def write(folder: Path, scenes: Sequence[MadeScene], product: Product, **options: Any) -> ScenesRegionReport:
    """June from an archive of these scenes, into the cube beside it."""
    return write_plan(folder, planned(folder, scenes, product), product, **options)


def write_plan(
    folder: Path, plan: RegionPlan, product: Product, *, workers: Workers = HERE, **options: Any
) -> ScenesRegionReport:
    """The same from the archive as it is."""
    return write_scenes_region(
        plan,
        StacSource(str(folder / "archive" / "collection.json"), COLLECTION, threads=2),
        workers,
        template=template_of(product),
        repository=CubeAddress(str(folder / "cube")),
        period=JUNE,
        area_key="whole",
        provenance=provenance_of(plan),
        **options,
    )


def planned(folder: Path, scenes: Sequence[MadeScene], product: Product) -> RegionPlan:
    source = write_archive(folder / "archive", scenes)
    return plan_region(product, template_of(product), REGION, JUNE, source)


def band(folder: Path, product: Product, name: str) -> np.ndarray:
    cube = open_or_create_cube(CubeAddress(str(folder / "cube")), template_of(product))
    return np.asarray(cube.read()[name][0])  # type: ignore[index] # an array of the template


def test_shards_by_workers_are_numpys_medians(tmp_path: Path) -> None:
    product, scenes = scenes_product(), [WEST, EAST, OLD]
    told: list[Progress] = []
    report = write(tmp_path, scenes, product, progress=told.append, workers=two_processes())
    expected = plain.median(plain.observed(scenes, "red", grid_at(0, 0, 128)))
    np.testing.assert_array_equal(band(tmp_path, product, "red"), plain.half_up(expected, 0, "uint16"))
    assert report.states == {State.WRITTEN: 4}
    assert (report.unchanged, report.made, report.slot, report.changed) == (0, 4, 0, True)
    assert report.record.valid_share == np.isfinite(expected).mean()
    assert report.timeline.worker_seconds > 0
    assert report.timeline.retries == 0
    assert timeline_png(report.timeline, title="June")[1:4] == b"PNG"
    assert (told[-1].done, told[-1].total, told[-1].failed) == (4, 4, 0)
    assert not verify_cube(CubeAddress(str(tmp_path / "cube")), template_of(product)).findings


def test_a_late_scene_rewrites_only_the_shards_it_meets(tmp_path: Path) -> None:
    product = scenes_product()
    first = write(tmp_path, [WEST, EAST, OLD], product)
    again = write(tmp_path, [WEST, EAST, OLD], product)
    assert (again.changed, again.unchanged, again.snapshot) == (False, 4, first.snapshot)
    assert again.timeline.bars == ()
    before = planned(tmp_path, [WEST, EAST, OLD], product)
    scenes = [WEST, EAST, OLD, LATE]
    plan = planned(tmp_path, scenes, product)
    recorded = {scene.id: scene.version for scene in before.scenes}
    cube = open_or_create_cube(CubeAddress(str(tmp_path / "cube")), template_of(product))
    (stale,) = find_stale(read_partitions(cube), [Today("2023-06", "whole", plan, recorded)])
    left = (Rectangle(0, 0, 64, 64), Rectangle(64, 0, 128, 64))
    assert stale.shards == left
    assert stale.changes == SceneChanges(added=("late",))
    assert stale.reason == "1 added"
    report = write(tmp_path, scenes, product)
    assert (report.changed, report.unchanged, report.made) == (True, 2, 2)
    assert len(report.timeline.bars) == 2
    assert find_stale(read_partitions(cube), [Today("2023-06", "whole", plan, recorded)]) == ()
    assert len([v for v in read_history(CubeAddress(str(tmp_path / "cube"))) if "2023-06" in v.message]) == 2 + 1


def test_a_scene_is_of_the_shards_whose_pixels_it_decides(tmp_path: Path) -> None:
    """It ends 4 columns before the right shards: clouds grow further, and without its grid its outline counts."""
    near, right = made_scene("near", 18, grid_at(-100, -20), seed=4), Rectangle(0, 64, 64, 128)
    for mask, reaches in (({"scl_exclude": [9]}, False), ({"scl_exclude": [9], "dilation": 3}, True)):
        plan = planned(tmp_path, [EAST, near], scenes_product(mask=mask))
        scenes = {shard.rectangle: [scene.id for scene in shard.scenes] for shard in plan.shards}
        assert scenes[Rectangle(0, 0, 64, 64)] == ["east", "near"]
        assert scenes[right] == (["east", "near"] if reaches else ["east"])
    item = tmp_path / "archive" / "near.json"
    item.write_text(item.read_text().replace("proj:transform", "proj:nothing"))
    source = StacSource(str(tmp_path / "archive" / "collection.json"), COLLECTION, threads=2)
    product = scenes_product()
    plan = plan_region(product, template_of(product), REGION, JUNE, source)
    assert {shard.rectangle: len(shard.scenes) for shard in plan.shards}[right] == 2


def test_a_reprocessed_and_a_removed_scene_are_found(tmp_path: Path) -> None:
    product = scenes_product()
    write(tmp_path, [WEST, EAST, OLD], product)
    recorded = {scene.id: scene.version for scene in planned(tmp_path, [WEST, EAST, OLD], product).scenes}
    changed = replace(EAST, updated="2024-02-02T00:00:00Z")
    plan = planned(tmp_path, [WEST, changed], product)
    cube = open_or_create_cube(CubeAddress(str(tmp_path / "cube")), template_of(product))
    (stale,) = find_stale(read_partitions(cube), [Today("2023-06", "whole", plan, recorded)])
    assert stale.changes == SceneChanges(changed=("east",), removed=("old",))
    assert len(stale.shards) == 4
    (other,) = find_stale(read_partitions(cube), [Today("2023-07", "whole", plan)])
    assert (other.state, other.reason) == (None, "never made")
    darker = scenes_product(mask={"scl_exclude": [2]})
    (recipe,) = find_stale(
        read_partitions(cube), [Today("2023-06", "whole", planned(tmp_path, [WEST, EAST, OLD], darker), recorded)]
    )
    assert recipe.reason == "another recipe or other areas of land"


def test_ocean_is_skipped_and_recorded(tmp_path: Path) -> None:
    product = scenes_product()
    source = write_archive(tmp_path / "archive", [WEST, EAST, OLD])
    template = template_of(product)
    plan = plan_region(product, template, REGION, JUNE, source, kept=kept_shards(template, land=LAND))
    assert [shard.discarded for shard in plan.shards] == [True, True, False, True]
    assert (plan.discarded_share, plan.to_make) == (0.75, 1)
    report = write_plan(tmp_path, plan, product)
    assert report.states == {State.WRITTEN: 1, State.OCEAN: 3}
    red = band(tmp_path, product, "red")
    assert red[64:, :64].any()
    assert not red[:64].any()
    assert not red[64:, 64:].any()
    assert len(report.timeline.bars) == 1


def test_without_images_the_ledger_says_so(tmp_path: Path) -> None:
    product = scenes_product()
    july = made_scene("july", 3, grid_at(-10, -10), seed=9, month=7)
    report = write(tmp_path, [july], product)
    assert report.states == {State.NO_IMAGES: 4}
    assert report.timeline.bars == ()
    cube = open_or_create_cube(CubeAddress(str(tmp_path / "cube")), template_of(product))
    assert list(read_ledger(cube)["state"]) == ["no_images"]


def test_a_month_of_clouds_is_empty_with_its_counts(tmp_path: Path) -> None:
    product = scenes_product()
    cloudy = replace(OLD, bands={**OLD.bands, "scl": np.full_like(OLD.bands["scl"], 9)})
    report = write(tmp_path, [cloudy], product)
    assert report.states == {State.EMPTY: 4}
    assert not band(tmp_path, product, "red").any()
    assert not band(tmp_path, product, "n_valid").any()
    np.testing.assert_array_equal(band(tmp_path, product, "n_obs"), plain.pasted(cloudy, "red", grid_at(0, 0, 128)) > 0)


def test_a_scene_that_cannot_be_read_leaves_the_cube_as_it_was(tmp_path: Path) -> None:
    product = scenes_product()
    first = write(tmp_path, [WEST], product)
    plan = planned(tmp_path, [WEST, EAST], product)
    (tmp_path / "archive" / "east_red.tif").write_bytes(b"no picture")
    with pytest.raises(SourceError, match=r"(?s)got 1 that cannot be read:\n  east, red: .*east_red\.tif") as caught:
        write_plan(tmp_path, plan, product)
    assert "in " in "".join(getattr(caught.value, "__notes__", []))
    assert read_history(CubeAddress(str(tmp_path / "cube")))[0].snapshot == first.snapshot
