"""All operations of a sandbox by name, kept on disk and in the journal. What does not belong here: which state follows.

Callers take turns.
"""

from eo_pipeline.sandbox.errors import ServiceError
from eo_pipeline.sandbox.frame.journal import Journal
from eo_pipeline.sandbox.tasks.operation_files import OperationFiles
from eo_pipeline.sandbox.tasks.operations import Operation

_OCCUPYING = frozenset({"RUNNING", "CANCELLING"})


class OperationTable:
    """Operations, each as it is now.

    Args:
        files: Keeps them over a restart; those of an earlier run are read.
        journal: Learns of every state.
    """

    def __init__(self, files: OperationFiles, journal: Journal) -> None:
        self._files = files
        self._journal = journal
        self._all = {operation.name: operation for operation in files.load()}
        self._by_request: dict[tuple[str, str | None], str] = {
            (known.project, known.request_id): known.name for known in self._all.values() if known.request_id
        }
        self._write_up()
        self._next_order = max((known.order for known in self._all.values()), default=-1) + 1

    def next_order(self) -> int:
        """The place of the next submission."""
        self._next_order += 1
        return self._next_order - 1

    def keep(self, operation: Operation) -> None:
        """Add or replace an operation whose state has changed."""
        self._files.save(operation)
        self.note(operation)
        if operation.request_id is not None:
            self._by_request[operation.project, operation.request_id] = operation.name
        self._write(operation)

    def _write(self, operation: Operation) -> None:
        details = {
            "name": operation.name,
            "state": operation.state,
            "requestId": operation.request_id,
            "description": operation.description,
        }
        self._journal.record("operation", details)

    def _write_up(self) -> None:
        """Journal the states that an earlier run stored and was killed before it journalled them."""
        told = {event["name"]: event["state"] for event in self._journal.events() if event["event"] == "operation"}
        for operation in sorted(self._all.values(), key=lambda known: known.order):
            if told.get(operation.name) != operation.state:
                self._write(operation)

    def note(self, operation: Operation) -> None:
        """Replace an operation whose progress has changed: not worth a file."""
        self._all[operation.name] = operation

    def forget(self, operation: Operation) -> None:
        """Drop an operation and its request id, as if it had never been."""
        del self._all[operation.name]
        self._by_request.pop((operation.project, operation.request_id), None)
        self._files.remove(operation)

    def get(self, name: str) -> Operation:
        """The operation of that resource name.

        Raises:
            ServiceError: 404, there is none.
        """
        operation = self._all.get(name)
        if operation is None:
            raise ServiceError(f"Operation '{name}' not found.", 404, "NOT_FOUND")
        return operation

    def of_request(self, project: str, request_id: str | None) -> Operation | None:
        """The operation that a request id started."""
        name = self._by_request.get((project, request_id))
        return None if name is None else self._all[name]

    def unfinished(self) -> list[Operation]:
        """Those not done, in order of submission."""
        return sorted((known for known in self._all.values() if not known.done), key=lambda known: known.order)

    def pending(self) -> list[Operation]:
        """Those waiting, in the order in which they start."""
        waiting = [known for known in self._all.values() if known.state == "PENDING"]
        return sorted(waiting, key=lambda known: (-known.priority, known.order))

    def count_pending(self, project: str) -> int:
        """How many of a project wait."""
        return sum(known.state == "PENDING" and known.project == project for known in self._all.values())

    def count_running(self, project: str) -> int:
        """How many of a project run."""
        return sum(known.state in _OCCUPYING and known.project == project for known in self._all.values())

    def newest_first(self, project: str) -> list[Operation]:
        """Those of a project, the latest submission first."""
        found = [known for known in self._all.values() if known.project == project]
        return sorted(found, key=lambda known: -known.order)
