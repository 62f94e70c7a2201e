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
    "tasks_over_limit": ("fail", "wait"),
    "storage_authentication": ("optional", "required"),
    "drive_authentication": ("optional", "required"),
    "drive_rate_reason": ("userRateLimitExceeded", "rateLimitExceeded"),
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
    eecu_seconds_per_request: float = _setting(
        0.01, "chosen", "EECU-seconds for a request that is waited for, beside those for its pixels"
    )
    daily_eecu_seconds: float = _setting(
        0.0, "documented", "EECU-seconds a project may use in a day; 0: any, as long as its owner sets no limit"
    )
    daily_eecu_exceeded: str = _setting(
        "Your usage exceeded the custom quota for 'earthengine.googleapis.com/daily_eecu_usage_time', which is "
        "adjustable by your administrator in the Google Cloud console: "
        "https://console.cloud.google.com/quotas/?project=_.",
        "documented",
        "answer to requests above the daily limit, and end of tasks",
    )
    monthly_eecu_hours: float = _setting(
        0.0,
        "chosen",
        "EECU-hours a month above which a project is slowed; 0: any. Non-commercial ones have 150 [documented]",
    )
    monthly_eecu_exceeded: str = _setting(
        "", "inferred", "answer to requests above the monthly limit, and end of tasks; empty: they are only slowed"
    )
    eecu_exceeded_code: int = _setting(429, "inferred", "HTTP status of a request above a limit of compute")
    tasks_over_limit: str = _setting("fail", "inferred", "tasks due to start above a limit of compute: fail or wait")
    restricted_running_at_once: int = _setting(1, "inferred", "running_at_once above the monthly limit")
    restricted_concurrent_requests: int = _setting(2, "inferred", "concurrent_requests above the monthly limit")
    quota_day_begins: float = _setting(
        8.0, "inferred", "UTC hour at which days and months of compute begin: midnight in California, in winter"
    )
    concurrent_requests: int = _setting(40, "documented", "Earth Engine requests of a project answered at once; 0: any")
    requests_per_second: int = _setting(
        0,
        "chosen",
        "Earth Engine requests of a project within a second; 0: any. The service's limit is 100 [documented]",
    )
    requests_per_minute: int = _setting(
        6000, "documented", "Earth Engine requests of a project within a minute; 0: any"
    )
    too_many_a_minute: str = _setting(
        "Quota exceeded for quota metric 'Number of read requests' and limit 'Number of read requests per minute per "
        "user' of service 'earthengine.googleapis.com' for consumer 'project_number:{project}'.",
        "reported",
        "answer 429 to requests over the limit of a minute",
    )
    too_many_requests: str = _setting(
        "Too Many Requests: Request was rejected because the request rate or concurrency limit was exceeded.",
        "reported",
        "answer 429 to requests over the limits of a second or at once",
    )
    operation_days: float = _setting(10.0, "documented", "clock days after its submission at which an operation fails")
    expired_operation: str = _setting(
        "The operation exceeded its maximum lifetime of {days} days.", "inferred", "end of such an operation"
    )
    interactive_bytes: int = _setting(50331648, "documented", "bytes of pixels one interactive request may ask for")
    interactive_side: int = _setting(32768, "documented", "pixels a side of one interactive request")
    interactive_bands: int = _setting(1024, "documented", "bands of one interactive request")
    interactive_seconds: float = _setting(
        300.0,
        "documented",
        "real seconds an interactive request may compute (guide 'Processing environments': five minutes); 0: any",
    )
    batch_seconds: float = _setting(
        0.0, "chosen", "real seconds an operation may compute in one attempt; 0: any, until operation_days end it"
    )
    computation_timed_out: str = _setting(
        "Computation timed out.",
        "reported",
        "answer 400 to a request, or end of a task, that computes for longer (gee-community/geemap issue 1790)",
    )
    interactive_memory_bytes: int = _setting(
        2 * 2**30, "chosen", "bytes the pixels of an interactive request may hold at once, as estimated; 0: any"
    )
    batch_memory_bytes: int = _setting(4 * 2**30, "chosen", "the same of an operation")
    memory_limit_exceeded: str = _setting(
        "User memory limit exceeded.",
        "reported",
        "answer 400 to a request, or end of a task, that needs more (gee-community/geemap issue 1465)",
    )
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
    missing_asset: str = _setting(
        "Asset '{id}' does not exist or doesn't allow this operation.",
        "reported",
        "answer 404 to a request for an asset",
    )
    existing_asset: str = _setting(
        "Cannot overwrite asset '{id}'.", "reported", "answer to making an asset, or end of a task, under a taken id"
    )
    asset_with_children: str = _setting(
        "Before trying to delete an asset, delete its children: '{id}'",
        "reported",
        "answer to the deletion of a folder or collection that is not empty",
    )
    uncopyable_asset: str = _setting(
        "Cannot copy asset '{id}'; can only copy images or tables.",
        "reported",
        "answer to copying a folder or collection",
    )
    asset_in_collection: str = _setting(
        "Parent of the asset '{id}' is a collection; operation not allowed.",
        "reported",
        "answer to setting the policy of an image in a collection",
    )
    malformed_asset_id: str = _setting(
        "Invalid asset ID '{id}': names may contain only letters, digits, hyphens and underscores.",
        "inferred",
        "answer to making an asset under such an id",
    )
    misplaced_asset: str = _setting(
        "Cannot create asset '{id}': its parent is not a folder, or is a collection and the asset is no image.",
        "inferred",
        "answer to making an asset in another asset that cannot hold it",
    )
    unwritable_asset: str = _setting(
        "Permission '{permission}' denied on resource '{id}' (or it may not exist).",
        "remembered",
        "answer 403 to changing an asset of others",
    )
    read_only_projects: tuple[str, ...] = _setting((), "chosen", "projects whose assets nobody may change")
    asset_uri: str = _setting(
        "https://code.earthengine.google.com/?asset={id}", "remembered", "destinationUris of what makes an asset"
    )
    ingestion_description: str = _setting("Asset ingestion: {id}", "remembered", "description of an ingestion")
    asset_quota_bytes: int = _setting(250 * 2**30, "documented", "bytes of assets a project may have")
    asset_quota_count: int = _setting(10_000, "documented", "assets a project may have")
    asset_bytes_exceeded: str = _setting(
        "Asset storage quota of '{root}' exceeded: {limit} bytes.",
        "inferred",
        "answer 429 to making an asset, or end of a task, beyond the bytes",
    )
    asset_count_exceeded: str = _setting(
        "Asset count quota of '{root}' exceeded: {limit} assets.",
        "inferred",
        "answer 429 to making an asset, or end of a task, beyond the number",
    )
    null_geometry: str = _setting(
        "Unable to export features with null geometry.", "remembered", "end of a table export to an asset"
    )
    missing_source: str = _setting(
        "Cannot read source file '{uri}': it does not exist or the caller does not have access.",
        "inferred",
        "end of an ingestion of an object that is not there",
    )
    read_only_buckets: tuple[str, ...] = _setting((), "chosen", "buckets nobody may write to, exports included")
    forbidden_buckets: tuple[str, ...] = _setting((), "chosen", "buckets nobody may use at all, exports included")
    storage_authentication: str = _setting("optional", "chosen", "optional or required: Cloud Storage's credentials")
    token_seconds: float = _setting(3600.0, "documented", "clock seconds an access token lives")
    list_page_size: int = _setting(1000, "documented", "entries of a listing's page when the client names no size")
    list_scan_limit: int = _setting(
        5000, "chosen", "images read for one page of listAssets before a short page is answered"
    )
    list_scan_seconds: float = _setting(
        3.0, "chosen", "seconds of work for one page of listAssets before a short page is answered"
    )
    anonymous: bool = _setting(True, "chosen", "Earth Engine answers requests without a bearer token")
    unregistered_projects: tuple[str, ...] = _setting(
        (), "reported", "projects answered as not registered for Earth Engine"
    )
    denied_permissions: tuple[str, ...] = _setting(
        (),
        "chosen",
        "permissions callers lack, as PROJECT:PERMISSION; serviceusage.services.use, earthengine.computations.create",
    )
    denied_permission: str = _setting(
        "Permission '{permission}' denied on resource 'projects/{project}' (or it may not exist).",
        "reported",
        "answer 403 to a request that needs a permission of denied_permissions",
    )
    foreign_tokens: bool = _setting(
        True, "chosen", "Earth Engine takes bearer tokens that this sandbox did not issue, as a person's"
    )
    drive_authentication: str = _setting("optional", "chosen", "optional or required: Drive's credentials")
    drive_quota_bytes: int = _setting(
        15 * 2**30, "documented", "bytes of all files of a person in Drive; service accounts have none"
    )
    drive_requests_per_minute: int = _setting(
        12000, "documented", "Drive requests of one caller within a minute; 0: any"
    )
    drive_rate_reason: str = _setting(
        "userRateLimitExceeded", "documented", "reason of the 403 above it: userRateLimitExceeded or rateLimitExceeded"
    )
    drive_rate_message: str = _setting("User Rate Limit Exceeded", "documented", "message of that 403")
    drive_without_person: str = _setting(
        "Service accounts do not have storage quota; exports to Drive need a person's credentials.",
        "inferred",
        "end of an export to Drive that a service account started",
    )
    drive_destination_uri: str = _setting(
        "https://drive.google.com/#folders/{folder}", "remembered", "destinationUris of an export to Drive"
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
    stac_count_seconds: float = _setting(
        1.0, "chosen", "seconds of work after which a STAC search does not count; see docs/sandbox_stac.md"
    )
    stac_scan_limit: int = _setting(20000, "chosen", "scenes looked at for one page of a STAC search beyond that")
    stac_scan_seconds: float = _setting(
        5.0, "chosen", "seconds of work after which such a page ends early, and a sorted search is refused"
    )
    stac_static_bbox: str = _setting(
        "16.3,48.1,16.5,48.3", "chosen", "place of the static catalogue's scenes: west, south, east, north"
    )
    stac_static_datetime: str = _setting(
        "2022-01-10T00:00:00Z/2022-03-10T00:00:00Z", "chosen", "times of the static catalogue's scenes"
    )

    world_ingestion_hours: float = _setting(
        0.0, "chosen", "mean hours from sensing to listing of the built-in world's scenes; see docs/sandbox_world.md"
    )
    world_late_share: float = _setting(0.0, "chosen", "share of the world's scenes that come later than that, 0 to 1")
    world_late_days: float = _setting(20.0, "chosen", "by how many days those come later on average")
    world_reprocessed_share: float = _setting(
        0.0, "chosen", "share of the world's scenes that are made anew under the same id, 0 to 1"
    )
    world_reprocessed_days: float = _setting(40.0, "chosen", "mean days from sensing to that")

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
