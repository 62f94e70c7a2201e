"""The day of a scene by the sun: passes of one day belong together, even where UTC's midnight falls between them.

What does not belong here: which scenes become one observation (`groups`).
"""

from datetime import date, datetime, timedelta

from odc.geo.geobox import GeoBox
from pyproj import Transformer

_SECONDS_A_DEGREE = 240
"""The sun goes round in a day."""


def solar_day(instant: datetime, longitude: float) -> date:
    """The day at the mean sun of a longitude.

    Args:
        instant: UTC.
        longitude: degrees; whole turns do not matter.
    """
    east = (longitude + 180) % 360 - 180
    return (instant + timedelta(seconds=_SECONDS_A_DEGREE * east)).date()


def middle_longitude(geobox: GeoBox) -> float:
    """Longitude of the middle of a grid, degrees."""
    height, width = geobox.shape
    x, y = geobox.affine @ (width / 2, height / 2)
    if geobox.crs is None or geobox.crs.geographic:
        return float(x)
    return float(Transformer.from_crs(geobox.crs.proj, "EPSG:4326", always_xy=True).transform(x, y)[0])
