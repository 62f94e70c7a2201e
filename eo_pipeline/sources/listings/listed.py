"""A listed file and what every listing can do. What does not belong here: how one listing does it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from eo_pipeline.core.periods import Period
from eo_pipeline.core.problem_lines import problem_lines
from eo_pipeline.errors import SourceError


@dataclass(frozen=True, order=True)
class ListedFile:
    """A file that is there.

    Attributes:
        href: a local path, or an address of http(s), gs or s3.
        version: text that differs when the file does: generation, ETag, or size and time.
    """

    href: str
    version: str


class Listing(Protocol):
    """Files of an archive; can be sent to another process."""

    @property
    def name(self) -> str:
        """What a person calls it, for messages."""
        ...

    def of(self, period: Period) -> "Listing":
        """The listing of a period where there is one for each; else this one, of all.

        Raises:
            ProductError: the address has fields that the period does not tell.
        """
        ...

    def files(self) -> tuple[ListedFile, ...]:
        """All of them, by address, with the versions that they have now.

        Raises:
            SourceError: it cannot be read, or names files that are not there: lists them.
            StorageError, CredentialsError: a bucket cannot be listed.
            ServiceUnreachableError: a server does not answer.
        """
        ...


def refuse_absent(name: str, absent: Sequence[str]) -> None:
    """One error for all files of a listing that are not there.

    Raises:
        SourceError: there are some.
    """
    if absent:
        raise SourceError(
            f"expected the files that {name} names, got {len(absent)} that are not there:\n"
            f"{problem_lines(sorted(absent))}\n"
            "take them out of the listing, or put them where it says"
        )
