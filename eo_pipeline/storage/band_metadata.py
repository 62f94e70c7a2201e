"""What a GeoTIFF of ours says of its bands. Does not belong here: pixels, and reading it back (`rasters`)."""

from collections.abc import Sequence
from typing import Any

from eo_pipeline.core.bands import BandEncoding


def describe_bands(dataset: Any, bands: Sequence[BandEncoding]) -> None:
    """Write names, scales, offsets, units, kinds and meanings into a dataset that is open for writing."""
    dataset.descriptions = [band.name for band in bands]
    dataset.scales = [band.scale for band in bands]
    dataset.offsets = [band.offset for band in bands]
    dataset.units = [band.units for band in bands]
    for number, band in enumerate(bands, start=1):
        dataset.update_tags(number, kind=band.kind, long_name=band.description)
