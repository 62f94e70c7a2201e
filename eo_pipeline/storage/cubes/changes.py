"""Which slots of a cube were touched between two versions, as Icechunk's own log tells: pixels or rows of the ledger.

What does not belong here: what is looked for in them (`verify`).
"""

import icechunk

_TIME_AND_PLACE = 3
"""Dimensions of bands and of the ledger's arrays; a chunk of Icechunk's is one slot of them."""


def changed_slots(repository: icechunk.Repository, before: str, after: str) -> frozenset[int] | None:
    """Slots, counted from 0, that anything was written to; None if that is not known.

    Args:
        repository: of the cube.
        before: id of a snapshot.
        after: id of the same one, or of one that came of it; if it did not, or `before` has expired, nothing is known.
    """
    if before == after:
        return frozenset()
    try:
        difference = repository.diff(from_snapshot_id=before, to_snapshot_id=after)
    except (icechunk.NotFoundError, icechunk.InvalidInputError):
        return None
    if difference.updated_arrays or difference.updated_groups or difference.deleted_arrays:
        return None
    chunks = (index for indices in difference.updated_chunks.values() for index in indices)
    return frozenset(int(index[0]) for index in chunks if len(index) == _TIME_AND_PLACE)
