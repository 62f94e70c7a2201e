"""DEFLATE streams, as hard to make as the data are worth.

Pixels with noise, after a predictor, are packed by how often each byte occurs and hardly by what repeats: there ISA-L
needs a third of libdeflate's time for as many bytes. Where more repeats, libdeflate's level 6, GDAL's own choice, makes
files smaller by up to a third. Does not belong here: other codecs.
"""

import imagecodecs

_QUICK = 3
"""ISA-L's level that looks for repetitions most."""

_HARD = 6

_SAMPLE = 8
"""One part in so many of the data is tried."""

_WORTH = 0.54
"""Share of its size to which ISA-L packs the sample, above which libdeflate gains nothing: measured over noise of 1 to
400 counts in uint16 and in floats, where sizes differ by -3.4 to +2.7 %."""


def deflate(data: memoryview, level: int | None) -> bytes:
    """Zlib's form of DEFLATE, by libdeflate at a level from 1 to 12, or by what suits the data."""
    if level is None and imagecodecs.ISAL.available and _is_noise(data):
        return bytes(imagecodecs.isal_encode(data, _QUICK))
    return bytes(imagecodecs.deflate_encode(data, _HARD if level is None else level))


def _is_noise(data: memoryview) -> bool:
    """Whether the middle of the data hardly packs."""
    size = len(data) // _SAMPLE
    middle = (len(data) - size) // 2
    return len(imagecodecs.isal_encode(data[middle : middle + size], _QUICK)) > _WORTH * size
