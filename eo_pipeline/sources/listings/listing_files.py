"""Text files that name an archive's files, one address or path a line.

What does not belong here: how one kind of address is asked for its version (`folders`, `google`, `s3`, `web`).
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urljoin

from eo_pipeline.core.periods import Period
from eo_pipeline.core.scenes.file_names import of_period
from eo_pipeline.errors import SourceError
from eo_pipeline.sources.listings import folders, google, s3, web
from eo_pipeline.sources.listings.access import Access
from eo_pipeline.sources.listings.listed import ListedFile, refuse_absent
from eo_pipeline.storage.objects import open_bucket


@dataclass(frozen=True)
class ListingFile:
    """A text file; empty lines and those that begin with # do not count.

    Attributes:
        address: a local path, or one of http(s) or gs; with fields of dates, such as {period}.txt, where there is one
            for each period (see `of`). Lines without a scheme are relative to its folder.
        access: to it and to the files.
    """

    address: str
    access: Access

    @property
    def name(self) -> str:
        """See Listing."""
        return self.address

    def of(self, period: Period) -> "ListingFile":
        """See Listing."""
        return replace(self, address=of_period(self.address, period))

    def files(self) -> tuple[ListedFile, ...]:
        """See Listing."""
        named = dict.fromkeys(self._line(line) for line in self._text().splitlines() if _counts(line))
        found = dict(self._with_versions(list(named)))
        refuse_absent(self.name, [href for href, told in found.items() if told is None])
        return tuple(sorted(told for told in found.values() if told is not None))

    def _with_versions(self, hrefs: list[str]) -> Iterator[tuple[str, ListedFile | None]]:
        yield from google.with_generations([one for one in hrefs if one.startswith(google.SCHEME)], self.access)
        yield from s3.with_etags([one for one in hrefs if one.startswith(s3.SCHEME)], self.access)
        yield from web.with_headers([one for one in hrefs if one.startswith(web.SCHEMES)], self.access)
        paths = (Path(one) for one in hrefs if "://" not in one)
        yield from ((str(path), told) for path, told in folders.with_versions(paths))

    def _text(self) -> str:
        if self.address.startswith(web.SCHEMES):
            return web.read_text(self.address, self.access)
        if self.address.startswith(google.SCHEME):
            bucket, _, name = self.address.removeprefix(google.SCHEME).partition("/")
            return open_bucket(self.access.google, bucket, named_by="the archive's address").read(name).decode()
        try:
            return Path(self.address).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise SourceError(
                f"could not read {self.address}: expected a text with an address a line, got {error}; correct it"
            ) from error

    def _line(self, line: str) -> str:
        """The address or path of a line."""
        text = line.strip()
        known = (google.SCHEME, s3.SCHEME, *web.SCHEMES)
        if text.startswith(known):
            return text
        if "://" in text:
            raise SourceError(f"expected http(s), gs, s3 or a path in {self.name}, got {text}; correct the line")
        if self.address.startswith(web.SCHEMES):
            return urljoin(self.address, text)
        if self.address.startswith(google.SCHEME):
            return f"{self.address.rpartition('/')[0]}/{text}"
        return str(Path(self.address).parent / text)


def _counts(line: str) -> bool:
    return bool(line.strip()) and not line.lstrip().startswith("#")
