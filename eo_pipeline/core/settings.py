"""Where the services and data of a deployment are, read from a mapping such as the environment.

What does not belong here: `os.environ` itself (an argument), secrets in messages, and anything about one product.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

from eo_pipeline.core.compute.budget import EECU_HOURS_A_MONTH
from eo_pipeline.core.engine_choice import EngineChoice
from eo_pipeline.core.requests.allowance import Allowance
from eo_pipeline.errors import SettingsError

EARTH_ENGINE_URL = "https://earthengine.googleapis.com"
INTERACTIVE_URL = "https://earthengine-highvolume.googleapis.com"
MONITORING_URL = "https://monitoring.googleapis.com"
DEFAULT_ROOT = "data"
LOCAL_PROCESSES = EngineChoice()


@dataclass(frozen=True)
class Settings:
    """One deployment; variable names in brackets.

    Attributes:
        project: Google Cloud project registered for Earth Engine [EO_PROJECT].
        earth_engine_url: service of exports and operations [EO_EARTH_ENGINE_URL].
        interactive_url: service of interactive requests [EO_INTERACTIVE_URL]; the high-volume one, or that of exports.
        storage_url: Cloud Storage's address, empty for Google's [EO_STORAGE_URL].
        drive_url: Google Drive's address, empty for Google's [EO_DRIVE_URL].
        credentials: `application_default`, `persistent` (a person's, from `earthengine authenticate`), `anonymous`, a
            service account's file, or its JSON [EO_CREDENTIALS]. Never printed.
        bucket: where Earth Engine exports to unless the product says [EO_BUCKET].
        root: local folder or `gs://bucket/folder` of tiles, mosaics, tables and cubes [EO_ROOT].
        scratch: local folder for work in progress [EO_SCRATCH], the system's if empty.
        poll_seconds: between two looks of the sensors at Earth Engine and at what can run [EO_POLL_SECONDS].
        compute_tier: of a non-commercial project: community, contributor or partner; empty if unknown
            [EO_COMPUTE_TIER].
        max_concurrent_exports: tasks that the project's plan runs at once; None if unknown
            [EO_MAX_CONCURRENT_EXPORTS].
        monitoring_url: Cloud Monitoring's address, which meters compute [EO_MONITORING_URL]; Google's, or that of
            exports where they go elsewhere.
        eecu_hour_price: dollars for an EECU-hour [EO_EECU_HOUR_PRICE]; None for the published ones.
        egress_price: dollars for a GB that leaves the bucket [EO_EGRESS_PRICE]; None for the published one.
        requests_at_once: interactive requests that the project's quota allows at once; more are tried if these are let
            in [EO_REQUESTS_AT_ONCE].
        requests_per_second: the same in a second [EO_REQUESTS_PER_SECOND].
        most_requests_at_once: under way at most, whatever is let in [EO_MOST_REQUESTS_AT_ONCE].
        stac_url: asked in place of every product's `source.stac` [EO_STAC_URL]; empty for what products say.
        engine: what composes pixels here unless the product says [EO_ENGINE].
        land: file of land polygons in place of the packaged ones [EO_LAND]; empty for those.
    """

    project: str = ""
    earth_engine_url: str = EARTH_ENGINE_URL
    interactive_url: str = INTERACTIVE_URL
    storage_url: str = ""
    drive_url: str = ""
    credentials: str = field(default="application_default", repr=False)
    bucket: str = ""
    root: str = DEFAULT_ROOT
    scratch: str = ""
    poll_seconds: int = 30
    compute_tier: str = ""
    max_concurrent_exports: int | None = None
    monitoring_url: str = MONITORING_URL
    eecu_hour_price: float | None = None
    egress_price: float | None = None
    requests_at_once: int = 40
    requests_per_second: int = 100
    most_requests_at_once: int = 400
    stac_url: str = ""
    engine: EngineChoice = LOCAL_PROCESSES
    land: str = ""

    @classmethod
    def from_mapping(cls, variables: Mapping[str, str]) -> Self:
        """Read the EO_* variables; absent and empty ones take their defaults."""
        url = variables.get("EO_EARTH_ENGINE_URL") or EARTH_ENGINE_URL
        interactive, monitoring = (INTERACTIVE_URL, MONITORING_URL) if url == EARTH_ENGINE_URL else (url, url)
        return cls(
            project=variables.get("EO_PROJECT", ""),
            earth_engine_url=url.rstrip("/"),
            interactive_url=(variables.get("EO_INTERACTIVE_URL") or interactive).rstrip("/"),
            storage_url=variables.get("EO_STORAGE_URL", "").rstrip("/"),
            drive_url=variables.get("EO_DRIVE_URL", "").rstrip("/"),
            credentials=variables.get("EO_CREDENTIALS") or "application_default",
            bucket=variables.get("EO_BUCKET", ""),
            root=variables.get("EO_ROOT") or DEFAULT_ROOT,
            scratch=variables.get("EO_SCRATCH", ""),
            poll_seconds=_above_0("EO_POLL_SECONDS", "whole seconds", variables.get("EO_POLL_SECONDS") or "30"),
            compute_tier=_tier(variables.get("EO_COMPUTE_TIER", "")),
            max_concurrent_exports=_exports(variables.get("EO_MAX_CONCURRENT_EXPORTS", "")),
            monitoring_url=(variables.get("EO_MONITORING_URL") or monitoring).rstrip("/"),
            eecu_hour_price=_price("EO_EECU_HOUR_PRICE", variables.get("EO_EECU_HOUR_PRICE", "")),
            egress_price=_price("EO_EGRESS_PRICE", variables.get("EO_EGRESS_PRICE", "")),
            requests_at_once=_requests("EO_REQUESTS_AT_ONCE", variables, 40),
            requests_per_second=_requests("EO_REQUESTS_PER_SECOND", variables, 100),
            most_requests_at_once=_requests("EO_MOST_REQUESTS_AT_ONCE", variables, 400),
            stac_url=variables.get("EO_STAC_URL", "").rstrip("/"),
            engine=EngineChoice.from_text(variables.get("EO_ENGINE", ""), field="EO_ENGINE"),
            land=variables.get("EO_LAND", ""),
        )

    @property
    def allowance(self) -> Allowance:
        """What the quota allows, where learning it begins."""
        return Allowance(self.requests_at_once, self.requests_per_second, self.most_requests_at_once)

    @property
    def service(self) -> str:
        """Identity of the service and project that operations live on."""
        return f"{self.earth_engine_url} {self.project}"


def _above_0(name: str, what: str, text: str) -> int:
    if text.isdecimal() and int(text) > 0:
        return int(text)
    raise SettingsError(f"{name}: expected {what} above 0, got {text!r}; correct it")


def _requests(name: str, variables: Mapping[str, str], otherwise: int) -> int:
    return _above_0(name, "a number of requests", variables.get(name) or str(otherwise))


def _exports(text: str) -> int | None:
    return _above_0("EO_MAX_CONCURRENT_EXPORTS", "a number of tasks", text) if text else None


def _price(name: str, text: str) -> float | None:
    if not text:
        return None
    if re.fullmatch(r"\d+(\.\d+)?", text, re.ASCII):
        return float(text)
    raise SettingsError(f"{name}: expected dollars such as 0.40, got {text!r}; correct it, or leave it empty")


def _tier(text: str) -> str:
    if text and text not in EECU_HOURS_A_MONTH:
        known = ", ".join(EECU_HOURS_A_MONTH)
        raise SettingsError(f"EO_COMPUTE_TIER: expected one of {known}, got {text!r}; leave it empty if you don't know")
    return text
