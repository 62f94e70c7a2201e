"""Which assets an item has, and what is published about their bands. Not here: items, and pixels."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class PublishedBand:
    """One asset of one band.

    Attributes:
        key: of the asset, for example red.
        source: name of the band in Earth Engine, for example B4.
        name: of the band as ESA writes it, for example B04; also of the file.
        title: of the asset, without the resolution.
        common_name: of the EO extension.
        centre: wavelength, micrometres.
        width: full width at half maximum, micrometres.
    """

    key: str
    source: str
    name: str
    title: str
    common_name: str
    centre: float
    width: float

    def described(self) -> dict[str, object]:
        """The band as an object of `eo:bands`."""
        return {
            "name": self.name,
            "common_name": self.common_name,
            "center_wavelength": self.centre,
            "full_width_half_max": self.width,
        }


REFLECTANCES = (
    PublishedBand("coastal", "B1", "B01", "Coastal", "coastal", 0.443, 0.027),
    PublishedBand("blue", "B2", "B02", "Blue", "blue", 0.490, 0.098),
    PublishedBand("green", "B3", "B03", "Green", "green", 0.560, 0.045),
    PublishedBand("red", "B4", "B04", "Red", "red", 0.665, 0.038),
    PublishedBand("rededge1", "B5", "B05", "Red Edge 1", "rededge", 0.704, 0.019),
    PublishedBand("rededge2", "B6", "B06", "Red Edge 2", "rededge", 0.740, 0.018),
    PublishedBand("rededge3", "B7", "B07", "Red Edge 3", "rededge", 0.783, 0.028),
    PublishedBand("nir", "B8", "B08", "NIR 1", "nir", 0.842, 0.145),
    PublishedBand("nir08", "B8A", "B8A", "NIR 2", "nir08", 0.865, 0.033),
    PublishedBand("nir09", "B9", "B09", "NIR 3", "nir09", 0.945, 0.026),
    PublishedBand("swir16", "B11", "B11", "SWIR 1.6μm", "swir16", 1.610, 0.143),
    PublishedBand("swir22", "B12", "B12", "SWIR 2.2μm", "swir22", 2.190, 0.242),
)
"""Reflectances, with ESA's wavelengths (stactools-packages/sentinel2)."""

CLASSES_KEY, CLASSES_SOURCE = "scl", "SCL"

CLASSES: Mapping[int, tuple[str, str]] = {
    0: ("no_data", "No data"),
    1: ("saturated_or_defective", "Saturated or defective"),
    2: ("dark_area_pixels", "Dark area pixels"),
    3: ("cloud_shadows", "Cloud shadows"),
    4: ("vegetation", "Vegetation"),
    5: ("not_vegetated", "Not vegetated"),
    6: ("water", "Water"),
    7: ("unclassified", "Unclassified"),
    8: ("cloud_medium_probability", "Cloud medium probability"),
    9: ("cloud_high_probability", "Cloud high probability"),
    10: ("thin_cirrus", "Thin cirrus"),
    11: ("snow", "Snow or ice"),
}
"""Name and description of each value of SCL."""

SOURCES: Mapping[str, str] = {band.name: band.source for band in REFLECTANCES} | {"SCL": CLASSES_SOURCE}
"""Band in Earth Engine by the name of the file."""
