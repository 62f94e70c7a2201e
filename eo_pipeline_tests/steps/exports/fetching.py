"""A product of the scenes whose tiles are fetched without a task; run as a program, it fetches them two at a time.

What does not belong here: expectations.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from eo_pipeline.core import grids, keys
from eo_pipeline.core.exports.export_plan import CloudStorage
from eo_pipeline.core.grids import Area
from eo_pipeline.core.product import Product
from eo_pipeline.core.requests.patience import Patience
from eo_pipeline.core.settings import Settings
from eo_pipeline.earth_engine.interactive.client import InteractiveClient
from eo_pipeline.earth_engine.session import Session, connect
from eo_pipeline.steps.exports.fetch_tiles import FetchedTiles, PixelOrder, fetch_tiles
from eo_pipeline.steps.exports.plan_export import PlannedExport, plan_export, read_inputs
from eo_pipeline_tests.end_to_end.pipeline import BUCKET
from eo_pipeline_tests.scenes import COLLECTION, LEFT, TOP, Service, scenes_product, settings_at

SIDE = 600
"""Pixels a side of the area, of which the scenes cover the upper left corner: the rest is masked."""
AREA = {"box": [LEFT, TOP - SIDE * 10, LEFT + SIDE * 10, TOP], "crs": "EPSG:32633", "resolution": 10}
BOTH = {"collection": COLLECTION, "bands": ["B4", "B8"]}
WINDOW_BYTES = 256 * 256 * 2 * 2
"""Of 256 x 256 pixels of two bands of int16: the area has nine such windows."""
HASTY = Patience(first_wait=0.02, longest_wait=0.05, seconds=5, at_once=10)


def product(name: str = "fetched", dtype: str = "int16", nodata: float | None = -32768, **sections: object) -> Product:
    """Two bands of one month."""
    output = {band: {"dtype": dtype, "nodata": nodata} for band in BOTH["bands"]}
    plain = {"name": name, "source": BOTH, "area": AREA, "output": output, "export": {"file_dimensions": 256}}
    return scenes_product(**{**plain, **sections})


def area_of(made: Product) -> Area:
    """The product's only area."""
    assert made.area.box is not None
    [area] = grids.whole_area(made.area.lattice, made.area.box)
    return area


def plan(settings: Settings, session: Session, made: Product) -> PlannedExport:
    """The export that is spared."""
    area = area_of(made)
    period = made.period.rule.parse("2024-01")
    [(_, inputs)] = read_inputs(session, made, [(area, period)])
    return plan_export(
        settings, made, area=area, period=period, inputs=inputs, destination=CloudStorage(BUCKET), native_resolution=10
    )


def order(settings: Settings, session: Session, made: Product | None = None) -> PixelOrder:
    """What is fetched in its place."""
    wanted = made or product()
    planned = plan(settings, session, wanted)
    tag = keys.workload_tag(wanted.name)
    return PixelOrder(planned.value, area_of(wanted).geobox, wanted.bands, planned.task.digest, tag)


def fetch(session: Session, wanted: PixelOrder, folder: Path, *, seconds: float = 120, **options: Any) -> FetchedTiles:
    """In small windows, with little patience; a request may take so many seconds."""
    options = {"target_bytes": WINDOW_BYTES, "patience": HASTY, **options}
    return fetch_tiles(InteractiveClient(session, seconds), wanted, folder=folder, **options)


@contextmanager
def changed(service: Service, **settings: object) -> Iterator[None]:
    """Other settings of the sandbox for a while."""
    before = service.sandbox.control("settings")["settings"]
    service.sandbox.control("settings", settings)
    try:
        yield
    finally:
        service.sandbox.control("settings", {name: before[name]["value"] for name in settings})


def main(url: str, interactive_url: str, folder: str) -> None:
    """Fetch the tiles two at a time."""
    settings = replace(settings_at(url), interactive_url=interactive_url)
    session = connect(settings, interactive=True)
    fetch(session, order(settings, session), Path(folder), patience=replace(HASTY, at_once=2))


if __name__ == "__main__":
    main(*sys.argv[1:])
