"""Measure zones inside Earth Engine, without an export: many requests, each for a batch of neighbouring zones.

The table is the one that `measure_zones` gives of the mosaics. Batches that came are kept in a folder, so that a run
after a kill asks only for the others. What does not belong here: one request (`zone_asks`), and where the table goes.
"""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import shapely
from odc.geo.geobox import GeoBox

from eo_pipeline.core.requests.patience import Patience
from eo_pipeline.core.requests.region_batches import PAYLOAD_BYTES, Batch, Limits, Region, batches
from eo_pipeline.core.zonal.cell_areas import row_areas
from eo_pipeline.core.zonal.columns import Form, zone_columns
from eo_pipeline.core.zonal.curve import along_the_curve
from eo_pipeline.core.zonal.entries import Results
from eo_pipeline.core.zonal.measures import Rule
from eo_pipeline.core.zonal.outlines import zone_windows
from eo_pipeline.core.zonal.shapes import Zones
from eo_pipeline.core.zonal.table import zone_table
from eo_pipeline.core.zonal.told import Told, asked_of_service, results_of
from eo_pipeline.core.zonal.wanted import Wanted
from eo_pipeline.earth_engine.interactive.client import InteractiveClient
from eo_pipeline.earth_engine.region_nodes import REGION_BYTES, VERTEX_BYTES
from eo_pipeline.earth_engine.zones.zone_pictures import AreaImages
from eo_pipeline.earth_engine.zones.zone_sums import ZoneSums
from eo_pipeline.errors import ZonesError
from eo_pipeline.steps.asking.ask_all import Progress
from eo_pipeline.steps.asking.kept_batches import Handling, KeptBatches
from eo_pipeline.steps.zones.coverage import shapes_of
from eo_pipeline.steps.zones.ground import ground_of
from eo_pipeline.steps.zones.zone_asks import ToldZones, ZoneAsk, ZoneOrder

_NAMED = 10
"""Zones that are named in an error."""

VALUES = 250_000
"""Pixels times bands of one request whose different numbers come back: about 25 bytes each, 6 MB."""


@dataclass(frozen=True)
class MeasuredZones:
    """What came.

    Attributes:
        table: rows in the zones' order, columns of `core.zonal.columns.zone_columns`.
        requests: sent now, those that were refused included.
        reused: requests that an earlier run's answers spared.
    """

    table: pd.DataFrame
    requests: int
    reused: int


def measure_in_earth_engine(
    client: InteractiveClient,
    zones: Zones,
    images: AreaImages,
    wanted: Wanted,
    *,
    areas: Sequence[GeoBox],
    folder: Path,
    tag: str,
    form: Form = "wide",
    geometry: bool = False,
    limits: Limits | None = None,
    patience: Patience | None = None,
    progress: Progress | None = None,
) -> MeasuredZones:
    """Measure every zone over the images of one period.

    Args:
        client: for interactive requests.
        zones: polygons in any CRS; they may cross areas.
        images: of the areas that have some.
        wanted: what is measured, by the rule center or fractional.
        areas: grids of every area of the period, with images or without, on one lattice.
        folder: local, there already; gets a file a batch. Only what the same call left may be in it.
        tag: workload tag that the compute is accounted under.
        form: wide, a row a zone; long, a row a zone and number.
        geometry: whether shapes are told, too; the table is then a GeoDataFrame in the zones' CRS.
        limits: of one request.
        patience: how long trouble is borne.
        progress: told while answers come.

    Raises:
        ZonesError: Earth Engine cannot measure what is wanted, no zone touches any area, or zones failed: each with
            its reason; the others are kept.
        DiskFullError: no room in the folder.
    """
    zone_columns(zones.id_column, wanted)
    _check(wanted, areas)
    if not zones.ids:
        nothing = results_of({}, wanted, np.zeros(0, np.bool_))
        return MeasuredZones(_table(zones, wanted, nothing, images, form, geometry=geometry), 0, 0)
    ground = ground_of([], areas, wanted.bands)
    shapes = shapes_of(zones, ground, wanted)
    there = ~shapely.is_empty(np.array(shapes, dtype=object))
    order = ZoneOrder(images, ZoneSums(wanted.bands, asked_of_service(wanted), ground.grid), shapes, tag)
    found = _Found(order, zones)
    handling = Handling(lambda batch: ZoneAsk(order, batch), _plain, _parsed, found.take, found.lose, found.too_long)
    run = KeptBatches(client, folder, handling, patience, progress)
    run.all_of(batches(_regions(order, zones), None, limits=limits or _limits(order)))
    found.check(stopped=run.stopped, passes=run.passing > 0)
    pixel = float(row_areas(ground.grid)[0]) if wanted.areas else 1.0
    results = results_of(found.told, wanted, there, area=pixel)
    return MeasuredZones(_table(zones, wanted, results, images, form, geometry=geometry), run.requests, run.reused)


def _table(
    zones: Zones, wanted: Wanted, results: Results, images: AreaImages, form: Form, *, geometry: bool
) -> pd.DataFrame:
    return zone_table(zones, wanted, results, images.period, form=form, geometry=geometry)


def _check(wanted: Wanted, areas: Sequence[GeoBox]) -> None:
    """Refuse what the service does not know."""
    in_degrees = any(area.crs is not None and area.crs.geographic for area in areas)
    here = {
        f"zones that are {wanted.kind}": wanted.kind != "polygons",
        f"the rule {wanted.rule}": wanted.rule is Rule.ALL_TOUCHED,
        "areas of classes on longitudes and latitudes": wanted.areas and in_degrees,
        "weighted_mean": wanted.weighted,
        "functions of one's own": bool(wanted.functions),
    }
    if only_here := [name for name, there in here.items() if there]:
        raise ZonesError(
            f"zones.where: expected local beside {', '.join(only_here)}, got earth_engine, which does not know it; "
            "write local"
        )


def _limits(order: ZoneOrder) -> Limits:
    """Of one request: replies with all different numbers are kept small."""
    usual, sums = Limits(), order.sums
    return Limits(pixels=VALUES // len(sums.bands)) if sums.asked.values else usual


def _regions(order: ZoneOrder, zones: Zones) -> list[Region]:
    """The zones that touch the areas, along a space-filling curve, so that a request looks at few areas."""
    shapes = np.array(order.shapes, dtype=object)
    asked = np.flatnonzero(~shapely.is_empty(shapes))
    windows = zone_windows(shapely.bounds(shapes[asked]), order.sums.grid)
    pixels = (windows[:, 2:] - windows[:, :2]).prod(axis=1).tolist()
    vertices = shapely.get_num_coordinates(shapes[asked]).tolist()
    made = [
        Region(int(row), zones.ids[row], (), many, REGION_BYTES + VERTEX_BYTES * many, max(1, size))
        for row, many, size in zip(asked, vertices, pixels, strict=True)
    ]
    return [made[place] for place in np.argsort(along_the_curve(windows), kind="stable")]


@dataclass
class _Found:
    """What came of the zones of one order.

    Attributes:
        order: what is measured.
        zones: in order.
        told: by the zones' numbers.
        failed: why zones were not measured, by their id.
    """

    order: ZoneOrder
    zones: Zones
    told: ToldZones = field(default_factory=dict)
    failed: dict[str | int, str] = field(default_factory=dict)

    def take(self, _: Batch, told: ToldZones) -> None:
        """Of one batch."""
        self.told.update(told)

    def lose(self, batch: Batch, problem: str) -> None:
        """All zones of one batch."""
        for region in batch.regions:
            self.failed.setdefault(region.id, problem)

    def too_long(self, batch: Batch) -> str:
        """Why a zone whose outline alone is more than a request may have is not asked for."""
        [first, *others] = batch.regions
        if others or first.payload < PAYLOAD_BYTES // 2:
            return ""
        size = len(ZoneAsk(self.order, batch).request().body or b"")
        if size <= PAYLOAD_BYTES:
            return ""
        return (
            f"its outline has {first.vertices} vertices, {size / 2**20:.1f} MiB of the {PAYLOAD_BYTES // 2**20} MiB "
            "that a request may have; simplify it, divide it, or write zones.where: local"
        )

    def check(self, *, stopped: str, passes: bool) -> None:
        """Refuse a table with holes."""
        if stopped:
            raise ZonesError(f"zones: {stopped} What came is kept; run the partition again", passes=passes)
        if not self.failed:
            return
        lines = [f"  {self.zones.id_column} {name}: {problem}" for name, problem in self.failed.items()]
        more = [f"  and {len(lines) - _NAMED} more"] if len(lines) > _NAMED else []
        raise ZonesError(
            "\n".join(
                [
                    f"expected {len(self.zones.ids)} zones measured by Earth Engine, got {len(lines)} that failed:",
                    *lines[:_NAMED],
                    *more,
                    "the others are kept; correct the zones, or write zones.where: local, and run the partition again",
                ]
            ),
            passes=passes,
        )


def _plain(told: ToldZones) -> list[Any]:
    return [[zone, [asdict(one) for one in bands]] for zone, bands in told.items()]


def _parsed(plain: Iterable[Any]) -> ToldZones:
    return {zone: tuple(_told(one) for one in bands) for zone, bands in plain}


def _told(plain: dict[str, Any]) -> Told:
    return Told(**{**plain, "values": tuple(plain["values"]), "amounts": tuple(plain["amounts"])})
