"""What partitions of a product would take, before anything is spent: the event log's records and the pure forecast.

No request goes to Earth Engine. What does not belong here: predicting (`core.estimates`), printing (`cli`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import dagster as dg
import numpy as np

from eo_pipeline.core.estimates.disk import Keeping, local_disk
from eo_pipeline.core.estimates.forecast import Forecast, History, Quantity, forecast
from eo_pipeline.core.estimates.intervals import Interval
from eo_pipeline.core.estimates.outcome import Outcome, compare
from eo_pipeline.core.estimates.plan import Basis, Plan, Wanted
from eo_pipeline.core.estimates.sampling import spread
from eo_pipeline.core.estimates.work import Work
from eo_pipeline.core.exports.layout_advice import Layout, advise
from eo_pipeline.core.exports.submissions import SubmissionState
from eo_pipeline.core.product import Product
from eo_pipeline.core.settings import Settings
from eo_pipeline.orchestration.chain import Chain
from eo_pipeline.orchestration.estimates.export_records import Finished, finished_exports, records_of, work_of
from eo_pipeline.orchestration.following.waiting import waiting_since
from eo_pipeline.orchestration.partitions import PartitionKey
from eo_pipeline.orchestration.ranges import PARTITIONS_A_RUN
from eo_pipeline.orchestration.submissions.planner import area_road

_PAID = frozenset({SubmissionState.SUBMITTED, SubmissionState.FOUND, SubmissionState.INTERACTIVE})
"""States of submissions that cost nothing more; one that is held back was not sent yet."""


@dataclass(frozen=True)
class Project:
    """What plans are made of: a product among the others of its project, on one deployment.

    Attributes:
        instance: whose event log is the ledger.
        chain: the product.
        others: every other product of the project.
        settings: of the deployment.
    """

    instance: dg.DagsterInstance
    chain: Chain
    others: Sequence[Chain]
    settings: Settings

    def finished(self, chain: Chain) -> dict[str, Finished]:
        """A product's finished exports on this deployment's service."""
        return finished_exports(self.instance, chain, service=self.settings.service)


def make_plan(project: Project, wanted: Sequence[PartitionKey], *, now: datetime) -> Plan:
    """Estimate partitions: those that are there or under way cost nothing more.

    Args:
        project: of the product.
        wanted: areas and periods.
        now: aware, UTC.
    """
    chain, product = project.chain, project.chain.product
    finished = project.finished(chain)
    counted, exports = _divided(project, finished, wanted)
    works = [work_of(chain, key) for key in exports]
    history, products = _history(project, finished)
    found = forecast(works, history)
    pixels = sum(work.pixels for work in works)
    raw_bytes = sum(work.values for work in works) * _item_bytes(product)
    return Plan(
        product=product.name,
        made=now.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        wanted=counted,
        basis=Basis(len(history.records), products, history.own, history.concurrency, history.concurrency_from),
        exports=tuple(key.text for key in exports),
        tiles=sum(work.tiles for work in works),
        pixels=pixels,
        raw_bytes=raw_bytes,
        eecu_seconds=_total(found.eecu_seconds),
        bytes=_total(found.bytes),
        disk=_disk(project, works, found.bytes, raw_bytes),
        seconds=found.seconds,
        each_eecu_seconds=() if found.eecu_seconds is None else found.eecu_seconds.each,
        advice=tuple(advise(_layout(project), longest_seconds=_longest(found))) if product.bands else (),
    )


def sample_of(areas: Sequence[str], periods: Sequence[str], count: int) -> list[PartitionKey]:
    """Partitions that tell most about all of these, the same ones each time."""
    return [PartitionKey(area, period) for area, period in spread(areas, periods, count)]


def outcome_of(project: Project, plan: Plan) -> Outcome:
    """A plan of the product and what came of it since."""
    made = datetime.fromisoformat(plan.made).timestamp()
    since = {key: found.record for key, found in project.finished(project.chain).items() if found.recorded >= made}
    return compare(plan, {key: record for key, record in since.items() if record is not None})


def _divided(
    project: Project, finished: Mapping[str, Finished], wanted: Sequence[PartitionKey]
) -> tuple[Wanted, list[PartitionKey]]:
    """Counts, and the partitions that nobody exported or submitted."""
    asked = {key.text for key in wanted}
    waiting = waiting_since(project.instance, project.chain, service=project.settings.service, watermark=0)
    states = {found.partition: found.submission.state for found in waiting.submissions if found.partition in asked}
    under_way = {partition for partition, state in states.items() if state in _PAID}
    current = {partition for partition, found in finished.items() if found.is_current and partition in asked}
    there = current - {loss.recorded.partition for loss in waiting.lost}
    reported = {partition for partition in there if finished[partition].no_images}
    empty = reported | {p for p, state in states.items() if state is SubmissionState.NO_IMAGES}
    done = there | under_way | empty
    left = [key for key in wanted if key.text not in done]
    tasks = [key for key in left if _is_task(project.chain, key.area)]
    at_once = len(left) - len(tasks)
    return Wanted(len(wanted), len(there - empty), len(under_way - there), len(empty), at_once), tasks


def _is_task(chain: Chain, area: str) -> bool:
    """True if an area's images are exported by tasks of the queue."""
    return area_road(chain, area).road == "batch"


def _history(project: Project, finished: Mapping[str, Finished]) -> tuple[History, tuple[str, ...]]:
    """The product's own exports; those of products with the same source if it has none."""
    mine = records_of(finished.values())
    theirs = {chain.product.name: (chain, records_of(project.finished(chain).values())) for chain in project.others}
    every = [*mine, *(record for _, records in theirs.values() for record in records)]
    limit = project.settings.max_concurrent_exports
    if mine:
        return History(mine, own=True, project=every, max_concurrent=limit), (project.chain.product.name,)
    alike = {
        name: records
        for name, (chain, records) in theirs.items()
        if records and _collection(chain.product) == _collection(project.chain.product)
    }
    records = [record for some in alike.values() for record in some]
    return History(records, own=False, project=every, max_concurrent=limit), tuple(alike)


def _collection(product: Product) -> str:
    """What makes products alike: their collection, or their recipe."""
    if product.table is not None:
        return product.table.recipe
    return product.source.collection if product.source is not None else str(product.recipe)


def _total(quantity: Quantity | None) -> Interval | None:
    return None if quantity is None else quantity.total


def _longest(found: Forecast) -> float:
    """High bound of the longest single run, seconds; 0 if unknown."""
    return 0.0 if found.run_seconds is None else max((each.high for each in found.run_seconds.each), default=0.0)


def _item_bytes(product: Product) -> int:
    """Of a stored number; 0 of a table, whose size nobody knows before."""
    return int(np.dtype(product.bands[0].dtype).itemsize) if product.bands else 0


def _disk(project: Project, works: Sequence[Work], size: Quantity | None, raw_bytes: int) -> Interval:
    """Without records, as if nothing could be compressed; nothing of what stays in Earth Engine."""
    if "tiles" not in project.chain.stages:
        return Interval.exactly(0)
    tiles = Interval.exactly(raw_bytes) if size is None else size.total
    product, local = project.chain.product, "://" not in project.settings.root
    at_once = PARTITIONS_A_RUN if local else 1
    cube = product.cube is not None and local and "://" not in product.cube.repository
    mosaics = "mosaic" in project.chain.stages
    keep_all = local and (product.export.keep == "always" or not mosaics)
    keeping = Keeping(tiles_of=None if keep_all else at_once, mosaics=local and mosaics, cube=cube, made=mosaics)
    return local_disk(tiles, exports=len(works), keeping=keeping)


def _layout(project: Project) -> Layout:
    chain, product = project.chain, project.chain.product
    area = product.area
    return Layout(
        lattice=area.lattice,
        areas=[found.geobox for name, found in chain.areas.items() if _is_task(chain, name)],
        bands=product.bands,
        file_dimensions=product.file_dimensions,
        max_pixels=product.export.max_pixels,
        partitions=len(chain.areas)
        * len(chain.by_period.get_partition_keys(dynamic_partitions_store=project.instance)),
        measured=product.zones is not None,
    )
