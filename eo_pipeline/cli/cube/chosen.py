"""The cube that a person names: a product of the project, or where a cube is.

What does not belong here: what is done with it.
"""

from dataclasses import dataclass
from pathlib import Path

from eo_pipeline.cli.project import find_project, open_instance
from eo_pipeline.core.cubes.cube_template import CubeTemplate
from eo_pipeline.errors import ProductError
from eo_pipeline.orchestration.chain import Chain
from eo_pipeline.orchestration.cubes.templates import cube_rule, cube_template
from eo_pipeline.orchestration.resources import environment
from eo_pipeline.storage.cubes import CubeAddress, in_its_store
from eo_pipeline.storage.places import cube_address


@dataclass(frozen=True)
class ChosenCube:
    """A cube on the command line.

    Attributes:
        name: what the person wrote.
        address: where it is.
        chain: of its product, None for a bare cube.
    """

    name: str
    address: CubeAddress
    chain: Chain | None

    def template(self) -> CubeTemplate | None:
        """What the product says that it should be; None for a bare cube."""
        declared = None if self.chain is None else self.chain.product.cube
        if self.chain is None or declared is None:
            return None
        with open_instance() as instance:
            return cube_template(self.chain, declared, cube_rule(self.chain, instance))


def choose(text: str) -> ChosenCube:
    """The cube of a product, or the one at a path or address: whatever has a slash in it.

    Raises:
        ProductError: no such product, or one without a cube.
        SettingsError: no project, or credentials that cubes cannot use.
        StorageError: the storage of a bare cube cannot be reached.
    """
    if "://" in text:
        return ChosenCube(text, in_its_store(cube_address(environment(), text)), None)
    if "/" in text:
        return ChosenCube(text, in_its_store(CubeAddress(str(Path(text).expanduser().absolute()))), None)
    chain = find_project(Path.cwd()).chain(text)
    cube = chain.product.cube
    if cube is None:
        raise ProductError(
            f"expected a product with a cube, got {text}; name another, or a repository's path (./{text})"
        )
    return ChosenCube(text, cube_address(environment(), cube.repository, cube.store), chain)
