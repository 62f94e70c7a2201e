"""The Landsat collections: which scenes there are and their metadata. What does not belong here: pixels."""

from __future__ import annotations

import datetime as dt
import itertools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from eo_pipeline.sandbox.graph.images import ImageRecord
from eo_pipeline.sandbox.graph.late_properties import LateProperties
from eo_pipeline.sandbox.world.frames import world
from eo_pipeline.sandbox.world.ground import RowGround
from eo_pipeline.sandbox.world.landsat_bands import LANDSAT_BANDS, TRUE_BANDS, LandsatKind, landsat_band
from eo_pipeline.sandbox.world.orbits import DAY_MS, Pass
from eo_pipeline.sandbox.world.publishing import Edition, Present
from eo_pipeline.sandbox.world.scenery import Scenery
from eo_pipeline.sandbox.world.seasons import EPOCH, day_of_year
from eo_pipeline.sandbox.world.sky import cloudy_share
from eo_pipeline.sandbox.world.sun import zenith_azimuth
from eo_pipeline.sandbox.world.tiles import wrapped
from eo_pipeline.sandbox.world.timetable import SceneImages, Timetable
from eo_pipeline.sandbox.world.wrs import LANDSAT, PATHS, ROWS, Row, RowScene, rows_near

_SAMPLES = 20
_INDEX = re.compile(r"LC0[89]_(\d{3})(\d{3})_(\d{8})")


@dataclass(frozen=True)
class LandsatCollection:
    """The scenes of one satellite over land.

    Attributes:
        id: its Earth Engine id.
        kinds: its bands.
        number: 8 or 9.
        first_ms: when it begins, milliseconds since 1970.
        scenery: the world.
        present: when scenes appear.
    """

    id: str
    kinds: Mapping[str, LandsatKind]
    number: int
    first_ms: int
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

    def image(self, index: str) -> ImageRecord | None:
        """The record of a system:index, or None."""
        match = _INDEX.fullmatch(index)
        if match is None or not (1 <= int(match[1]) <= PATHS and 1 <= int(match[2]) <= ROWS):
            return None
        try:
            day = dt.datetime.strptime(match[3] + "Z", "%Y%m%d%z")
        except ValueError:
            return None
        place = Row(int(match[1]), int(match[2]))
        start = max((day - EPOCH) // dt.timedelta(milliseconds=1), self.first_ms)
        if not place.is_published or not self.scenery.has_land(place):
            return None
        table = Timetable(LANDSAT, RowGround({place.track: np.array([place.row])}, lambda _: True), self._scene)
        within = itertools.takewhile(lambda scene: scene.time_ms < start + DAY_MS, table.scenes(start))
        return next((self._record(scene) for scene in within if self._index(scene) == index), None)

    def area(self, values: Mapping[str, object]) -> BaseGeometry | None:
        """See Catalog.area; known for the scenes of a WRS_PATH, or of one WRS_ROW of it."""
        path, row = values.get("WRS_PATH"), values.get("WRS_ROW")
        if not isinstance(path, int | float):
            return None
        if path not in range(1, PATHS + 1):
            return shapely.Polygon()
        rows = [one for one in range(1, ROWS + 1) if row is None or row == one]
        return shapely.union_all([wrapped(Row(int(path), one).outline) for one in rows])

    def _scenes(self, region: BaseGeometry | None) -> SceneImages[Row, RowScene]:
        ground = RowGround(rows_near(region), lambda place: place.meets(region) and self.scenery.has_land(place))
        table = Timetable(LANDSAT, ground, self._scene)
        return SceneImages(table, self._record, self.first_ms, self.present(), region)

    def _scene(self, place: Row, one: Pass) -> RowScene | None:
        return RowScene(place, one) if one.is_second == (self.number == 9) else None

    def _index(self, scene: RowScene) -> str:
        place = scene.place
        return f"LC0{self.number}_{place.path:03d}{place.row:03d}_{EPOCH + _milliseconds(scene.time_ms):%Y%m%d}"

    def _record(self, scene: RowScene) -> ImageRecord | None:
        index = self._index(scene)
        edition = self.present().edition(index, scene.time_ms)
        if edition is None:
            return None
        scene = replace(scene, revision=edition.revision)
        _, _, width, height = scene.place.grid
        known = {
            "system:index": index,
            "system:time_start": scene.time_ms,
            "system:version": edition.version,
            "system:asset_size": width * height * 11 + 4096 * edition.revision,
            "WRS_PATH": scene.place.path,
            "WRS_ROW": scene.place.row,
            "SPACECRAFT_ID": f"LANDSAT_{self.number}",
        }
        properties = LateProperties(known, lambda: self._properties(scene, edition))
        bands = {name: landsat_band(self.scenery, scene, kind) for name, kind in self.kinds.items()}
        footprint = wrapped(scene.place.outline)
        return ImageRecord(f"{self.id}/{index}", properties, footprint, edition.version, bands)

    def _properties(self, scene: RowScene, edition: Edition) -> dict[str, object]:
        place, day = scene.place, day_of_year(scene.time_ms)
        zenith, azimuth = zenith_azimuth(np.asarray(place.middle[1]), day)
        when, made = EPOCH + _milliseconds(scene.time_ms), EPOCH + _milliseconds(edition.made_ms)
        cloudy = round(100 * _cloudy(place, scene.one), 2)
        product = f"LC0{self.number}_L2SP_{place.path:03d}{place.row:03d}_{when:%Y%m%d}_{made:%Y%m%d}_02_T1"
        return {
            "LANDSAT_PRODUCT_ID": product,
            "LANDSAT_SCENE_ID": f"LC{self.number}{place.path:03d}{place.row:03d}{when:%Y%j}LGN00",
            "DATE_ACQUIRED": f"{when:%Y-%m-%d}",
            "SCENE_CENTER_TIME": f"{when:%H:%M:%S}.{when.microsecond:06d}0Z",
            "DATE_PRODUCT_GENERATED": edition.made_ms,
            "CLOUD_COVER": cloudy,
            "CLOUD_COVER_LAND": cloudy,
            "COLLECTION_CATEGORY": "T1",
            "COLLECTION_NUMBER": 2,
            "PROCESSING_LEVEL": "L2SP",
            "SENSOR_ID": "OLI_TIRS",
            "NADIR_OFFNADIR": "NADIR",
            "ROLL_ANGLE": 0.0,
            "SUN_AZIMUTH": float(azimuth),
            "SUN_ELEVATION": 90 - float(zenith),
            "EARTH_SUN_DISTANCE": float(1 - 0.01672 * np.cos(2 * np.pi * (day - 4) / 365.256)),
            "IMAGE_QUALITY_OLI": 9,
            "IMAGE_QUALITY_TIRS": 9,
            "UTM_ZONE": int(place.crs[-2:]),
            "TARGET_WRS_PATH": place.path,
            "TARGET_WRS_ROW": place.row,
            **_ENCODING,
        }


def landsat_collections(scenery: Scenery, present: Present) -> list[LandsatCollection]:
    """Landsat 8 from 2013-03-18 and Landsat 9 from 2021-10-31, each with its truth."""
    return [
        LandsatCollection(name, kinds, number, first_day * DAY_MS, scenery, present)
        for number, first_day in ((8, 15_782), (9, 18_931))
        for name, kinds in (
            (f"LANDSAT/LC0{number}/C02/T1_L2", LANDSAT_BANDS),
            (f"SANDBOX/TRUTH/LC0{number}_C02_T1_L2", TRUE_BANDS),
        )
    ]


_ENCODING: Mapping[str, float] = {
    **{f"REFLECTANCE_MULT_BAND_{number}": 0.0000275 for number in range(1, 8)},
    **{f"REFLECTANCE_ADD_BAND_{number}": -0.2 for number in range(1, 8)},
    "TEMPERATURE_MULT_BAND_ST_B10": 0.00341802,
    "TEMPERATURE_ADD_BAND_ST_B10": 149.0,
}


def _milliseconds(number: int) -> dt.timedelta:
    return dt.timedelta(milliseconds=number)


@lru_cache(maxsize=65536)
def _cloudy(place: Row, one: Pass) -> float:
    """Share of the scene that is cloudy, from some hundred places of it."""
    west, south, east, north = place.outline.bounds
    longitude, latitude = np.meshgrid(np.linspace(west, east, _SAMPLES), np.linspace(south, north, _SAMPLES))
    inside = shapely.contains_xy(place.outline, longitude, latitude)
    return cloudy_share(*world(longitude[inside], latitude[inside]), one)
