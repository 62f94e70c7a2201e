"""Regions of cubes. What does not belong here: the template, and reading other people's cubes."""

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from typing import override

import dagster as dg
import xarray as xr
from odc.geo.geobox import GeoBox

from eo_pipeline.core.cubes.cube_ledger import Provenance
from eo_pipeline.core.cubes.cube_template import CubeTemplate
from eo_pipeline.core.periods import Period
from eo_pipeline.core.product import Cube
from eo_pipeline.engines import Progress
from eo_pipeline.errors import StorageError
from eo_pipeline.orchestration.cubes.stored import REPOSITORY, STORE
from eo_pipeline.orchestration.io_managers.base import ConfiguredIOManager, PlaceIOManager
from eo_pipeline.orchestration.io_managers.mosaics import Mosaic
from eo_pipeline.steps.cubes.write_mosaic_region import CubeRegionReport, write_mosaic_region
from eo_pipeline.storage.cubes import CubeAddress, open_cube
from eo_pipeline.storage.places import cube_address


@dataclass(frozen=True)
class CubeRegion:
    """A region of a cube that is to be written.

    Attributes:
        mosaic: the area's mosaic; without images its slot stays empty.
        template: what the cube looks like.
        address: where it is.
        period: the slot.
        area_key: the area.
        geobox: of the area, on the cube's grid.
        provenance: for the ledger, and the commit.
        progress: told after each of several shards.
    """

    mosaic: Mosaic
    template: CubeTemplate
    address: CubeAddress
    period: Period
    area_key: str
    geobox: GeoBox
    provenance: Provenance
    progress: Callable[[Progress], None] | None = None


class CubeIO(PlaceIOManager):
    """Regions of a cube: storing one is one commit of Icechunk, or one row of the ledger in plain Zarr."""

    @override
    def store(self, key: dg.AssetKey, partition: str | None, value: CubeRegion) -> CubeRegionReport:
        """Write one region."""
        path = value.mosaic.path
        with self.place.local_copy(path) if path is not None else nullcontext(None) as local:
            return write_mosaic_region(
                local,
                template=value.template,
                repository=value.address,
                period=value.period,
                area_geobox=value.geobox,
                area_key=value.area_key,
                provenance=value.provenance,
                progress=value.progress,
            )

    def address(self, declared: Cube) -> CubeAddress:
        """Where a product's cube is: below the root, or at its own s3:// or gs:// address."""
        return cube_address(self._settings, declared.repository, declared.store)

    def load_input(self, context: dg.InputContext) -> xr.Dataset:
        """The whole cube, lazily; slots and areas are selected by whoever reads."""
        upstream = context.upstream_output
        declared = {} if upstream is None else upstream.definition_metadata or {}
        named, store = (getattr(said, "value", said) for said in map(declared.get, (REPOSITORY, STORE)))
        if named is None:
            raise StorageError(
                f"expected the cube of a product of this project, got {context.asset_key.to_user_string()}; "
                "read other cubes with eo_pipeline.storage.cubes.open_cube"
            )
        return open_cube(cube_address(self._settings, str(named), "zarr" if store == "zarr" else "icechunk"))


class CubeIOManager(ConfiguredIOManager):
    """Cubes in Icechunk and in plain Zarr."""

    @override
    def create_io_manager(self, context: dg.InitResourceContext) -> CubeIO:
        """Bind to the root."""
        return CubeIO(self.settings())
