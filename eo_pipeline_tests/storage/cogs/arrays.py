"""A source whose pixels are an array, and bands for it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from numpy.typing import NDArray

from eo_pipeline.core.bands import BandEncoding, Kind
from eo_pipeline.core.rectangles import Rectangle


@dataclass
class ArraySource:
    """Pixels (band, y, x) in memory; remembers what was asked for, and may have empty windows and raw blocks."""

    pixels: NDArray[Any]
    empty: tuple[Rectangle, ...] = ()
    raws: Mapping[Rectangle, bytes] = field(default_factory=dict)
    asked: list[Rectangle] = field(default_factory=list)

    def is_empty(self, window: Rectangle) -> bool:
        return window in self.empty

    def read(self, window: Rectangle) -> NDArray[Any]:
        self.asked.append(window)
        return self.pixels[:, *window.slices]

    def raw(self, block: Rectangle) -> bytes | None:
        return self.raws.get(block)


def bands_of(dtype: str, count: int, nodata: float | None = 0, kind: Kind = "continuous") -> list[BandEncoding]:
    return [BandEncoding(f"b{number}", dtype, nodata=nodata, kind=kind) for number in range(count)]
