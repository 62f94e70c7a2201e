"""Countries cut into invented districts that share their borders. What does not belong here: names, tables.

Seeds lie on a jittered lattice inside the country; a district is what is nearest to its seed, bent by noise so that
borders wind, and cut by the country's outline. What is nearest to no seed on its own island goes to one on another.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from eo_pipeline.sandbox.world.noise import uniform, value_noise

_DISTRICTS = 1.0
_GROWTH = 0.62
"""A country of n thousand square kilometres has about _DISTRICTS * n ** _GROWTH districts."""

_IN_PROVINCE = 8
"""Districts of a province, about."""

_JITTER = 0.8
"""By how much a seed may leave its place, in spacings of the lattice."""

_STEPS = 10
"""Pieces that a border as long as the spacing is cut into before it is bent."""

_BEND = 0.1
"""Amplitude of each octave that bends borders, in its own cells: three of them never fold a map."""

_OCTAVES = (16, 17, 18)
"""Of the bends: cells of one, a half and a quarter of the spacing, in the frame of `_bent`."""

_DIGITS = 6
"""Decimals of degrees that bent borders keep, so that both sides have the same corners."""

_KILOMETRES = 111.32
"""Of a degree of latitude."""


@dataclass(frozen=True)
class District:
    """A part of a country.

    Attributes:
        shape: (Multi)Polygon of EPSG:4326.
        province: number of the province it belongs to, from 0, within the country.
    """

    shape: BaseGeometry
    province: int


def districts_of(country: BaseGeometry, seed: int) -> list[District]:
    """The districts of a country (EPSG:4326): together they are its land.

    Args:
        country: its land.
        seed: another seed is another map.
    """
    stretch = np.array([np.cos(np.deg2rad(country.centroid.y)), 1.0])
    flat = shapely.transform(country, lambda xy: xy * stretch)
    spacing = _spacing(flat.area)
    seeds = _seeds(flat, spacing, seed)
    cells = _cells(seeds, flat, spacing, seed)
    provinces = _nearest(seeds, _seeds(flat, spacing * _IN_PROVINCE**0.5, seed + 1))
    moved = shapely.transform(cells, lambda xy: np.round(xy / stretch, _DIGITS))
    parts = [_areas(part) for part in shapely.intersection(shapely.make_valid(moved), country)]
    found = zip(parts, provinces.tolist(), strict=True)
    return [District(part, province) for part, province in found if not part.is_empty]


def _spacing(area: float) -> float:
    """Degrees between seeds, of an area in square degrees of latitude."""
    thousands = area * _KILOMETRES**2 / 1000
    return float(np.sqrt(area / max(1.0, _DISTRICTS * thousands**_GROWTH)))


def _seeds(flat: BaseGeometry, spacing: float, seed: int) -> np.ndarray:
    """Places (n, 2) inside a shape, at least one."""
    west, south, east, north = np.floor(np.array(flat.bounds) / spacing).astype(np.int64)
    i, j = (axis.ravel() for axis in np.meshgrid(np.arange(west, east + 1), np.arange(south, north + 1)))
    shifts = np.column_stack([uniform(i, j, 7_000 + 2 * seed), uniform(i, j, 7_001 + 2 * seed)]).astype(np.float64)
    places = (np.column_stack([i, j]) + 0.5 + _JITTER * (shifts - 0.5)) * spacing
    inside = places[shapely.contains_xy(flat, places)]
    return inside if len(inside) else shapely.get_coordinates(flat.representative_point())


def _cells(seeds: np.ndarray, flat: BaseGeometry, spacing: float, seed: int) -> np.ndarray:
    """What is nearest to each seed, with winding borders."""
    around = flat.envelope.buffer(2 * spacing, join_style="mitre")
    if len(seeds) == 1:
        return np.array([around])
    cells = shapely.get_parts(shapely.voronoi_polygons(shapely.MultiPoint(seeds), extend_to=around, ordered=True))
    dense = shapely.segmentize(cells, spacing / _STEPS)
    return np.asarray(shapely.transform(dense, lambda xy: _bent(xy, spacing, seed)))


def _bent(places: np.ndarray, spacing: float, seed: int) -> np.ndarray:
    """Places moved by smooth noise, so that neighbours stay neighbours."""
    u, v = (places / (spacing * (1 << _OCTAVES[0]))).T
    moved = places.copy()
    for octave in _OCTAVES:
        reach = _BEND * spacing / (1 << (octave - _OCTAVES[0]))
        for axis in (0, 1):
            noise = value_noise(u, v, octave, 9_000 + 2 * seed + axis)
            moved[:, axis] += 2 * reach * (noise.astype(np.float64) - 0.5)
    return moved


def _nearest(places: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Number of the nearest of some others, for each place, renumbered without gaps."""
    apart = np.linalg.norm(places[:, None, :] - others[None, :, :], axis=2)
    return np.unique(apart.argmin(axis=1), return_inverse=True)[1]


def _areas(shape: BaseGeometry) -> BaseGeometry:
    """The polygons of a shape."""
    parts = [part for part in shapely.get_parts(shape) if part.geom_type == "Polygon" and part.area > 0]
    return parts[0] if len(parts) == 1 else shapely.MultiPolygon(parts)
