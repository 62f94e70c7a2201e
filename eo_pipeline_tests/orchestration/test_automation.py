"""What runs by itself when its inputs are there: historical periods too, statistics only over whole periods."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from eo_pipeline.core.product import Mosaic
from eo_pipeline.orchestration.automation import grouped, on_crash
from eo_pipeline.orchestration.chain import Chain
from eo_pipeline.orchestration.definitions import build_definitions
from eo_pipeline_tests.orchestration.event_log import materialise
from eo_pipeline_tests.orchestration.fields import EAST, MONTHS, WEST, two_areas

FIRST, LAST = MONTHS


@pytest.fixture
def made(tmp_path: Path) -> Chain:
    return two_areas(tmp_path)


class Daemon:
    """Looks at what can run, time after time."""

    def __init__(self, made: Chain, instance: dg.DagsterInstance, folder: Path) -> None:
        self._chain, self._instance, self._folder = made, instance, folder
        self._cursor: Any = None
        self.reload()
        self.look()

    def reload(self, **sections: Any) -> None:
        """Read the product, perhaps changed, and its files again, as a code location that is reloaded."""
        self._chain = replace(self._chain, product=self._chain.product.model_copy(update=sections))
        self._definitions = build_definitions([self._chain.product], folder=self._folder)

    def checks(self) -> list[str]:
        """Names of checks that are asked for."""
        result = dg.evaluate_automation_conditions(defs=self._definitions, instance=self._instance, cursor=self._cursor)
        self._cursor = result.cursor
        return [
            found.key.name
            for found in result.results
            if isinstance(found.key, dg.AssetCheckKey) and found.true_subset.size
        ]

    def look(self) -> dict[str, set[str]]:
        """Partitions that are asked for, by stage."""
        result = dg.evaluate_automation_conditions(defs=self._definitions, instance=self._instance, cursor=self._cursor)
        self._cursor = result.cursor
        asked = {stage: result.get_requested_partitions(self._chain.key(stage)) for stage in self._chain.stages}
        return {stage: {str(key) for key in keys} for stage, keys in asked.items() if keys}

    def make(self, stage: str, *partitions: str) -> None:
        """Store materialisations."""
        for partition in partitions:
            materialise(self._instance, self._chain, stage, partition)


@pytest.fixture
def daemon(made: Chain, instance: dg.DagsterInstance, tmp_path: Path) -> Daemon:
    return Daemon(made, instance, tmp_path)


def test_nothing_runs_before_an_export_is_reported(daemon: Daemon) -> None:
    daemon.make("submission", f"{WEST}|{FIRST}", f"{EAST}|{FIRST}")
    assert daemon.look() == {}


@pytest.mark.parametrize("month", MONTHS)
def test_an_export_of_any_period_flows_to_tiles_mosaic_and_cube(daemon: Daemon, month: str) -> None:
    key = f"{WEST}|{month}"
    daemon.make("export", key)
    assert daemon.look() == {"tiles": {key}, "mosaic": {key}, "cube": {key}}


def test_a_partition_flows_while_others_are_still_exported(daemon: Daemon) -> None:
    key = f"{EAST}|{FIRST}"
    daemon.make("submission", f"{WEST}|{FIRST}", key)
    daemon.make("export", key)
    assert daemon.look()["tiles"] == {key}


def test_statistics_wait_for_every_area_of_their_period(daemon: Daemon) -> None:
    daemon.make("export", f"{WEST}|{FIRST}")
    daemon.look()
    for stage in ("tiles", "mosaic", "cube"):
        daemon.make(stage, f"{WEST}|{FIRST}")
    assert "zonal_stats" not in daemon.look()
    daemon.make("export", f"{EAST}|{FIRST}")
    daemon.look()
    for stage in ("tiles", "mosaic", "cube"):
        daemon.make(stage, f"{EAST}|{FIRST}")
    assert daemon.look() == {"zonal_stats": {FIRST}}


def test_what_is_made_is_not_asked_for_again(daemon: Daemon) -> None:
    key = f"{WEST}|{FIRST}"
    daemon.make("export", key)
    daemon.look()
    for stage in ("tiles", "mosaic", "cube"):
        daemon.make(stage, key)
    assert daemon.look() == {}


def test_a_new_export_of_a_partition_makes_everything_after_it_again(daemon: Daemon) -> None:
    key = f"{WEST}|{FIRST}"
    daemon.make("export", key)
    daemon.look()
    for stage in ("tiles", "mosaic", "cube"):
        daemon.make(stage, key)
    daemon.look()
    daemon.make("export", key)
    assert daemon.look() == {"tiles": {key}, "mosaic": {key}, "cube": {key}}


def test_submissions_are_never_started_by_automation(made: Chain, tmp_path: Path) -> None:
    graph = build_definitions([made.product], folder=tmp_path).resolve_asset_graph()
    assert graph.get(made.key("submission")).automation_condition is None


def test_backfills_are_cut_into_runs_of_many_partitions() -> None:
    assert grouped().max_partitions_per_run == 50
    assert grouped(7).max_partitions_per_run == 7


def test_surprises_are_tried_again_later_each_time() -> None:
    assert (on_crash().max_retries, on_crash().backoff) == (2, dg.Backoff.EXPONENTIAL)


def test_edited_zones_are_measured_again_in_every_period_that_has_mosaics(daemon: Daemon, made: Chain) -> None:
    for area in (WEST, EAST):
        for stage in ("tiles", "mosaic", "cube"):
            daemon.make(stage, f"{area}|{FIRST}")
    daemon.look()
    daemon.make("zonal_stats", FIRST)
    assert daemon.look() == {}
    assert made.zones_file is not None
    made.zones_file.write_bytes(made.zones_file.read_bytes() + b" ")
    daemon.reload()
    assert daemon.look() == {"zonal_stats": {FIRST}}
    daemon.make("zonal_stats", FIRST)
    assert daemon.look() == {}


@pytest.mark.parametrize(
    ("keep", "again"), [("until_mosaic", ("tiles", "mosaic", "cube")), ("always", ("mosaic", "cube"))]
)
def test_another_way_to_make_mosaics_brings_tiles_again_that_went_with_them(
    instance: dg.DagsterInstance, tmp_path: Path, keep: str, again: tuple[str, ...]
) -> None:
    daemon, key = Daemon(two_areas(tmp_path, export={"keep": keep}), instance, tmp_path), f"{WEST}|{FIRST}"
    for stage in ("export", "tiles", "mosaic", "cube"):
        daemon.make(stage, key)
    daemon.look()
    for overlap in ("mean", "last"):
        daemon.reload(mosaic=Mosaic.model_validate({"overlap": overlap}))
        assert daemon.look() == {stage: {key} for stage in again}
        for stage in again:
            daemon.make(stage, key)
        assert daemon.look() == {}


@pytest.mark.parametrize(("keep", "again"), [("until_mosaic", ["tiles", "zonal_stats"]), ("always", ["zonal_stats"])])
def test_zones_of_tiles_bring_tiles_again_that_went_with_mosaics(
    instance: dg.DagsterInstance, tmp_path: Path, keep: str, again: list[str]
) -> None:
    declared = two_areas(tmp_path, export={"keep": keep})
    made = replace(declared, product=declared.product.model_copy(update={"cube": None}))
    daemon, keys = Daemon(made, instance, tmp_path), {f"{WEST}|{FIRST}", f"{EAST}|{FIRST}"}
    for stage in ("export", "tiles", "mosaic"):
        daemon.make(stage, *keys)
    daemon.make("zonal_stats", FIRST)
    daemon.look()
    assert made.product.zones is not None
    daemon.reload(zones=made.product.zones.model_copy(update={"of": "tiles"}))
    asked = {"tiles": keys, "zonal_stats": {FIRST}}
    assert daemon.look() == {stage: asked[stage] for stage in again}
    for stage in again:
        daemon.make(stage, *asked[stage])
    assert daemon.look() == {}
    daemon.make("tiles", *keys)
    assert daemon.look() == {"zonal_stats": {FIRST}}


def test_zones_of_a_cube_follow_its_slots(instance: dg.DagsterInstance, tmp_path: Path) -> None:
    made = two_areas(tmp_path)
    assert made.product.zones is not None
    zones = made.product.zones.model_copy(update={"of": "cube"})
    daemon = Daemon(replace(made, product=made.product.model_copy(update={"zones": zones})), instance, tmp_path)
    keys = (f"{WEST}|{FIRST}", f"{EAST}|{FIRST}")
    for stage in ("export", "tiles", "mosaic"):
        daemon.make(stage, *keys)
    daemon.make("cube", keys[0])
    assert daemon.look() == {"cube": {keys[1]}}, "one area's slot is not the period's"
    daemon.make("cube", keys[1])
    assert daemon.look() == {"zonal_stats": {FIRST}}
    daemon.make("zonal_stats", FIRST)
    assert daemon.look() == {}
    daemon.make("mosaic", keys[0])
    assert daemon.look() == {"cube": {keys[0]}}
    daemon.make("cube", keys[0])
    assert daemon.look() == {"zonal_stats": {FIRST}}


def test_completeness_is_checked_when_anything_was_made(daemon: Daemon) -> None:
    assert daemon.checks() == []
    daemon.make("tiles", f"{WEST}|{FIRST}")
    assert sorted(daemon.checks()) == ["complete", "manifest"]
    assert daemon.checks() == []
