"""The ground that does not change: cover, tone, height of every pixel. What does not belong here: seasons, clouds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from eo_pipeline.sandbox.world.coast import Coast
from eo_pipeline.sandbox.world.covers import CODE, CROPS
from eo_pipeline.sandbox.world.frames import Frame, Nodes, nodes_of
from eo_pipeline.sandbox.world.noise import EQUATOR_METRES, coarser_than, hashed, layered, ramp, value_noise
from eo_pipeline.sandbox.world.relief import elevation, wetness

BLOCK_OCTAVE = 14
"""Blocks of fields have a side of 1 / 2**14 of the equator: 1.6 km on the ground at 48 degrees."""

_FINE = 19
"""The finest octave but one: cells of 76 m / 38 m on the equator, half as large at 60 degrees."""

_FIELDS_UP_TO = 100.0
"""Pixels larger than this, in metres, show farmland as a whole instead of its fields."""

_PHASES = 16
"""Number of steps by which a field may be early or late."""


@dataclass(frozen=True)
class Surface:
    """What a frame's pixels show, whatever the date. All arrays are (row, column).

    Attributes:
        cover: index into COVERS, uint8.
        tone: brightness around 1, float32: soil, texture and the light on slopes.
        late: days by which the pixel's season is later than the calendar, int16.
        seasonality: 0 (no seasons, the tropics) .. 1, float32.
        elevation: metres, float32.
        latitude: degrees, float32.
        snow_noise: -0.5..0.5, float32: where snow comes early.
    """

    cover: np.ndarray
    tone: np.ndarray
    late: np.ndarray
    seasonality: np.ndarray
    elevation: np.ndarray
    latitude: np.ndarray
    snow_noise: np.ndarray

    @property
    def is_water(self) -> np.ndarray:
        """True on sea, lakes and rivers."""
        return np.asarray(self.cover == CODE["water"])


def surface_of(frame: Frame, coast: Coast) -> Surface:
    """Evaluate the ground of a frame."""
    nodes = nodes_of(frame)
    relief = _relief(nodes)
    high, wet, shade = (nodes.spread(values) for values in (relief.high, relief.wet, relief.shade))
    latitude = nodes.spread(nodes.latitude.astype(np.float32))
    fine = _fine_texture(nodes, frame.metres)
    cover = _wild_cover(nodes, high, wet, latitude, fine)
    tone = np.float32(1) + np.float32(0.22) * fine + shade
    late = (np.float32(1.2) * np.maximum(np.abs(latitude) - np.float32(45), 0) + high * np.float32(0.03)).astype(
        np.int16
    )
    _sow(nodes, nodes.spread(_farming(nodes, relief)), frame.metres, _Ground(cover, tone, late))
    late += np.where(latitude < 0, 183, 0).astype(np.int16)
    water = ~coast.is_land(frame) | _inland_water(nodes, high, wet, fine)
    cover[water] = CODE["water"]
    tone[water] = (
        np.float32(1) + np.float32(0.5) * nodes.smooth(lambda u, v: layered(u, v, {9: 0.5, 12: 0.3}, 91))[water]
    )
    seasonality = ramp(np.abs(latitude), 4, 32)
    return Surface(cover, tone, late, seasonality, high, latitude, fine)


@dataclass(frozen=True)
class _Ground:
    """Arrays of a Surface that are still being painted: see there."""

    cover: np.ndarray
    tone: np.ndarray
    late: np.ndarray


@dataclass(frozen=True)
class _Relief:
    """At the nodes, float32: height in metres, wetness 0..1, light of slopes around 0."""

    high: np.ndarray
    wet: np.ndarray
    shade: np.ndarray


def _relief(nodes: Nodes) -> _Relief:
    high = elevation(nodes.u, nodes.v, nodes.longitude, nodes.latitude)
    wet = wetness(nodes.u, nodes.v, nodes.longitude, nodes.latitude)
    step = 4e-6
    metres = (step * EQUATOR_METRES * np.cos(np.deg2rad(nodes.latitude))).astype(np.float32)
    east = elevation(nodes.u + step, nodes.v, nodes.longitude, nodes.latitude)
    north = elevation(nodes.u, nodes.v + step, nodes.longitude, nodes.latitude)
    shade = np.clip((north - east) / metres * np.float32(0.9), np.float32(-0.45), np.float32(0.45))
    return _Relief(high, wet, shade)


def _fine_texture(nodes: Nodes, metres: float) -> np.ndarray:
    """Texture around 0, float32; octaves finer than the pixel are left out (their mean is 0)."""
    u, v = nodes.spread(nodes.u), nodes.spread(nodes.v)
    return layered(u, v, coarser_than(metres, {_FINE: 0.6, _FINE + 1: 0.4}), 101)


def _wild_cover(nodes: Nodes, high: np.ndarray, wet: np.ndarray, latitude: np.ndarray, fine: np.ndarray) -> np.ndarray:
    """Cover without fields and water."""
    woods = nodes.smooth(lambda u, v: layered(u, v, {10: 0.35, 12: 0.45, 13: 0.35, 14: 0.25, 15: 0.15}, 111))
    woods += np.float32(0.13) * fine + np.float32(0.5) * (wet - np.float32(0.55)) + high * np.float32(0.00035)
    treeline = np.float32(2300) - np.float32(38) * np.maximum(np.abs(latitude) - np.float32(42), 0)
    cold = high * np.float32(1 / 600) + np.abs(latitude) * np.float32(1 / 12)
    forest = np.where(cold + fine > 5.1, CODE["needle forest"], CODE["leaf forest"])
    forest = np.where((np.abs(latitude) < 18) & (wet > 0.5), CODE["rain forest"], forest)
    grass = np.where(wet < np.float32(0.42) + np.float32(0.06) * fine, CODE["steppe"], CODE["meadow"])
    grass = np.where(np.abs(latitude) > 66, CODE["tundra"], grass)
    cover = np.where(woods > 0.18, forest, grass)
    cover[wet < np.float32(0.24) + np.float32(0.08) * fine] = CODE["desert"]
    cover[high > treeline + np.float32(200) * fine] = CODE["meadow"]
    cover[high > treeline + np.float32(350) * (np.float32(1) + fine)] = CODE["rock"]
    return np.asarray(cover.astype(np.uint8))


def _sow(nodes: Nodes, lowland: np.ndarray, metres: float, ground: _Ground) -> None:
    """Lay farmland, roads and towns over meadows and steppe, in place; lowland is above 0 where land is farmed."""
    cover = ground.cover
    arable = (lowland > 0) & ((cover == CODE["meadow"]) | (cover == CODE["steppe"]))
    town = nodes.smooth(lambda u, v: layered(u, v, {12: 0.7, 14: 0.5, 15: 0.4}, 131)) + np.float32(0.3) * lowland
    if metres > _FIELDS_UP_TO:
        cover[arable] = CODE["farmland"]
        cover[arable & (town > 0.66)] = CODE["town"]
        return
    p, q = (nodes.spread(values) for values in _block_coordinates(nodes))
    field, road = _fields(p, q)
    cover[arable] = np.array([CODE[name] for name in CROPS], np.uint8)[field & np.uint32(7)][arable]
    ground.tone[arable] += _byte(field >> np.uint32(8))[arable] * np.float32(0.3)
    shift = ((field >> np.uint32(16)) % np.uint32(_PHASES)).astype(np.int16) * 2 - _PHASES
    ground.late[arable] += shift[arable]
    built = arable & (town > 0.66)
    cover[built] = CODE["town"]
    ground.tone[built] += _houses(p, q)[built]
    cover[road & arable] = CODE["road"]


def _block_coordinates(nodes: Nodes) -> tuple[np.ndarray, np.ndarray]:
    """Bent coordinates (eastward, northward) at the nodes whose unit squares are blocks of fields."""
    scale = float(1 << BLOCK_OCTAVE)
    bends = {10: 1.3, 12: 0.65}
    p = nodes.u * scale + layered(nodes.u, nodes.v, bends, 141)
    return p, nodes.v * scale + layered(nodes.u, nodes.v, bends, 151)


def _byte(numbers: np.ndarray) -> np.ndarray:
    """The lowest eight bits as float32 around 0, -0.5..0.5."""
    return np.asarray((numbers & np.uint32(255)).astype(np.float32) / np.float32(255) - np.float32(0.5))


def _farming(nodes: Nodes, relief: _Relief) -> np.ndarray:
    """Above 0 where land is farmed, at the nodes: low, neither dry nor cold."""
    warm = ramp(np.abs(nodes.latitude), 63, 52)
    habit = layered(nodes.u, nodes.v, {9: 0.5, 11: 0.4, 13: 0.2}, 121)
    return np.asarray(warm * ramp(relief.high, 1100, 500) * ramp(relief.wet, 0.25, 0.42) + habit - np.float32(0.38))


def _fields(p: np.ndarray, q: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A random number of each pixel's field, uint32, and True on the roads around blocks."""
    i, j = np.floor(p), np.floor(q)
    across, along = (p - i).astype(np.float32), (q - j).astype(np.float32)
    block = hashed(i.astype(np.int64), j.astype(np.int64), 161)
    turned = (block & np.uint32(1)).astype(bool)
    lean = ((block >> np.uint32(1)) & np.uint32(7)).astype(np.float32) * np.float32(0.08) - np.float32(0.28)
    strips = np.float32(4) + ((block >> np.uint32(4)) & np.uint32(3)).astype(np.float32)
    parts = np.float32(2) + ((block >> np.uint32(6)) & np.uint32(1)).astype(np.float32)
    first, second = np.where(turned, along, across), np.where(turned, across, along)
    strip = np.floor((first + lean * (second - np.float32(0.5))) * strips)
    part = np.floor((second + np.float32(0.13) * np.remainder(strip, 3)) * parts)
    number = hashed(block.astype(np.int64) + strip.astype(np.int64), part.astype(np.int64), 171)
    edge = np.float32(0.008)
    return number, (across < edge) | (along < edge)


def _houses(p: np.ndarray, q: np.ndarray) -> np.ndarray:
    """Bright roofs and dark yards, about 40 m, around 0."""
    i, j = np.floor(p * 40).astype(np.int64), np.floor(q * 40).astype(np.int64)
    return _byte(hashed(i, j, 181)) * np.float32(0.8)


def _inland_water(nodes: Nodes, high: np.ndarray, wet: np.ndarray, fine: np.ndarray) -> np.ndarray:
    """True on rivers (level lines of noise) and lakes."""
    course = nodes.smooth(lambda u, v: layered(u, v, {9: 1.0, 11: 0.35, 12: 0.18, 13: 0.1}, 191))
    brook = nodes.smooth(lambda u, v: layered(u, v, {11: 1.0, 13: 0.4, 14: 0.2}, 201))
    lake = nodes.smooth(lambda u, v: value_noise(u, v, 12, 211) + layered(u, v, {14: 0.3, 15: 0.15}, 221))
    moist = ramp(wet, 0.2, 0.45)
    low = ramp(high, 1500, 300)
    river = np.abs(course) < np.float32(0.0035) * moist * low * (np.float32(1) + fine)
    stream = np.abs(brook) < np.float32(0.0022) * moist * low * (np.float32(1) + fine)
    return np.asarray(river | stream | (lake + np.float32(0.02) * fine > np.float32(1.08) - np.float32(0.08) * moist))
