"""What zones are measured on without a product: rasters that together are one, or a cube, as they describe themselves.

What does not belong here: measuring (`measure_files`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from eo_pipeline.core.bands import BandEncoding
from eo_pipeline.core.cubes.cube_bands import bands_of
from eo_pipeline.core.headers import RasterHeader
from eo_pipeline.core.settings import Settings
from eo_pipeline.errors import CubeError, SettingsError
from eo_pipeline.storage.cubes import CubeAddress, StoredSlots, cube_exists, in_its_store, open_slots
from eo_pipeline.storage.described_rasters import describe_rasters
from eo_pipeline.storage.places import cube_address


@dataclass(frozen=True)
class RasterSource:
    """Rasters on one lattice.

    Attributes:
        headers: in order of precedence.
        bands: of each of them.
    """

    headers: Mapping[Path, RasterHeader]
    bands: tuple[BandEncoding, ...]


@dataclass(frozen=True)
class CubeSource:
    """A cube.

    Attributes:
        slots: of its head.
        bands: of every slot.
    """

    slots: StoredSlots
    bands: tuple[BandEncoding, ...]


def open_source(names: Sequence[str], settings: Settings) -> RasterSource | CubeSource:
    """What names stand for: rasters, or one cube.

    Args:
        names: paths of rasters; or one cube, in Icechunk or plain Zarr: a folder, or an s3:// or gs:// address.
        settings: of the deployment: its credentials for gs://; those for s3:// are the environment's own.

    Raises:
        SettingsError: nothing is there, or there are several of which one is a cube; or cubes cannot use the
            credentials.
        TilesError: rasters cannot be read or are not alike.
        CubeError: a folder or an address holds no cube of this project.
        StorageError: the cube's storage cannot be reached.
    """
    cubes = [name for name in names if "://" in name or Path(name).is_dir()]
    if cubes and len(names) > 1:
        raise SettingsError(
            f"SOURCE: expected rasters, or one cube alone, got {len(names)} sources and among them {cubes[0]}, which "
            "is none; measure each cube in a table of its own"
        )
    if cubes:
        slots = _slots(cubes[0], settings)
        return CubeSource(slots, bands_of(slots.variables))
    if missing := [name for name in names if not Path(name).exists()]:
        raise SettingsError(f"SOURCE: expected rasters or a cube, got nothing at {', '.join(missing)}; correct it")
    found = describe_rasters([Path(name) for name in dict.fromkeys(names)])
    headers = {path: one.header for path, one in found.items()}
    return RasterSource(headers, next(iter(found.values())).bands)


def _slots(name: str, settings: Settings) -> StoredSlots:
    address = in_its_store(cube_address(settings, name) if "://" in name else CubeAddress(name))
    if address.store == "icechunk" and not cube_exists(address):
        raise CubeError(
            f"Expected an Icechunk repository or a Zarr group of format 3 at {name}, got neither; check the address."
        )
    return open_slots(address)
