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

_FIRST_ADDED, _REPROCESSED = "04.00", "05.00"


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


def radiometry(collection: str, item: str, baseline: str, day: str, settings: StacSettings) -> Radiometry:
    """The radiometry of an item.

    Args:
        collection: its collection's id; all of Collection 1 is of baseline 05.00 or later.
        item: its id.
        baseline: with which the scene was processed.
        day: sensing day, ISO.
        settings: of the archive.
    """
    if collection == COLLECTION_1:
        return Radiometry(max(baseline, _REPROCESSED), OFFSET, applied=False, added=ADDED)
    is_added = baseline >= _FIRST_ADDED
    applied = is_added and day >= settings.applied_from
    declared = OFFSET if is_added and (settings.declares_applied_offset or not applied) else 0.0
    said = applied != (item in settings.mislabelled)
    return Radiometry(baseline, declared, said, ADDED if is_added and not applied else 0)
