"""Ids and places of items as text, and back. What does not belong here: whether there is such a scene."""

import datetime as dt
import re
from dataclasses import dataclass

from eo_pipeline.sandbox.stac.earth_search.radiometry import COLLECTION_0, COLLECTION_1

_IDS = {
    COLLECTION_0: re.compile(r"S2([A-Z])_(?P<tile>[1-9]\d?[A-Z]{3})_(?P<time>\d{8})_\d+_L2A"),
    COLLECTION_1: re.compile(r"S2([A-Z])_T(?P<tile>\d{2}[A-Z]{3})_(?P<time>\d{8}T\d{6})_L2A"),
}
_FORMATS = {COLLECTION_0: "%Y%m%d", COLLECTION_1: "%Y%m%dT%H%M%S"}
_LASTS = {COLLECTION_0: dt.timedelta(days=1), COLLECTION_1: dt.timedelta(seconds=1)}
FOLDERS = {COLLECTION_0: "sentinel-s2-l2a-cogs", COLLECTION_1: "sentinel-2-c1-l2a"}
"""Folder of a collection's files in its bucket."""


@dataclass(frozen=True)
class Clue:
    """What an id tells of its scene.

    Attributes:
        tile: MGRS tile of five characters, for example 01KAB.
        start: the scene was sensed at this time or later.
        end: but before this time.
    """

    tile: str
    start: dt.datetime
    end: dt.datetime


def item_id(collection: str, *, spacecraft: str, tile: str, time: dt.datetime, sequence: int) -> str:
    """The id of an item.

    Args:
        collection: its collection's id.
        spacecraft: its letter.
        tile: MGRS tile of five characters.
        time: sensed, UTC.
        sequence: how many scenes of this spacecraft and tile came before on that day.
    """
    when = f"{time:{_FORMATS[collection]}}"
    if collection == COLLECTION_1:
        return f"S2{spacecraft}_T{tile}_{when}_L2A"
    return f"S2{spacecraft}_{tile.lstrip('0')}_{when}_{sequence}_L2A"


def clue(collection: str, item: str) -> Clue | None:
    """What the id of an item tells, or None if no item of the collection has such an id."""
    match = _IDS[collection].fullmatch(item)
    if match is None:
        return None
    try:
        start = dt.datetime.strptime(match["time"], _FORMATS[collection]).replace(tzinfo=dt.UTC)
    except ValueError:
        return None
    return Clue(match["tile"].zfill(5), start, start + _LASTS[collection])


def folder(collection: str, *, tile: str, time: dt.datetime, item: str) -> str:
    """Where an item's files are, for example sentinel-s2-l2a-cogs/33/U/WP/2023/6/S2A_33UWP_20230624_0_L2A."""
    place = f"{tile[:2].lstrip('0')}/{tile[2]}/{tile[3:]}/{time.year}/{time.month}"
    return f"{FOLDERS[collection]}/{place}/{item}"
