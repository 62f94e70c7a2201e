"""The sandbox's pixels: a median NDVI of 12 Sentinel-2 scenes against plain numpy, and small requests a second.

Both sides of the median read the same uncompressed files, in one process on one core; reading them is the limit. Then
the same median by a process a core, each of which computes some of the rows, beside one process; and by one server
that is asked for all rows at once, beside the same server asked one after the other. Small requests are windows of
64 x 64 pixels over HTTP, by eight clients at once; beside them as many requests that compute nothing, which is what
the server itself costs.
"""

import io
import json
import multiprocessing
import os
import tempfile
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import rasterio
import requests

from benchmarks.chain_sandbox import serving
from benchmarks.harness import ONE_CORE, Comparison, Json, Side, compare
from benchmarks.sandbox_scenes import (
    CLEAR,
    COLLECTION,
    CRS,
    LEFT,
    PIXELS,
    SCENES,
    TOP,
    expression,
    scene_file,
    write_scenes,
)
from eo_pipeline.sandbox.catalog.files import load_file_catalog
from eo_pipeline.sandbox.earth_engine.graph_engine import GraphEngine
from eo_pipeline.sandbox.graph.grids import Grid

REQUESTS = 400
WINDOW = 64
CLIENTS = 8
CORES = os.cpu_count() or 1
GRID = Grid(CRS, (10.0, 0.0, LEFT, 0.0, -10.0, TOP), PIXELS, PIXELS)


def by_the_sandbox(*, folder: str) -> str:
    """The median as the sandbox evaluates it; gives the file of the result, NaN where masked."""
    engine = GraphEngine(load_file_catalog(Path(folder) / "catalog.yaml"))
    image = engine.image(json.loads((Path(folder) / "expression.json").read_text()))
    ((data, mask),) = engine.read(image, GRID)
    return _kept(folder, "sandbox", np.where(mask > 0, data, np.nan))


def by_processes(*, folder: str, parts: int) -> str:
    """The same by a process for each part of the rows; gives the file of the result."""
    forked = multiprocessing.get_context("fork")
    engine = GraphEngine(load_file_catalog(Path(folder) / "catalog.yaml"))
    image = engine.image(json.loads((Path(folder) / "expression.json").read_text()))

    def work(part: int) -> None:
        ((data, mask),) = engine.read(image, _rows(part, parts))
        _kept(folder, f"part{part}", np.where(mask > 0, data, np.nan))

    workers = [forked.Process(target=work, args=(part,)) for part in range(parts)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return _kept(folder, "parts", np.concatenate([np.load(Path(folder) / f"part{part}.npy") for part in range(parts)]))


def by_requests(*, url: str, folder: str, parts: int, at_once: int) -> str:
    """The same by computePixels, a request for each part of the rows; gives the file of the result."""
    wanted = json.loads((Path(folder) / "expression.json").read_text())

    def asked(part: int) -> np.ndarray:
        body = {"expression": wanted, "fileFormat": "NPY", "grid": _wire(_rows(part, parts))}
        answer = requests.post(f"{url}/v1/projects/benchmark/image:computePixels", json=body, timeout=300)
        answer.raise_for_status()
        return np.asarray(np.load(io.BytesIO(answer.content))["nd"])

    with ThreadPoolExecutor(at_once) as clients:
        return _kept(folder, f"requests{at_once}", np.concatenate(list(clients.map(asked, range(parts)))))


def by_numpy(*, folder: str) -> str:
    """The median as one writes it in numpy; gives the file of the result, NaN where no scene is clear."""
    stack = np.empty((SCENES, PIXELS, PIXELS), "float32")
    for number in range(SCENES):
        red, infrared, classes = (_band(folder, number, band) for band in ("B4", "B8", "SCL"))
        clear = np.isin(classes, CLEAR).repeat(2, axis=0).repeat(2, axis=1)
        red, infrared = red.astype("float32"), infrared.astype("float32")
        stack[number] = np.where(clear, (infrared - red) / (infrared + red), np.nan)
    stack.sort(axis=0)
    count = np.count_nonzero(~np.isnan(stack), axis=0)
    low, high = (
        np.take_along_axis(stack, place[None], axis=0)[0] for place in (np.maximum(count - 1, 0) // 2, count // 2)
    )
    return _kept(folder, "numpy", np.where(count > 0, (low + high) / 2, np.nan))


def reading(*, folder: str) -> int:
    """Reads the files; gives how many pixels there are."""
    return sum(_band(folder, number, band).size for number in range(SCENES) for band in ("B4", "B8", "SCL"))


def small_requests(*, url: str, folder: str) -> bool:
    """Asks for REQUESTS windows of a scene; tells whether each holds the pixels of the file."""
    pixels = _band(folder, 0, "B4")
    path = f"{url}/v1/projects/earthengine-public/assets/{COLLECTION}/scene00:getPixels"

    def asked(session: requests.Session, number: int) -> bool:
        row, column = (number * 17) % (PIXELS - WINDOW), (number * 131) % (PIXELS - WINDOW)
        grid = _wire(GRID.window(column, row, WINDOW, WINDOW))
        answer = session.post(path, json={"fileFormat": "NPY", "bandIds": ["B4"], "grid": grid}, timeout=60)
        answer.raise_for_status()
        # the data of an NPY file are its last bytes
        return answer.content.endswith(pixels[row : row + WINDOW, column : column + WINDOW].tobytes())

    return all(_at_once(asked))


def empty_requests(*, url: str) -> bool:
    """As many requests for the list of operations, which is empty."""

    def asked(session: requests.Session, _: int) -> bool:
        answer = session.get(f"{url}/v1/projects/benchmark/operations", timeout=60)
        answer.raise_for_status()
        return bool(answer.json() == {})

    return all(_at_once(asked))


def comparisons() -> Iterator[Comparison]:
    """The median, then small requests."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        catalog = write_scenes(folder)
        with serving(catalog, folder / "sandbox") as settings:
            url = settings["EO_EARTH_ENGINE_URL"]
            (folder / "expression.json").write_text(json.dumps(expression(url)))
            yield _median(name)
            processes: dict[str, Json] = {"function": "by_processes", "folder": name}
            yield _growth(
                _side("a process a core", **processes, parts=CORES), _side("one process", **processes, parts=1)
            )
            split: dict[str, Json] = {"function": "by_requests", "url": url, "folder": name, "parts": CORES}
            yield _growth(
                _side("requests at once", **split, at_once=CORES), _side("one after the other", **split, at_once=1)
            )
            yield compare(
                f"{REQUESTS} windows of {WINDOW} x {WINDOW} pixels over HTTP",
                ours=_side("getPixels", "small_requests", url=url, folder=name),
                peer=_side("requests that compute nothing", "empty_requests", url=url),
                equal=lambda mine, theirs: mine is True and theirs is True,
            )


def _median(folder: str) -> Comparison:
    return compare(
        f"median NDVI of {SCENES} scenes of {PIXELS} x {PIXELS} pixels",
        ours=_side("sandbox", "by_the_sandbox", folder=folder),
        peer=_side("numpy", "by_numpy", folder=folder),
        equal=lambda mine, theirs: np.allclose(np.load(mine), np.load(theirs), rtol=0, atol=1e-6, equal_nan=True),
        limit=_side("reading", "reading", folder=folder),
    )


def _growth(ours: Side, peer: Side) -> Comparison:
    return compare(
        f"the same by {ours.name} ({CORES})",
        ours=ours,
        peer=peer,
        equal=lambda mine, theirs: np.array_equal(np.load(mine), np.load(theirs), equal_nan=True),
    )


def _rows(part: int, parts: int) -> Grid:
    """A part of the rows of the whole grid."""
    first, end = PIXELS * part // parts, PIXELS * (part + 1) // parts
    return GRID.window(0, first, PIXELS, end - first)


def _wire(grid: Grid) -> Json:
    """A grid as a request says it."""
    scale_x, shear_x, left, shear_y, scale_y, top = grid.transform
    return {
        "crsCode": grid.crs,
        "dimensions": {"width": grid.width, "height": grid.height},
        "affineTransform": {
            "scaleX": scale_x, "shearX": shear_x, "translateX": left,
            "shearY": shear_y, "scaleY": scale_y, "translateY": top,
        },
    }  # fmt: skip


def _side(name: str, function: str, **arguments: Json) -> Side:
    return Side(name, "benchmarks.sandbox", function, arguments, environment=ONE_CORE)


def _at_once(asked: Callable[[requests.Session, int], bool]) -> list[bool]:
    """The answers to all requests, by CLIENTS clients with a connection each."""
    own = threading.local()

    def one(number: int) -> bool:
        if not hasattr(own, "session"):
            own.session = requests.Session()
        return asked(own.session, number)

    with ThreadPoolExecutor(CLIENTS) as clients:
        return list(clients.map(one, range(REQUESTS)))


def _band(folder: str, number: int, band: str) -> np.ndarray:
    with rasterio.open(scene_file(Path(folder), number, band)) as file:
        return np.asarray(file.read(1))


def _kept(folder: str, name: str, pixels: np.ndarray) -> str:
    file = Path(folder) / f"{name}.npy"
    np.save(file, pixels)
    return os.fspath(file)
