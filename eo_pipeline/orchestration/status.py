"""How far a product is: partitions by stage and state.

What does not belong here: how it is printed (`cli`) or checked (`checks`).
"""

import json
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from functools import cached_property

import dagster as dg
from dagster import DagsterEventType

from eo_pipeline.core.exports.submissions import SubmissionState
from eo_pipeline.orchestration.chain import Chain
from eo_pipeline.orchestration.event_log import ledger, names
from eo_pipeline.orchestration.event_log.event_reader import EventReader
from eo_pipeline.orchestration.event_log.ledger import held_identity
from eo_pipeline.orchestration.event_log.stored_submissions import identity_of
from eo_pipeline.orchestration.freshness import above, is_of, is_older, sources_of

_NAMED = 3
"""Partitions that are named where many are held back for one reason."""

_ENDED = [dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]


@dataclass(frozen=True)
class StageStatus:
    """One stage's partitions.

    Attributes:
        stage: one of `Chain.stages`.
        wanted: how many partitions there are.
        done: how many are materialised, and not held back.
        no_images: how many of those have no image.
        stale: how many of those are older than what they are made of, or measured other zones.
        failed: how many failed and were not made since.
        held: how many wait on our side before they are sent.
        withdrawn: how many a person cancelled or deleted and nobody asked for since; they do not count as done.
    """

    stage: str
    wanted: int
    done: int
    no_images: int
    stale: int
    failed: int
    held: int = 0
    withdrawn: int = 0

    @property
    def behind(self) -> int:
        """Partitions that are not there or stale."""
        return self.wanted - self.done + self.stale


@dataclass(frozen=True)
class ProductStatus:
    """A product's stages.

    Attributes:
        product: its name.
        stages: upstream first.
        held_back: partitions that wait on our side, by the reason; what holds back most comes first.
    """

    product: str
    stages: tuple[StageStatus, ...]
    held_back: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @property
    def missing(self) -> int:
        """Partitions of all stages that are not there or stale."""
        return sum(stage.behind for stage in self.stages)

    @property
    def is_complete(self) -> bool:
        """True if every partition of every stage is materialised, and none is stale."""
        return self.missing == 0

    @property
    def sentence(self) -> str:
        """For a person."""
        if self.is_complete:
            return f"{self.product} is complete."
        behind = ", ".join(
            f"{s.stage} {s.done}/{s.wanted}{f' ({s.stale} stale)' if s.stale else ''}" for s in self.stages if s.behind
        )
        return f"{self.product} is not complete: {behind}."

    @property
    def markdown(self) -> str:
        """A table for the UI."""
        rows = [
            f"| {s.stage} | {s.wanted} | {s.done} | {s.no_images} | {s.stale} | {s.held} | {s.failed} | {s.withdrawn} |"
            for s in self.stages
        ]
        headings = "| stage | wanted | done | of them without images | of them stale | held back | failed | withdrawn |"
        return "\n".join([headings, "|---|---|---|---|---|---|---|---|", *rows, *self._markdown_held()])

    @property
    def held_sentences(self) -> tuple[str, ...]:
        """Why partitions wait on our side, a sentence a reason."""
        return tuple(
            f"Held back {len(partitions)} ({_some(partitions)}): {reason}"
            for reason, partitions in self.held_back.items()
        )

    def _markdown_held(self) -> list[str]:
        return ["", *(f"- {sentence}" for sentence in self.held_sentences)] if self.held_back else []


def _some(partitions: Sequence[str]) -> str:
    return ", ".join([*partitions[:_NAMED], *(["..."] if len(partitions) > _NAMED else [])])


def product_status(instance: dg.DagsterInstance, chain: Chain) -> ProductStatus:
    """Count every stage's partitions in the event log."""
    read = _Read(instance, chain)
    stages = tuple(_stage(read, stage) for stage in chain.stages)
    failed = read.failed(chain.first_stage)
    held = {partition: reason for partition, reason in read.held.items() if partition not in failed}
    return ProductStatus(chain.product.name, stages, _by_reason(held))


@dataclass(frozen=True)
class _Read:
    """What the event log tells of a product, each part read once."""

    instance: dg.DagsterInstance
    chain: Chain

    @cached_property
    def stamps(self) -> dict[str, dict[str, ledger.Stamp]]:
        """Newest materialisations by stage; of mosaics, heavy with pictures, only if the product tells how to."""
        light = [stage for stage in self.chain.stages if stage != "mosaic" or self.chain.mosaic_version()]
        return {stage: ledger.stamps(self.instance, self.chain.key(stage)) for stage in light}

    @cached_property
    def places(self) -> dict[str, Mapping[str, int]]:
        """Where the newest materialisations stand, by stage."""
        found = {stage: {p: s.storage_id for p, s in stamps.items()} for stage, stamps in self.stamps.items()}
        heavy = [stage for stage in self.chain.stages if stage not in found]
        return found | {stage: ledger.newest_places(self.instance, self.chain.key(stage)) for stage in heavy}

    @cached_property
    def held(self) -> dict[str, str]:
        """Why the newest submission waits on our side, by partition that the product has today."""
        if "submission" not in self.stamps:
            return {}
        wanted = set(self.chain.by_area_and_period.get_partition_keys(dynamic_partitions_store=self.instance))
        told = {p: str(s.values.get(names.HELD, "")) for p, s in self.stamps["submission"].items() if p in wanted}
        return {partition: str(json.loads(held)["reason"]) for partition, held in told.items() if held}

    def failed(self, stage: str) -> set[str]:
        """Partitions whose last attempt ended without making them; exports that failed or were cancelled."""
        if stage == "export":
            return self._refused()
        log = self.instance.event_log_storage
        attempts = log.get_latest_asset_partition_materialization_attempts_without_materializations(
            self.chain.key(stage)
        )
        runs = {run_id for run_id, _ in attempts.values()}
        ended = self.instance.get_runs(dg.RunsFilter(run_ids=list(runs), statuses=_ENDED)) if runs else []
        over = {run.run_id for run in ended}
        return {partition for partition, (run_id, _) in attempts.items() if run_id in over}

    def _refused(self) -> set[str]:
        """Partitions whose last submission `export` reports as failed or cancelled.

        The run that settles a failure is red as well; but a daemon that dies while it creates that run leaves no trace
        of which partition it was for.
        """
        key, sent = self.chain.key("export"), self.stamps["submission"]
        waiting = {partition for partition in sent if partition not in self.stamps["export"]}
        told = EventReader(DagsterEventType.ASSET_OBSERVATION, _told).newest(self.instance, key, waiting)
        return {partition for partition, identity in told if identity == _identity(partition, sent[partition])}

    def without_images(self, stage: str) -> set[str]:
        """Partitions that recorded that there is no image; a mosaic has what its tiles have."""
        stamps = self.stamps["tiles" if stage == "mosaic" else stage]
        return {partition for partition, stamp in stamps.items() if stamp.values.get(names.STATE) == "no_images"}

    def stale(self, stage: str) -> set[str]:
        """Partitions that are older than what they are made of, or made of something else than counts now."""
        if stage == "export":
            sent = {p: identity_of(stamp.values) for p, stamp in self.stamps["submission"].items()}
            return {p for p, s in self.stamps[stage].items() if s.values.get(names.REPORTED) != sent.get(p)}
        source = above(self.chain, stage)
        older = {p for p in self.places[stage] if source is not None and self._is_older(stage, source, p)}
        return older | self._other(stage)

    def withdrawn(self, stage: str) -> set[str]:
        """Partitions whose submission was cancelled, and of other stages what was deleted and not made since."""
        last = self.stamps.get("submission", {})
        cancelled = {p for p, s in last.items() if s.values.get(names.STATE) == SubmissionState.WITHDRAWN.value}
        if stage == "submission":
            return cancelled
        deleted = {p for p in cancelled if last[p].values.get(names.DELETED)}
        if not deleted:
            return set()
        return {p for p in self.places[stage] if self._is_deleted(stage, p, deleted)}

    def _is_deleted(self, stage: str, partition: str, deleted: Set[str]) -> bool:
        sources = sources_of(self.chain, partition) if stage == "zonal_stats" else [partition]
        places = self.places["submission"]
        return any(places[s] > self.places[stage][partition] for s in sources if s in deleted)

    def _is_older(self, stage: str, source: str, partition: str) -> bool:
        if stage in self.stamps and source in self.stamps and stage != "zonal_stats":
            mine = self.stamps[stage][partition]
            return is_older(source, mine=mine, above=self.stamps[source].get(partition, ledger.Stamp()))
        parts = sources_of(self.chain, partition) if stage == "zonal_stats" else [partition]
        return any(self.places[source].get(part, 0) > self.places[stage][partition] for part in parts)

    def _other(self, stage: str) -> set[str]:
        """Partitions that were made of another declaration."""
        versions = self.chain.versions(stage)
        return {p for p, stamp in self.stamps.get(stage, {}).items() if not is_of(stamp, versions)}


def _told(record: dg.EventLogRecord) -> tuple[str, str] | None:
    """Partition and identity of an observation that reports a submission."""
    event = record.event_log_entry.asset_observation
    if event is None or event.partition is None or names.REPORTED not in event.metadata:
        return None
    return event.partition, str(event.metadata[names.REPORTED].value)


def _identity(partition: str, sent: ledger.Stamp) -> str:
    """Of a submission as `export` reports it."""
    return held_identity(partition) if sent.values.get(names.HELD) else identity_of(sent.values)


def _stage(read: _Read, stage: str) -> StageStatus:
    chain = read.chain
    by_period = stage == "zonal_stats" and not chain.zones_follow_areas
    partitions = chain.by_period if by_period else chain.by_area_and_period
    wanted = set(partitions.get_partition_keys(dynamic_partitions_store=read.instance))
    withdrawn = wanted & read.withdrawn(stage)
    held = set(read.held) if stage == "submission" else set()
    done = wanted & set(read.places[stage]) - withdrawn - held
    failed = (read.failed(stage) & wanted) - done
    return StageStatus(
        stage=stage,
        wanted=len(wanted),
        done=len(done),
        no_images=len(read.without_images(stage) & done),
        stale=len(read.stale(stage) & done),
        failed=len(failed),
        held=len(held - failed),
        withdrawn=len(withdrawn),
    )


def _by_reason(held: Mapping[str, str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for partition, reason in sorted(held.items()):
        found.setdefault(reason, []).append(partition)
    return dict(sorted(found.items(), key=lambda entry: -len(entry[1])))
