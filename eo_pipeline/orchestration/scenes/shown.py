"""What a person sees of partitions that are composed here: tables of scenes, pictures of the composite and of the work.

What does not belong here: the values that are shown.
"""

from collections.abc import Sequence
from typing import Any

import dagster as dg

from eo_pipeline.core.bands import BandEncoding
from eo_pipeline.core.pictures import Panel, Values, count_panel, panels_png, stretch
from eo_pipeline.core.rectangles import Rectangle
from eo_pipeline.core.scenes.scene import Scene
from eo_pipeline.engines.timeline import Timeline
from eo_pipeline.engines.timeline_picture import timeline_png
from eo_pipeline.orchestration.metadata import colours_of, picture
from eo_pipeline.sources.aligned_tiles.archive import Tile
from eo_pipeline.steps.cubes.look_at_region import look_at_region
from eo_pipeline.storage.cubes import StoredSlots

SCENES_SHOWN = 100
"""Scenes or tiles that a table lists."""


def scene_table(scenes: Sequence[Scene]) -> dg.TableMetadataValue:
    """The first scenes, by time."""
    rows = [(scene.id, f"{scene.instant:%Y-%m-%d %H:%M:%S}", scene.version) for scene in scenes[:SCENES_SHOWN]]
    return _table(("scene", "sensed", "version"), rows)


def tile_table(tiles: Sequence[Tile]) -> dg.TableMetadataValue:
    """The first tiles, by place."""
    return _table(("place", "file", "version"), [(one.place, one.href, one.version) for one in tiles[:SCENES_SHOWN]])


def _table(names: Sequence[str], rows: Sequence[tuple[str, ...]]) -> dg.TableMetadataValue:
    records = [dg.TableRecord(dict(zip(names, row, strict=True))) for row in rows]
    return dg.MetadataValue.table(records, dg.TableSchema([dg.TableColumn(name, "string") for name in names]))


def composite_picture(
    slots: StoredSlots, slot: int, region: Rectangle, bands: Sequence[BandEncoding], *, title: str
) -> dict[str, Any]:
    """The first band beside its number of usable observations, or else beside the last band."""
    first = bands[0]
    second = next((band for band in bands if band.name == "n_valid"), bands[-1])
    left, right = (_panel(band, look_at_region(slots, slot, region, band)) for band in (first, second))
    return {"picture": picture(panels_png(left, right, title=title.replace("|", " · ")), title)}


def _panel(band: BandEncoding, values: Values) -> Panel:
    if band.kind == "count":
        return count_panel(values, band.name)
    colormap, limits = colours_of(band.name)
    return Panel(values, band.name, band.units, colormap, limits or stretch(values, (2.0, 98.0)))


def timeline_shown(timeline: Timeline, *, title: str) -> dict[str, Any]:
    """Worker-seconds and what was tried again; the picture if anything was worked on."""
    if not timeline.bars:
        return {}
    png = timeline_png(timeline, title=title.replace("|", " · "))
    return {"timeline": picture(png, f"{title} timeline")}
