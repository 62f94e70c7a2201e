"""Bands of a Sentinel-2 scene and of its cloud score, read lazily. What does not belong here: metadata.

Levels (docs/sandbox_world.md): samples are exact at every level; means are exact up to level 3, and beyond that
the world evaluated at the coarser pixels' centres without detail finer than they are.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from eo_pipeline.sandbox.catalog.pyramid import Box, Pixels, check_window, read_level
from eo_pipeline.sandbox.graph.grids import Projection
from eo_pipeline.sandbox.graph.pixel_types import FLOAT, PixelType
from eo_pipeline.sandbox.world.covers import BANDS, CLOUD
from eo_pipeline.sandbox.world.frames import Frame
from eo_pipeline.sandbox.world.noise import uniform
from eo_pipeline.sandbox.world.orbits import Pass
from eo_pipeline.sandbox.world.scenery import Scenery
from eo_pipeline.sandbox.world.seasons import EPOCH, leaves, reflectance, snow
from eo_pipeline.sandbox.world.sky import CIRRUS, CLOUD_HIGH, CLOUD_LOW, CLOUD_MEDIUM, SHADOW, Sky
from eo_pipeline.sandbox.world.tiles import SIDE_METRES, Tile

_EXACT_LEVELS = 3
_STRIP_PIXELS = 1 << 20


@dataclass(frozen=True)
class Scene:
    """One tile in one pass.

    Attributes:
        tile: where.
        one: when, by which satellite.
    """

    tile: Tile
    one: Pass

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
    pyramiding: Literal["mean", "sample"]
    evaluate: Evaluate


@dataclass(frozen=True)
class SceneBand:
    """A band of a scene as a band source.

    Attributes:
        scenery: the world.
        scene: tile and pass.
        kind: which band.
    """

    scenery: Scenery
    scene: Scene
    kind: BandKind

    @property
    def pixel_type(self) -> PixelType:
        """The type of every pixel."""
        return self.kind.pixel_type

    @property
    def pyramiding(self) -> Literal["mean", "sample"]:
        """How levels are made."""
        return self.kind.pyramiding

    @property
    def projection(self) -> Projection:
        """The native lattice in the tile's UTM zone."""
        west, north = self.scene.tile.origin
        side = float(self.kind.metres)
        return Projection(self.scene.tile.crs, (side, 0.0, float(west), 0.0, -side, float(north)))

    @property
    def dimensions(self) -> tuple[int, int]:
        """(width, height) of level 0."""
        return SIDE_METRES // self.kind.metres, SIDE_METRES // self.kind.metres

    def read(self, level: int, x: int, y: int, width: int, height: int) -> Pixels:
        """See BandSource.read.

        Raises:
            ValueError: the window leaves the level.
        """
        box = Box(x, y, width, height)
        if self.kind.pyramiding == "mean" and level <= _EXACT_LEVELS:
            return read_level(self._native, self.dimensions, "mean", level, box)
        check_window(self.dimensions, level, box)
        return self._evaluate(
            self._sampled(level, box) if self.kind.pyramiding == "sample" else self._coarse(level, box)
        )

    def _native(self, box: Box) -> Pixels:
        return self._evaluate(self._sampled(0, box))

    def _sampled(self, level: int, box: Box) -> Frame:
        """The centres of the native pixels at the upper left of each block."""
        west, north = self.scene.tile.origin
        side, half = float(self.kind.metres << level), self.kind.metres / 2
        x, y = west + box.x * side + half, north - box.y * side - half
        return Frame(self.scene.tile.crs, x, y, side, box.width, box.height, float(self.kind.metres))

    def _coarse(self, level: int, box: Box) -> Frame:
        """The centres of the level's own pixels."""
        west, north = self.scene.tile.origin
        side = float(self.kind.metres << level)
        x, y = west + (box.x + 0.5) * side, north - (box.y + 0.5) * side
        return Frame(self.scene.tile.crs, x, y, side, box.width, box.height, side)

    def _evaluate(self, frame: Frame) -> Pixels:
        data = np.empty((frame.height, frame.width), self.pixel_type.dtype)
        mask = np.empty(data.shape, bool)
        rows = max(1, _STRIP_PIXELS // frame.width)
        for first in range(0, frame.height, rows):
            last = min(first + rows, frame.height)
            strip = frame.rows_between(first, last)
            data[first:last], mask[first:last] = self.kind.evaluate(self.scenery, self.scene, strip)
        return np.where(mask, data, np.zeros((), data.dtype)), mask


def _reflectance(band: str) -> Evaluate:
    def evaluate(scenery: Scenery, scene: Scene, frame: Frame) -> Pixels:
        sky = scenery.sky(frame, scene.one)
        seen = reflectance(scenery.surface(frame), band, scene.time_ms)
        seen *= np.float32(1) - np.float32(0.55) * sky.shadow
        cloud = np.float32(CLOUD[BANDS.index(band)])
        seen += np.float32(0.25) * sky.cirrus * (cloud - seen)
        seen += sky.cloud * (cloud * sky.bright - seen)
        return np.rint(np.clip(seen * _haze(scene) * 10000, 1, 65535)), sky.seen

    return evaluate


def _haze(scene: Scene) -> np.float32:
    """A brightness of the whole pass, 0.98..1.02: what an atmospheric correction leaves."""
    return np.float32(0.98 + 0.04 * float(uniform(scene.one.track, scene.one.cycle, 401)[0]))


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


_UINT16, _UINT8 = PixelType("int", 0, 65535), PixelType("int", 0, 255)
_METRES = {"B1": 60, "B5": 20, "B6": 20, "B7": 20, "B8A": 20, "B9": 60, "B11": 20, "B12": 20}

SURFACE_REFLECTANCE: Mapping[str, BandKind] = {
    **{band: BandKind(_METRES.get(band, 10), _UINT16, "mean", _reflectance(band)) for band in BANDS},
    "SCL": BandKind(20, _UINT8, "sample", _classes),
    "QA60": BandKind(60, _UINT16, "sample", _cloud_bits),
}
"""Bands of COPERNICUS/S2_SR_HARMONIZED."""

CLOUD_SCORE: Mapping[str, BandKind] = {
    "cs": BandKind(10, FLOAT, "mean", _score),
    "cs_cdf": BandKind(10, FLOAT, "mean", _cumulative_score),
}
"""Bands of GOOGLE/CLOUD_SCORE_PLUS/V1/S2_HARMONIZED."""
