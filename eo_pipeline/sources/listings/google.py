"""Objects of Cloud Storage. What does not belong here: requests and their failures (`storage.objects`)."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Self

from eo_pipeline.core.periods import Period
from eo_pipeline.sources.listings.access import Access
from eo_pipeline.sources.listings.buckets import looked_up
from eo_pipeline.sources.listings.listed import ListedFile
from eo_pipeline.storage.objects import open_bucket

SCHEME = "gs://"


@dataclass(frozen=True)
class GoogleObjects:
    """All objects whose addresses begin alike.

    Attributes:
        address: such as gs://bucket/folder.
        access: to the bucket.
    """

    address: str
    access: Access

    @property
    def name(self) -> str:
        """See Listing."""
        return self.address

    def of(self, period: Period) -> Self:  # noqa: ARG002  # the same for all
        """See Listing."""
        return self

    def files(self) -> tuple[ListedFile, ...]:
        """See Listing."""
        bucket, _, prefix = self.address.removeprefix(SCHEME).partition("/")
        opened = open_bucket(self.access.google, bucket, named_by="the archive's address")
        return tuple(
            ListedFile(f"{SCHEME}{bucket}/{stored.name}", f"generation={stored.generation}")
            for stored in opened.list(prefix)
            if not stored.name.endswith("/")
        )


def with_generations(hrefs: Iterable[str], access: Access) -> Iterator[tuple[str, ListedFile | None]]:
    """Each object with its generation, None if it is not there; one listing a bucket."""
    return looked_up(hrefs, lambda address: GoogleObjects(address, access).files())
