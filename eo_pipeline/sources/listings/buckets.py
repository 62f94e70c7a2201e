"""Named objects of several buckets, looked up by listing each bucket once. What does not belong here: listing one."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby
from os.path import commonprefix

from eo_pipeline.sources.listings.listed import ListedFile


def looked_up(
    hrefs: Iterable[str], list_from: Callable[[str], Sequence[ListedFile]]
) -> Iterator[tuple[str, ListedFile | None]]:
    """Each object as it is listed, None if it is not there.

    Args:
        hrefs: such as s3://bucket/folder/name, of one scheme.
        list_from: gives all objects whose addresses begin with a text.
    """
    for _, group in groupby(sorted(hrefs), key=_bucket):
        wanted = list(group)
        there = {one.href: one for one in list_from(commonprefix(wanted))}  # noqa: RUF071  # a bucket's prefix is any text
        yield from ((href, there.get(href)) for href in wanted)


def _bucket(href: str) -> str:
    return href.partition("://")[2].partition("/")[0]
