"""What a service is known to allow, before anything was learned. What does not belong here: learning (`pace`)."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Allowance:
    """Where the learning begins, and where it ends.

    Attributes:
        at_once: requests under way: the documented 40 of a project
            (https://developers.google.com/earth-engine/guides/usage).
        per_second: requests begun: the documented 6,000 a minute.
        most: requests under way, whatever the service lets in.
    """

    at_once: int = 40
    per_second: int = 100
    most: int = 400
