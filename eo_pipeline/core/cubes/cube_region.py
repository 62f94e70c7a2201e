"""Where an area lies in a cube: whole pixels on the cube's grid, whole shards of it.

What does not belong here: writing there (`storage.cubes`), and how areas are laid out.
"""

from odc.geo.geobox import GeoBox

from eo_pipeline.core.cubes.cube_template import CubeTemplate
from eo_pipeline.core.mosaics import whole_offset
from eo_pipeline.core.rectangles import Rectangle
from eo_pipeline.errors import CubeError, GridMismatchError


def region_of(template: CubeTemplate, area: GeoBox) -> Rectangle:
    """Find the pixels of the cube that an area covers.

    Args:
        template: the cube.
        area: the area's grid, a window of the cube's grid made of whole shards (or reaching its edge).

    Raises:
        CubeError: another CRS, resolution or lattice, outside the cube, or cutting a shard.
    """
    region = _place(template.geobox, area)
    check_region(template, region)
    return region


def check_region(template: CubeTemplate, region: Rectangle) -> None:
    """Refuse a region that leaves the cube or cuts a shard: it could not be written without touching another's.

    Raises:
        CubeError: gives both extents.
    """
    _check_inside(template, region)
    _check_shards(template, region)


def shards_of(template: CubeTemplate, region: Rectangle) -> Rectangle:
    """The shards that a shard-aligned region covers, counted from the cube's upper left."""
    height, width = template.shard_shape
    return Rectangle(
        region.row_start // height,
        region.column_start // width,
        -(-region.row_stop // height),
        -(-region.column_stop // width),
    )


def _place(cube: GeoBox, area: GeoBox) -> Rectangle:
    try:
        row, column = whole_offset(area, cube)
    except GridMismatchError as error:
        raise CubeError(f"Expected an area on the cube's grid; {error}") from error
    height, width = area.shape
    return Rectangle(row, column, row + height, column + width)


def _check_inside(template: CubeTemplate, region: Rectangle) -> None:
    height, width = template.geobox.shape
    if Rectangle(0, 0, height, width).intersection(region) != region:
        raise CubeError(
            f"Expected an area inside the cube of {height} x {width} pixels, got {_extent(region)}; "
            "make the cube's grid larger in a new repository, or the area smaller."
        )


def _check_shards(template: CubeTemplate, region: Rectangle) -> None:
    spans = (
        (region.row_start, region.row_stop, template.shard_shape[0], template.geobox.shape[0]),
        (region.column_start, region.column_stop, template.shard_shape[1], template.geobox.shape[1]),
    )
    for start, stop, shard, length in spans:
        if start % shard or (stop % shard and stop != length):
            raise CubeError(
                f"Expected an area of whole shards of {template.shard_shape[0]} x {template.shard_shape[1]} pixels, "
                f"got {_extent(region)}; make areas a multiple of the cube's shard."
            )


def _extent(region: Rectangle) -> str:
    rows, columns = (region.row_start, region.row_stop), (region.column_start, region.column_stop)
    return f"rows {rows[0]} to {rows[1]} and columns {columns[0]} to {columns[1]}"
