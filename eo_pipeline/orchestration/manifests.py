"""Manifests of tiles against what is there: each recorded partition has its files, or the mosaic made of them.

What does not belong here: verifying bytes, which is done before a manifest is written (`steps.exports.collect_tiles`).
"""

from collections.abc import Mapping
from dataclasses import dataclass

from eo_pipeline.errors import StorageError
from eo_pipeline.orchestration.chain import Chain
from eo_pipeline.orchestration.event_log import names
from eo_pipeline.orchestration.event_log.ledger import Stamp
from eo_pipeline.orchestration.io_managers import MosaicIO, TilesIO
from eo_pipeline.steps.exports.collect_tiles import TileSet

SHOWN = 20
"""Problems that are listed."""


@dataclass(frozen=True)
class ManifestReport:
    """What was found.

    Attributes:
        partitions: that are recorded below this root.
        listed: tiles or chips in all their manifests.
        bytes: of all those.
        problems: what is wrong, by partition.
        what: is listed.
    """

    partitions: int
    listed: int
    bytes: int
    problems: Mapping[str, str]
    what: str = "tiles"

    @property
    def sentence(self) -> str:
        """For a person."""
        if not self.problems:
            return f"{self.listed} {self.what} of {self.partitions} partitions are accounted for."
        return f"{len(self.problems)} of {self.partitions} partitions are not as their manifests say."

    @property
    def markdown(self) -> str:
        """The first problems as a list."""
        lines = [f"- `{partition}`: {problem}" for partition, problem in list(self.problems.items())[:SHOWN]]
        rest = len(self.problems) - len(lines)
        return "\n".join([*lines, *([f"- and {rest} more"] if rest > 0 else [])])


def check_manifests(
    chain: Chain, recorded: Mapping[str, Stamp], tiles_io: TilesIO, mosaic_io: MosaicIO
) -> ManifestReport:
    """Compare the manifests of recorded partitions with folders and mosaics.

    Args:
        chain: the product.
        recorded: newest materialisations of `tiles`; those below another root are left out.
        tiles_io: of the manifests.
        mosaic_io: of the mosaics.
    """
    here = {key: stamp for key, stamp in recorded.items() if stamp.values.get(names.ROOT) == tiles_io.place.address}
    tiles, size, problems = 0, 0, {}
    for key, stamp in sorted(here.items()):
        try:
            found: TileSet = tiles_io.load(chain.key("tiles"), key)
        except StorageError as error:
            problems[key] = str(error)
            continue
        tiles, size = tiles + len(found.tiles), size + found.bytes
        if found.digest != stamp.values.get(names.DIGEST):
            problems[key] = (
                f"expected a manifest of the export {stamp.values.get(names.DIGEST)}, got {found.digest}; "
                "run `tiles` again"
            )
        elif problem := _missing(chain, key, found, tiles_io, mosaic_io):
            problems[key] = problem
    return ManifestReport(len(here), tiles, size, problems)


def _missing(chain: Chain, key: str, found: TileSet, tiles_io: TilesIO, mosaic_io: MosaicIO) -> str:
    """What is not there of a manifest; empty if all is."""
    if found.state == "no_images":
        return ""
    if not found.tiles:
        return "expected tiles in the manifest, got none; run `tiles` again"
    if tiles_io.are_there(found):
        return ""
    if "mosaic" not in chain.stages:
        return f"expected {len(found.tiles)} files in {found.folder}, found fewer; run `tiles` again"
    asset = chain.key("mosaic")
    mosaic = mosaic_io.load(asset, key) if mosaic_io.has(asset, key) else None
    if mosaic is not None and mosaic.digest == found.digest:
        return ""
    return f"expected {len(found.tiles)} files in {found.folder} or a mosaic of them, found neither; run `tiles` again"
