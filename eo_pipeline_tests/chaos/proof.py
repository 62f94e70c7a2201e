"""Exactly once, proved by the sandbox's journal. What does not belong here: what the pipeline believes of itself."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

_OVER = frozenset({"FAILED", "CANCELLED", "VANISHED"})
"""Ends after which another attempt is allowed; VANISHED: the service forgot it, nobody can know of it."""


@dataclass
class Told:
    """What the journal tells of one operation of ours.

    Attributes:
        name: resource name.
        description: as submitted: the partition, then the request id.
        request_id: `eo-<digest>-g<attempt>`.
        state: the last one.
    """

    name: str
    description: str
    request_id: str
    state: str = ""

    @property
    def partition(self) -> str:
        """The head of the description: product, area, period and a checksum of partition and destination."""
        return self.description.rpartition(":")[0]

    @property
    def digest(self) -> str:
        """Of what is exported."""
        return self.request_id.rpartition("-")[0]


@dataclass
class Proof:
    """What was found.

    Attributes:
        operations: by name, in the order of their submission.
        violations: sentences; none if every export started exactly once.
    """

    operations: dict[str, Told] = field(default_factory=dict)
    violations: list[str] = field(default_factory=list)


def prove(journal: Iterable[Mapping[str, Any]]) -> Proof:
    """Read a journal from its beginning: no operation begins while one of its partition and digest lives or succeeded.

    Others' tasks have no request id and are left out.
    """
    proof = Proof()
    for event in journal:
        if event["event"] == "operation" and event["requestId"] is not None:
            _note(proof, event)
        elif event["event"] == "fault" and event["kind"] == "vanish" and event["operation"] in proof.operations:
            proof.operations[event["operation"]].state = "VANISHED"
    return proof


def _note(proof: Proof, event: Mapping[str, Any]) -> None:
    known = proof.operations.get(event["name"])
    if known is None:
        known = Told(event["name"], event["description"], event["requestId"])
        proof.violations += _against(known, proof.operations.values(), event["number"])
        proof.operations[known.name] = known
    known.state = event["state"]


def _against(new: Told, before: Iterable[Told], number: int) -> list[str]:
    found = []
    for other in before:
        if (other.partition, other.digest) == (new.partition, new.digest) and other.state not in _OVER:
            found.append(f"event {number}: {new.name} began ({new.description}) while {other.name} was {other.state}")
        if other.request_id == new.request_id and other.state != "VANISHED":
            found.append(f"event {number}: {new.name} bears the request id {new.request_id} of {other.name}")
    return found
