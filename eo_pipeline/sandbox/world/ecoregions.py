"""Invented ecoregions that follow the world's land and climate. What does not belong here: the table's properties.

A biome follows from temperature, wetness and height at the middles of cells of half a degree; cells of one biome and
realm around one place are a region, whose borders are bent by noise and cut by the coast.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import rasterio.features
import scipy.ndimage
import shapely
from affine import Affine
from shapely.geometry.base import BaseGeometry

from eo_pipeline.sandbox.world.climate import monthly_normal
from eo_pipeline.sandbox.world.frames import world
from eo_pipeline.sandbox.world.noise import uniform, value_noise
from eo_pipeline.sandbox.world.relief import elevation, wetness

_CELL = 0.5
"""Degrees."""

_SOUTH, _NORTH = -60.0, 84.0
"""Latitudes between which there are ecoregions."""

_PLACES = 25.0
"""Degrees between the places around which regions lie."""

_SMOOTH = 3.0
"""Cells by which classes are smoothed."""

_LEAST = 60
"""Cells of the smallest region; smaller ones belong to their neighbours."""

_BENDS = {8: 0.14, 9: 0.07, 10: 0.035}
"""Degrees by octave: how borders are bent; a tenth of the octave's cells at most, so that no map folds."""

_STEP = 0.1
"""Degrees between corners of a border."""

BIOMES = {
    1: "Tropical & Subtropical Moist Broadleaf Forests",
    2: "Tropical & Subtropical Dry Broadleaf Forests",
    4: "Temperate Broadleaf & Mixed Forests",
    6: "Boreal Forests/Taiga",
    7: "Tropical & Subtropical Grasslands, Savannas & Shrublands",
    8: "Temperate Grasslands, Savannas & Shrublands",
    10: "Montane Grasslands & Shrublands",
    11: "Tundra",
    12: "Mediterranean Forests, Woodlands & Scrub",
    13: "Deserts & Xeric Shrublands",
}
"""Names of the biomes that occur, by their number."""

REALMS = ("Nearctic", "Neotropic", "Palearctic", "Afrotropic", "Indomalayan", "Australasia")


@dataclass(frozen=True)
class Ecoregion:
    """Land of one climate.

    Attributes:
        shape: (Multi)Polygon of EPSG:4326.
        biome: number in BIOMES.
        realm: one of REALMS.
    """

    shape: BaseGeometry
    biome: int
    realm: str


def ecoregions(land: tuple[BaseGeometry, ...]) -> list[Ecoregion]:
    """All regions; they touch and never overlap.

    Args:
        land: polygons of EPSG:4326.
    """
    latitude = np.arange(_NORTH - _CELL / 2, _SOUTH, -_CELL)[:, None]
    longitude = np.arange(-180 + _CELL / 2, 180, _CELL)[None, :]
    biomes, realms = _biomes(longitude, latitude), _realms(longitude, latitude)
    transform = Affine(_CELL, 0, -180, 0, -_CELL, _NORTH)
    near = rasterio.features.rasterize(land, biomes.shape, transform=transform, all_touched=True) == 1
    codes = (biomes.astype(np.int32) * len(REALMS) + realms) * 1000 + _around(longitude, latitude)
    codes = _without_small(np.where(near, codes, 0))
    tree = shapely.STRtree(land)
    found = {code: _region(cells, tree) for code, cells in _cells(codes, transform).items()}
    return [Ecoregion(shape, *_meaning(code)) for code, shape in found.items() if not shape.is_empty]


def _meaning(code: int) -> tuple[int, str]:
    biome, realm = divmod(code // 1000, len(REALMS))
    return biome, REALMS[realm]


def _biomes(longitude: np.ndarray, latitude: np.ndarray) -> np.ndarray:
    """Number of the biome, (row, column)."""
    u, v = world(longitude, latitude)
    high = scipy.ndimage.gaussian_filter(elevation(u, v, longitude, latitude, metres=50_000.0), _SMOOTH / 2)
    damp = scipy.ndimage.gaussian_filter(wetness(u, v, longitude, latitude), _SMOOTH)
    warm, cold = (monthly_normal(latitude, high, month) for month in (6.6, 0.6))
    warmest, coldest = np.maximum(warm, cold), np.minimum(warm, cold)
    mediterranean = (np.abs(np.abs(latitude) - 36) < 5) & (damp > 0.26) & (damp < 0.4) & (coldest > 2)
    rules = [
        (warmest < 9, 11),
        (damp < 0.24, 13),
        ((high > 1900) & (warmest < 22), 10),
        ((warmest < 16) & (coldest < -4), 6),
        (mediterranean, 12),
        ((coldest > 14) & (damp > 0.6), 1),
        ((coldest > 14) & (damp > 0.5), 2),
        (coldest > 14, 7),
        (damp < 0.42, 8),
    ]
    return np.asarray(np.select([rule for rule, _ in rules], [number for _, number in rules], 4))


def _realms(longitude: np.ndarray, latitude: np.ndarray) -> np.ndarray:
    """Position in REALMS, (row, column)."""
    west = longitude < -28
    africa = (longitude >= -28) & (longitude < 58) & (latitude < 21)
    australia = (longitude >= 128) & (latitude < 0) | (longitude >= 110) & (latitude < -11)
    rules = [west & (latitude >= 22), west, africa, australia, (longitude >= 58) & (latitude < 28)]
    return np.asarray(np.select(np.broadcast_arrays(*rules), [0, 1, 3, 5, 4], 2))


def _around(longitude: np.ndarray, latitude: np.ndarray) -> np.ndarray:
    """Number from 0 of the nearest place of a jittered lattice, (row, column)."""
    columns, rows = round(360 / _PLACES) + 1, round((_NORTH - _SOUTH) / _PLACES) + 1
    i, j = (axis.ravel() for axis in np.meshgrid(np.arange(columns), np.arange(rows)))
    x = -180 + (i + 0.6 * uniform(i, j, 9_500)) * _PLACES
    y = _SOUTH + (j + 0.6 * uniform(i, j, 9_501)) * _PLACES
    apart = [(longitude - east) ** 2 + (latitude - north) ** 2 for east, north in zip(x, y, strict=True)]
    return np.asarray(np.argmin(np.stack(apart), axis=0))


def _without_small(codes: np.ndarray) -> np.ndarray:
    """Codes, where small regions took the code of the nearest large one; 0 stays 0."""
    values, sizes = np.unique(codes, return_counts=True)
    small = np.isin(codes, values[sizes < _LEAST])
    _, (row, column) = scipy.ndimage.distance_transform_edt(small | (codes == 0), return_indices=True)
    return np.asarray(np.where(small, codes[row, column], codes))


def _cells(codes: np.ndarray, transform: Affine) -> dict[int, BaseGeometry]:
    """The cells of each code but 0, by rising code."""
    parts: dict[int, list[BaseGeometry]] = {}
    for shape, code in rasterio.features.shapes(codes, mask=codes > 0, transform=transform):
        parts.setdefault(int(code), []).append(shapely.geometry.shape(shape))
    return {code: shapely.union_all(parts[code]) for code in sorted(parts)}


def _region(cells: BaseGeometry, tree: shapely.STRtree) -> BaseGeometry:
    """The land in some cells, with bent borders."""
    bent = shapely.make_valid(shapely.transform(shapely.segmentize(cells, _STEP), _bent))
    land = tree.geometries[tree.query(bent, predicate="intersects")]
    parts = shapely.get_parts(shapely.intersection(land, bent))
    return shapely.MultiPolygon(
        [part for one in parts for part in shapely.get_parts(one) if part.geom_type == "Polygon"]
    )


def _bent(places: np.ndarray) -> np.ndarray:
    """Places in degrees moved by smooth noise, so that neighbours stay neighbours."""
    u, v = (places / 360).T
    moved = places.copy()
    for octave, reach in _BENDS.items():
        for axis in (0, 1):
            moved[:, axis] += 2 * reach * (value_noise(u, v, octave, 9_600 + axis).astype(np.float64) - 0.5)
    return np.round(moved, 6)
