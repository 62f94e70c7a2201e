"""Statistics of zones: which there are, what they mean, and what they are made of.

What does not belong here: computing them (`from_sums`, `from_values`), and columns (`columns`).
"""

from collections.abc import Mapping, Sequence

from eo_pipeline.core.bands import BandEncoding
from eo_pipeline.errors import ProductError

PERCENTILE = "percentile_"
DESCRIPTIONS: Mapping[str, str] = {
    "count": "number of usable pixels of the zone (0, never null, where there are none)",
    "mean": "mean of the zone's usable pixels",
    "sum": "sum of the zone's usable pixels",
    "std": "standard deviation (population) of the zone's usable pixels",
    "var": "variance (population) of the zone's usable pixels",
    "min": "smallest usable value of the zone",
    "max": "largest usable value of the zone",
    "range": "largest minus smallest usable value of the zone",
    "median": "median of the zone's usable pixels",
    "majority": "most frequent usable value of the zone",
    "mode": "most frequent usable value of the zone",
    "minority": "least frequent usable value of the zone",
    "unique": "number of different usable values of the zone",
    "variety": "number of different usable values of the zone",
    "nodata": "number of the zone's pixels without a value, beyond the rasters' edges included",
    "nodata_share": "share of the zone without a value, beyond the rasters' edges included",
    "valid_share": "share of the zone that has a usable value",
    "weighted_mean": "mean of the zone's usable pixels, each by the raster of weights",
}
WHOLE_NUMBERS = ("count", "unique", "variety", "nodata")
"""Statistics that count; scale and offset do not touch them."""
SHARES = ("nodata_share", "valid_share")
"""From 0 to 1."""
NEVER_NULL = ("count",)
"""Known of a zone without any pixel, too."""
OF_SUMS = ("count", "mean", "sum", "std", "var", "min", "max", "range", "nodata", *SHARES)
"""What sums over a zone's pixels tell; the others but weighted_mean need the pixels' values."""


def check_statistics(names: Sequence[str]) -> tuple[str, ...]:
    """The names again if each is known and occurs once; a dotted name is a function's.

    Raises:
        ProductError: an unknown or repeated name, or none at all.
    """
    unknown = [name for name in names if not (name in DESCRIPTIONS or is_percentile(name) or is_function(name))]
    if unknown or not names or len(set(names)) != len(names):
        raise ProductError(
            f"field statistics: expected different names out of {', '.join(DESCRIPTIONS)}, percentile_N (N from 0 to "
            "100), package.module.function (values, weights) -> float, got "
            f"{', '.join(names) or 'none'}{f' ({unknown[0]} is unknown)' if unknown else ''}; correct them"
        )
    return tuple(names)


def is_percentile(name: str) -> bool:
    """Whether a statistic is percentile_N with N from 0 to 100."""
    if not name.startswith(PERCENTILE):
        return False
    number = name.removeprefix(PERCENTILE)
    return number.replace(".", "", 1).isdigit() and 0 <= float(number) <= 100


def percent_of(name: str) -> float:
    """The N of percentile_N."""
    return float(name.removeprefix(PERCENTILE))


def is_function(name: str) -> bool:
    """Whether a statistic is a person's own function, as package.module.function."""
    parts = name.split(".")
    return len(parts) > 1 and all(part.isidentifier() for part in parts)


def short_name(name: str) -> str:
    """A statistic's name in columns: of a function, what comes after its last dot."""
    return name.rpartition(".")[2] if is_function(name) else name


def of_values(name: str) -> bool:
    """Whether a statistic needs the values of a zone's pixels, not their sums."""
    return name not in (*OF_SUMS, "weighted_mean")


def meaning_of(name: str) -> str:
    """What a statistic says, in a few words."""
    if is_function(name):
        return f"{name} of the values of the zone's usable pixels"
    return DESCRIPTIONS.get(name) or f"{percent_of(name):g}th percentile of the zone's usable pixels"


def units_of(name: str, band: BandEncoding) -> str:
    """Units of a statistic of a band; empty for shares and for what a function returns."""
    if name in ("unique", "variety"):
        return "values"
    if name in WHOLE_NUMBERS:
        return "pixels"
    if name in SHARES or is_function(name):
        return ""
    return f"({band.units})2" if name == "var" and band.units else band.units
