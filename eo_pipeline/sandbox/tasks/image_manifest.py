"""The manifest of an image: which files make which bands. What does not belong here: reading files."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from eo_pipeline.sandbox.catalog.pyramid import Policy
from eo_pipeline.sandbox.errors import ServiceError
from eo_pipeline.sandbox.frame.request_fields import mapping, number, text, whole
from eo_pipeline.sandbox.graph.crs import parse_crs
from eo_pipeline.sandbox.tasks.asset_image_exports import decode_policy
from eo_pipeline.sandbox.tasks.asset_making import AssetTarget, decode_manifest_target
from eo_pipeline.sandbox.tasks.ingestion_sources import addresses, items


@dataclass(frozen=True)
class Tileset:
    """Files that together hold the same bands of one raster."""

    id: str
    sources: tuple[str, ...]
    """Addresses; where files overlap, later ones lie above."""
    crs: str | None
    """In place of that of the files."""


@dataclass(frozen=True)
class ManifestBand:
    """One band of the image."""

    id: str
    tileset_id: str
    index: int
    """Place of the band in the tileset's files, from 0."""
    policy: Policy
    missing: tuple[float, ...] | None
    """Values that are masked; None: as the files say."""


@dataclass(frozen=True)
class ImageManifest:
    """An image to be ingested."""

    target: AssetTarget
    tilesets: tuple[Tileset, ...]
    bands: tuple[ManifestBand, ...]
    """Empty: all bands of the first tileset, named b1, b2, .."""
    mask_tileset: str | None
    """The tileset whose last band masks all others; None: none does."""
    policy: Policy
    missing: tuple[float, ...] | None
    fields: Mapping[str, object]
    """The manifest, with properties and times."""


def decode_image_manifest(body: Mapping[str, object]) -> ImageManifest:
    """Read the body of `image:import`.

    Raises:
        ServiceError: A field is missing, of the wrong kind, or asks for something the sandbox does not do.
    """
    manifest = mapping(body, "imageManifest")
    target = decode_manifest_target(body, manifest)
    tilesets = tuple(_tileset(manifest, entry) for entry in items(manifest, "tilesets"))
    if not tilesets or len({tileset.id for tileset in tilesets}) != len(tilesets):
        raise ServiceError("Invalid value at 'image_manifest.tilesets': expected tilesets with different ids.")
    policy, missing = decode_policy(manifest, "pyramidingPolicy") or "mean", _missing(manifest)
    bands = tuple(_band(entry, tilesets, policy, missing) for entry in items(manifest, "bands"))
    if len({band.id for band in bands}) != len(bands):
        raise ServiceError("Invalid value at 'image_manifest.bands': expected different band ids.")
    return ImageManifest(target, tilesets, bands, _mask_tileset(manifest, tilesets), policy, missing, manifest)


def _tileset(manifest: Mapping[str, object], entry: Mapping[str, object]) -> Tileset:
    sources = items(entry, "sources")
    found = [addresses(manifest, source) for source in sources]
    if not found or any(len(uris) != 1 or "affineTransform" in one for uris, one in zip(found, sources, strict=True)):
        raise ServiceError("sandbox: expected sources of one GeoTIFF each, without affineTransform; name each alone.")
    crs = text(entry, "crs")
    if crs:
        parse_crs(crs)
    return Tileset(text(entry, "id") or "", tuple(uri for uris in found for uri in uris), crs)


def _band(
    entry: Mapping[str, object], tilesets: Sequence[Tileset], policy: Policy, missing: tuple[float, ...] | None
) -> ManifestBand:
    name, index = text(entry, "id"), whole(entry, "tilesetBandIndex") or 0
    tileset = _known(text(entry, "tilesetId") or tilesets[0].id, tilesets)
    if not name or index < 0:
        raise ServiceError("Invalid value at 'image_manifest.bands': expected an id and an index of at least 0.")
    own = _missing(entry)
    return ManifestBand(
        name, tileset, index, decode_policy(entry, "pyramidingPolicy") or policy, missing if own is None else own
    )


def _mask_tileset(manifest: Mapping[str, object], tilesets: Sequence[Tileset]) -> str | None:
    said = manifest.get("maskBands")
    masks = items(manifest, "maskBands") if isinstance(said, list) else [mapping(manifest, "maskBands")]
    named = [mask for mask in masks if mask]
    if len(named) > 1 or any(mask.get("bandIds") for mask in named):
        raise ServiceError("sandbox: expected one entry of maskBands without bandIds; leave the others out.")
    return _known(text(named[0], "tilesetId") or tilesets[0].id, tilesets) if named else None


def _known(tileset_id: str, tilesets: Sequence[Tileset]) -> str:
    if tileset_id not in {tileset.id for tileset in tilesets}:
        raise ServiceError(f"Invalid value at 'tilesetId': there is no tileset '{tileset_id[:100]}'.")
    return tileset_id


def _missing(fields: Mapping[str, object]) -> tuple[float, ...] | None:
    values = mapping(fields, "missingData").get("values")
    if values is None:
        return None
    if not isinstance(values, list):
        raise ServiceError("Invalid value at 'missingData.values': expected a list of TYPE_DOUBLE.")
    return tuple(number({"missingData.values": value}, "missingData.values") or 0.0 for value in values)
