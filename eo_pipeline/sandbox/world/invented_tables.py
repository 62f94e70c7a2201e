"""Tables of invented regions under the ids and with the columns of real ones. What does not belong here: their shapes.

Names and codes are made up; only those of the countries (ADM0) are real.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from shapely.geometry.base import BaseGeometry

from eo_pipeline.sandbox.graph.geometry import Geometry
from eo_pipeline.sandbox.graph.values import Feature
from eo_pipeline.sandbox.world.districts import districts_of
from eo_pipeline.sandbox.world.ecoregions import BIOMES, ecoregions

DISTRICTS = "FAO/GAUL/2015/level2"
"""Second-level administrative units."""

ECOREGIONS = "RESOLVE/ECOREGIONS/2017"

_CODES = 1000
"""Codes of a country's provinces and districts begin at multiples of this."""

_SHORT = {
    1: "moist forests",
    2: "dry forests",
    4: "mixed forests",
    6: "taiga",
    7: "savanna",
    8: "steppe",
    10: "mountain grasslands",
    11: "tundra",
    12: "woodlands and scrub",
    13: "desert",
}
"""What an ecoregion of a biome is called."""


def district_table(countries: tuple[Feature, ...]) -> tuple[Feature, ...]:
    """The districts of all countries, country by country.

    Args:
        countries: with ADM0_NAME and ADM0_CODE.
    """
    rows = [row for number, country in enumerate(countries) for row in _districts(number, country)]
    return tuple(_feature(number, shape, properties) for number, (shape, properties) in enumerate(rows))


def _districts(number: int, country: Feature) -> Iterator[tuple[BaseGeometry, dict[str, object]]]:
    if country.geometry is None:
        return
    name = country.properties["ADM0_NAME"]
    for position, district in enumerate(districts_of(country.geometry.shape, number), start=1):
        properties = {
            "ADM0_CODE": country.properties["ADM0_CODE"],
            "ADM0_NAME": name,
            "ADM1_CODE": (number + 1) * _CODES + district.province + 1,
            "ADM1_NAME": f"{name} province {district.province + 1}",
            "ADM2_CODE": (number + 1) * _CODES + position,
            "ADM2_NAME": f"{name} district {position}",
            "Shape_Area": district.shape.area,
            "Shape_Leng": district.shape.length,
        }
        yield district.shape, properties


def ecoregion_table(land: tuple[BaseGeometry, ...]) -> tuple[Feature, ...]:
    """The ecoregions of the world's land (EPSG:4326), by biome."""
    named: Counter[str] = Counter()
    rows = []
    for number, region in enumerate(ecoregions(land), start=1):
        name = f"{region.realm} {_SHORT[region.biome]}"
        named[name] += 1
        properties = {
            "ECO_ID": number,
            "ECO_NAME": f"{name} {named[name]}",
            "BIOME_NUM": region.biome,
            "BIOME_NAME": BIOMES[region.biome],
            "REALM": region.realm,
            "SHAPE_AREA": region.shape.area,
            "SHAPE_LENG": region.shape.length,
        }
        rows.append(_feature(number, region.shape, properties))
    return tuple(rows)


def _feature(number: int, shape: BaseGeometry, properties: dict[str, object]) -> Feature:
    return Feature(Geometry(shape), {"system:index": f"{number:020x}", **properties})
