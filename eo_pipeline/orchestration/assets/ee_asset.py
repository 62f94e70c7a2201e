"""`ee_asset`: what an export left as an Earth Engine asset, verified and labelled there; nothing is fetched."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import dagster as dg

from eo_pipeline.core.exports.submissions import SubmissionState
from eo_pipeline.core.product import Table
from eo_pipeline.earth_engine import assets
from eo_pipeline.earth_engine.assets import Asset
from eo_pipeline.earth_engine.session import Session, counted
from eo_pipeline.orchestration.automation import as_soon_as_possible, grouped, on_crash
from eo_pipeline.orchestration.chain import Chain
from eo_pipeline.orchestration.compute.usage_events import INTERACTIVE
from eo_pipeline.orchestration.event_log import ledger, names
from eo_pipeline.orchestration.event_log.exported import finished
from eo_pipeline.orchestration.event_log.ledger import Stamp
from eo_pipeline.orchestration.event_log.stored_submissions import read_parts
from eo_pipeline.orchestration.fan_out import Made, each_partition, for_all_partitions
from eo_pipeline.orchestration.partitions import PartitionKey
from eo_pipeline.orchestration.resources import EarthEngineResource
from eo_pipeline.steps.exports.register_asset import CURRENT, AssetLabel, register_image, register_table

ASSET = "eo/asset"
"""Name of a registered asset."""


def build_ee_asset(chain: Chain) -> dg.AssetsDefinition:
    """The asset for one product."""
    product, export_key = chain.product, chain.key("export")

    @dg.asset(
        key=chain.key("ee_asset"),
        deps=[export_key],
        partitions_def=chain.by_area_and_period,
        group_name=product.name,
        owners=product.owners,
        kinds={"earthengine"},
        description=chain.describe(
            "The Earth Engine asset of each area and period: its grid, bands and pyramids are verified, and it is "
            "labelled with product, area, period, digest and times. It stays in Earth Engine."
        ),
        automation_condition=as_soon_as_possible(),
        backfill_policy=grouped(),
        retry_policy=on_crash(),
    )
    def ee_asset(context: dg.AssetExecutionContext, earth_engine: EarthEngineResource) -> None:
        with for_all_partitions(context):
            session = earth_engine.session()
        exported = ledger.stamps(context.instance, export_key, context.partition_keys)
        registered = ledger.stamps(context.instance, context.asset_key, context.partition_keys)

        def make(key: str) -> Made:
            with finished(context, chain, exported, key) as export:
                if export.values[names.STATE] == SubmissionState.NO_IMAGES.value:
                    return Made(_provenance(export))
                return Made(_registered(session, chain, key, export, registered.get(key, Stamp())))

        each_partition(context, make)

    return ee_asset


def _registered(session: Session, chain: Chain, key: str, export: Stamp, before: Stamp) -> Mapping[str, Any]:
    """Metadata of a partition's asset, which is verified, labelled and the only current one afterwards."""
    [part] = read_parts(export.values)
    partition = PartitionKey.parse(key)
    label = AssetLabel(chain.product.name, partition.area, chain.period(partition.period), part.digest)
    declared = chain.product.table
    if declared is None:
        told = _image(session, chain, part.prefix, label)
    else:
        told = _table(session, declared, part.prefix, label)
    shown = {**_provenance(export), ASSET: part.prefix, **told}
    earlier = str(before.values.get(ASSET, ""))
    if earlier not in ("", part.prefix):
        shown["superseded"] = f"{earlier}: {_superseded(session, chain, earlier, label)}"
    return shown


def _superseded(session: Session, chain: Chain, earlier: str, label: AssetLabel) -> str:
    """What became of the asset that the partition had before."""
    if assets.describe(session, earlier) is None:
        return "gone already"
    if chain.product.export.delete_remote:
        assets.delete(session, earlier)
        return "deleted"
    assets.set_properties(session, earlier, {CURRENT: 0}, label.period)
    return f"kept, with the property {CURRENT}: 0"


def _provenance(export: Stamp) -> dict[str, Any]:
    state = str(export.values[names.STATE])
    registered = state if state == SubmissionState.NO_IMAGES.value else "registered"
    return {names.STATE: registered, names.DIGEST: str(export.values[names.DIGEST])}


def _image(session: Session, chain: Chain, name: str, label: AssetLabel) -> dict[str, Any]:
    geobox, bands = chain.areas[label.area_key].geobox, chain.product.bands
    found = register_image(session, name, geobox=geobox, bands=bands, label=label)
    return {**_metadata(found, name), "bands": ", ".join(band.name for band in found.bands)}


def _table(session: Session, declared: Table, name: str, label: AssetLabel) -> dict[str, Any]:
    with counted(session) as count:
        found = register_table(session, name, columns=list(declared.columns), label=label)
    return {
        **_metadata(found.asset, name),
        "dagster/row_count": found.rows,
        "values": dg.MetadataValue.json(dict(found.values)),
        INTERACTIVE: count.requests,
    }


def _metadata(found: Asset, name: str) -> dict[str, Any]:
    return {
        "asset": dg.MetadataValue.url(f"https://code.earthengine.google.com/?asset={quote(name)}"),
        "bytes": found.size,
        "registered": dg.MetadataValue.timestamp(datetime.now(UTC)),
    }
