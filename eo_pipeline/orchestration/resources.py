"""Services and places as Dagster resources: configured here or by EO_* variables, read when a run starts.

What does not belong here: what is done with them (`steps`).
"""

import os
from dataclasses import replace
from typing import Any

import dagster as dg

from eo_pipeline.core.settings import Settings
from eo_pipeline.earth_engine.session import Session, connect
from eo_pipeline.storage.drive import DriveFolder, open_drive
from eo_pipeline.storage.objects import Bucket, open_bucket
from eo_pipeline.storage.places import Place, open_place


def environment() -> Settings:
    """The deployment that the environment describes, read now."""
    return Settings.from_mapping(os.environ)


def overlaid(**configured: object) -> Settings:
    """The environment's deployment with fields laid over it; those that are None stay."""
    given: dict[str, Any] = {name: value for name, value in configured.items() if value is not None}
    return replace(environment(), **given)


class EarthEngineResource(dg.ConfigurableResource[Any]):
    """Earth Engine; every field that is absent comes from the environment.

    Attributes:
        project: Cloud project registered for Earth Engine (EO_PROJECT).
        url: service of exports (EO_EARTH_ENGINE_URL).
        interactive_url: service of interactive requests (EO_INTERACTIVE_URL).
        monitoring_url: Cloud Monitoring's address (EO_MONITORING_URL).
        credentials: application_default, persistent, anonymous, a file or JSON (EO_CREDENTIALS).
    """

    project: str | None = None
    url: str | None = None
    interactive_url: str | None = None
    monitoring_url: str | None = None
    credentials: str | None = None

    def settings(self) -> Settings:
        """The deployment with this resource's fields laid over the environment's."""
        return overlaid(
            project=self.project,
            earth_engine_url=self.url,
            interactive_url=self.interactive_url or self.url,
            monitoring_url=self.monitoring_url or self.url,
            credentials=self.credentials,
        )

    def session(self, *, interactive: bool = False) -> Session:
        """A connection for exports, or for interactive requests."""
        return connect(self.settings(), interactive=interactive)


class CloudStorageResource(dg.ConfigurableResource[Any]):
    """Cloud Storage; every field that is absent comes from the environment.

    Attributes:
        url: address of the JSON API, empty for Google's (EO_STORAGE_URL).
        bucket: default bucket of exports (EO_BUCKET).
        credentials: as Earth Engine's (EO_CREDENTIALS).
    """

    url: str | None = None
    bucket: str | None = None
    credentials: str | None = None

    def settings(self) -> Settings:
        """The deployment with this resource's fields laid over the environment's."""
        return overlaid(storage_url=self.url, bucket=self.bucket, credentials=self.credentials)

    def open(self, name: str | None = None) -> Bucket:
        """A bucket by name, or the default one."""
        settings = self.settings()
        return open_bucket(settings, name or settings.bucket)


class DriveResource(dg.ConfigurableResource[Any]):
    """Google Drive; every field that is absent comes from the environment.

    Attributes:
        url: address of the API, empty for Google's (EO_DRIVE_URL).
        credentials: of a person (EO_CREDENTIALS).
    """

    url: str | None = None
    credentials: str | None = None

    def settings(self) -> Settings:
        """The deployment with this resource's fields laid over the environment's."""
        return overlaid(drive_url=self.url, credentials=self.credentials)

    def open(self, folder: str) -> DriveFolder:
        """The drive, with the folder that exports name."""
        return open_drive(self.settings(), folder)


class DataRootResource(dg.ConfigurableResource[Any]):
    """Where tiles, mosaics, tables and cubes lie; absent fields come from the environment.

    Attributes:
        root: local folder or gs:// address (EO_ROOT).
        scratch: local folder for work in progress when the root is remote (EO_SCRATCH).
    """

    root: str | None = None
    scratch: str | None = None

    def settings(self) -> Settings:
        """The deployment with this resource's fields laid over the environment's."""
        return overlaid(root=self.root, scratch=self.scratch)

    def place(self) -> Place:
        """The root."""
        return open_place(self.settings())
