"""Which scenes there are, and their metadata. What does not belong here: pixels."""

from __future__ import annotations

import datetime as dt
import itertools
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache, partial

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from eo_pipeline.sandbox.graph.images import ImageRecord
from eo_pipeline.sandbox.graph.late_properties import LateProperties
from eo_pipeline.sandbox.world.baselines import baseline_of
from eo_pipeline.sandbox.world.frames import world
from eo_pipeline.sandbox.world.ground import TileGround
from eo_pipeline.sandbox.world.orbits import SENTINEL_2
from eo_pipeline.sandbox.world.publishing import Edition, Present, Publishing
from eo_pipeline.sandbox.world.scene_bands import (
    AS_PROCESSED,
    CLOUD_PROBABILITY,
    CLOUD_SCORE,
    HARMONIZED,
    TRUTH,
    BandKind,
    Scene,
    scene_band,
    stamp,
)
from eo_pipeline.sandbox.world.scenery import Scenery
from eo_pipeline.sandbox.world.seasons import EPOCH, day_of_year
from eo_pipeline.sandbox.world.sky import cloudy_share
from eo_pipeline.sandbox.world.sun import zenith_azimuth
from eo_pipeline.sandbox.world.tiles import Tile, tile_of, tiles_at, tiles_near, wrapped, zone_middle
from eo_pipeline.sandbox.world.timetable import SceneImages, Timetable

FIRST_MS = 1490659200000
"""2017-03-28, when the collections begin, milliseconds since 1970."""

_LEAST_SHARE = 0.01
"""Scenes that show less of their tile do not exist."""

_REPROCESSED = "05.00"
"""The baseline of the archive's reprocessing (Collection 1)."""

_BYTES = 1_000_000_000
"""Size of a scene that shows all of its tile, roughly that of the real ones."""

_SAMPLES = 20
_INDEX = re.compile(r"(\d{8}T\d{6})_(\d{8}T\d{6})_T(\w{5})")


@dataclass(frozen=True)
class SceneCollection:
    """An endless collection of scenes.

    Attributes:
        id: its Earth Engine id.
        kinds: its bands.
        late: makes the properties of a scene, an edition and the share of the tile that is seen.
        scenery: the world.
        present: when scenes appear.
    """

    id: str
    kinds: Mapping[str, BandKind]
    late: Callable[[Scene, Edition, float], dict[str, object]]
    scenery: Scenery
    present: Present

    @property
    def endless(self) -> bool:
        """True."""
        return True

    def images(self, start_ms: int | None, end_ms: int | None, region: BaseGeometry | None) -> Iterator[ImageRecord]:
        """See Catalog.images."""
        return self._scenes(region).images(start_ms, end_ms)

    def newest(self, start_ms: int | None, end_ms: int, region: BaseGeometry | None) -> Iterator[ImageRecord]:
        """See NewestFirst."""
        return self._scenes(region).newest(start_ms, end_ms)

    def _scenes(self, region: BaseGeometry | None) -> SceneImages[Tile, Scene]:
        ground = TileGround(tiles_near(region), lambda tile: tile.meets(region) and self.scenery.has_land(tile))
        now = self.present()
        return SceneImages(Timetable(SENTINEL_2, ground, Scene), partial(self.record, now=now), FIRST_MS, now, region)

    def image(self, index: str) -> ImageRecord | None:
        """The record of a system:index, or None."""
        match = _INDEX.fullmatch(index)
        tile = None if match is None else tile_of(match[3])
        if match is None or tile is None or not self.scenery.has_land(tile):
            return None
        sensed = dt.datetime.strptime(match[2] + "Z", "%Y%m%dT%H%M%S%z")
        start = (sensed - EPOCH) // dt.timedelta(milliseconds=1)
        if start < FIRST_MS:
            return None
        table = Timetable(SENTINEL_2, TileGround(tiles_at(tile), lambda _: True), Scene)
        within = itertools.takewhile(lambda scene: scene.time_ms <= start + 1000, table.scenes(start))
        now = self.present()
        return next((self.record(scene, now=now) for scene in within if scene.index == index), None)

    def area(self, values: Mapping[str, object]) -> BaseGeometry | None:
        """See Catalog.area; known for the scenes of an MGRS_TILE."""
        name = values.get("MGRS_TILE")
        if not isinstance(name, str):
            return None
        tile = tile_of(name)
        return shapely.Polygon() if tile is None else wrapped(tile.outline)

    def record(self, scene: Scene, *, now: Publishing) -> ImageRecord | None:
        """The image of a scene, or None if too little of the tile is seen or it has not arrived by now."""
        footprint, share = _footprint(scene)
        if share < _LEAST_SHARE:
            return None
        edition = now.edition(scene.index, scene.time_ms)
        if edition is None:
            return None
        scene = replace(scene, revision=edition.revision)
        known = {
            "system:index": scene.index,
            "system:time_start": scene.time_ms,
            "system:time_end": scene.time_ms,
            "system:version": edition.version,
            "system:asset_size": round(share * _BYTES) + 4096 * edition.revision,
        }
        properties = LateProperties(known, lambda: self.late(scene, edition, share))
        bands = {name: scene_band(self.scenery, scene, kind) for name, kind in self.kinds.items()}
        return ImageRecord(f"{self.id}/{scene.index}", properties, footprint, edition.version, bands)


def sentinel_collections(scenery: Scenery, present: Present) -> list[SceneCollection]:
    """Surface reflectance, harmonised and as processed; cloud scores and truth of the same system:index."""
    return [
        SceneCollection("COPERNICUS/S2_SR_HARMONIZED", HARMONIZED, _reflectance_properties, scenery, present),
        SceneCollection("COPERNICUS/S2_SR", AS_PROCESSED, _reflectance_properties, scenery, present),
        SceneCollection("GOOGLE/CLOUD_SCORE_PLUS/V1/S2_HARMONIZED", CLOUD_SCORE, _score_properties, scenery, present),
        SceneCollection("COPERNICUS/S2_CLOUD_PROBABILITY", CLOUD_PROBABILITY, _score_properties, scenery, present),
        SceneCollection("SANDBOX/TRUTH/S2_SR_HARMONIZED", TRUTH, _score_properties, scenery, present),
    ]


@lru_cache(maxsize=65536)
def _footprint(scene: Scene) -> tuple[BaseGeometry, float]:
    """What is seen of the tile, longitudes from -180 to 180, and its share of the tile's area in degrees."""
    outline = scene.tile.outline
    _, south, _, north = outline.bounds
    seen = outline.intersection(scene.one.swath(south - 0.1, north + 0.1, zone_middle(scene.tile.zone)))
    return wrapped(seen), seen.area / outline.area


def _score_properties(scene: Scene, _: Edition, __: float) -> dict[str, object]:
    one, tile = scene.one, scene.tile
    return {"MGRS_TILE": tile.name, "SPACECRAFT_NAME": scene.spacecraft, "SENSING_ORBIT_NUMBER": one.track}


def _reflectance_properties(scene: Scene, edition: Edition, share: float) -> dict[str, object]:
    """Properties of a scene of which a share of the tile is seen, 0..1."""
    baseline = _REPROCESSED if edition.revision else baseline_of(scene.time_ms)
    number = baseline.replace(".", "")
    one, tile = scene.one, scene.tile
    zenith, azimuth = zenith_azimuth(np.asarray(tile.middle[1]), day_of_year(scene.time_ms))
    short = "S2B" if one.is_second else "S2A"
    cloudy = round(100 * _cloudy(scene), 6)
    start, sensed = stamp(one.start_ms), stamp(scene.time_ms)
    return {
        "MGRS_TILE": tile.name,
        "SPACECRAFT_NAME": scene.spacecraft,
        "CLOUDY_PIXEL_PERCENTAGE": cloudy,
        "CLOUD_COVERAGE_ASSESSMENT": cloudy,
        "NODATA_PIXEL_PERCENTAGE": round(100 * (1 - share), 6),
        "MEAN_SOLAR_ZENITH_ANGLE": float(zenith),
        "MEAN_SOLAR_AZIMUTH_ANGLE": float(azimuth),
        "SENSING_ORBIT_NUMBER": one.track,
        "SENSING_ORBIT_DIRECTION": "DESCENDING",
        "DATATAKE_IDENTIFIER": f"G{short}_{start}_{one.absolute_orbit:06d}_N{baseline}",
        "DATATAKE_TYPE": "INS-NOBS",
        "PROCESSING_BASELINE": baseline,
        "GENERATION_TIME": max(edition.made_ms, scene.time_ms + 21_600_000),
        "GRANULE_ID": f"L2A_T{tile.name}_A{one.absolute_orbit:06d}_{sensed}",
        "PRODUCT_ID": f"{short}_MSIL2A_{start}_N{number}_R{one.track:03d}_T{tile.name}_{sensed}",
        "GENERAL_QUALITY": "PASSED",
        "GEOMETRIC_QUALITY": "PASSED",
        "RADIOMETRIC_QUALITY": "PASSED",
        "SENSOR_QUALITY": "PASSED",
        "FORMAT_CORRECTNESS": "PASSED",
    }


@lru_cache(maxsize=65536)
def _cloudy(scene: Scene) -> float:
    """Share of what is seen that is cloudy, from some hundred places of the tile."""
    west, south, east, north = scene.tile.outline.bounds
    longitude, latitude = np.meshgrid(np.linspace(west, east, _SAMPLES), np.linspace(south, north, _SAMPLES))
    inside = shapely.contains_xy(scene.tile.outline, longitude, latitude)
    seen = inside & (np.abs(scene.one.across(longitude, latitude)) <= scene.one.orbit.half_swath_km)
    if not seen.any():
        return 0.0
    return cloudy_share(*world(longitude[seen], latitude[seen]), scene.one)
