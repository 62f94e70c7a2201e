"""Rasters as their own metadata describe them, whoever wrote them: names, type, nodata, scale, kind of each band.

Does not belong here: rasters of a product, whose bands are known beforehand (see rasters).
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from rasterio.enums import ColorInterp

from eo_pipeline.core.bands import DTYPES, KINDS, BandEncoding, Kind
from eo_pipeline.core.headers import RasterHeader
from eo_pipeline.errors import TilesError
from eo_pipeline.storage.rasters import GDAL_ERRORS, header_of, unreadable


@dataclass(frozen=True)
class DescribedRaster:
    """What a raster says of itself.

    Attributes:
        header: with a name for every band, its own or `band_2` of the second, and a nodata that its type can hold.
        bands: in order.
    """

    header: RasterHeader
    bands: tuple[BandEncoding, ...]


def describe_raster(path: Path) -> DescribedRaster:
    """Read the metadata of a raster.

    Bands are categorical if their tag `kind` or a palette says so. Without nodata every number is a value, and so is
    with one that the type cannot hold.

    Raises:
        TilesError: it cannot be read, has no CRS, or its bands are of different or of unknown types.
    """
    try:
        with rasterio.open(path) as dataset:
            header = header_of(dataset, path)
            _check_types(dataset, path)
            nodata = _fitting(dataset.nodata, header.dtype)
            named = replace(header, band_names=_names(header.band_names), nodata=nodata)
            return DescribedRaster(named, tuple(_band(dataset, named, number) for number in range(header.count)))
    except GDAL_ERRORS as error:
        raise unreadable(path, error) from error


def describe_rasters(paths: Sequence[Path]) -> Mapping[Path, DescribedRaster]:
    """Read the metadata of rasters that together are one.

    Raises:
        TilesError: lists every one that cannot be read, and every one whose bands are not those of the first.
    """
    found: dict[Path, DescribedRaster] = {}
    problems = []
    for path in paths:
        try:
            found[path] = describe_raster(path)
        except TilesError as error:
            problems.append(str(error))
    if not problems:
        first = found[paths[0]]
        others = [path for path, one in found.items() if str(one.bands) != str(first.bands)]
        problems = [f"expected {path} to have the bands of {paths[0]}, {_told(first.bands)}" for path in others]
        problems = [
            f"{problem}, got {_told(found[path].bands)}; measure it alone"
            for problem, path in zip(problems, others, strict=True)
        ]
    if problems:
        raise TilesError("\n".join(problems))
    return found


def _told(bands: Sequence[BandEncoding]) -> str:
    return ", ".join(
        f"{band.name} ({band.dtype}, nodata {band.nodata}, scale {band.scale:g}, offset {band.offset:g}, {band.kind})"
        for band in bands
    )


def _names(said: Sequence[str]) -> tuple[str, ...]:
    """A band's own name, if it has one that no other has; else its number."""
    times = Counter(said)
    return tuple(
        name if name.strip() and times[name] == 1 else f"band_{number}" for number, name in enumerate(said, start=1)
    )


def _check_types(dataset: Any, path: Path) -> None:
    types, marks = sorted(set(dataset.dtypes)), sorted({str(nodata) for nodata in dataset.nodatavals})
    if len(types) > 1 or len(marks) > 1:
        raise TilesError(
            f"{path}: expected bands of one type and nodata, got {', '.join(types)} and nodata {', '.join(marks)}; "
            "divide it into files"
        )
    if types[0] not in DTYPES:
        raise TilesError(
            f"{path}: expected numbers of type {', '.join(DTYPES)}, got {types[0]}; convert it, for example with "
            "gdal_translate -ot Float64"
        )


def _fitting(nodata: float | None, dtype: str) -> float | int | None:
    """The number as the type holds it; None if no pixel can have it."""
    if nodata is None:
        return None
    if dtype.startswith("float"):
        return float(np.dtype(dtype).type(nodata))
    limits = np.iinfo(dtype)
    fits = math.isfinite(nodata) and nodata == int(nodata) and limits.min <= nodata <= limits.max
    return int(nodata) if fits else None


def _band(dataset: Any, header: RasterHeader, place: int) -> BandEncoding:
    tags = dataset.tags(place + 1)
    return BandEncoding(
        name=header.band_names[place],
        dtype=header.dtype,
        scale=header.scales[place] or 1.0,
        offset=header.offsets[place],
        nodata=header.nodata,
        units=dataset.units[place] or "",
        description=tags.get("long_name", ""),
        kind=_kind(tags.get("kind", ""), dataset.colorinterp[place]),
    )


def _kind(said: str, colours: ColorInterp) -> Kind:
    for kind in KINDS:
        if said == kind:
            return kind
    return "categorical" if colours is ColorInterp.palette else "continuous"
