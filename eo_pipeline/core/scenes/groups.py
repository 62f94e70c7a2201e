"""Which scenes are one observation of a place.

Scenes of one solar day are: tiles beside each other, and the same pass twice where tiles or UTM zones overlap, which
counts once. What does not belong here: joining their pixels (`fusing`).
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import groupby

from eo_pipeline.core.scenes.scene import Scene
from eo_pipeline.core.scenes.solar_days import solar_day

Packing = tuple[tuple[str, float, float], ...]
"""(band, scale, offset) of bands, in the order of their names."""

_ANY_TIME = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class SceneGroup:
    """Scenes that are one observation.

    Attributes:
        day: of the sun, where they are looked at.
        packing: scale and offset of those bands that stay as they are stored.
        scenes: by id; where several have a value, the first one's counts.
    """

    day: date
    packing: Packing
    scenes: tuple[Scene, ...]


def group_scenes(
    scenes: Iterable[Scene], *, longitude: float, unchanged: Collection[str] = (), by_instant: bool = False
) -> list[SceneGroup]:
    """The observations that scenes make, by day.

    Args:
        scenes: in any order.
        longitude: of the place, degrees.
        unchanged: bands whose stored numbers are not brought to one offset: scenes of a day that pack them
            differently stay apart, since their numbers mean different things.
        by_instant: whether only scenes of the same instant belong together, in the order of their instants.
    """

    def key(scene: Scene) -> tuple[date, datetime, Packing]:
        day = solar_day(scene.instant, longitude)
        return day, scene.instant if by_instant else _ANY_TIME, packing_of(scene, unchanged)

    ordered = sorted(scenes, key=lambda scene: (key(scene), scene.id))
    return [SceneGroup(day, packing, tuple(held)) for (day, _, packing), held in groupby(ordered, key)]


def packing_of(scene: Scene, bands: Collection[str]) -> Packing:
    """Scale and offset of a scene's bands."""
    return tuple((name, scene.band(name).scale, scene.band(name).offset) for name in sorted(bands))
