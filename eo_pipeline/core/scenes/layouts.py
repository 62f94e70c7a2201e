"""How the bands of several scenes are stored together: one type, one nodata, one scale.

What does not belong here: offsets, which may differ (`fusing`), and reading.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from eo_pipeline.core.scenes.scene import Scene, SceneBand
from eo_pipeline.errors import SourceError


@dataclass(frozen=True)
class BandLayout:
    """What holds for a band of all scenes.

    Attributes:
        dtype: numpy's name of the stored type.
        nodata: stored number of pixels without a value.
        scale: physical units per stored unit.
    """

    dtype: str
    nodata: float
    scale: float

    def __str__(self) -> str:
        return f"{self.dtype}, nodata {self.nodata:g}, scale {self.scale:g}"


def layout_of(scenes: Sequence[Scene], name: str) -> BandLayout:
    """The layout of a band of scenes that all have it, with type and nodata.

    Raises:
        SourceError: they differ, or nodata is no number of the type; names the scenes.
    """
    first = scenes[0]
    layout = _layout(first, name)
    others = [scene for scene in scenes if not _same(_layout(scene, name), layout)]
    if others:
        told = "\n".join(f"  {scene.id}: {_layout(scene, name)}" for scene in others[:50])
        raise SourceError(
            f"expected band {name} stored alike in all scenes, got {layout} in {first.id}, and in {len(others)} "
            f"other(s)\n{told}\nload them as two products"
        )
    return layout


def _layout(scene: Scene, name: str) -> BandLayout:
    band = scene.band(name)
    if band.dtype is None or band.nodata is None:
        raise SourceError(
            f"expected the number that means no value in band {name} of scene {scene.id}, got none from the item and "
            f"from {band.href}; name it as source.nodata"
        )
    if not _fits(band.nodata, band):
        raise SourceError(
            f"expected a nodata of {band.dtype} in band {name} of scene {scene.id}, got {band.nodata:g}; "
            "correct the item, the file or source.nodata"
        )
    return BandLayout(band.dtype, band.nodata, band.scale)


def _fits(nodata: float, band: SceneBand) -> bool:
    stored = np.dtype(band.dtype)
    if stored.kind == "f":
        return True
    limits = np.iinfo(stored)
    return math.isfinite(nodata) and nodata == round(nodata) and limits.min <= nodata <= limits.max


def _same(one: BandLayout, other: BandLayout) -> bool:
    alike = one.nodata == other.nodata or (math.isnan(one.nodata) and math.isnan(other.nodata))
    return alike and (one.dtype, one.scale) == (other.dtype, other.scale)
