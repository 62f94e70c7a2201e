"""What the storm made beside what a quiet run made: pixels, tables and the cube, to the last bit.

What does not belong here: whether everything was made (`ends`).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import rasterio
import xarray as xr

from eo_pipeline.orchestration.chain import Chain
from eo_pipeline.orchestration.partitions import PartitionKey
from eo_pipeline.storage.cubes import CubeAddress, open_cube


@dataclass(frozen=True)
class Comparison:
    """What was compared.

    Attributes:
        mosaics, tables, regions: how many of each.
        differences: a sentence each.
    """

    mosaics: int
    tables: int
    regions: int
    differences: tuple[str, ...]


def compare(chain: Chain, stormy: Path, quiet: Path) -> Comparison:
    """Every output below one root with its counterpart below the other."""
    product = chain.product.name
    mosaics = _files(stormy / product / "mosaic", ".tif")
    tables = _files(stormy / product / "zonal_stats", ".csv")
    partitions = [PartitionKey(path.parent.name, path.stem) for path in mosaics]
    differences = [
        *_leftovers(stormy),
        *_mosaics(mosaics, stormy, quiet),
        *_tables(tables, stormy, quiet),
        *_cube(chain, partitions, stormy, quiet),
    ]
    return Comparison(len(mosaics), len(tables), len(partitions), tuple(differences))


def _files(folder: Path, ending: str) -> list[Path]:
    return sorted(folder.rglob(f"*{ending}"))


def _leftovers(root: Path) -> Iterator[str]:
    """Whatever bears a final name is whole, so nothing else may lie there."""
    for path in root.rglob("*"):
        if path.name.endswith((".part", ".partial", ".draft")) and ".incoming" not in path.parts:
            yield f"{path} lies among results"


def _mosaics(files: Sequence[Path], stormy: Path, quiet: Path) -> Iterator[str]:
    for path in files:
        with rasterio.open(path) as ours, rasterio.open(quiet / path.relative_to(stormy)) as theirs:
            same_grid = (ours.transform, ours.crs) == (theirs.transform, theirs.crs)
            same_nodata = np.array_equal(ours.nodatavals, theirs.nodatavals, equal_nan=True)
            if not (same_grid and same_nodata and np.array_equal(ours.read(), theirs.read(), equal_nan=True)):
                yield f"the mosaic {path} differs from the quiet run's"


def _tables(files: Sequence[Path], stormy: Path, quiet: Path) -> Iterator[str]:
    for path in files:
        if path.read_bytes() != (quiet / path.relative_to(stormy)).read_bytes():
            yield f"the table {path} differs from the quiet run's"


def _cube(chain: Chain, made: Sequence[PartitionKey], stormy: Path, quiet: Path) -> Iterator[str]:
    """Slot by slot and area by area; where no mosaic is, nothing may be written."""
    declared = chain.product.cube
    if declared is None or not made:
        return
    ours, theirs = (open_cube(CubeAddress(str(root / declared.repository))) for root in (stormy, quiet))
    for month in chain.by_period.get_partition_keys():
        for area in chain.areas:
            key = PartitionKey(area, month)
            mine, other = _region(ours, chain, key), _region(theirs, chain, key)
            wanted = other if key in made else np.full_like(other, np.nan)
            if not np.array_equal(mine, wanted, equal_nan=True):
                yield f"the cube's region of {key.text} differs from the quiet run's"


def _region(cube: xr.Dataset, chain: Chain, key: PartitionKey) -> "np.ndarray[tuple[int, ...], np.dtype[np.float32]]":
    """Values (y, x) of one partition; all NaN if the cube does not reach there yet."""
    geobox, start = chain.area(key).geobox, np.datetime64(chain.period(key.period).start.replace(tzinfo=None))
    band = cube[chain.product.bands[0].name]
    where = np.flatnonzero(cube["time"].values == start)
    if len(where) == 0:
        return np.full(geobox.shape, np.nan, np.float32)
    inside = {axis: _inside(cube[axis].values, geobox.coords[axis].values) for axis in ("y", "x")}
    return np.asarray(band.isel(time=int(where[0])).isel(inside).values, dtype=np.float32)


def _inside(axis: "np.ndarray[tuple[int, ...], np.dtype[np.float64]]", wanted: object) -> slice:
    values = np.asarray(wanted)
    places = np.flatnonzero((axis >= values.min() - 1e-6) & (axis <= values.max() + 1e-6))
    return slice(int(places[0]), int(places[-1]) + 1)
