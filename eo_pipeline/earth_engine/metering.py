"""Compute that a project used, asked of Cloud Monitoring by workload tag and compute type.

It needs the permission `monitoring.timeSeries.list` (role Monitoring Viewer). What does not belong here: what follows
from the numbers (`core.compute.compute_account`).
"""

from collections.abc import Iterator, Mapping
from typing import Any

import google.auth.credentials
import google.auth.exceptions
import httplib2  # type: ignore[import-untyped]  # has no stubs
from googleapiclient.discovery import build  # type: ignore[import-untyped]  # has no stubs
from googleapiclient.errors import Error, HttpError  # type: ignore[import-untyped]  # has no stubs

from eo_pipeline.core.compute.usage import Metered, Unmetered, month_bounds
from eo_pipeline.core.settings import Settings
from eo_pipeline.errors import CredentialsError
from eo_pipeline.storage.credentials import load_credentials

METRIC = "earthengine.googleapis.com/project/cpu/usage_time"
"""Finished compute, EECU-seconds."""

_SCOPE = "https://www.googleapis.com/auth/monitoring.read"
_LABELS = ("workload_tag", "compute_type")
_RETRIES = 2


def meter(settings: Settings, month: str) -> Metered | Unmetered:
    """What the deployment's project used in a month `2026-11`, UTC; why nobody knows, if it cannot be asked.

    Raises:
        SettingsError: it is no month.
    """
    begin, end = month_bounds(month)
    if not settings.project:
        return Unmetered("EO_PROJECT is not set")
    wanted = {
        "name": f"projects/{settings.project}",
        "filter": f'metric.type = "{METRIC}"',
        "interval_startTime": begin.isoformat(),
        "interval_endTime": end.isoformat(),
        "aggregation_alignmentPeriod": f"{int((end - begin).total_seconds())}s",
        "aggregation_perSeriesAligner": "ALIGN_SUM",
        "aggregation_crossSeriesReducer": "REDUCE_SUM",
        "aggregation_groupByFields": [f"metric.labels.{label}" for label in _LABELS],
    }
    try:
        return Metered(dict(_sums(_series(settings, wanted))))
    except CredentialsError as error:
        return Unmetered(str(error))
    except HttpError as error:
        return Unmetered(f"Cloud Monitoring answered {error.status_code}: {error.reason}")
    except (Error, google.auth.exceptions.GoogleAuthError, httplib2.HttpLib2Error, OSError) as error:
        return Unmetered(f"expected Cloud Monitoring at {settings.monitoring_url}, got {type(error).__name__}")


def _series(settings: Settings, wanted: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    options = {"api_endpoint": settings.monitoring_url}
    credentials = _permitted_to_read(load_credentials(settings.credentials))
    with build("monitoring", "v3", credentials=credentials, static_discovery=True, client_options=options) as service:
        listing = service.projects().timeSeries()
        request = listing.list(**wanted)
        while request is not None:
            reply = request.execute(num_retries=_RETRIES)
            yield from reply.get("timeSeries", [])
            request = listing.list_next(request, reply)


def _permitted_to_read(credentials: google.auth.credentials.Credentials) -> google.auth.credentials.Credentials:
    """A service account's token names what it is for; a person's was granted as they logged in."""
    if isinstance(credentials, google.auth.credentials.Scoped):
        scoped: google.auth.credentials.Credentials = credentials.with_scopes([_SCOPE])  # type: ignore[no-untyped-call]  # not annotated
        return scoped
    return credentials


def _sums(series: Iterator[Mapping[str, Any]]) -> Iterator[tuple[tuple[str, str], float]]:
    for one in series:
        labels = one.get("metric", {}).get("labels", {})
        tag, kind = (str(labels.get(label, "")) for label in _LABELS)
        yield (tag, kind), sum(float(point["value"]["doubleValue"]) for point in one["points"])
