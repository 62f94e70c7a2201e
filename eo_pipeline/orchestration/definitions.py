"""All products of a project as one code location: their chains, one sensor, shared resources.

What does not belong here: a single product's assets (`assemble`).
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import dagster as dg
import yaml
from dagster_shared.yaml_utils import parse_yaml_with_source_position
from dagster_shared.yaml_utils.source_position import ValueAndSourcePositionTree

from eo_pipeline.core.product import Product
from eo_pipeline.orchestration.assemble import chain_definitions
from eo_pipeline.orchestration.chain import Chain
from eo_pipeline.orchestration.component import EarthObservationProduct, unique
from eo_pipeline.orchestration.declarations import Origin, load_chain
from eo_pipeline.orchestration.io_managers import CubeIOManager, MosaicIOManager, TablesIOManager, TilesIOManager
from eo_pipeline.orchestration.resources import CloudStorageResource, DataRootResource, EarthEngineResource, environment
from eo_pipeline.orchestration.sensors import build_operations_sensor

COMPONENT = "EarthObservationProduct"


def default_resources() -> dict[str, Any]:
    """Resources that read the environment when a run starts."""
    return {
        "earth_engine": EarthEngineResource(),
        "cloud_storage": CloudStorageResource(),
        "data_root": DataRootResource(),
        "tiles_io": TilesIOManager(),
        "mosaic_io": MosaicIOManager(),
        "tables_io": TablesIOManager(),
        "cube_io": CubeIOManager(),
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

    A wrong product is left out and says so in the UI. If a YAML file cannot even be read, products are loaded one by
    one and other components are left out until it can.

    Args:
        folder: inside the project; its `pyproject.toml` has a `[tool.dg]` section.
        resources: laid over the default ones.
    """
    tree = dg.ComponentTree.for_project(folder)
    try:
        loaded = tree.build_defs()
        found = unique(tree.get_all_components(of_type=EarthObservationProduct))
    except yaml.YAMLError:
        found = products_one_by_one(tree.defs_module_path, tree.project_root)
        loaded = dg.Definitions.merge(*(component.definitions() for component in found))
    chains = [component.chain for component in found if component.chain is not None]
    return dg.Definitions.merge(loaded, _shared(chains, resources))


def _automation(seconds: int) -> dg.AutomationConditionSensorDefinition:
    """Runs what can run; Dagster's own sensor of this kind is off until a person turns it on."""
    return dg.AutomationConditionSensorDefinition(
        name="automation",
        target=dg.AssetSelection.all(),
        minimum_interval_seconds=seconds,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Runs tiles, mosaics, statistics and cubes as soon as what they are made of is there.",
    )


def _shared(chains: Sequence[Chain], resources: Mapping[str, Any] | None) -> dg.Definitions:
    seconds = environment().poll_seconds
    return dg.Definitions(
        sensors=[build_operations_sensor(chains, seconds=seconds), _automation(seconds)] if chains else [],
        resources={**default_resources(), **(resources or {})},
    )


def products_one_by_one(defs: Path, root: Path) -> list[EarthObservationProduct]:
    """Every product below a `defs` folder, each read alone, right or wrong."""
    return unique([product for file in sorted(defs.rglob("defs.yaml")) for product in _read_alone(file, root)])


def _read_alone(file: Path, root: Path) -> Iterator[EarthObservationProduct]:
    """The product of a file, if it is one of a product or of nobody knows what."""
    try:
        parsed = parse_yaml_with_source_position(file.read_text(encoding="utf-8"), str(file))
    except yaml.YAMLError as error:
        yield EarthObservationProduct(file.parent.name, None, _syntax(file, error), str(file))
        return
    if isinstance(parsed.value, dict) and str(parsed.value.get("type", "")).endswith(COMPONENT):
        yield _product(file, root, parsed)


def _product(file: Path, root: Path, parsed: ValueAndSourcePositionTree) -> EarthObservationProduct:
    attributes = parsed.value.get("attributes") or {}
    positions = parsed.source_position_tree.children.get("attributes")
    origin = Origin(file, positions, (file.parent, root), file.parent.name)
    return EarthObservationProduct.from_attributes(attributes, origin)


def _syntax(file: Path, error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    place = f"{file}:{mark.line + 1}" if mark is not None else str(file)
    problem = getattr(error, "problem", None) or str(error)
    return f"{place}: expected YAML, got {problem}; check indentation, colons and quotes"
