"""Where identities become text, and the only place where text becomes identities again.

Partition keys, names of exported objects, files and assets, request ids and descriptions are printed here. What does
not belong here: what an area or period *is* (`grids`, `periods`).
"""

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any

from eo_pipeline.errors import KeyFormatError

_CELL = re.compile(r"([EW])(\d{4,})([NS])(\d{4,})")
_KEPT_FIRST = re.compile(r"[A-Za-z0-9_]")
_KEPT = re.compile(r"[A-Za-z0-9._-]")
_PRODUCT = re.compile(r"[a-z][a-z0-9_]{0,62}")
_REQUEST = re.compile(r"eo-([0-9a-f]{40})-g(\d+)")
_DIGEST_LENGTH = 40
_HEAD_LENGTH = 50  # of the 100 that a description may have; a request id takes at most 49
_DRIVE_WORDS = 150  # of 200; a digest, a checksum and what joins them take 50
_ASSET_WORDS = 50  # of 100
_ASSET_PARENT = re.compile(r"(?:projects/[a-z0-9.:-]+/assets|users/[A-Za-z0-9_-]+)(?:/[A-Za-z0-9_-]+)*")

WHOLE = "whole"
"""Area key of a product whose area is one box."""


def cell_key(*, column: int, row: int) -> str:
    """Key of a grid cell: columns count eastwards and rows northwards from the grid's origin, `E0021N0203`.

    Cells west or south of the origin are `W0001S0001`: one is the first cell on that side.
    """
    return f"{_axis(column, 'E', 'W')}{_axis(row, 'N', 'S')}"


def parse_cell_key(text: str) -> tuple[int, int]:
    """(column, row) of a cell key.

    Raises:
        KeyFormatError: if `cell_key` would not have printed the text.
    """
    match = _CELL.fullmatch(text)
    if match:
        column = int(match[2]) if match[1] == "E" else -int(match[2])
        row = int(match[4]) if match[3] == "N" else -int(match[4])
        if cell_key(column=column, row=row) == text:
            return column, row
    raise KeyFormatError(f"expected the key of a grid cell like 'E0021N0203', got {text!r}")


def _axis(index: int, positive: str, negative: str) -> str:
    return f"{positive}{index:04d}" if index >= 0 else f"{negative}{-index:04d}"


def feature_key(feature_id: str) -> str:
    """Area key of a feature: its id; other characters than letters, digits and `._-` as `~` and two hex digits."""
    if not feature_id:
        raise KeyFormatError("expected a feature id with at least one character, got an empty one")
    first, rest = feature_id[0], feature_id[1:]
    start = first if _KEPT_FIRST.fullmatch(first) else _escaped(first)
    return start + "".join(c if _KEPT.fullmatch(c) else _escaped(c) for c in rest)


def parse_feature_key(text: str) -> str:
    """The feature id of an area key.

    Raises:
        KeyFormatError: if `feature_key` would not have printed the text.
    """
    try:
        decoded = re.sub(rb"~([0-9A-F]{2})", lambda m: bytes.fromhex(m[1].decode()), text.encode()).decode()
        if decoded and feature_key(decoded) == text:
            return decoded
    except UnicodeDecodeError:
        pass
    raise KeyFormatError(f"expected the key of a feature as printed by this project, got {text!r}")


def _escaped(character: str) -> str:
    return "".join(f"~{byte:02X}" for byte in character.encode())


def is_product_name(text: str) -> bool:
    """True for lower-case letters, digits and underscores, a letter first, at most 63 characters."""
    return _PRODUCT.fullmatch(text) is not None


def digest(parts: Mapping[str, Any]) -> str:
    """40 hexadecimal digits of the SHA-256 of the parts as canonical JSON."""
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()[:_DIGEST_LENGTH]


def object_prefix(
    *, product: str, area_key: str, period_key: str, digest: str, whole: str = "", stem: str = "tile"
) -> str:
    """Prefix of the objects of one export; tiles are `<prefix>-<row>-<column>.tif` or `<prefix>.tif`, tables `.csv`.

    A folder of its own for each digest, so that neither products whose names begin alike nor two recipes of one
    partition ever list each other's tiles. Pieces of a split export lie below the folder of the whole.
    """
    below = f"{whole}/{digest}" if whole else digest
    return f"{product}/{area_key}/{period_key}/{below}/{stem}"


def drive_prefix(*, product: str, area_key: str, period_key: str, digest: str) -> str:
    """Beginning of the names of one export's files in Google Drive: at most 200 characters of `[A-Za-z0-9._-]`.

    Drive has no folders in names and finds names by their beginning only, so the digest comes first: it alone finds an
    export's files, in whichever folder Earth Engine put them. A checksum of the partition follows, then words for
    people.
    """
    whole = f"{product}.{area_key}.{period_key}"
    return f"{digest}-{_checksum(whole)}-{_readable(whole, '._', _DRIVE_WORDS)}"


def asset_id(parent: str, *, product: str, area_key: str, period_key: str, digest: str) -> str:
    """Id of one export's asset: `<parent>/<product>/`, then words, a checksum and the digest, at most 100 characters.

    Args:
        parent: `projects/PROJECT/assets`, `users/NAME` or a folder below, without a slash at its end.
        product: its name, which names the folder or collection of its assets.
        area_key: partition key of the area.
        period_key: partition key of the period.
        digest: of the export.

    Raises:
        KeyFormatError: the parent is no such folder.
    """
    if not _ASSET_PARENT.fullmatch(parent):
        raise KeyFormatError(
            f"expected a folder of assets like projects/PROJECT/assets/FOLDER, got {parent!r}; use letters, digits, "
            "hyphens and underscores between its slashes"
        )
    words = _readable(f"{area_key}_{period_key}", "_", _ASSET_WORDS)
    return f"{parent}/{product}/{words}-{_checksum(f'{area_key}.{period_key}')}-{digest}"


def _readable(text: str, kept: str, length: int) -> str:
    """The text's beginning with a hyphen for each character but letters, digits and the kept ones."""
    return re.sub(rf"[^a-zA-Z0-9{kept}-]", "-", text)[:length]


def _checksum(text: str) -> str:
    """8 hexadecimal digits that differ between any two texts, for all that ever are in one place."""
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def tile_stem(prefix: str, *, row: int, column: int) -> str:
    """Name, without its ending, of the tile whose first pixel is at that offset; as Earth Engine names its files."""
    return f"{prefix}-{row:010d}-{column:010d}"


def request_id(*, digest: str, generation: int) -> str:
    """Identity of one attempt at an export, at most 60 characters of `[a-zA-Z0-9-]`; generations count from 1."""
    return f"eo-{digest}-g{generation}"


def parse_request_id(text: str) -> tuple[str, int]:
    """(digest, generation) of a request id.

    Raises:
        KeyFormatError: if `request_id` would not have printed the text.
    """
    match = _REQUEST.fullmatch(text)
    if match and request_id(digest=match[1], generation=int(match[2])) == text:
        return match[1], int(match[2])
    raise KeyFormatError(f"expected a request id like 'eo-<40 hexadecimal digits>-g1', got {text!r}")


def description(*, product: str, area_key: str, period_key: str, destination: str, request_id: str) -> str:
    """What Earth Engine's task list shows: at most 100 characters, the request id last so that listing finds it.

    What stands before the request id ends with a checksum of the partition and of where its files go: it differs
    between any two partitions, and between two deployments that share a project but not a bucket and folder.
    """
    whole = f"{product}.{area_key}.{period_key}"
    words = _readable(whole, "._", _HEAD_LENGTH - 9)
    return f"{words}-{_checksum(f'{whole} {destination}')}:{request_id}"


def description_head(text: str) -> str:
    """The part of a description before the request id: the same for all attempts at one partition of a deployment."""
    return text.rpartition(":")[0]


def describes(text: str, product: str) -> bool:
    """True if the description of one of our tasks begins with a product's name, or with its first 41 characters."""
    return text.startswith(f"{product}."[: _HEAD_LENGTH - 9])


def request_id_of_description(text: str) -> str | None:
    """The request id at the end of a task's description, or None if the task is not ours."""
    tail = text.rpartition(":")[2]
    return tail if _REQUEST.fullmatch(tail) else None


def workload_tag(product: str) -> str:
    """The tag under which Earth Engine accounts a product's compute: `[a-z0-9]([-_a-z0-9]{0,61}[a-z0-9])?`."""
    return product.rstrip("_")[:63]
