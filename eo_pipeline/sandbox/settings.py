"""What of the services is adjustable or not known for certain, each with its default and where the default comes from.

What does not belong here: addresses and folders (arguments of the program), and anything a client can say in a request.
"""

import threading
from collections.abc import Mapping
from dataclasses import Field, dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Literal

import yaml

Source = Literal["documented", "reported", "inferred", "remembered", "chosen"]
"""documented: by Google; reported: in public code or issues; inferred, remembered: unverified; chosen: ours."""


def _setting(default: Any, source: Source, says: str) -> Any:
    return field(default=default, metadata={"source": source, "says": says})


_CHOICES = {
    "duplicate_request": ("first_operation", "already_exists"),
    "storage_authentication": ("optional", "required"),
}


@dataclass(frozen=True)
class Settings:
    """Every adjustable fact; `describe` lists values, sources and meanings."""

    running_at_once: int = _setting(2, "documented", "operations of one project that run at the same time")
    pending_limit: int = _setting(3000, "documented", "pending operations a project may have")
    pending_limit_code: int = _setting(429, "inferred", "HTTP status of a submission over the pending limit")
    default_priority: int = _setting(100, "documented", "priority of an operation that names none, 0..9999")
    pending_seconds: float = _setting(0.0, "chosen", "clock seconds an operation waits before it may start")
    running_seconds: float = _setting(0.0, "chosen", "clock seconds an operation runs at least")
    max_attempts: int = _setting(5, "documented", "starts of an operation that meets internal errors")
    duplicate_request: str = _setting(
        "first_operation", "inferred", "answer to a repeated requestId: first_operation or already_exists"
    )
    eecu_seconds_per_megapixel: float = _setting(0.5, "chosen", "EECU-seconds for a million pixels of one band")
    concurrent_requests: int = _setting(40, "documented", "Earth Engine requests of a project answered at once; 0: any")
    requests_per_second: int = _setting(
        0,
        "chosen",
        "Earth Engine requests of a project within a second; 0: any. The service's limit is 100 [documented]",
    )
    too_many_requests: str = _setting(
        "Too Many Requests: Request was rejected because the request rate or concurrency limit was exceeded.",
        "reported",
        "answer 429 to requests over either limit",
    )
    operation_days: float = _setting(10.0, "documented", "clock days after its submission at which an operation fails")
    expired_operation: str = _setting(
        "The operation exceeded its maximum lifetime of {days} days.", "inferred", "end of such an operation"
    )
    interactive_bytes: int = _setting(50331648, "documented", "bytes of pixels one interactive request may ask for")
    interactive_side: int = _setting(32768, "documented", "pixels a side of one interactive request")
    interactive_bands: int = _setting(1024, "documented", "bands of one interactive request")
    download_bytes: int = _setting(33554432, "documented", "bytes of pixels one download address may ask for")
    download_side: int = _setting(10000, "documented", "pixels a side of one download address")
    features_page: int = _setting(1000, "documented", "features of a page of computeFeatures at most")
    payload_bytes: int = _setting(10485760, "documented", "bytes of a request's body")
    export_max_pixels: int = _setting(100000000, "documented", "maxPixels of an export that names none")
    export_shard_size: int = _setting(256, "documented", "shardSize of an export that names none, pixels")
    export_file_bytes: int = _setting(
        2**31, "inferred", "uncompressed bytes of one file in an export without fileDimensions"
    )
    export_window: int = _setting(512, "chosen", "pixels a side an export evaluates at once: bounds its memory")
    integer_fill: int = _setting(
        0, "remembered", "value under the mask in integer exports without noData; floats get NaN"
    )
    destination_uri: str = _setting(
        "https://console.developers.google.com/storage/browser/{bucket}/{folder}",
        "remembered",
        "destinationUris of an export",
    )
    missing_bucket: str = _setting(
        "Cloud Storage bucket '{bucket}' does not exist or caller does not have access.",
        "remembered",
        "end of an export whose bucket does not exist",
    )
    unwritable_bucket: str = _setting(
        "Permission 'storage.objects.create' denied on Cloud Storage bucket '{bucket}'.",
        "inferred",
        "end of an export that may not write to its bucket",
    )
    read_only_buckets: tuple[str, ...] = _setting((), "chosen", "buckets nobody may write to, exports included")
    forbidden_buckets: tuple[str, ...] = _setting((), "chosen", "buckets nobody may use at all, exports included")
    storage_authentication: str = _setting("optional", "chosen", "optional or required: Cloud Storage's credentials")
    token_seconds: float = _setting(3600.0, "documented", "clock seconds an access token lives")
    list_page_size: int = _setting(1000, "documented", "entries of a listing's page when the client names no size")
    list_scan_limit: int = _setting(
        5000, "chosen", "images read for one page of listAssets before a short page is answered"
    )
    anonymous: bool = _setting(True, "chosen", "Earth Engine answers requests without a bearer token")
    unregistered_projects: tuple[str, ...] = _setting(
        (), "reported", "projects answered as not registered for Earth Engine"
    )
    disabled_projects: tuple[str, ...] = _setting(
        (), "reported", "projects answered as having the Earth Engine API switched off"
    )
    stac_declares_applied_offset: bool = _setting(
        True,
        "reported",
        "items of sentinel-2-l2a whose pixels have the offset taken out declare offset -0.1 all the same "
        "(Element84/earth-search issues 66, 71)",
    )
    stac_applied_from: str = _setting(
        "2022-02-27",
        "reported",
        "first sensing day whose scenes of sentinel-2-l2a have the offset taken out "
        "(cirrus-geo/cirrus-earth-search issue 21)",
    )
    stac_mislabelled: tuple[str, ...] = _setting(
        (),
        "reported",
        "items of sentinel-2-l2a whose earthsearch:boa_offset_applied says the opposite of what their pixels are "
        "(Element84/earth-search issues 33, 66, 71)",
    )
    stac_page_size: int = _setting(10, "documented", "items of a page of STAC when the client names no limit")
    stac_count_limit: int = _setting(2000, "chosen", "scenes among which a STAC search counts matches and sorts")
    stac_scan_limit: int = _setting(20000, "chosen", "scenes looked at for one page of a STAC search beyond that")
    stac_static_bbox: str = _setting(
        "16.3,48.1,16.5,48.3", "chosen", "place of the static catalogue's scenes: west, south, east, north"
    )
    stac_static_datetime: str = _setting(
        "2022-01-10T00:00:00Z/2022-03-10T00:00:00Z", "chosen", "times of the static catalogue's scenes"
    )

    def __post_init__(self) -> None:
        """Refuse values of the wrong kind.

        Raises:
            ValueError: Names the setting, what was expected and what came.
        """
        for entry in fields(self):
            _check(entry, getattr(self, entry.name))
        for name, choices in _CHOICES.items():
            if getattr(self, name) not in choices:
                said = getattr(self, name)
                raise ValueError(f"Setting {name}: expected {' or '.join(choices)}, got {said!r}; correct it.")

    def describe(self) -> dict[str, dict[str, object]]:
        """Value, source and meaning of each setting by name."""
        return {entry.name: {"value": getattr(self, entry.name), **entry.metadata} for entry in fields(self)}


def _check(entry: "Field[Any]", value: object) -> None:
    expected = type(entry.default)
    accepted = (int, float) if expected is float else expected
    wrong_bool = isinstance(value, bool) and expected is not bool
    if wrong_bool or not isinstance(value, accepted):
        raise ValueError(f"Setting {entry.name}: expected {expected.__name__}, got {value!r}; correct it.")
    if isinstance(value, tuple) and not all(isinstance(item, str) for item in value):
        raise ValueError(f"Setting {entry.name}: expected a list of texts, got {list(value)!r}; correct it.")
    if isinstance(value, int | float) and not isinstance(value, bool) and value < 0:
        raise ValueError(f"Setting {entry.name}: expected a number of at least 0, got {value!r}; correct it.")


def changed(settings: Settings, changes: Mapping[str, object]) -> Settings:
    """The settings with some of them replaced; lists become tuples.

    Raises:
        ValueError: A name is unknown or a value of the wrong kind.
    """
    known = {entry.name for entry in fields(Settings)}
    unknown = sorted(set(changes) - known)
    if unknown:
        raise ValueError(f"Settings: expected names among {sorted(known)}, got {unknown}; remove or correct them.")
    values = {name: tuple(value) if isinstance(value, list) else value for name, value in changes.items()}
    return replace(settings, **values)  # type: ignore[arg-type]  # kinds are checked by __post_init__


def load_settings(path: Path) -> Settings:
    """Read settings from a YAML mapping; what it does not name keeps its default.

    Raises:
        ValueError: The file is no mapping, a name is unknown or a value of the wrong kind.
    """
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    if content is None:
        return Settings()
    if isinstance(content, dict):
        return changed(Settings(), content)
    kind = type(content).__name__
    raise ValueError(f"{path}: expected a mapping of setting names to values, got {kind}; correct the file.")


class LiveSettings:
    """The settings in force, replaceable while the server runs."""

    def __init__(self, settings: Settings) -> None:
        self._lock = threading.Lock()
        self._settings = settings

    @property
    def now(self) -> Settings:
        """The settings in force."""
        return self._settings

    def change(self, changes: Mapping[str, object]) -> Settings:
        """Replace some settings; nothing changes if one of them is wrong."""
        with self._lock:
            self._settings = changed(self._settings, changes)
            return self._settings
