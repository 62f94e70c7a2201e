"""Manifests of chips against what is there: each listed chip has its file, or its place in the store.

What does not belong here: reading pixels, which is done before a chip is listed (`steps.chips.cut_chips`).
"""

from collections.abc import Iterator, Mapping, Sequence

import geopandas

from eo_pipeline.core.chips.manifest import ChipState
from eo_pipeline.errors import StorageError
from eo_pipeline.orchestration.chain import Chain
from eo_pipeline.orchestration.event_log import names
from eo_pipeline.orchestration.event_log.ledger import Stamp
from eo_pipeline.orchestration.io_managers import ChipsIO
from eo_pipeline.orchestration.manifests import ManifestReport
from eo_pipeline.storage.chips.held_chips import HeldChip, held_chips

_NAMED = 5
"""Chips that are named of those that are missing."""

Store = Mapping[tuple[str, str], HeldChip]


def check_chip_manifests(chain: Chain, recorded: Mapping[str, Stamp], io: ChipsIO) -> ManifestReport:
    """Compare the manifests of recorded partitions with folders and the store; no pixel is read.

    Args:
        chain: the product.
        recorded: newest materialisations of `chips`; those below another root are left out.
        io: of the manifests.

    Raises:
        StorageError: the root or the store cannot be reached.
    """
    here = {key: stamp for key, stamp in recorded.items() if stamp.values.get(names.ROOT) == io.place.address}
    declared = chain.product.chips
    repository = None if declared is None else declared.repository
    store = held_chips(io.address(repository)) if repository is not None and here else {}
    listed, size, problems = 0, 0, {}
    for key, stamp in sorted(here.items()):
        try:
            rows, tags = io.load(chain.key("chips"), key), io.tags(chain.key("chips"), key)
        except StorageError as error:
            problems[key] = str(error)
            continue
        there = rows[rows["state"] != str(ChipState.FAILED)]
        listed, size = listed + len(there), size + int(there["bytes"].sum())
        wanted = str(stamp.values.get(names.DIGEST))
        if tags.get("export_digest") != wanted:
            got = tags.get("export_digest")
            problems[key] = f"expected a manifest of the export {wanted}, got {got}; run `chips` again"
        elif missing := list(_in_store(key, there, store) if repository else _in_files(chain, key, there, io)):
            problems[key] = _sentence(missing, len(there))
    return ManifestReport(len(here), listed, size, problems, "chips")


def _in_files(chain: Chain, key: str, rows: geopandas.GeoDataFrame, io: ChipsIO) -> Iterator[str]:
    """Chips whose files are missing, or of another size."""
    base = io.base(chain.key("chips"), key)
    sizes = {f"{base.name}/{name}": size for name, size in io.place.sizes(base, "").items()} if len(rows) else {}
    for chip, path, size in zip(rows["id"], rows["path"], rows["bytes"], strict=True):
        if sizes.get(path) != size:
            yield str(chip)


def _in_store(key: str, rows: geopandas.GeoDataFrame, store: Store) -> Iterator[str]:
    """Chips that the store holds elsewhere, with other pixels, or not at all."""
    for chip, index, crc32c in zip(rows["id"], rows["index"], rows["crc32c"], strict=True):
        if store.get((key, str(chip))) != HeldChip(int(index), str(crc32c)):
            yield str(chip)


def _sentence(missing: Sequence[str], total: int) -> str:
    named = ", ".join([*missing[:_NAMED], *(["..."] if len(missing) > _NAMED else [])])
    return f"expected {total} chips as listed, got {len(missing)} missing or changed ({named}); run `chips` again"
