"""Sentinel-2 items: how their numbers mean reflectance. What does not belong here: the rule (`core.scenes.offsets`)."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pystac

from eo_pipeline.core.scenes.offsets import OffsetDecision, OffsetFacts, decide_offset
from eo_pipeline.core.scenes.scene import Scene, SceneBand
from eo_pipeline.sources.stac.asset_bands import declared_offset

_SCALE = 0.0001
RED, CLASSES = "red", "scl"
_NAMES = {RED: ("red", "B04", "B04_10m"), CLASSES: ("scl", "SCL", "SCL_20m")}
"""What archives call the bands that tell a scene's offset."""

_REFLECTANCES = frozenset(
    {"coastal", "blue", "green", "red", "nir", "nir08", "nir09", "swir16", "swir22"}
    | {f"rededge{number}" for number in (1, 2, 3)}
    | {f"B{number:02}" for number in range(1, 13)}
    | {"B8A"}
)


def is_sentinel2_l2a(item: pystac.Item) -> bool:
    """Whether the item says how it was processed as Sentinel-2's level 2A is."""
    told = item.properties
    names = str(item.collection_id or "").lower()
    is_level = "l2a" in names or str(told.get("s2:product_type", "")).upper().endswith("2A")
    return is_level and any(name in told for name in ("s2:processing_baseline", "earthsearch:boa_offset_applied"))


def decided(item: pystac.Item) -> OffsetDecision:
    """How the item's numbers mean reflectance."""
    told = item.properties
    applied, baseline = told.get("earthsearch:boa_offset_applied"), told.get("s2:processing_baseline")
    offsets = (declared_offset(asset) for key, asset in item.assets.items() if _is_reflectance(key))
    facts = OffsetFacts(
        collection=str(item.collection_id or ""),
        applied=applied if isinstance(applied, bool) else None,
        baseline=_baseline(baseline),
        declared=next((offset for offset in offsets if offset is not None), None),
    )
    return decide_offset(facts)


def with_offset(bands: Mapping[str, SceneBand], offset: float) -> dict[str, SceneBand]:
    """The bands, those of reflectance with a scale of 0.0001 and this offset."""
    return {
        name: replace(band, scale=_SCALE, offset=offset) if _is_reflectance(name) else band
        for name, band in bands.items()
    }


def witnesses(scene: Scene) -> tuple[SceneBand, SceneBand] | None:
    """The bands of red light and classes, None if the scene lacks one."""
    found = [next((scene.band(name) for name in names if scene.has(name)), None) for names in _NAMES.values()]
    red, classes = found
    return None if red is None or classes is None else (red, classes)


def settled(scene: Scene, offset: float | None) -> Scene:
    """The scene as its pixels say; as its item says, if they do not."""
    return scene if offset is None else replace(scene, bands=with_offset(scene.bands, offset), doubt="")


def _is_reflectance(name: str) -> bool:
    return name.removesuffix("-jp2") in _REFLECTANCES or name.rpartition("_")[0] in _REFLECTANCES


def _baseline(value: Any) -> float | None:
    try:
        return None if value is None else float(value)
    except (TypeError, ValueError):
        return None
