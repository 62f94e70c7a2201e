"""DEFLATE streams, as hard to make as the data are worth.

Pixels with noise, after a predictor, are packed by how often each byte occurs and hardly by what repeats: there ISA-L
needs a third of libdeflate's time for about as many bytes. Where more repeats, libdeflate's level 6, GDAL's own choice,
makes files smaller by up to a third. Does not belong here: other codecs.
"""

import imagecodecs

_QUICK = 3
"""ISA-L's level that looks for repetitions most."""

_HARD = 6

_SAMPLE, _LEAST = 32, 2**16
"""One part in so many of the data is tried, but no fewer bytes: what repeats is looked for in the last 32 KiB."""

_MORE = 1.02
"""How many times the bytes of libdeflate ISA-L may need for the sample and still be preferred."""


def deflate(data: memoryview, level: int | None) -> bytes:
    """Zlib's form of DEFLATE, by libdeflate at a level from 1 to 12, or by what suits the data."""
    if level is None and imagecodecs.ISAL.available and _repeats_little(data):
        return bytes(imagecodecs.isal_encode(data, _QUICK))
    return bytes(imagecodecs.deflate_encode(data, _HARD if level is None else level))


def _repeats_little(data: memoryview) -> bool:
    """Whether the middle of the data gains little by being packed hard."""
    size = min(len(data), max(_LEAST, len(data) // _SAMPLE))
    middle = (len(data) - size) // 2
    sample = data[middle : middle + size]
    return len(imagecodecs.isal_encode(sample, _QUICK)) <= _MORE * len(imagecodecs.deflate_encode(sample, _HARD))
