"""Objects of S3, listed by obstore. What does not belong here: reading them, which GDAL does."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Self

from obstore.exceptions import BaseError
from obstore.store import S3Store

from eo_pipeline.core.periods import Period
from eo_pipeline.errors import SourceError
from eo_pipeline.sources.listings.access import Access
from eo_pipeline.sources.listings.buckets import looked_up
from eo_pipeline.sources.listings.listed import ListedFile

SCHEME = "s3://"


@dataclass(frozen=True)
class S3Objects:
    """All objects whose addresses begin alike.

    Attributes:
        address: such as s3://bucket/folder.
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
        """See Listing; the version is the ETag."""
        bucket, _, prefix = self.address.removeprefix(SCHEME).partition("/")
        folder, _, start = prefix.rpartition("/")
        found = []
        for told in self._objects(bucket, folder):
            if told["path"].startswith(f"{folder}/{start}" if folder else start):
                href = f"{SCHEME}{bucket}/{told['path']}"
                found.append(ListedFile(href, f"etag={told['e_tag']} size={told['size']}"))
        return tuple(sorted(found))

    def _objects(self, bucket: str, folder: str) -> Iterator[Any]:
        try:
            store = S3Store(bucket, config=self._config, client_options={"allow_http": True})
            for batch in store.list(folder or None):
                yield from batch
        except BaseError as error:
            said = str(error).partition("\n")[0]
            raise SourceError(
                f"could not list {self.address}: expected objects, got {said}; check address, region and keys"
            ) from error

    @property
    def _config(self) -> Any:
        access = self.access
        told = {"endpoint": access.s3_endpoint, "region": access.s3_region}
        return {**{name: text for name, text in told.items() if text}, "skip_signature": access.anonymous}


def with_etags(hrefs: Iterable[str], access: Access) -> Iterator[tuple[str, ListedFile | None]]:
    """Each object with its ETag, None if it is not there; one listing a bucket."""
    return looked_up(hrefs, lambda address: S3Objects(address, access).files())
