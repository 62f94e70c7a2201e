"""Where the services and data of a deployment are, read from a mapping such as the environment.

What does not belong here: `os.environ` itself (an argument), secrets in messages, and anything about one product.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

from eo_pipeline.errors import SettingsError

EARTH_ENGINE_URL = "https://earthengine.googleapis.com"
INTERACTIVE_URL = "https://earthengine-highvolume.googleapis.com"
DEFAULT_ROOT = "data"


@dataclass(frozen=True)
class Settings:
    """One deployment; variable names in brackets.

    Attributes:
        project: Google Cloud project registered for Earth Engine [EO_PROJECT].
        earth_engine_url: service of exports and operations [EO_EARTH_ENGINE_URL].
        interactive_url: service of interactive requests [EO_INTERACTIVE_URL]; the high-volume one, or that of exports.
        storage_url: Cloud Storage's address, empty for Google's [EO_STORAGE_URL].
        credentials: `application_default`, `persistent` (a person's, from `earthengine authenticate`), `anonymous`, a
            service account's file, or its JSON [EO_CREDENTIALS]. Never printed.
        bucket: where Earth Engine exports to unless the product says [EO_BUCKET].
        root: local folder or `gs://bucket/folder` of tiles, mosaics, tables and cubes [EO_ROOT].
        scratch: local folder for work in progress [EO_SCRATCH], the system's if empty.
        poll_seconds: between two looks of the sensors at Earth Engine and at what can run [EO_POLL_SECONDS].
    """

    project: str = ""
    earth_engine_url: str = EARTH_ENGINE_URL
    interactive_url: str = INTERACTIVE_URL
    storage_url: str = ""
    credentials: str = field(default="application_default", repr=False)
    bucket: str = ""
    root: str = DEFAULT_ROOT
    scratch: str = ""
    poll_seconds: int = 30

    @classmethod
    def from_mapping(cls, variables: Mapping[str, str]) -> Self:
        """Read the EO_* variables; absent and empty ones take their defaults."""
        url = variables.get("EO_EARTH_ENGINE_URL") or EARTH_ENGINE_URL
        derived = INTERACTIVE_URL if url == EARTH_ENGINE_URL else url
        return cls(
            project=variables.get("EO_PROJECT", ""),
            earth_engine_url=url.rstrip("/"),
            interactive_url=(variables.get("EO_INTERACTIVE_URL") or derived).rstrip("/"),
            storage_url=variables.get("EO_STORAGE_URL", "").rstrip("/"),
            credentials=variables.get("EO_CREDENTIALS") or "application_default",
            bucket=variables.get("EO_BUCKET", ""),
            root=variables.get("EO_ROOT") or DEFAULT_ROOT,
            scratch=variables.get("EO_SCRATCH", ""),
            poll_seconds=_whole_seconds(variables.get("EO_POLL_SECONDS") or "30"),
        )

    @property
    def service(self) -> str:
        """Identity of the service and project that operations live on."""
        return f"{self.earth_engine_url} {self.project}"


def _whole_seconds(text: str) -> int:
    if text.isdecimal() and int(text) > 0:
        return int(text)
    raise SettingsError(f"EO_POLL_SECONDS: expected whole seconds above 0, got {text!r}")
