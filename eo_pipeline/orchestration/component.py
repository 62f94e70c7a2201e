"""The Dagster component `EarthObservationProduct`: a product's whole chain from one `defs.yaml`.

A declaration that is wrong becomes one visible asset that says why, so that it never unloads other products. What does
not belong here: what may be declared (`core.product`), and the assets (`assets`).
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self, override

import dagster as dg
from pydantic import BaseModel, ConfigDict, Field, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from eo_pipeline.core.product import ProductDeclaration
from eo_pipeline.errors import ProductError
from eo_pipeline.orchestration.assemble import asset_name, broken_definitions, chain_definitions
from eo_pipeline.orchestration.chain import Chain
from eo_pipeline.orchestration.declarations import Origin, load_chain, read_product


class NamedDeclaration(ProductDeclaration):
    """A product's declaration in YAML; the folder's name is the product's unless `name` says otherwise."""

    name: str | None = Field(
        None, description="lower-case letters, digits and underscores, a letter first; the folder's name if absent"
    )


class _Attributes(BaseModel):
    """Takes any attributes, so that wrong ones reach the product; publishes the strict schema to `dg check`."""

    model_config = ConfigDict(extra="allow")

    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return handler(NamedDeclaration.__pydantic_core_schema__)


class EarthObservationProduct(dg.Component):
    """An Earth-observation product: exported from Earth Engine, mosaicked, measured and stacked into a cube.

    Attributes:
        name: of the product.
        chain: the product with its areas, or None if the declaration is wrong.
        problem: why, with file, line and field; empty if the declaration is right.
        place: file and line that name it.
    """

    def __init__(self, name: str, chain: Chain | None, problem: str, place: str) -> None:
        self.name = name
        self.chain = chain
        self.problem = problem
        self.place = place

    @override
    @classmethod
    def get_model_cls(cls) -> type[BaseModel]:
        """The schema of `attributes`."""
        return _Attributes

    @override
    @classmethod
    def load(cls, attributes: BaseModel | None, context: dg.ComponentLoadContext) -> Self:
        """Read the attributes of a `defs.yaml`; never fails for what they say."""
        given = {} if attributes is None else dict(attributes.model_extra or {})
        tree = context.resolution_context.source_position_tree
        positions = tree.children.get("attributes") if tree is not None else None
        folder = Path(context.path)
        return cls.from_attributes(
            given, Origin(folder / "defs.yaml", positions, (folder, Path(context.project_root)), folder.name)
        )

    @classmethod
    def from_attributes(cls, attributes: dict[str, Any], origin: Origin) -> Self:
        """A product, or what is wrong with it."""
        name, place = str(attributes.get("name") or origin.default_name), origin.place(["name"])
        try:
            product = read_product({k: v for k, v in attributes.items() if k != "name" or v is not None}, origin)
            return cls(product.name, load_chain(product, origin), "", place)
        except ProductError as error:
            return cls(name, None, str(error), place)

    @override
    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:
        """Assets, checks and schedule of the product."""
        products = context.component_tree.get_all_components(of_type=EarthObservationProduct)
        return unique(products)[products.index(self)].definitions()

    def definitions(self) -> dg.Definitions:
        """Assets, checks and schedule of the product."""
        if self.chain is None:
            return broken_definitions(self.name, self.problem)
        return chain_definitions(self.chain)


def unique(products: Sequence[EarthObservationProduct]) -> list[EarthObservationProduct]:
    """The same products in the same order; a name that an earlier one has is what is wrong with a later one."""
    by_name: dict[str, list[EarthObservationProduct]] = {}
    made = []
    for product in products:
        earlier = by_name.setdefault(asset_name(product.name), [])
        made.append(_repeated(product, earlier[0], len(earlier) + 1) if earlier else product)
        earlier.append(product)
    return made


def _repeated(product: EarthObservationProduct, first: EarthObservationProduct, number: int) -> EarthObservationProduct:
    problem = (
        f"{product.place}: name: expected a name that no other product has, got {product.name!r}, "
        f"as at {first.place}; rename one of them"
    )
    return EarthObservationProduct(f"{product.name}_{number}", None, product.problem or problem, product.place)
