"""The cube templates of every product that comes with the project, whose structure is a golden file.

After a wanted change write the files again with `python -m eo_pipeline_tests.golden.shipped_cubes`, and review the
diff.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from eo_pipeline.core.cubes.cube_template import CubeTemplate
from eo_pipeline.orchestration.cubes.templates import cube_template
from eo_pipeline.orchestration.declarations import Origin, load_chain, read_product
from eo_pipeline_tests.golden.cube_templates import as_text, golden_path

ROOT = Path(__file__).parents[2]
PROJECT = ROOT / "eo_pipeline" / "cli" / "templates" / "project"
"""What `eo-pipeline init` makes; examples name its files."""


def declarations() -> Mapping[Path, Mapping[str, Any]]:
    """Attributes of each product that has a cube, by file: the built-in ones, the new project's, the examples'."""
    files = [*(ROOT / "eo_pipeline" / "defs").glob("*/defs.yaml"), *PROJECT.glob("products/*/defs.yaml")]
    files += (ROOT / "docs" / "examples").glob("*.yaml")
    found = {file: yaml.safe_load(file.read_text(encoding="utf-8"))["attributes"] for file in sorted(files)}
    return {file: attributes for file, attributes in found.items() if "cube" in attributes}


def template_of(file: Path, attributes: Mapping[str, Any]) -> CubeTemplate:
    """The template of a product's cube."""
    name = file.parent.name if file.name == "defs.yaml" else file.stem
    origin = Origin(file, None, (file.parent, ROOT, PROJECT), name)
    product = read_product(attributes, origin)
    if product.cube is None:
        raise ValueError(file)
    return cube_template(load_chain(product, origin), product.cube, product.period.rule)


if __name__ == "__main__":
    for path, declared in declarations().items():
        template = template_of(path, declared)
        golden_path(template).write_text(as_text(template), encoding="utf-8")
