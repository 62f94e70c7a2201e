"""Opens everything an application is made of, in one folder. What does not belong here: routes."""

from collections.abc import Callable, Hashable, Iterable
from datetime import UTC, datetime
from pathlib import Path

from eo_pipeline.sandbox.app import Parts
from eo_pipeline.sandbox.catalog.catalog import Catalog, CompositeCatalog
from eo_pipeline.sandbox.catalog.files import load_file_catalog
from eo_pipeline.sandbox.catalog.user_assets.store import AssetStore
from eo_pipeline.sandbox.catalog.user_assets.user_catalog import UserCatalog
from eo_pipeline.sandbox.cloud_storage import routes as storage
from eo_pipeline.sandbox.cloud_storage.auth import PERSON
from eo_pipeline.sandbox.cloud_storage.settings import CloudStorageSettings
from eo_pipeline.sandbox.cloud_storage.store import Store
from eo_pipeline.sandbox.cloud_storage.tokens import open_tokens
from eo_pipeline.sandbox.drive import routes as drive
from eo_pipeline.sandbox.drive.settings import DriveSettings
from eo_pipeline.sandbox.drive.store import DriveStore
from eo_pipeline.sandbox.earth_engine.graph_engine import GraphEngine
from eo_pipeline.sandbox.frame.clock import Clock
from eo_pipeline.sandbox.frame.journal import FILE, last_instant
from eo_pipeline.sandbox.settings import LiveSettings, Settings
from eo_pipeline.sandbox.stac import routes as stac
from eo_pipeline.sandbox.tasks.export_bucket import StoreBucket, bucket_opener
from eo_pipeline.sandbox.tasks.export_drive import drive_opener
from eo_pipeline.sandbox.world.publishing import Present, Publishing
from eo_pipeline.sandbox.world.world import build_world


def open_parts(
    data: Path, *, catalog: Path | None, settings: Settings, speed: float, buckets: Iterable[str] = ()
) -> Parts:
    """Open or make the sandbox of a folder.

    Args:
        data: Folder of everything that survives a restart; made when absent.
        catalog: File of local rasters that stand in for, or beside, the built-in world.
        settings: At the start.
        speed: Clock seconds per real second.
        buckets: Made unless they are there.

    Raises:
        CatalogFileError: The catalogue file is wrong.
        StorageError: A bucket's name is none.
    """
    live = LiveSettings(settings)
    clock = Clock(speed=speed, start=_start(data))
    store = Store(data / "cloud_storage", clock.now)
    drive_settings = _drive_settings(live)
    drives = DriveStore(data / "drive", clock.now, drive_settings)
    tokens = open_tokens(store.root, clock.now)
    _make_buckets(store, buckets)
    own = AssetStore(data / "assets", clock.now)
    present = _present(live, clock)
    assets = open_catalog(catalog, UserCatalog(own), present=present)
    return Parts(
        data=data,
        settings=live,
        clock=clock,
        catalog=assets,
        store=own,
        engine=GraphEngine(assets, state=_state(own, present)),
        destinations={
            "cloudStorageDestination": bucket_opener(StoreBucket(store, live), live),
            "driveDestination": drive_opener(drives, live, PERSON),
        },
        open_object=lambda bucket, name: store.open(bucket, name)[1],
        tokens=tokens,
        drive_routes=drive.routes(drives, drive_settings, tokens),
        stac_routes=stac.routes(assets, live, clock.now),
        storage_routes=storage.routes(store, _storage_settings(live), tokens),
    )


def _start(data: Path) -> datetime:
    """Now, or where a faster clock of an earlier run had come to: time never goes back."""
    now, before = datetime.now(UTC), last_instant(data / FILE)
    return now if before is None else max(now, before)


def _make_buckets(store: Store, names: Iterable[str]) -> None:
    there = {record["name"] for record in store.buckets()}
    for name in dict.fromkeys(names):
        if name not in there:
            store.create_bucket(name)


def open_catalog(file: Path | None, *others: Catalog, present: Present = Publishing) -> Catalog:
    """The assets served: those of a file, of the others, and the built-in world's where none of them names them.

    Args:
        file: of local rasters and tables, or None.
        others: further catalogs, after the file's.
        present: when the world's scenes appear.
    """
    files: list[Catalog] = [] if file is None else [load_file_catalog(file)]
    return CompositeCatalog([*files, *others, build_world(present)])


def _present(live: LiveSettings, clock: Clock) -> Present:
    def current() -> Publishing:
        now = live.now
        return Publishing(
            now_ms=round(clock.now().timestamp() * 1000),
            ingestion_hours=now.world_ingestion_hours,
            late_share=now.world_late_share,
            late_days=now.world_late_days,
            reprocessed_share=now.world_reprocessed_share,
            reprocessed_days=now.world_reprocessed_days,
        )

    return current


def _state(own: AssetStore, present: Present) -> Callable[[], Hashable]:
    """What assets depend on: clients change theirs, scenes may appear."""

    def current() -> Hashable:
        scenes = present()
        return own.changes, None if scenes.is_all_there else scenes

    return current


def _drive_settings(live: LiveSettings) -> Callable[[], DriveSettings]:
    def current() -> DriveSettings:
        now = live.now
        return DriveSettings(
            credentials_required=now.drive_authentication == "required",
            quota_bytes=now.drive_quota_bytes,
            requests_per_minute=now.drive_requests_per_minute,
            rate_reason=now.drive_rate_reason,
            rate_message=now.drive_rate_message,
        )

    return current


def _storage_settings(live: LiveSettings) -> Callable[[], CloudStorageSettings]:
    def current() -> CloudStorageSettings:
        now = live.now
        return CloudStorageSettings(
            authentication="required" if now.storage_authentication == "required" else "optional",
            read_only_buckets=frozenset(now.read_only_buckets),
            forbidden_buckets=frozenset(now.forbidden_buckets),
            token_seconds=now.token_seconds,
        )

    return current
