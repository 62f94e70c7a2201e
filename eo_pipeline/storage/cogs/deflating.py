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

ISA_L = 0
"""Stands for ISA-L among libdeflate's levels."""

_SAMPLE, _LEAST = 32, 2**16
"""One part in so many of the data is tried, but no fewer bytes: what repeats is looked for in the last 32 KiB."""

_MORE = 1.02
"""How many times the bytes of libdeflate ISA-L may need for the sample and still be preferred."""


def deflate(data: memoryview, level: int, into: memoryview) -> memoryview:
    """Zlib's form of DEFLATE, by libdeflate at a level from 1 to 12, or by ISA_L; written into memory that suffices."""
    if level == ISA_L:
        return memoryview(imagecodecs.isal_encode(data, _QUICK, out=into))
    return memoryview(imagecodecs.deflate_encode(data, level, out=into))


def suitable_level(data: memoryview) -> int:
    """The level that packs the middle of the data best; ISA_L if that does about as well."""
    if not imagecodecs.ISAL.available:
        return _HARDEST
    size = min(len(data), max(_LEAST, len(data) // _SAMPLE))
    middle = (len(data) - size) // 2
    sample = data[middle : middle + size]
    best, level = min((len(imagecodecs.deflate_encode(sample, level)), level) for level in (_HARD, _HARDEST))
    return ISA_L if len(imagecodecs.isal_encode(sample, _QUICK)) <= _MORE * best else level
