"""Operations on disk, one JSON file each, so that a restart knows them.

What does not belong here: which state follows.
"""

import json
from pathlib import Path

from eo_pipeline.sandbox.tasks.operations import Operation, restored


class OperationFiles:
    """A folder of operations.

    Args:
        folder: Holds `ID.json` files; made when absent.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def save(self, operation: Operation) -> None:
        """Write or replace one operation; the file is whole at every instant."""
        path = self._folder / f"{operation.id}.json"
        draft = path.with_suffix(".draft")
        draft.write_text(json.dumps(operation.stored()), encoding="utf-8")
        draft.replace(path)

    def remove(self, operation: Operation) -> None:
        """Forget one operation."""
        (self._folder / f"{operation.id}.json").unlink(missing_ok=True)

    def load(self) -> list[Operation]:
        """All operations, in order of submission."""
        found = [restored(json.loads(path.read_text(encoding="utf-8"))) for path in self._folder.glob("*.json")]
        return sorted(found, key=lambda operation: operation.order)
