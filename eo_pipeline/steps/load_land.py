"""Land and the area of interest, which decide which shards of a cube are made: of files, or the project's own land.

What does not belong here: deciding (`core.cubes.discard`).
"""

from pathlib import Path
from typing import Literal

from eo_pipeline.core.cubes.discard import LAND_BUFFER, Shapes
from eo_pipeline.core.product import Cube
from eo_pipeline.steps.load_areas import FindFile, of_field
from eo_pipeline.storage.land import LAND_CRS, packaged_land
from eo_pipeline.storage.vectors import read_shapes

SETTING = "EO_LAND"

PACKAGED = "packaged"
"""What `cube.land` says of the land that comes with the project."""


def find_land(field: str, declared: str | None, setting: str, find: FindFile) -> tuple[str, Path] | None:
    """The file of land polygons and the field or variable that names it: the product's, else the deployment's.

    Args:
        field: of the product, such as `cube.land`.
        declared: file that the product names there.
        setting: file that the deployment names in EO_LAND; empty for none.
        find: relative names are relative to the YAML's folder.

    Returns:
        None for the land that comes with the project.

    Raises:
        ProductError: there is no such file; names the field or variable.
    """
    if declared:
        return field, find(field, declared)
    return (SETTING, find(SETTING, setting)) if setting else None


def find_shapes(cube: Cube | None, field: Literal["land", "interest"], find: FindFile) -> Path | None:
    """The file of polygons that a field of a product's cube names; None if it names none.

    Raises:
        ProductError: there is no such file; names the field.
    """
    named: str | None = getattr(cube, field, None)
    return None if named in {None, PACKAGED} else find(f"cube.{field}", str(named))


def load_interest(path: Path | None) -> Shapes | None:
    """The polygons of the area of interest; None for everywhere.

    Raises:
        ZonesError: the file cannot be used; begins with the field that names it.
    """
    if path is None:
        return None
    with of_field("cube.interest"):
        named = read_shapes(path, id_column=None, crs=LAND_CRS)
    return Shapes(tuple(shape for _, shape in named), LAND_CRS)


def load_land(found: tuple[str, Path] | None, *, buffer: float = LAND_BUFFER) -> Shapes:
    """The land's polygons.

    Args:
        found: of `find_land`.
        buffer: metres around them that count as land. The project's own land is coarse (1:50m, islands of less than
            about 10 km may be missing): leave it at LAND_BUFFER with that; a finer file needs less.

    Raises:
        ZonesError: the file cannot be used; begins with the field or variable that names it.
    """
    if found is None:
        return Shapes(packaged_land(), LAND_CRS, buffer)
    field, path = found
    with of_field(field):
        named = read_shapes(path, id_column=None, crs=LAND_CRS)
    return Shapes(tuple(shape for _, shape in named), LAND_CRS, buffer)
