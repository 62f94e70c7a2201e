"""One area's mosaic becomes one slot of its region in the cube, with its ledger row.

What does not belong here: which partitions are wanted, and how a cube is laid out or committed.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from numpy.typing import NDArray
from odc.geo.geobox import GeoBox

from eo_pipeline.core.cubes.cube_ledger import Provenance, State
from eo_pipeline.core.cubes.cube_region import region_of
from eo_pipeline.core.cubes.cube_template import CubeTemplate
from eo_pipeline.core.headers import RasterHeader, check_headers
from eo_pipeline.core.mosaics import describe_grid, whole_offset
from eo_pipeline.core.periods import Period
from eo_pipeline.core.rectangles import Rectangle
from eo_pipeline.errors import CubeError, GridMismatchError
from eo_pipeline.storage.cubes import (
    CubeAddress,
    PixelReader,
    Progress,
    extend_time,
    open_or_create_cube,
    write_region,
)
from eo_pipeline.storage.rasters import read_header, read_pixels


@dataclass(frozen=True)
class CubeRegionReport:
    """What writing a partition came to.

    Attributes:
        snapshot: id of the snapshot that holds the region; empty in plain Zarr.
        changed: False if the cube already held the same inputs.
        slot: of the period, counted from 0.
        region: the area's pixels in the cube.
        state: what the ledger says of the partition.
        valid_share: usable share of the region's values, 0 to 1; counts are left out.
    """

    snapshot: str
    changed: bool
    slot: int
    region: Rectangle
    state: State
    valid_share: float


def write_mosaic_region(
    mosaic: Path | None,
    *,
    template: CubeTemplate,
    repository: CubeAddress,
    period: Period,
    area_geobox: GeoBox,
    area_key: str,
    provenance: Provenance,
    progress: Progress | None = None,
) -> CubeRegionReport:
    """Write a mosaic into the cube; the cube and the period's slot are made if they are not there.

    Args:
        mosaic: the area's pixels on `area_geobox`, the template's bands by name or, without names, in order;
            None = the source had no images.
        template: the cube.
        repository: where it is, in Icechunk or plain Zarr.
        period: the slot.
        area_geobox: the area's grid, whole shards of the cube's grid.
        area_key: the area's key.
        provenance: for the ledger; its `inputs_hash` decides whether anything is done.
        progress: told after each shard of each band.

    Raises:
        CubeError: the area does not sit on the cube's grid and shards, the mosaic is not on the area's grid, or the
            repository holds another template.
        TilesError: the mosaic cannot be read, or its bands, dtype or nodata are not the template's.
        DiskFullError: no room; the cube's head is what it was, or in plain Zarr the partition is not done.
    """
    region = region_of(template, area_geobox)
    read = None if mosaic is None else _reader(mosaic, template, area_geobox)
    cube = open_or_create_cube(repository, template)
    extend_time(cube, period)
    commit = write_region(cube, period, region, read, area_key=area_key, provenance=provenance, progress=progress)
    record = commit.record
    return CubeRegionReport(commit.snapshot, commit.changed, commit.slot, region, record.state, record.valid_share)


def _reader(mosaic: Path, template: CubeTemplate, area: GeoBox) -> PixelReader:
    header = read_header(mosaic)
    _check_grid(mosaic, header, area)
    check_headers({mosaic: header}, template.bands)
    names = [band.name for band in template.bands]
    numbers = dict(zip(names, header.band_numbers(template.bands), strict=True))

    def read(band: str, rows: slice, columns: slice) -> NDArray[Any]:
        window = Rectangle(rows.start, columns.start, rows.stop, columns.stop)
        pixels: NDArray[Any] = read_pixels(mosaic, window, [numbers[band]])[0]
        return pixels

    return read


def _check_grid(mosaic: Path, header: RasterHeader, area: GeoBox) -> None:
    try:
        fits = whole_offset(header.geobox, area) == (0, 0) and header.geobox.shape == area.shape
    except GridMismatchError:
        fits = False
    if not fits:
        raise CubeError(
            f"Expected {mosaic} on the area's grid, {describe_grid(area)}, got {describe_grid(header.geobox)}; "
            "make the mosaic again for this area."
        )
