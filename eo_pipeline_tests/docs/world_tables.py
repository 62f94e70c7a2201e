"""The tables of docs/sandbox_world.md that follow from the code: assets, orbits, covers.

What does not belong here: formulas, which the page explains.
"""

import datetime as dt

import shapely

from eo_pipeline.sandbox.graph.crs import is_geographic
from eo_pipeline.sandbox.graph.images import BandSource, ImageRecord
from eo_pipeline.sandbox.world.covers import COVERS, leaf_table, reflectance_table
from eo_pipeline.sandbox.world.invented_tables import DISTRICTS, ECOREGIONS
from eo_pipeline.sandbox.world.land_cover import CLASS_OF
from eo_pipeline.sandbox.world.orbits import SENTINEL_2
from eo_pipeline.sandbox.world.world import build_world
from eo_pipeline.sandbox.world.wrs import LANDSAT

_PLACE = shapely.Point(15.5, 48.3)
_OF_TABLES = {DISTRICTS: "invented districts", ECOREGIONS: "invented ecoregions"}
_JANUARY, _JULY = 14, 195
"""Days of the year, from 0."""


def assets_of_the_world() -> str:
    """Every asset with its bands, the side and type of their pixels, and its first image."""
    world = build_world()
    rows = []
    for name, member in world.collections.items():
        first = next(iter(member.images(None, None, _PLACE)))
        rows.append(f"| `{name}` | {_bands(first)} | {_date(first)} |")
    rows += [f"| `{name}` (one image) | {_bands(record)} | {_date(record)} |" for name, record in world.singles.items()]
    for name, table in world.tables.items():
        features = table()
        columns = [f"`{column}`" for column in features[0].properties if column != "system:index"]
        rows.append(
            f"| `{name}` (table) | {len(features)} {_OF_TABLES.get(name, 'countries')}: {', '.join(columns)} | |"
        )
    return "\n".join(["| Earth Engine id | bands | first image at 15.5 E, 48.3 N |", "|---|---|---|", *rows])


def _date(record: ImageRecord) -> str:
    start = record.properties["system:time_start"]
    return f"{dt.datetime.fromtimestamp(int(str(start)) / 1000, dt.UTC):%Y-%m-%d}"


def _bands(record: ImageRecord) -> str:
    groups: dict[str, list[str]] = {}
    for name, source in record.bands.items():
        groups.setdefault(_kind(source), []).append(name)
    return "; ".join(f"{kind}: {', '.join(names)}" for kind, names in groups.items())


def _kind(source: BandSource) -> str:
    side = source.projection.transform[0]
    if not is_geographic(source.projection.crs):
        return f"{side:.6g} m, {source.pixel_type.dtype}"
    length = f"{side:g} degrees" if side > 0.01 else f"{side * 3600:g} arc second"
    return f"{length}, {source.pixel_type.dtype}"


def orbits_of_the_world() -> str:
    """The orbits of the satellites that fly."""
    rows = [
        f"| {orbit.name} | {orbit.tracks} | {orbit.repeat_days} | {orbit.cycle_days:g} | {orbit.inclination} | "
        f"{2 * orbit.half_swath_km:g} |"
        for orbit in (SENTINEL_2, LANDSAT)
    ]
    head = "| pair | tracks | days until one satellite repeats | until either does | inclination | swath, km |"
    return "\n".join([head, "|---|---|---|---|---|---|", *rows])


def covers_of_the_world() -> str:
    """The kinds of ground, their class in WorldCover, and leaves and reflectance in the middles of two months."""
    red, infrared = (reflectance_table(band) for band in ("B4", "B8"))
    tables = {"leaves": leaf_table(), "B4": red, "B8": infrared}
    rows = []
    for code, cover in enumerate(COVERS):
        numbers = [f"{table[code, day]:.3f}" for table in tables.values() for day in (_JANUARY, _JULY)]
        rows.append(f"| {code} | {cover.name} | {CLASS_OF[cover.name]} | {' | '.join(numbers)} |")
    heads = [f"{name}, {month}" for name in tables for month in ("January", "July")]
    head = f"| cover | name | WorldCover | {' | '.join(heads)} |"
    return "\n".join([head, "|---" * (3 + len(heads)) + "|", *rows])
