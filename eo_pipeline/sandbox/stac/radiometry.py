"""How the numbers of an item's pixels mean reflectance. What does not belong here: reading pixels.

Since processing baseline 04.00 ESA adds 1000 to reflectance times 10000, so that negative values can be stored. Earth
Engine's harmonised collection has taken it out of all scenes; the archives of Earth Search have not.
"""

from dataclasses import dataclass

from eo_pipeline.sandbox.stac.settings import StacSettings

COLLECTION_0, COLLECTION_1 = "sentinel-2-l2a", "sentinel-2-c1-l2a"

SCALE = 0.0001
OFFSET = -0.1
ADDED = 1000
"""What baselines from 04.00 on add to reflectance times 10000."""

_BASELINES = (
    ("2022-01-25", "04.00"),
    ("2022-12-06", "05.09"),
    ("2023-12-13", "05.10"),
    ("2024-07-23", "05.11"),
)
"""First sensing day and ESA's operational baseline since then; before the first: 03.01 (older ones are not told apart)."""


@dataclass(frozen=True)
class Radiometry:
    """What holds for all reflectances of an item.

    Attributes:
        baseline: processing baseline, for example 04.00.
        offset: as declared in `raster:bands`.
        applied: as `earthsearch:boa_offset_applied` says.
        added: what the pixels have over reflectance times 10000.
    """

    baseline: str
    offset: float
    applied: bool
    added: int


def radiometry(collection: str, item: str, day: str, settings: StacSettings) -> Radiometry:
    """The radiometry of an item.

    Args:
        collection: its collection's id.
        item: its id.
        day: sensing day, ISO.
        settings: of the archive.
    """
    baseline = next((name for first, name in reversed(_BASELINES) if day >= first), "03.01")
    if collection == COLLECTION_1:
        return Radiometry(max(baseline, "05.00"), OFFSET, applied=False, added=ADDED)
    applied = baseline >= "04.00" and day >= settings.applied_from
    offset = settings.offset_when_applied if applied else OFFSET
    mislabelled = item in settings.mislabelled
    added = ADDED if baseline >= "04.00" and not applied else 0
    return Radiometry(baseline, offset if baseline >= "04.00" else 0.0, applied != mislabelled, added)
