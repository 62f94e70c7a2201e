"""Partitions asked about one after the other, each beside what the cube holds of it; reads no pixels.

What does not belong here: what the answers are for (`stale`, `estimates`).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from eo_pipeline.core.cubes.cube_ledger import Record
from eo_pipeline.core.cubes.cube_template import CubeTemplate
from eo_pipeline.errors import EoPipelineError
from eo_pipeline.orchestration.partitions import PartitionKey
from eo_pipeline.storage.cubes import CubeAddress, cube_exists, open_or_create_cube, read_partitions

type Rows = Mapping[tuple[str, str], Record]
"""The ledger's rows by (period, area)."""


@dataclass(frozen=True)
class Answer[Plan]:
    """What was told of a partition.

    Attributes:
        key: Dagster's.
        partition: the same in parts.
        plan: what it would be made of today.
        held: the cube's row of it, None if it has none.
    """

    key: str
    partition: PartitionKey
    plan: Plan
    held: Record | None


def held_rows(address: CubeAddress, template: CubeTemplate) -> Rows:
    """What a cube holds; nothing if it is not there.

    Raises:
        StorageError: it cannot be reached.
    """
    return read_partitions(open_or_create_cube(address, template)) if cube_exists(address) else {}


def ask_each[Plan](
    plan: Callable[[str, Record | None], Plan],
    rows: Rows,
    keys: Sequence[str],
    problems: dict[str, str],
    progress: Callable[[int, int], None],
) -> Iterator[Answer[Plan]]:
    """Ask about partitions.

    Args:
        plan: tells what a partition, by Dagster's key, would be made of today, given the cube's row of it.
        rows: of the cube.
        keys: Dagster's.
        problems: gets why others could not be asked about, by key.
        progress: called with how many were asked about, of how many.
    """
    for number, key in enumerate(keys, start=1):
        partition = PartitionKey.parse(key)
        held = rows.get((partition.period, partition.area))
        try:
            told = plan(key, held)
        except EoPipelineError as error:
            problems[key] = str(error)
            continue
        finally:
            progress(number, len(keys))
        yield Answer(key, partition, told, held)
