import datetime as dt
from collections.abc import Callable, Iterator

import pytest
from shapely.geometry.base import BaseGeometry

from eo_pipeline.sandbox.graph.images import ImageRecord
from eo_pipeline.sandbox.world.tiles import Tile, tiles_near
from eo_pipeline.sandbox.world.world import ProceduralWorld, build_world

S2 = "COPERNICUS/S2_SR_HARMONIZED"
SCORE = "GOOGLE/CLOUD_SCORE_PLUS/V1/S2_HARMONIZED"
PROBABILITY = "COPERNICUS/S2_CLOUD_PROBABILITY"
CLIMATE = "ECMWF/ERA5_LAND/MONTHLY_AGGR"
HEIGHTS = "USGS/SRTMGL1_003"

Search = Callable[[str, str, str, BaseGeometry | None], Iterator[ImageRecord]]


def ms(text: str) -> int:
    return int(dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC).timestamp() * 1000)


def tiles_of(region: BaseGeometry | None) -> list[Tile]:
    """Tiles that meet a region."""
    return [tile for tile in tiles_near(region).tiles if tile.meets(region)]


@pytest.fixture(scope="session")
def world() -> ProceduralWorld:
    return build_world()


@pytest.fixture(scope="session")
def search(world: ProceduralWorld) -> Search:
    def found(collection: str, start: str, end: str, region: BaseGeometry | None) -> Iterator[ImageRecord]:
        return world.images(collection, start_ms=ms(start), end_ms=ms(end), region=region)

    return found
