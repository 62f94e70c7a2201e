"""All products of a project as one code location: their chains, one sensor, one account of compute, shared resources.

What does not belong here: a single product's assets (`assemble`).
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import dagster as dg

from eo_pipeline.core.product import Product
from eo_pipeline.orchestration.assemble import chain_definitions
from eo_pipeline.orchestration.assets.usage import build_usage
from eo_pipeline.orchestration.chain import Chain, of_earth_engine
from eo_pipeline.orchestration.component import EarthObservationProduct, unique
from eo_pipeline.orchestration.compute.usage_schedule import build_usage_schedule
from eo_pipeline.orchestration.declarations import Origin, load_chain
from eo_pipeline.orchestration.following.forgotten import build_forgotten_sensor
from eo_pipeline.orchestration.following.operations_sensor import build_operations_sensor
from eo_pipeline.orchestration.io_managers import (
    ChipsIOManager,
    CubeIOManager,
    MosaicIOManager,
    TablesIOManager,
    TilesIOManager,
    WorkListIOManager,
)
from eo_pipeline.orchestration.late.sensors import build_late_sensors
from eo_pipeline.orchestration.pieces.piece_progress import PieceListener
from eo_pipeline.orchestration.product_files import read_documents, read_products
from eo_pipeline.orchestration.removing.cancelled_runs import build_cancelled_runs_sensor
from eo_pipeline.orchestration.resources import (
    CloudStorageResource,
    DataRootResource,
    DriveResource,
    EarthEngineResource,
    environment,
)
from eo_pipeline.orchestration.scenes.resource import ScenesResource


def project_resources(given: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Resources that read the environment when a run starts, and others laid over them.

    Args:
        given: by name; every IO manager that is not given stores below the `data_root` that is.
    """
    laid_over = dict(given or {})
    root = laid_over.setdefault("data_root", DataRootResource())
    return {
        "earth_engine": EarthEngineResource(),
        "cloud_storage": CloudStorageResource(),
        "drive": DriveResource(),
        "scenes": ScenesResource(),
        "tiles_io": TilesIOManager(data_root=root),
        "mosaic_io": MosaicIOManager(data_root=root),
        "tables_io": TablesIOManager(data_root=root),
        "cube_io": CubeIOManager(data_root=root),
        "samples_io": WorkListIOManager(data_root=root),
        "chips_io": ChipsIOManager(data_root=root),
        "piece_listener": PieceListener(),
        **laid_over,
    }


def build_definitions(
    products: Sequence[Product], *, resources: Mapping[str, Any] | None = None, folder: Path | None = None
) -> dg.Definitions:
    """Definitions of products that a program declares.

    Args:
        products: each with a name of its own.
        resources: laid over the default ones.
        folder: where the files that products name are; the working directory if None.

    Raises:
        ProductError: a product's files cannot be used.
    """
    where = folder or Path.cwd()
    chains = [load_chain(product, Origin(None, None, (where,), product.name)) for product in products]
    return dg.Definitions.merge(*map(chain_definitions, chains), _shared(chains, resources))


def project_definitions(folder: Path, *, resources: Mapping[str, Any] | None = None) -> dg.Definitions:
    """Definitions of the project that a folder belongs to: everything below its `defs` folder.

    A wrong product is left out and says so in the UI. If Dagster's loader would stop at a YAML file, products are
    loaded one by one and other components are left out until it can be read.

    Args:
        folder: inside the project; its `pyproject.toml` has a `[tool.dg]` section.
        resources: laid over the default ones.
    """
    tree = dg.ComponentTree.for_project(folder)
    if any(document.problem for document in read_documents(tree.defs_module_path)):
        found = read_products(tree.defs_module_path, tree.project_root)
        loaded = dg.Definitions.merge(*(product.definitions() for product in found))
    else:
        found = unique(tree.get_all_components(of_type=EarthObservationProduct))
        loaded = tree.build_defs()
    chains = [product.chain for product in found if product.chain is not None]
    return dg.Definitions.merge(loaded, _shared(chains, resources))


def _automation(seconds: int) -> dg.AutomationConditionSensorDefinition:
    """Runs what can run; Dagster's own sensor of this kind is off until a person turns it on."""
    return dg.AutomationConditionSensorDefinition(
        name="automation",
        target=dg.AssetSelection.all(),
        minimum_interval_seconds=seconds,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Runs every stage below the exports as soon as what it is made of is there.",
    )


def _sensors(chains: Sequence[Chain], seconds: int) -> list[dg.SensorDefinition]:
    return [
        build_operations_sensor(chains, seconds=seconds),
        build_cancelled_runs_sensor(of_earth_engine(chains), seconds=seconds),
        build_forgotten_sensor(chains),
        *build_late_sensors(chains),
        _automation(seconds),
    ]


def _shared(chains: Sequence[Chain], resources: Mapping[str, Any] | None) -> dg.Definitions:
    seconds, exported = environment().poll_seconds, of_earth_engine(chains)
    return dg.Definitions(
        assets=[build_usage(exported)] if exported else [],
        schedules=[build_usage_schedule(exported)] if exported else [],
        sensors=_sensors(chains, seconds) if chains else [],
        resources=project_resources(resources),
        executor=dg.in_process_executor,  # stages follow each other; a process for each would cost seconds
    )
