"""Opens everything an application is made of, in one folder. What does not belong here: routes."""

from collections.abc import Callable
from pathlib import Path

from eo_pipeline.sandbox.app import Parts
from eo_pipeline.sandbox.catalog.catalog import Catalog, CompositeCatalog
from eo_pipeline.sandbox.catalog.files import load_file_catalog
from eo_pipeline.sandbox.cloud_storage.routes import routes
from eo_pipeline.sandbox.cloud_storage.settings import CloudStorageSettings
from eo_pipeline.sandbox.cloud_storage.store import Store
from eo_pipeline.sandbox.earth_engine.graph_engine import GraphEngine
from eo_pipeline.sandbox.frame.clock import Clock
from eo_pipeline.sandbox.settings import LiveSettings, Settings
from eo_pipeline.sandbox.stac.routes import routes as stac_routes
from eo_pipeline.sandbox.tasks.export_bucket import StoreBucket
from eo_pipeline.sandbox.world.world import build_world


def open_parts(data: Path, *, catalog: Path | None, settings: Settings, speed: float) -> Parts:
    """Open or make the sandbox of a folder.

    Args:
        data: Folder of everything that survives a restart; made when absent.
        catalog: File of local rasters that stand in for, or beside, the built-in world.
        settings: At the start.
        speed: Clock seconds per real second.

    Raises:
        CatalogFileError: The catalogue file is wrong.
    """
    live = LiveSettings(settings)
    clock = Clock(speed=speed)
    store = Store(data / "cloud_storage", clock.now)
    assets = open_catalog(catalog)
    return Parts(
        data=data,
        settings=live,
        clock=clock,
        catalog=assets,
        engine=GraphEngine(assets),
        bucket=StoreBucket(store, live),
        stac_routes=stac_routes(assets, live, clock.now),
        storage_routes=routes(store, _storage_settings(live)),
    )


def open_catalog(file: Path | None) -> Catalog:
    """The assets served: those of a file, and the built-in world's where the file does not name them."""
    files: list[Catalog] = [] if file is None else [load_file_catalog(file)]
    return CompositeCatalog([*files, build_world()])


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
