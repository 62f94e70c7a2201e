"""Bring an export's tiles from the bucket to this machine, verified: every byte and every pixel of the area.

What does not belong here: where they are kept afterwards, and their mosaic.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from odc.geo.geobox import GeoBox

from eo_pipeline.core.mosaics import describe_gaps, plan_mosaic
from eo_pipeline.errors import TilesError
from eo_pipeline.storage.objects import Bucket, Progress, StoredObject, crc32c_of
from eo_pipeline.storage.rasters import read_header


@dataclass(frozen=True)
class Tile:
    """One verified file.

    Attributes:
        name: file name.
        size: bytes.
        crc32c: base64.
        source: gs:// address that it came from.
    """

    name: str
    size: int
    crc32c: str
    source: str


@dataclass(frozen=True)
class TileSet:
    """The tiles of one partition.

    Attributes:
        state: collected, or no_images if nothing was exported.
        digest: of the export.
        folder: below the root, where the files lie; empty without files.
        tiles: sorted by name.
    """

    state: str
    digest: str
    folder: str
    tiles: tuple[Tile, ...]

    @property
    def bytes(self) -> int:
        """Size of all files."""
        return sum(tile.size for tile in self.tiles)


def collect_tiles(
    bucket: Bucket, prefix: str, *, geobox: GeoBox, folder: Path, progress: Progress | None = None
) -> tuple[Tile, ...]:
    """Download every tile below an export's prefix into a folder, unless it is there already and whole.

    Args:
        bucket: where the export wrote to.
        prefix: of the export's objects.
        geobox: the pixels that the tiles must cover together; their places come from georeferencing alone.
        folder: local; files get their object's last name.
        progress: told after each file.

    Raises:
        TilesError: nothing was found, or objects are corrupt, unreadable or missing: all of them in one message.
    """
    found = [o for o in bucket.list(prefix) if o.name.endswith(".tif")]
    if not found:
        raise TilesError(
            f"expected tiles at gs://{bucket.name}/{prefix}*, found none: they were deleted after the export, perhaps "
            "by a lifecycle rule; materialise the submission again with resubmit: true"
        )
    folder.mkdir(parents=True, exist_ok=True)
    paths = [(o, folder / _file_name(o)) for o in found]
    problems = _download(bucket, [(o, p) for o, p in paths if not _is_there(o, p)], len(paths), progress)
    if problems:
        raise TilesError(_listed(bucket, prefix, problems, len(paths)))
    _check_cover([path for _, path in paths], geobox, bucket, prefix)
    return tuple(Tile(p.name, o.size, o.crc32c, f"gs://{bucket.name}/{o.name}") for o, p in paths)


def _file_name(source: StoredObject) -> str:
    return source.name.rpartition("/")[2]


def _is_there(source: StoredObject, path: Path) -> bool:
    return path.exists() and path.stat().st_size == source.size and crc32c_of(path) == source.crc32c


def _download(
    bucket: Bucket, wanted: Sequence[tuple[StoredObject, Path]], total: int, progress: Progress | None
) -> list[str]:
    problems = []
    done = total - len(wanted)
    for download in bucket.download(wanted):
        done += 1
        if download.path is None:
            problems.append(f"{download.source.name}: {download.problem}")
        if progress is not None:
            progress("tiles", done, total)
    return sorted(problems)


def _listed(bucket: Bucket, prefix: str, problems: Sequence[str], total: int) -> str:
    lines = "\n".join(f"  {problem}" for problem in problems)
    return (
        f"expected {total} whole tiles at gs://{bucket.name}/{prefix}*, got {len(problems)} that are not:\n{lines}\n"
        "the others are kept; run the partition again to fetch these"
    )


def _check_cover(paths: Sequence[Path], geobox: GeoBox, bucket: Bucket, prefix: str) -> None:
    """Every pixel of the area lies in some tile."""
    plan = plan_mosaic([read_header(path).geobox for path in paths], geobox)
    if plan.gaps:
        raise TilesError(
            f"tiles are missing at gs://{bucket.name}/{prefix}* ({len(paths)} are there): "
            f"{describe_gaps(plan.gaps, geobox)}"
        )
