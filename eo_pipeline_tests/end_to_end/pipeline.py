"""A product on a sandbox, run in this process: what end-to-end tests share.

What does not belong here: expectations.
"""

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg
from google.auth.credentials import AnonymousCredentials
from google.cloud import storage

from eo_pipeline.core.product import Product
from eo_pipeline.orchestration.chain import Chain
from eo_pipeline.orchestration.declarations import Origin, load_chain
from eo_pipeline.orchestration.definitions import build_definitions
from eo_pipeline.orchestration.partitions import PartitionKey
from eo_pipeline.orchestration.resources import (
    CloudStorageResource,
    DataRootResource,
    DriveResource,
    EarthEngineResource,
)
from eo_pipeline.orchestration.run import RunReport, Tell, run_partitions

BUCKET = "test-bucket"
PROJECT = "sandbox-project"


def storage_client(url: str) -> storage.Client:
    """The unmodified Google client at a sandbox."""
    return storage.Client(project=PROJECT, credentials=AnonymousCredentials(), client_options={"api_endpoint": url})


def make_bucket(url: str, name: str = BUCKET) -> None:
    """A bucket for exports."""
    with closing(storage_client(url)) as client:
        client.create_bucket(name)


def resources(url: str, root: Path | str) -> dict[str, Any]:
    """Resources that point at a sandbox and a folder; a gs:// root needs EO_STORAGE_URL and EO_CREDENTIALS as well."""
    return {
        "earth_engine": EarthEngineResource(project=PROJECT, url=url, credentials="anonymous"),
        "cloud_storage": CloudStorageResource(url=url, bucket=BUCKET, credentials="anonymous"),
        "drive": DriveResource(url=url, credentials="anonymous"),
        "data_root": DataRootResource(root=str(root)),
    }


@dataclass(frozen=True)
class Pipeline:
    """One product, its definitions, its instance and its files."""

    chain: Chain
    definitions: dg.Definitions
    instance: dg.DagsterInstance
    root: Path

    def run(
        self, periods: Sequence[str], areas: Sequence[str] = (), *, resubmit: bool = False, tell: Tell | None = None
    ) -> RunReport:
        """Every named area (or all) in every named period."""
        wanted = [PartitionKey(area, period) for period in periods for area in areas or list(self.chain.areas)]
        return run_partitions(
            self.definitions,
            self.chain,
            wanted,
            instance=self.instance,
            resubmit=resubmit,
            poll_seconds=0.2,
            tell=tell,
        )

    def materialise(self, stage: str, partition: str) -> dg.ExecuteInProcessResult:
        """One partition of one stage, as a run of its own."""
        job = self.definitions.resolve_implicit_global_asset_job_def()
        return job.execute_in_process(
            instance=self.instance,
            asset_selection=[self.chain.key(stage)],
            partition_key=partition,
            raise_on_error=False,
        )

    def metadata(self, stage: str, partition: str) -> dict[str, Any]:
        """Values of the newest materialisation's metadata."""
        wanted = dg.AssetRecordsFilter(asset_key=self.chain.key(stage), asset_partitions=[partition])
        [record] = self.instance.fetch_materializations(wanted, limit=1).records
        assert record.asset_materialization is not None
        return {name: entry.value for name, entry in record.asset_materialization.metadata.items()}

    def mosaic(self, area: str, period: str) -> Path:
        """Path of a mosaic, whether it is there or not."""
        return self.root / self.chain.product.name / "mosaic" / area / f"{period}.tif"

    def table(self, period: str) -> Path:
        """Path of a period's table without its ending."""
        return self.root / self.chain.product.name / "zonal_stats" / period


def pipeline(
    declaration: Mapping[str, Any],
    *,
    url: str,
    root: Path | str,
    instance: dg.DagsterInstance,
    folder: Path | None = None,
) -> Pipeline:
    """A product on a sandbox; files that it names are in `folder`, which a gs:// root needs."""
    product = Product.model_validate(declaration)
    where = folder or Path(root)
    definitions = build_definitions([product], resources=resources(url, root), folder=where)
    chain = load_chain(product, Origin(None, None, (where,), product.name))
    return Pipeline(chain, definitions, instance, Path(root))
