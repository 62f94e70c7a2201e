"""From what a product declares of its zones to what is measured.

What does not belong here: what may be declared (`core.product.zones`), and measuring.
"""

from collections.abc import Sequence

from eo_pipeline.core.bands import BandEncoding
from eo_pipeline.core.product import ZoneTable
from eo_pipeline.core.zonal.shapes import Kind
from eo_pipeline.core.zonal.wanted import Wanted
from eo_pipeline.earth_engine.own_functions import own_function
from eo_pipeline.errors import ZonesError

KINDS: tuple[Kind, ...] = ("polygons", "points", "lines")
"""What zones that are measured may be."""


def wanted_zones(declared: ZoneTable, bands: Sequence[BandEncoding], *, kind: Kind = "polygons") -> Wanted:
    """What is measured of zones of one kind.

    Args:
        declared: by the product.
        bands: that the product exports; those that are declared, or all but counts, are measured.
        kind: of the zones.

    Raises:
        ZonesError: something is declared that only polygons have.
        ProductError: there is no such function.
    """
    if kind != "polygons":
        _check_for_polygons_only(declared, kind)
    measured = [band for band in bands if _is_measured(declared, band)]
    return Wanted(
        bands=tuple(measured),
        statistics=tuple(declared.statistics),
        kind=kind,
        rule=declared.pixels,
        inner_buffer=declared.inner_buffer,
        classes=() if declared.classes == "all" else None if declared.classes is None else tuple(declared.classes),
        areas=declared.areas,
        histogram=tuple(declared.histogram),
        min_valid_share=declared.min_valid_fraction,
        functions={name: own_function(name, field="zones.statistics") for name in declared.functions},
    )


def _is_measured(declared: ZoneTable, band: BandEncoding) -> bool:
    return band.kind != "count" if declared.bands is None else band.name in declared.bands


def _check_for_polygons_only(declared: ZoneTable, kind: Kind) -> None:
    said = {
        "inner_buffer": declared.inner_buffer > 0,
        "areas": declared.areas,
        f"rule {declared.pixels}": declared.pixels != "center",
    }
    if odd := [name for name, there in said.items() if there]:
        raise ZonesError(
            f"zones: expected polygons in {declared.source} beside {', '.join(odd)}, got {kind}, which have no ground; "
            "remove it, or measure polygons"
        )
