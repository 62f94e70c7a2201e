"""How the numbers of a Sentinel-2 scene mean reflectance, from what its item says.

Since processing baseline 04.00 ESA adds 1000 to reflectance times 10000
(https://sentiwiki.copernicus.eu/web/s2-products). Archives have kept that, taken it out of some scenes, and written
both down wrongly, so every item is decided by itself; its date says nothing. Not here: pixels (`offset_witness`).
"""

from dataclasses import dataclass

ADDED = -0.1
"""Reflectance of a stored 0, where ESA's 1000 are in the pixels."""

FIRST_ADDED = 4.0
"""Processing baseline."""

_MISLABELLED = frozenset({"sentinel-2-l2a"})
"""Collections of Earth Search with items whose `earthsearch:boa_offset_applied` is reported to be the opposite of what
their pixels are (Element84/earth-search issues 66 and 71, cirrus-geo/cirrus-earth-search issue 33)."""


@dataclass(frozen=True)
class OffsetFacts:
    """What an item says.

    Attributes:
        collection: its id.
        applied: `earthsearch:boa_offset_applied`: whether the archive took the 1000 out; None if it does not say.
        baseline: `s2:processing_baseline` as a number; None if it does not say.
        declared: offset of the reflectance bands; None if they declare none.
    """

    collection: str
    applied: bool | None
    baseline: float | None
    declared: float | None


@dataclass(frozen=True)
class OffsetDecision:
    """How the numbers mean reflectance.

    Attributes:
        offset: reflectance of a stored 0.
        doubt: why pixels should be asked, if they can be; else empty.
    """

    offset: float
    doubt: str = ""


def decide_offset(facts: OffsetFacts) -> OffsetDecision:
    """The offset of a Sentinel-2 item's reflectances.

    A baseline before 04.00 never had it, whatever is declared. After that the flag counts, then what is declared, and
    with neither the baseline alone.
    """
    if facts.baseline is None:
        offset = 0.0 if facts.applied else facts.declared or 0.0
    elif facts.baseline < FIRST_ADDED or facts.applied:
        offset = 0.0
    elif facts.applied is None and facts.declared is not None:
        offset = facts.declared
    else:
        offset = ADDED
    return OffsetDecision(offset, _doubt(facts))


def _doubt(facts: OffsetFacts) -> str:
    """The reason not to believe an item, if there is one."""
    added = facts.baseline is None or facts.baseline >= FIRST_ADDED
    if facts.applied is not None and added and facts.collection in _MISLABELLED:
        return f"items of {facts.collection} are reported whose boa_offset_applied is wrong"
    if facts.applied is False and added and facts.declared == 0:
        return "boa_offset_applied is false, and the offset declared is 0"
    if not added and facts.declared:
        return f"baseline {facts.baseline:05.2f} has no offset, and {facts.declared:g} is declared"
    return ""
