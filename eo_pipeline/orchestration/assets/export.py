"""`export`: what Earth Engine made, where it was told to; external, reported by the sensor, never run by Dagster."""

from collections.abc import Mapping

import dagster as dg

from eo_pipeline.core.product import Product
from eo_pipeline.orchestration.chain import Chain

_PLACES: Mapping[str, tuple[str, str]] = {
    "cloud_storage": ("gcs", "that Earth Engine wrote into the bucket"),
    "drive": ("googledrive", "that Earth Engine wrote into a folder of Google Drive"),
    "asset": ("earthengine", "that Earth Engine keeps as assets"),
}
"""Kind and words, by destination."""


def build_export(chain: Chain) -> dg.AssetSpec:
    """The external asset for one product."""
    kind, sentence = _said(chain.product)
    return dg.AssetSpec(
        key=chain.key("export"),
        deps=[chain.key("submission")],
        partitions_def=chain.by_area_and_period,
        group_name=chain.product.name,
        owners=chain.product.owners,
        kinds={kind},
        description=chain.describe(
            f"{sentence}. The sensor earth_engine_operations reports each partition when its task ends; there is "
            "nothing to run here."
        ),
    )


def _said(product: Product) -> tuple[str, str]:
    if product.pieces is not None:
        return (
            "earthengine",
            f"No files: {product.pieces} are asked for piece by piece, once this says that they may be",
        )
    kind, where = _PLACES[product.export.destination]
    what = "Tables" if product.table is not None else "Images" if kind == "earthengine" else "Tiles"
    return kind, f"{what} {where}"
