"""Bands of a Landsat scene as Collection 2 Level 2 stores them. What does not belong here: metadata, listing.

Published (USGS, LSDS-1619): SR = 0.0000275 DN - 0.2, ST = 0.00341802 DN + 149 kelvin, bits of QA_PIXEL.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np

from eo_pipeline.sandbox.catalog.pyramid import Pixels
from eo_pipeline.sandbox.graph.grids import Projection
from eo_pipeline.sandbox.graph.pixel_types import PixelType
from eo_pipeline.sandbox.world.computed import ComputedBand, Pyramiding
from eo_pipeline.sandbox.world.frames import Frame, nodes_of
from eo_pipeline.sandbox.world.heat import surface_temperature, through_cloud
from eo_pipeline.sandbox.world.scenery import Scenery
from eo_pipeline.sandbox.world.seasons import reflectance, snow
from eo_pipeline.sandbox.world.seen import haze_of, seen_reflectance
from eo_pipeline.sandbox.world.sky import CIRRUS, CLOUD_LOW, CLOUD_MEDIUM, SHADOW, in_swath
from eo_pipeline.sandbox.world.wrs import HALF_LENGTH, RowScene

SENTINEL_BAND = {"SR_B1": "B1", "SR_B2": "B2", "SR_B3": "B3", "SR_B4": "B4", "SR_B5": "B8A", "SR_B6": "B11"}
SENTINEL_BAND["SR_B7"] = "B12"
"""The Sentinel-2 band whose spectrum a Landsat band shows."""

SNOW_SHARE = 0.4
"""From which share of snow on a pixel is called snow."""

SATURATED = 0.8
"""Reflectance from which on a band counts as saturated."""

_HAZE_SEED = 411
_SCALE, _OFFSET = np.float32(0.0000275), np.float32(-0.2)
_ST_SCALE, _ST_OFFSET = np.float32(0.00341802), np.float32(149)

Evaluate = Callable[[Scenery, RowScene, Frame], Pixels]


@dataclass(frozen=True)
class LandsatKind:
    """What is the same for a band in all scenes.

    Attributes:
        pyramiding: how levels are made.
        evaluate: how pixels are made; their mask is True inside the scene's outline.
    """

    pyramiding: Pyramiding
    evaluate: Evaluate


def landsat_band(scenery: Scenery, scene: RowScene, kind: LandsatKind) -> ComputedBand:
    """A band of a scene on its 30 m lattice."""
    west, north, width, height = scene.place.grid
    lattice = Projection(scene.place.crs, (30.0, 0.0, float(west), 0.0, -30.0, float(north)))
    return ComputedBand(lattice, (width, height), _UINT16, kind.pyramiding, partial(kind.evaluate, scenery, scene))


def _inside(scene: RowScene, frame: Frame) -> np.ndarray:
    """True between the first and the last line of the scene."""
    nodes = nodes_of(frame)
    along = scene.one.along(nodes.longitude, nodes.latitude) - scene.place.angle
    return np.abs(nodes.spread(along)) <= HALF_LENGTH


def _seen(scenery: Scenery, scene: RowScene, frame: Frame, band: str) -> Pixels:
    haze = haze_of(scene.one, _HAZE_SEED + scene.revision)
    seen, sky = seen_reflectance(scenery, frame, scene.one, band=SENTINEL_BAND[band], time_ms=scene.time_ms, haze=haze)
    return seen, sky.seen & _inside(scene, frame)


def _reflectance(band: str) -> Evaluate:
    def evaluate(scenery: Scenery, scene: RowScene, frame: Frame) -> Pixels:
        seen, mask = _seen(scenery, scene, frame, band)
        return _stored_reflectance(seen), mask

    return evaluate


def _true_reflectance(band: str) -> Evaluate:
    """Without sky and haze."""

    def evaluate(scenery: Scenery, scene: RowScene, frame: Frame) -> Pixels:
        ground = reflectance(scenery.surface(frame), SENTINEL_BAND[band], scene.time_ms)
        return _stored_reflectance(ground), in_swath(frame, scene.one) & _inside(scene, frame)

    return evaluate


def _stored_reflectance(values: np.ndarray) -> np.ndarray:
    return np.asarray(np.rint(np.clip((values - _OFFSET) / _SCALE, 1, 65455)))


def _temperature(scenery: Scenery, scene: RowScene, frame: Frame) -> Pixels:
    sky = scenery.sky(frame, scene.one)
    kelvin = through_cloud(surface_temperature(scenery, frame, scene.time_ms, night=False), sky)
    return _stored_temperature(kelvin), sky.seen & _inside(scene, frame)


def _true_temperature(scenery: Scenery, scene: RowScene, frame: Frame) -> Pixels:
    """Without sky."""
    kelvin = surface_temperature(scenery, frame, scene.time_ms, night=False)
    return _stored_temperature(kelvin), in_swath(frame, scene.one) & _inside(scene, frame)


def _stored_temperature(kelvin: np.ndarray) -> np.ndarray:
    return np.asarray(np.rint(np.clip((kelvin - _ST_OFFSET) / _ST_SCALE, 1, 65535)))


def _quality(scenery: Scenery, scene: RowScene, frame: Frame) -> Pixels:
    """QA_PIXEL: the lowest confidences are `low` (1), as published."""
    sky, surface = scenery.sky(frame, scene.one), scenery.surface(frame)
    cloud, shadow = sky.cloud > CLOUD_MEDIUM, (sky.shadow > SHADOW) & (sky.cloud <= CLOUD_MEDIUM)
    near = (sky.cloud > CLOUD_LOW) & ~cloud
    cirrus, white = sky.cirrus > CIRRUS, (snow(surface, scene.time_ms) > SNOW_SHARE) & ~cloud
    flags = {1: near, 2: cirrus, 3: cloud, 4: shadow, 5: white, 6: ~(cloud | near), 7: surface.is_water}
    flags |= {9: cloud, 11: shadow, 13: white, 15: cirrus}
    bits = np.full(cloud.shape, 0b0101_0101_0000_0000, np.uint16)
    for bit, flag in flags.items():
        bits |= flag.astype(np.uint16) << np.uint16(bit)
    return bits, sky.seen & _inside(scene, frame)


def _saturation(scenery: Scenery, scene: RowScene, frame: Frame) -> Pixels:
    bits = np.zeros((frame.height, frame.width), np.uint16)
    mask = np.zeros(bits.shape, bool)
    for bit, band in enumerate(SENTINEL_BAND):
        seen, mask = _seen(scenery, scene, frame, band)
        bits |= (seen > SATURATED).astype(np.uint16) << np.uint16(bit)
    return bits, mask


_UINT16 = PixelType("int", 0, 65535)

LANDSAT_BANDS: Mapping[str, LandsatKind] = {
    **{band: LandsatKind("mean", _reflectance(band)) for band in SENTINEL_BAND},
    "ST_B10": LandsatKind("mean", _temperature),
    "QA_PIXEL": LandsatKind("sample", _quality),
    "QA_RADSAT": LandsatKind("sample", _saturation),
}
"""Bands of LANDSAT/LC08/C02/T1_L2 and LANDSAT/LC09/C02/T1_L2, in the catalogue's order."""

TRUE_BANDS: Mapping[str, LandsatKind] = {
    **{band: LandsatKind("mean", _true_reflectance(band)) for band in SENTINEL_BAND},
    "ST_B10": LandsatKind("mean", _true_temperature),
}
"""Bands of SANDBOX/TRUTH/LC08_C02_T1_L2 and of Landsat 9's: what is seen with no sky in between, stored likewise."""
