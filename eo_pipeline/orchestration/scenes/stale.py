"""Which partitions of a product that is made here would be made otherwise today, given what was recorded.

What does not belong here: comparing (`steps.cubes.find_stale`), and making them again (`late`).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import dagster as dg

from eo_pipeline.core.cubes.cube_ledger import Record
from eo_pipeline.orchestration.event_log import ledger
from eo_pipeline.orchestration.scenes.asking import ask_each, held_rows
from eo_pipeline.orchestration.scenes.tiles import TilesWork
from eo_pipeline.orchestration.scenes.versions import read
from eo_pipeline.orchestration.scenes.work import SceneWork
from eo_pipeline.steps.cubes.find_stale import StalePartition, Today, find_stale
from eo_pipeline.steps.cubes.plan_region import RegionPlan
from eo_pipeline.steps.cubes.plan_slot import SlotPlan
from eo_pipeline.storage.cubes import CubeAddress, cube_exists


@dataclass(frozen=True)
class Stale:
    """What was found.

    Attributes:
        asked: partitions whose inputs the source told.
        made: of them, partitions that the cube has.
        stale: of these, those that would be made otherwise.
        problems: why others could not be asked about, by Dagster's key.
    """

    asked: int
    made: int
    stale: tuple[StalePartition, ...]
    problems: dict[str, str]


def stale_partitions(
    instance: dg.DagsterInstance,
    work: SceneWork | TilesWork,
    address: CubeAddress,
    keys: Sequence[str],
    progress: Callable[[int, int], None],
) -> Stale:
    """Ask the source about partitions that were made, and compare with the cube's ledger; reads no pixels.

    Args:
        instance: whose event log tells what they were made of.
        work: of the product.
        address: of its cube.
        keys: Dagster's, of any partitions.
        progress: called with how many were asked about, of how many.

    Raises:
        StorageError: the cube cannot be reached.
    """
    if not cube_exists(address):
        return Stale(0, 0, (), {})
    rows = held_rows(address, work.template)
    stamps = ledger.stamps(instance, work.chain.key("cube"), keys)
    problems: dict[str, str] = {}
    today = [
        Today(answer.partition.period, answer.partition.area, answer.plan, read(stamps[answer.key].values))
        for answer in ask_each(partial(_plan, work), rows, list(stamps), problems, progress)
    ]
    return Stale(len(today), len(stamps), find_stale(rows, today), problems)


def _plan(work: SceneWork | TilesWork, key: str, held: Record | None) -> RegionPlan | SlotPlan:
    return work.plan(key) if isinstance(work, SceneWork) else work.plan(key, held)
