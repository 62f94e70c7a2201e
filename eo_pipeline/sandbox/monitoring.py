"""Cloud Monitoring's `timeSeries.list` for one metric: compute that a project used. Not here: counting and limiting it.

Protocol: Monitoring v3's discovery document. Labels of the metric are documented by Earth Engine, those of the resource
and the wording of errors are not verified. Usage is known to the minute.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from starlette.routing import Route

from eo_pipeline.sandbox.errors import ServiceError
from eo_pipeline.sandbox.frame.clock import parse_timestamp
from eo_pipeline.sandbox.frame.compute_ledger import ComputeLedger, Usage
from eo_pipeline.sandbox.frame.endpoints import Call, Endpoints

METRIC = "earthengine.googleapis.com/project/cpu/usage_time"
"""Finished compute, EECU-seconds."""
RESOURCE = "earthengine.googleapis.com/Project"
_MINUTE = timedelta(minutes=1)
_TERM = re.compile(r'\s*(metric\.type|resource\.type|metric\.labels?\.(\w+))\s*=\s*(?:"([^"]*)"|([\w./-]+))\s*')
_ALIGNERS = frozenset({"ALIGN_SUM", "ALIGN_DELTA"})
_LABELS = ("compute_type", "workload_tag")

Labels = tuple[str, ...]
"""Values of some of the metric's labels, in their order."""
Series = Mapping[datetime, float]
"""EECU-seconds by the end of the time in which they were used."""


@dataclass(frozen=True)
class Monitoring:
    """The route, and the ledger it reads."""

    ledger: ComputeLedger
    endpoints: Endpoints

    def routes(self) -> list[Route]:
        """All routes of the service."""
        guarded = self.endpoints.guarded(self.list_time_series, "monitoring.timeSeries.list")
        return [Route("/v3/projects/{project}/timeSeries", guarded)]

    def list_time_series(self, call: Call) -> dict[str, object]:
        """GET timeSeries."""
        wanted = _filtered(call.query.get("filter", ""))
        start, end = _instant(call, "interval.startTime"), _instant(call, "interval.endTime")
        usages = [
            usage for usage in self.ledger.usages(call.parameters["project"], start, end) if _matches(usage, wanted)
        ]
        period, kept = _period(call), _kept(call)
        series: dict[Labels, dict[datetime, float]] = {}
        for usage in usages:
            points = series.setdefault(_labels(usage, kept), {})
            place = _aligned(min(usage.minute + _MINUTE, end), end, period)
            points[place] = points.get(place, 0.0) + usage.eecu_seconds
        project, length = call.parameters["project"], period or _MINUTE
        found = [
            _published(project, dict(zip(kept, labels, strict=True)), points, length)
            for labels, points in series.items()
        ]
        return {"timeSeries": found, "unit": "s"} if found else {}


def _filtered(said: str) -> dict[str, str]:
    """Wanted labels of a filter that names the metric.

    Raises:
        ServiceError: 400 for a filter of another form, 404 for another metric.
    """
    wanted: dict[str, str] = {}
    for part in re.split(r"\bAND\b", said):
        term = _TERM.fullmatch(part)
        if term is None:
            raise ServiceError(
                f"Field filter had an invalid value of {said[:200]!r}: The sandbox knows equality and AND."
            )
        wanted[term[2] or term[1]] = term[3] if term[3] is not None else term[4]
    if wanted.pop("metric.type", "") != METRIC or wanted.pop("resource.type", RESOURCE) != RESOURCE:
        raise ServiceError(
            f"Cannot find metric(s) that match {said[:200]!r}; the sandbox has {METRIC}.", 404, "NOT_FOUND"
        )
    if unknown := sorted(set(wanted) - set(_LABELS)):
        raise ServiceError(f"Field filter had an invalid value: The metric has no label {unknown[0]!r}.")
    return wanted


def _matches(usage: Usage, wanted: Mapping[str, str]) -> bool:
    return _labels(usage, tuple(wanted)) == tuple(wanted.values())


def _labels(usage: Usage, names: Iterable[str]) -> Labels:
    known = {"compute_type": usage.compute_type, "workload_tag": usage.workload_tag}
    return tuple(known[name] for name in names)


def _instant(call: Call, name: str) -> datetime:
    said = call.query.get(name, "")
    try:
        return parse_timestamp(said).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise ServiceError(
            f"Field {name} had an invalid value of {said[:100]!r}: expected an RFC 3339 time."
        ) from error


def _period(call: Call) -> timedelta | None:
    """The time that one point covers; None for single minutes."""
    aligner, said = (call.query.get(f"aggregation.{name}", "") for name in ("perSeriesAligner", "alignmentPeriod"))
    if aligner in {"", "ALIGN_NONE"}:
        return None
    seconds = re.fullmatch(r"(\d{1,9})s", said)
    if aligner not in _ALIGNERS or seconds is None or int(seconds[1]) < 60:
        raise ServiceError(
            f"Field aggregation had an invalid value: expected {' or '.join(sorted(_ALIGNERS))} "
            f"and an alignmentPeriod of at least 60s, got {aligner[:50]!r} and {said[:50]!r}."
        )
    return timedelta(seconds=int(seconds[1]))


def _kept(call: Call) -> tuple[str, ...]:
    """Labels by which series differ: all, unless they are added up."""
    reducer = call.query.get("aggregation.crossSeriesReducer", "")
    if reducer in {"", "REDUCE_NONE"}:
        return _LABELS
    if reducer != "REDUCE_SUM":
        raise ServiceError(
            f"Field aggregation.crossSeriesReducer had an invalid value of {reducer[:50]!r}: use REDUCE_SUM."
        )
    named = {name.rpartition(".")[2] for name in call.all_of("aggregation.groupByFields")}
    return tuple(label for label in _LABELS if label in named)


def _aligned(instant: datetime, end: datetime, period: timedelta | None) -> datetime:
    """The end of the period in which an instant lies; periods count back from the end of the interval."""
    return instant if period is None else end - (end - instant) // period * period


def _published(project: str, labels: Mapping[str, str], points: Series, length: timedelta) -> dict[str, object]:
    """A series as the API answers it, the latest point first."""
    return {
        "metric": {"type": METRIC, "labels": dict(labels)},
        "resource": {"type": RESOURCE, "labels": {"project_id": project, "location": "global"}},
        "metricKind": "DELTA",
        "valueType": "DOUBLE",
        "points": [
            {
                "interval": {"startTime": _written(end - length), "endTime": _written(end)},
                "value": {"doubleValue": points[end]},
            }
            for end in sorted(points, reverse=True)
        ],
    }


def _written(instant: datetime) -> str:
    return instant.isoformat().replace("+00:00", "Z")
