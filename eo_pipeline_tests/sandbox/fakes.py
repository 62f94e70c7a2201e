"""Stand-ins for the evaluator (one image given as functions of CRS coordinates) and for a bucket."""

# ruff: noqa: ARG002 - the fakes have the whole signature of the protocols they stand for

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from eo_pipeline.sandbox.earth_engine.engine import Expression
from eo_pipeline.sandbox.errors import ServiceError
from eo_pipeline.sandbox.graph.collections import Element
from eo_pipeline.sandbox.graph.grids import Grid
from eo_pipeline.sandbox.graph.images import Band, Image
from eo_pipeline.sandbox.graph.pixel_types import pixel_type_of
from eo_pipeline.sandbox.graph.pixels import Pixels, Raster

Values = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""Pixels from the x and y of their centres (row, column), in the dtype of the band; NaN or negative: masked."""


@dataclass
class FakeEngine:
    """One image on one grid, whatever the expression says."""

    grid: Grid
    bands: Mapping[str, Values]
    asked: list[Grid] = field(default_factory=list)
    """Every grid that was read."""

    def value(self, expression: Expression) -> object:
        return {"expression": dict(expression)}

    def image(self, expression: Expression) -> Image:
        return Image(tuple(self._band(name, values) for name, values in self.bands.items()))

    def features(self, expression: Expression) -> Iterator[Element]:
        return iter(())

    def page(self, expression: Expression, first: int, size: int) -> tuple[list[Element], bool]:
        return [], False

    def export_grid(self, image: Image) -> Grid:
        return self.grid

    def request_grid(self, spec: Mapping[str, object] | None, image: Image) -> Grid:
        return self.grid

    def read(
        self, image: Image, grid: Grid, band_ids: Sequence[str] | None = None
    ) -> list[tuple[np.ndarray, np.ndarray]]:
        self.asked.append(grid)
        x, y = np.broadcast_arrays(*grid.centres(grid.crs))
        return [_masked(self.bands[band.id](x, y)) for band in image.bands]

    def unknown_functions(self) -> Sequence[str]:
        return ()

    def _band(self, name: str, values: Values) -> Band:
        dtype = values(np.zeros((1, 1)), np.zeros((1, 1))).dtype
        return Band(name, pixel_type_of(dtype), self.grid.projection, None, Pixels((), _never))


def _never(_: Grid, __: Sequence[Raster]) -> Raster:
    raise AssertionError("the fake engine computes nothing through nodes")


def _masked(data: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return data, np.asarray(~np.isnan(data) if data.dtype.kind == "f" else data >= 0)


@dataclass
class FakeBucket:
    """A bucket in memory; only `here` exists."""

    objects: dict[str, bytes] = field(default_factory=dict)

    def check(self, bucket: str) -> None:
        if bucket != "here":
            raise ServiceError(f"no bucket {bucket}")

    def write(self, bucket: str, name: str, source: Path, content_type: str) -> None:
        self.objects[name] = source.read_bytes()
