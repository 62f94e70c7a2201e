"""A product's whole chain in this process, without a daemon, on the same instance and ledger.

What does not belong here: printing (`cli`), and anything an asset does.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import dagster as dg

from eo_pipeline.errors import ServiceUnreachableError
from eo_pipeline.orchestration.chain import Chain
from eo_pipeline.orchestration.event_log.runless_events import store_events
from eo_pipeline.orchestration.following.operations_sensor import operations_of
from eo_pipeline.orchestration.following.reports import Service, Tick, look
from eo_pipeline.orchestration.freshness import Freshness
from eo_pipeline.orchestration.partitions import PartitionKey
from eo_pipeline.orchestration.resources import DataRootResource, EarthEngineResource
from eo_pipeline.orchestration.stage_runs import StageRuns

Progress = Callable[[str, int, int], None]
"""Called with (stage, partitions done, partitions wanted)."""

Tell = Callable[[str], None]
"""Called with what a person should know while a run waits."""

_FOLLOWING = ("ee_asset", "table", "samples", "chips", "series", "series_csv", "points", "tiles", "mosaic")
"""Stages that are made of the one before, partition by partition."""

_UNREACHABLE_POLLS = 20


@dataclass
class RunReport:
    """What a run came to.

    Attributes:
        done: partitions made, by stage; of `zonal_stats` these are periods unless statistics are by area.
        failed: why, by stage and partition.
        skipped: stages that could not be complete, with the reason.
    """

    done: dict[str, list[str]] = field(default_factory=dict)
    failed: dict[tuple[str, str], str] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)

    @property
    def succeeded(self) -> bool:
        """True if nothing failed."""
        return not self.failed

    @property
    def causes(self) -> dict[tuple[str, str], list[str]]:
        """Failed partitions by (stage, why): what has one cause is told once."""
        found: dict[tuple[str, str], list[str]] = {}
        for (stage, partition), words in self.failed.items():
            found.setdefault((stage, words), []).append(partition)
        return found


def run_partitions(
    definitions: dg.Definitions,
    chain: Chain,
    wanted: Sequence[PartitionKey],
    *,
    instance: dg.DagsterInstance,
    resubmit: bool = False,
    priority: int | None = None,
    poll_seconds: float = 5.0,
    progress: Progress | None = None,
    tell: Tell | None = None,
    verbose: bool = False,
) -> RunReport:
    """Take partitions through every stage; what an earlier run or the daemon did is not done again.

    Args:
        definitions: of the code location that holds the product.
        chain: of the product.
        wanted: areas and periods.
        instance: whose event log is the ledger.
        resubmit: export again although the same export succeeded before.
        priority: of the tasks, 0 to 9999; the product's if None.
        poll_seconds: between two looks at Earth Engine.
        progress: told as partitions are done.
        tell: told why partitions are held back, whenever that changed.
        verbose: let Dagster print every event on standard error.

    Raises:
        ServiceUnreachableError: Earth Engine could not be reached for 20 polls in a row.
    """
    runner = _Runner(
        StageRuns(definitions, chain, instance, verbose),
        _freshness(definitions, chain, instance),
        progress,
        tell,
        {} if priority is None else {"priority": priority},
    )
    if chain.product.made_here:
        runner.carry_through(runner.looked_for(wanted))
        return runner.report
    service = operations_of(_earth_engine(definitions), _data_root(definitions), [chain])
    runner.submit(wanted, resubmit=resubmit)
    for ready in runner.exported(service, poll_seconds):
        runner.carry_through(ready)
    return runner.report


@dataclass
class _Runner:
    """One call of `run_partitions`."""

    runs: StageRuns
    freshness: Freshness
    progress: Progress | None
    tell: Tell | None
    config: Mapping[str, object]
    held: str = ""
    report: RunReport = field(default_factory=RunReport)
    waiting: dict[str, PartitionKey] = field(default_factory=dict)
    total: int = 0

    def __post_init__(self) -> None:
        self.report.failed = self.runs.failed

    @property
    def chain(self) -> Chain:
        return self.runs.chain

    def submit(self, wanted: Sequence[PartitionKey], *, resubmit: bool) -> None:
        """Bring every partition under way; those that are wait for Earth Engine from now on."""
        self.total = len(wanted)
        self.runs.materialise("submission", wanted, config={**self.config, "resubmit": resubmit})
        self.waiting = {key.text: key for key in wanted if ("submission", key.text) not in self.runs.failed}
        self._record("submission", list(self.waiting))

    def looked_for(self, wanted: Sequence[PartitionKey]) -> list[PartitionKey]:
        """Partitions whose inputs the source told, looked for now."""
        self.total = len(wanted)
        self.runs.materialise("inputs", wanted)
        found = [key for key in wanted if ("inputs", key.text) not in self.runs.failed]
        self._record("inputs", [key.text for key in found])
        return found

    def exported(self, service: Service, poll_seconds: float) -> Iterator[list[PartitionKey]]:
        """Partitions whose export is done, as they become so."""
        while self.waiting:
            self._poll(service)
            finished = self.freshness.exported(self.waiting)
            for text in [text for text in self.waiting if ("submission", text) in self.runs.failed]:
                del self.waiting[text]
            ready = [self.waiting.pop(text) for text in list(self.waiting) if text in finished]
            if ready:
                self._record("export", [key.text for key in ready])
                yield ready
            elif self.waiting:
                time.sleep(poll_seconds)

    def carry_through(self, exported: Sequence[PartitionKey]) -> None:
        """Every stage below the export; what is there already is not made again."""
        ready = list(exported)
        for stage in _FOLLOWING:
            if stage in self.chain.stages:
                ready = self._make(stage, ready)
        if "cube" in self.chain.stages:
            stacked = self._make("cube", ready)
            ready = stacked if self.chain.zones_above == "cube" else ready
        if "zonal_stats" in self.chain.stages:
            self._measure(ready)

    def _make(self, stage: str, ready: Sequence[PartitionKey]) -> list[PartitionKey]:
        """The partitions that the stage has afterwards."""
        before = self.freshness.made(stage, [key.text for key in ready])
        missing = [key for key in ready if key.text not in before]
        self.runs.materialise(stage, missing)
        after = before | self.freshness.made(stage, [key.text for key in missing])
        made = [key for key in ready if key.text in after]
        self._record(stage, [key.text for key in made])
        return made

    def _measure(self, ready: Sequence[PartitionKey]) -> None:
        """Zonal statistics: by partition, or of each period whose areas are all there."""
        if self.chain.zones_follow_areas:
            there = self.freshness.measured([key.text for key in ready])
            self.runs.materialise("zonal_stats", [key for key in ready if key.text not in there])
            self._record("zonal_stats", [k.text for k in ready if ("zonal_stats", k.text) not in self.runs.failed])
            return
        for period in dict.fromkeys(key.period for key in ready):
            self._measure_period(period)

    def _measure_period(self, period: str) -> None:
        above = self.chain.zones_above
        there = self.runs.instance.get_materialized_partitions(self.chain.key(above))
        missing = [area for area in self.chain.areas if PartitionKey(area, period).text not in there]
        if missing:
            self.report.skipped[f"zonal_stats {period}"] = f"{len(missing)} areas have no {above} yet"
            return
        self.report.skipped.pop(f"zonal_stats {period}", None)
        if not self.freshness.measured([period]):
            self.runs.materialise_period("zonal_stats", period)
        if ("zonal_stats", period) not in self.runs.failed:
            self._record("zonal_stats", [period], total=0)

    def _poll(self, service: Service) -> None:
        """Report what ended; a failed export is reported after its submission ran again, so that none is forgotten."""
        found = self._look(service)
        store_events(self.runs.instance, found.events)
        for event in found.events:
            if isinstance(event, dg.AssetObservation) and event.partition is not None:
                self.runs.failed["submission", event.partition] = event.description or "cancelled"
        lost = [settle.recorded.partition for settle in found.settle if settle.lost]
        again = [settle.recorded.partition for settle in found.settle if not settle.lost]
        again += [held.recorded.partition for held in found.released]
        self._submit_again(again, self.config)
        self._submit_again(lost, {**self.config, "lost": True})
        self._tell_held(found)
        for settle in found.settle:
            if ("submission", settle.recorded.partition) in self.runs.failed:
                self.runs.instance.report_runless_asset_event(settle.event)

    def _submit_again(self, partitions: Sequence[str], config: Mapping[str, object]) -> None:
        self.runs.materialise("submission", [self.waiting[partition] for partition in partitions], config=config)

    def _tell_held(self, found: Tick) -> None:
        """What waits on our side, and why, if that was not told yet."""
        reasons = Counter(one.reason for one in found.held if one not in found.released)
        held = "; ".join(f"{n} partition{'s' * (n > 1)}: {reason}" for reason, n in reasons.most_common())
        if self.tell is not None and held and held != self.held:
            self.tell(f"held back {held}")
        self.held = held

    def _look(self, service: Service) -> Tick:
        for attempt in range(_UNREACHABLE_POLLS):
            try:
                return look(self.runs.instance, self.chain, list(self.waiting), service=service)
            except ServiceUnreachableError:
                if attempt + 1 == _UNREACHABLE_POLLS:
                    raise
                time.sleep(1 + attempt)
        raise AssertionError  # the loop returns or raises

    def _record(self, stage: str, made: Sequence[str], *, total: int | None = None) -> None:
        """Count partitions and tell the progress."""
        done = self.report.done.setdefault(stage, [])
        known = set(done)
        done.extend(text for text in made if text not in known)
        if self.progress is not None:
            self.progress(stage, len(done), self.total if total is None else total)


def _freshness(definitions: dg.Definitions, chain: Chain, instance: dg.DagsterInstance) -> Freshness:
    service = _earth_engine(definitions).settings().service
    return Freshness(instance, chain, service, _data_root(definitions).place().address)


def _data_root(definitions: dg.Definitions) -> DataRootResource:
    resource = (definitions.resources or {})["data_root"]
    assert isinstance(resource, DataRootResource)  # noqa: S101  # every project's definitions hold it
    return resource


def _earth_engine(definitions: dg.Definitions) -> EarthEngineResource:
    resource = (definitions.resources or {})["earth_engine"]
    assert isinstance(resource, EarthEngineResource)  # noqa: S101  # every project's definitions hold it
    return resource
