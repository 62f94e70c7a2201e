"""Bands of a Sentinel-2 scene and of its cloud score, read lazily. What does not belong here: metadata."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache, partial

import numpy as np

from eo_pipeline.sandbox.catalog.pyramid import Pixels
from eo_pipeline.sandbox.graph.grids import Projection
from eo_pipeline.sandbox.graph.pixel_types import FLOAT, PixelType
from eo_pipeline.sandbox.world.baselines import added
from eo_pipeline.sandbox.world.computed import ComputedBand, Pyramiding
from eo_pipeline.sandbox.world.covers import BANDS
from eo_pipeline.sandbox.world.frames import Frame
from eo_pipeline.sandbox.world.orbits import Pass
from eo_pipeline.sandbox.world.scenery import Scenery
from eo_pipeline.sandbox.world.seasons import EPOCH, leaves, reflectance, snow
from eo_pipeline.sandbox.world.seen import haze_of, seen_reflectance
from eo_pipeline.sandbox.world.sky import CIRRUS, CLOUD_HIGH, CLOUD_LOW, CLOUD_MEDIUM, SHADOW, Sky, in_swath
from eo_pipeline.sandbox.world.tiles import SIDE_METRES, Tile


@dataclass(frozen=True)
class Scene:
    """One tile in one pass.

    Attributes:
        tile: where.
        one: when, by which satellite.
        revision: 0, or 1 where it was made anew.
    """

    tile: Tile
    one: Pass
    revision: int = 0

    @property
    def time_ms(self) -> int:
        """Sensing time, milliseconds since 1970."""
        return self.one.time_ms(self.tile.middle[1])

    @property
    def spacecraft(self) -> str:
        """Sentinel-2A or Sentinel-2B."""
        return "Sentinel-2B" if self.one.is_second else "Sentinel-2A"

    @property
    def index(self) -> str:
        """system:index: start of the datatake, sensing time, tile."""
        return f"{stamp(self.one.start_ms)}_{stamp(self.time_ms)}_T{self.tile.name}"


def stamp(time_ms: int) -> str:
    """Milliseconds since 1970 as in the names of products, for example 20230624T095458."""
    return f"{EPOCH + dt.timedelta(milliseconds=time_ms):%Y%m%dT%H%M%S}"


_HAZE_SEED = 401

Evaluate = Callable[[Scenery, Scene, Frame], Pixels]
"""Pixels of a band on a frame and their mask, True where seen."""


@dataclass(frozen=True)
class BandKind:
    """What is the same for a band in all scenes.

    Attributes:
        metres: pixel side.
        pixel_type: type of the pixels.
        pyramiding: how levels are made.
        evaluate: how pixels are made.
    """

    metres: int
    pixel_type: PixelType
    pyramiding: Pyramiding
    evaluate: Evaluate


def scene_band(scenery: Scenery, scene: Scene, kind: BandKind) -> ComputedBand:
    """A band of a scene on the native lattice of the tile's UTM zone."""
    pixels = SIDE_METRES // kind.metres
    evaluate = partial(kind.evaluate, scenery, scene)
    lattice = _lattice(scene.tile, kind.metres)
    return ComputedBand(lattice, (pixels, pixels), kind.pixel_type, kind.pyramiding, evaluate)


@lru_cache(maxsize=4096)
def _lattice(tile: Tile, metres: int) -> Projection:
    west, north = tile.origin
    return Projection(tile.crs, (float(metres), 0.0, float(west), 0.0, -float(metres), float(north)))


def _reflectance(band: str, *, harmonized: bool) -> Evaluate:
    def evaluate(scenery: Scenery, scene: Scene, frame: Frame) -> Pixels:
        haze = haze_of(scene.one, _HAZE_SEED + scene.revision)
        seen, sky = seen_reflectance(scenery, frame, scene.one, band=band, time_ms=scene.time_ms, haze=haze)
        stored = np.float32(0 if harmonized else added(scene.time_ms))
        return np.rint(np.clip(seen * 10000, 1, 65535)) + stored, sky.seen

    return evaluate


def _true_reflectance(band: str) -> Evaluate:
    """Without sky and haze; inside the swath."""

    def evaluate(scenery: Scenery, scene: Scene, frame: Frame) -> Pixels:
        ground = reflectance(scenery.surface(frame), band, scene.time_ms)
        return np.rint(ground * np.float32(10000)), in_swath(frame, scene.one)

    return evaluate


def _cover(scenery: Scenery, scene: Scene, frame: Frame) -> Pixels:
    """Index into COVERS."""
    return scenery.surface(frame).cover, in_swath(frame, scene.one)


def _classes(scenery: Scenery, scene: Scene, frame: Frame) -> Pixels:
    """The scene classification (SCL), from the same sky and ground as the reflectances."""
    sky, surface = scenery.sky(frame, scene.one), scenery.surface(frame)
    classes = np.where(leaves(surface, scene.time_ms) > 0.38, 4, 5).astype(np.uint8)
    classes[surface.tone < 0.62] = 2
    classes[surface.is_water] = 6
    classes[snow(surface, scene.time_ms) > 0.4] = 11
    classes[sky.shadow > SHADOW] = 3
    classes[sky.cirrus > CIRRUS] = 10
    classes[sky.cloud > CLOUD_LOW] = 7
    classes[sky.cloud > CLOUD_MEDIUM] = 8
    classes[sky.cloud > CLOUD_HIGH] = 9
    return classes, sky.seen


def _cloud_bits(scenery: Scenery, scene: Scene, frame: Frame) -> Pixels:
    """QA60: bit 10 opaque clouds, bit 11 cirrus."""
    sky = scenery.sky(frame, scene.one)
    bits = (sky.cloud > CLOUD_MEDIUM).astype(np.uint16) << 10
    bits |= ((sky.cirrus > CIRRUS) & (sky.cloud <= CLOUD_MEDIUM)).astype(np.uint16) << 11
    return bits, sky.seen


def _murk(sky: Sky) -> np.ndarray:
    """How much is hidden 0..1: 0.4 and more fails the usual threshold of 0.6 on the score."""
    hidden = np.maximum(
        np.maximum(sky.cloud * np.float32(3), sky.shadow * np.float32(1.4)), sky.cirrus * np.float32(1.6)
    )
    return np.clip(hidden, 0, 1)


def _score(scenery: Scenery, scene: Scene, frame: Frame) -> Pixels:
    sky = scenery.sky(frame, scene.one)
    return np.float32(0.96) - np.float32(0.94) * _murk(sky), sky.seen


def _cumulative_score(scenery: Scenery, scene: Scene, frame: Frame) -> Pixels:
    sky = scenery.sky(frame, scene.one)
    clear = np.float32(1) - _murk(sky)
    return np.float32(0.02) + np.float32(0.97) * np.sqrt(clear) * (np.float32(0.5) + np.float32(0.5) * clear), sky.seen


def _probability(scenery: Scenery, scene: Scene, frame: Frame) -> Pixels:
    """That of a cloud, percent; shadows are none."""
    sky = scenery.sky(frame, scene.one)
    hidden = np.maximum(sky.cloud * np.float32(3), sky.cirrus * np.float32(1.2))
    return np.rint(np.clip(hidden, 0, 1) * np.float32(100)), sky.seen


_UINT16, _UINT8 = PixelType("int", 0, 65535), PixelType("int", 0, 255)
_METRES = {"B1": 60, "B5": 20, "B6": 20, "B7": 20, "B8A": 20, "B9": 60, "B11": 20, "B12": 20}


def _surface_reflectance(*, harmonized: bool) -> dict[str, BandKind]:
    kinds = {
        band: BandKind(_METRES.get(band, 10), _UINT16, "mean", _reflectance(band, harmonized=harmonized))
        for band in BANDS
    }
    classes = BandKind(20, _UINT8, "sample", _classes)
    return {**kinds, "SCL": classes, "QA60": BandKind(60, _UINT16, "sample", _cloud_bits)}


HARMONIZED: Mapping[str, BandKind] = _surface_reflectance(harmonized=True)
"""Bands of COPERNICUS/S2_SR_HARMONIZED."""

AS_PROCESSED: Mapping[str, BandKind] = _surface_reflectance(harmonized=False)
"""Bands of COPERNICUS/S2_SR."""

CLOUD_SCORE: Mapping[str, BandKind] = {
    "cs": BandKind(10, FLOAT, "mean", _score),
    "cs_cdf": BandKind(10, FLOAT, "mean", _cumulative_score),
}
"""Bands of GOOGLE/CLOUD_SCORE_PLUS/V1/S2_HARMONIZED."""

CLOUD_PROBABILITY: Mapping[str, BandKind] = {"probability": BandKind(10, _UINT8, "mean", _probability)}
"""Bands of COPERNICUS/S2_CLOUD_PROBABILITY."""

TRUTH: Mapping[str, BandKind] = {
    **{band: BandKind(_METRES.get(band, 10), _UINT16, "mean", _true_reflectance(band)) for band in BANDS},
    "cover": BandKind(10, _UINT8, "sample", _cover),
}
"""Bands of SANDBOX/TRUTH/S2_SR_HARMONIZED: what is seen with no sky in between."""
