"""A client that only serialises, and a catalog of numpy arrays. What does not belong here: tests."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Literal

import ee
import numpy as np
import shapely
from google.auth.credentials import AnonymousCredentials
from shapely.geometry.base import BaseGeometry

from eo_pipeline.sandbox.earth_engine.graph_engine import GraphEngine
from eo_pipeline.sandbox.graph.geometry import reprojected
from eo_pipeline.sandbox.graph.grids import Grid, Projection
from eo_pipeline.sandbox.graph.images import ImageRecord
from eo_pipeline.sandbox.graph.pixel_types import PixelType, pixel_type_of
from eo_pipeline.sandbox.graph.values import Feature

_TESTS = Path(ee.__file__).parent / "tests"


class _Handler(BaseHTTPRequestHandler):
    """Answers what ee.Initialize asks for, and nothing else."""

    def do_GET(self) -> None:
        algorithms = self.path.partition("?")[0].endswith("/algorithms")
        name = "algorithms.json" if algorithms else "cloud_api_discovery_document.json"
        body = (_TESTS / name).read_text(encoding="utf-8").replace("v1alpha", "v1").encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name in http.server
        """Says nothing."""


@contextmanager
def serialising_client() -> Iterator[None]:
    """The real client, initialised without internet, for as long as the block runs."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        credentials = AnonymousCredentials()
        ee.Initialize(credentials, url=f"http://127.0.0.1:{server.server_port}", project="sandbox")
        yield
    finally:
        ee.Reset()
        server.shutdown()
        server.server_close()
        thread.join()


@dataclass(frozen=True)
class ArrayBand:
    """A band source of an array (row, column): levels are block means of it, or every 2**k-th pixel."""

    data: np.ndarray
    projection: Projection
    mask: np.ndarray | None = None
    pyramiding: Literal["mean", "sample", "mode"] = "mean"
    reads: list[tuple[int, int, int, int, int]] = field(default_factory=list)

    @property
    def pixel_type(self) -> PixelType:
        return pixel_type_of(self.data.dtype)

    @property
    def dimensions(self) -> tuple[int, int]:
        return self.data.shape[1], self.data.shape[0]

    def read(self, level: int, x: int, y: int, width: int, height: int) -> tuple[np.ndarray, np.ndarray]:
        self.reads.append((level, x, y, width, height))
        data, mask = self.data, np.ones(self.data.shape, bool) if self.mask is None else self.mask
        for _ in range(level):
            data, mask = _coarser(data), mask[::2, ::2]
        assert x >= 0
        assert y >= 0
        assert x + width <= data.shape[1]
        assert y + height <= data.shape[0]
        return data[y : y + height, x : x + width], mask[y : y + height, x : x + width]


def _coarser(data: np.ndarray) -> np.ndarray:
    padded = np.pad(data, [(0, size % 2) for size in data.shape], mode="edge")
    blocks = padded.reshape(padded.shape[0] // 2, 2, padded.shape[1] // 2, 2)
    return blocks.mean(axis=(1, 3)).astype(data.dtype)


UTM = Projection("EPSG:32633", (10.0, 0.0, 500_000.0, 0.0, -10.0, 5_000_000.0))
"""A lattice of 10 m pixels near 15 E, 45 N."""


def utm_grid(width: int, height: int, x: int = 0, y: int = 0, scale: int = 1) -> Grid:
    """A grid on UTM, starting at pixel (x, y), of pixels `scale` times as large."""
    a, _, c, _, e, f = UTM.transform
    return Grid(UTM.crs, (a * scale, 0.0, c + a * x, 0.0, e * scale, f + e * y), width, height)


def record(
    image_id: str,
    bands: Mapping[str, np.ndarray | ArrayBand],
    *,
    time: int = 0,
    projection: Projection = UTM,
    **properties: object,
) -> ImageRecord:
    """An image record of arrays on one lattice."""
    sources = {n: b if isinstance(b, ArrayBand) else ArrayBand(b, projection) for n, b in bands.items()}
    first = next(iter(sources.values()))
    grid = first.projection.grid(0, 0, *first.dimensions)
    outline = shapely.box(*grid.bounds)
    shape = outline if grid.crs == "EPSG:4326" else reprojected(outline, grid.crs, "EPSG:4326")
    index = image_id.rpartition("/")[2]
    known = {"system:index": index, "system:time_start": time, "system:version": 1, **properties}
    return ImageRecord(image_id, known, shape, 1, sources)


@dataclass(frozen=True)
class FakeAsset:
    """A catalog entry."""

    id: str
    type: str = "IMAGE_COLLECTION"
    properties: Mapping[str, object] = field(default_factory=dict)
    endless: bool = False


@dataclass
class FakeCatalog:
    """Records in a list; remembers how it was asked."""

    records: list[ImageRecord]
    asked: list[tuple[str, int | None, int | None, BaseGeometry | None]] = field(default_factory=list)

    def asset(self, asset_id: str) -> FakeAsset | None:
        known = {one.id.rpartition("/")[0] for one in self.records} | {"EMPTY"}
        return FakeAsset(asset_id) if asset_id in known else None

    def images(
        self, collection_id: str, *, start_ms: int | None, end_ms: int | None, region: BaseGeometry | None
    ) -> Iterator[ImageRecord]:
        self.asked.append((collection_id, start_ms, end_ms, region))
        for one in sorted(self.records, key=lambda r: (_time(r), r.id)):
            inside = (start_ms is None or start_ms <= _time(one)) and (end_ms is None or _time(one) < end_ms)
            near = region is None or one.footprint.intersects(region)
            if inside and near and one.id.rpartition("/")[0] == collection_id:
                yield one

    def table(self, _: str) -> Sequence[Feature] | None:
        return None

    def area(self, _: str, __: Mapping[str, object]) -> BaseGeometry | None:
        return None

    def image(self, image_id: str) -> ImageRecord | None:
        return next((one for one in self.records if one.id == image_id), None)


def _time(one: ImageRecord) -> int:
    value = one.properties["system:time_start"]
    assert isinstance(value, int)
    return value


def expression(value: object) -> dict[str, Any]:
    """What the client sends for a value."""
    encoded: dict[str, Any] = json.loads(json.dumps(ee.serializer.encode(value, for_cloud_api=True)))
    return encoded


def engine(*records: ImageRecord) -> GraphEngine:
    """An engine on these records."""
    return GraphEngine(FakeCatalog(list(records)))


def value(computed: object, *records: ImageRecord) -> Any:
    """What the client would get for a computed value."""
    return engine(*records).value(expression(computed))


def pixels(computed: object, grid: Grid, *records: ImageRecord) -> list[tuple[np.ndarray, np.ndarray]]:
    """Data and mask of every band of a computed image on a grid."""
    one = engine(*records)
    return one.read(one.image(expression(computed)), grid)
