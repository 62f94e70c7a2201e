"""An exported Earth Engine asset, verified against what was asked for and labelled so that people find it there.

What does not belong here: exporting it (`submit_export`), and what became of the partition's earlier assets.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import ee
from odc.geo.geobox import GeoBox

from eo_pipeline.core import keys
from eo_pipeline.core.bands import BandEncoding
from eo_pipeline.core.mosaics import describe_grid
from eo_pipeline.core.periods import Period
from eo_pipeline.earth_engine import assets
from eo_pipeline.earth_engine.assets import Asset
from eo_pipeline.earth_engine.export_requests import POLICIES
from eo_pipeline.earth_engine.session import Session
from eo_pipeline.errors import AssetError, ExportGoneError

CURRENT = "current"
"""Property of an asset: 1, or 0 once a newer one of its partition was registered."""


@dataclass(frozen=True)
class AssetLabel:
    """What an asset says of itself.

    Attributes:
        product: the product's name.
        area_key: partition key of the area.
        period: becomes the property `period`, system:time_start and system:time_end.
        digest: of the export.
    """

    product: str
    area_key: str
    period: Period
    digest: str

    @property
    def properties(self) -> Mapping[str, str | float]:
        """Beside the system's times."""
        return {
            "product": self.product,
            "area": self.area_key,
            "period": self.period.key,
            "digest": self.digest,
            CURRENT: 1,
        }


def register_image(
    session: Session, name: str, *, geobox: GeoBox, bands: Sequence[BandEncoding], label: AssetLabel
) -> Asset:
    """Verify an exported image's grid, bands and pyramids, and label it.

    Args:
        session: at the service.
        name: of the asset.
        geobox: its pixels as asked for.
        bands: in order.
        label: to be set; setting it again does not matter.

    Raises:
        ExportGoneError: there is no such asset: somebody deleted it.
        AssetError: it is another than asked for.
        ServiceError: any other refusal.
    """
    found = _existing(session, name)
    differences = list(_differences(found, geobox, bands))
    if differences:
        raise _mismatch(name, differences)
    assets.set_properties(session, name, label.properties, label.period)
    return found


@dataclass(frozen=True)
class RegisteredTable:
    """A table asset.

    Attributes:
        asset: as described.
        rows: how many features it has.
        values: how many of them have a value, by column.
    """

    asset: Asset
    rows: int
    values: Mapping[str, int]


def register_table(session: Session, name: str, *, columns: Sequence[str], label: AssetLabel) -> RegisteredTable:
    """Verify that an exported table is one, count its rows and values, and label it.

    Args:
        session: at the service.
        name: of the asset.
        columns: whose values are counted.
        label: to be set; setting it again does not matter.

    Raises:
        ExportGoneError: there is no such asset: somebody deleted it.
        AssetError: it is no table.
        ServiceError: any other refusal.
    """
    found = _existing(session, name)
    if found.type != "TABLE":
        raise _mismatch(name, [f"type: expected TABLE, got {found.type}"])
    features = ee.FeatureCollection(name)
    counts = [features.size(), *(features.aggregate_count(column) for column in columns)]
    rows, *values = session.compute(ee.List(counts), tag=keys.workload_tag(label.product))
    assets.set_properties(session, name, label.properties, label.period)
    return RegisteredTable(found, rows, dict(zip(columns, values, strict=True)))


def _mismatch(name: str, differences: Sequence[str]) -> AssetError:
    listed = "\n".join(f"  {difference}" for difference in differences)
    return AssetError(
        f"the asset {name} is not what was exported:\n{listed}\nsomebody replaced it; delete it and materialise "
        "`ee_asset` again, then it is exported anew"
    )


def _existing(session: Session, name: str) -> Asset:
    found = assets.describe(session, name)
    if found is None:
        raise ExportGoneError(
            f"expected the asset {name}, which an export made, found none: somebody deleted it; the sensor "
            "`earth_engine_operations` has it exported again, or materialise `submission` with lost: true"
        )
    return found


def _differences(found: Asset, geobox: GeoBox, bands: Sequence[BandEncoding]) -> Iterator[str]:
    """What is not as asked for, a sentence each."""
    if found.type != "IMAGE":
        yield f"type: expected IMAGE, got {found.type}"
        return
    wanted, got = [band.name for band in bands], [band.name for band in found.bands]
    if wanted != got:
        yield f"bands: expected {', '.join(wanted)}, got {', '.join(got)}"
        return
    for asked, stored in zip(bands, found.bands, strict=True):
        policy = POLICIES[asked.kind].upper()
        if stored.pyramiding != policy:
            yield f"pyramids of {asked.name}: expected {policy}, got {stored.pyramiding}"
        if not _same(stored.geobox, geobox):
            yield f"grid of {asked.name}: expected {describe_grid(geobox)}, got {describe_grid(stored.geobox)}"


def _same(one: GeoBox, other: GeoBox) -> bool:
    """Equal but for the last digits of coordinates that went through JSON."""
    return one.shape == other.shape and one.crs == other.crs and one.affine.almost_equals(other.affine)
