"""DEFLATE streams, as hard to make as the data are worth.

Pixels with noise, after a predictor, are packed by how often each byte occurs and hardly by what repeats: there ISA-L
needs a third of libdeflate's time for about as many bytes, and libdeflate's level 4 often fewer than level 6, which is
GDAL's own choice. Where more repeats, level 6 makes files smaller by up to a third. Does not belong here: other codecs.
"""

import imagecodecs

_QUICK = 3
"""ISA-L's level that looks for repetitions most."""

_HARD, _HARDEST = 4, 6
"""Levels of libdeflate."""

_ISA_L = 0
"""Stands for ISA-L among libdeflate's levels."""

_SAMPLE, _LEAST = 32, 2**16
"""One part in so many of the data is tried, but no fewer bytes: what repeats is looked for in the last 32 KiB."""

_MORE = 1.02
"""How many times the bytes of libdeflate ISA-L may need for the sample and still be preferred."""


def deflate(data: memoryview, level: int | None) -> bytes:
    """Zlib's form of DEFLATE, by libdeflate at a level from 1 to 12, or by what suits the data."""
    if level is None:
        level = _level(data) if imagecodecs.ISAL.available else _HARDEST
    if level == _ISA_L:
        return bytes(imagecodecs.isal_encode(data, _QUICK))
    return bytes(imagecodecs.deflate_encode(data, level))


def _level(data: memoryview) -> int:
    """The level of libdeflate that packs the middle of the data best; _ISA_L if ISA-L does about as well."""
    size = min(len(data), max(_LEAST, len(data) // _SAMPLE))
    middle = (len(data) - size) // 2
    sample = data[middle : middle + size]
    best, level = min((len(imagecodecs.deflate_encode(sample, level)), level) for level in (_HARD, _HARDEST))
    return _ISA_L if len(imagecodecs.isal_encode(sample, _QUICK)) <= _MORE * best else level
