"""Sources at a sandbox, places and periods. What does not belong here: expectations."""

from datetime import UTC, datetime
from typing import Any

import pystac
import pystac_client
from affine import Affine
from odc.geo.geobox import GeoBox

from eo_pipeline.core.periods import Period
from eo_pipeline.sources.stac.source import StacSource
from eo_pipeline.storage.transfer.patience import Patience
from eo_pipeline_tests.processes import SandboxProcess

OLD, NEW = "sentinel-2-l2a", "sentinel-2-c1-l2a"
PATIENT = Patience(seconds=60, first_wait=0.05)
HURRIED = Patience(seconds=3, first_wait=0.05)
"""Of searches that fail; a busy sandbox may take longer to compute pixels."""

VIENNA = GeoBox((120, 150), Affine(10, 0, 600_000, 0, -10, 5_340_000), "EPSG:32633")
"""On the pixels of tiles 33UWP and 33UXP, which overlap there."""


def source(server: SandboxProcess, collection: str = NEW, **options: Any) -> StacSource:
    """A collection of the sandbox's API."""
    return StacSource(f"{server.url}/stac/v1", collection, **{"patience": PATIENT, **options})


def period(start: str, end: str) -> Period:
    """From an instant until before another, as ISO without a zone."""
    first, last = (datetime.fromisoformat(text).replace(tzinfo=UTC) for text in (start, end))
    return Period(first, last, start[:10])


def plain_items(server: SandboxProcess, collection: str, bbox: list[float], interval: str) -> list[pystac.Item]:
    """What pystac-client finds by itself, by time, then id."""
    client = pystac_client.Client.open(f"{server.url}/stac/v1")
    found = client.search(collections=[collection], bbox=bbox, datetime=interval, limit=500).items()
    return sorted(found, key=lambda item: (str(item.properties["datetime"]), item.id))
