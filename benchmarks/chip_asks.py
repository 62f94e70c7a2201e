"""Chips by this project's requests, as a side of the benchmark `downloads`.

What does not belong here: what else is measured (`chip_clients`), and comparing (`downloads`).
"""

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from typing import Any

import ee
from affine import Affine
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox

from benchmarks.canned_pixels import BANDS, CRS, RESOLUTION, SIDE, place_of
from benchmarks.child import resident_mb
from benchmarks.chip_clients import IMAGE, keep
from benchmarks.harness import BenchmarkError, Json
from eo_pipeline.core.bands import BandEncoding
from eo_pipeline.core.settings import Settings
from eo_pipeline.earth_engine.interactive.client import InteractiveClient, Request
from eo_pipeline.earth_engine.interactive.expression import Expression, serialised
from eo_pipeline.earth_engine.interactive.pixels import pixels_request, read_pixels
from eo_pipeline.earth_engine.session import connect
from eo_pipeline.steps.asking.ask_all import Report, ask_all

PROJECT = "benchmark"
LOOKS = 100
"""How often memory is looked at while chips come."""
_ENCODINGS = tuple(BandEncoding(band, "uint8") for band in BANDS)


@dataclass(frozen=True)
class ChipAsk:
    """One chip.

    Attributes:
        expression: of the image.
        geobox: of the chip.
    """

    expression: Expression
    geobox: GeoBox

    def request(self) -> Request:
        """What is sent."""
        return pixels_request(self.expression, self.geobox, tag="benchmark")

    def read(self, reply: bytes) -> NDArray[Any]:
        """Pixels (band, y, x)."""
        return read_pixels(reply, (SIDE, SIDE), _ENCODINGS)

    def halves(self) -> "Sequence[ChipAsk]":
        """None: a chip is small."""
        return ()

    def join(self, parts: Sequence[NDArray[Any]]) -> NDArray[Any]:
        """Of one part."""
        (whole,) = parts
        return whole


def geobox_of(number: int) -> GeoBox:
    """Where a chip lies."""
    left, top = place_of(number)
    return GeoBox((SIDE, SIDE), Affine(RESOLUTION, 0, left, 0, -RESOLUTION, top), CRS)


def ours(*, url: str, count: int, planned: int | None = None, folder: str | None = None) -> Json:
    """What became of the first chips that came, `count` of those that are planned (as many unless said).

    Gives {seconds, checksums by the chip's number, memory_mb as it was LOOKS times, report}.
    """
    variables = {"EO_PROJECT": PROJECT, "EO_EARTH_ENGINE_URL": url, "EO_CREDENTIALS": "anonymous"}
    client = InteractiveClient(connect(Settings.from_mapping(variables), interactive=True))
    expression, report = serialised(ee.Image(IMAGE)), Report()
    checksums: dict[int, int] = {}
    memory = []
    started = time.perf_counter()
    asks = ((number, ChipAsk(expression, geobox_of(number))) for number in range(planned or count))
    answers = ask_all(client, asks, report=report)
    for answer in islice(answers, count):
        if answer.value is None:
            msg = f"expected chip {answer.key}, got none: {answer.problem}"
            raise BenchmarkError(msg)
        checksums[answer.key] = keep(answer.value, answer.key, folder)
        if len(checksums) % max(1, count // LOOKS) == 0:
            memory.append(resident_mb())
    seconds = time.perf_counter() - started
    answers.close()
    return {"seconds": seconds, "checksums": checksums, "memory_mb": memory, "report": asdict(report)}
