"""Pages of a listing against the plain meaning of prefix, delimiter and range, on random names."""

import bisect
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eo_pipeline.sandbox.cloud_storage.errors import StorageError
from eo_pipeline.sandbox.cloud_storage.globs import compiled
from eo_pipeline.sandbox.cloud_storage.listing import Page, Query, page, successor
from eo_pipeline.sandbox.cloud_storage.objects import ObjectMeta

NAMES = st.lists(st.text(alphabet="ab/\u00e9\ud7ff\ue000\U0010ffff", min_size=1, max_size=6), unique=True, max_size=30)
PREFIXES = st.text(alphabet="ab/", max_size=2)
HANG_SECONDS = 30
"""A hang guard: trying every way to share out the letters would take for ever. How fast it is, no test says."""


def meta(name: str) -> ObjectMeta:
    return ObjectMeta("b", name, 1, 1, 0, "", None, "", "", "", "")


def pages(names: list[str], query: Query) -> Iterator[Page]:
    ordered = sorted(names)

    def rows_from(start: str) -> Iterator[ObjectMeta]:
        return (meta(name) for name in ordered[bisect.bisect_left(ordered, start) :])

    start: str | None = query.start
    while start is not None:
        found = page(
            rows_from,
            Query(prefix=query.prefix, delimiter=query.delimiter, start=start, end=query.end, limit=query.limit),
        )
        yield found
        start = found.next_start


@given(names=NAMES, prefix=PREFIXES, delimiter=st.sampled_from(["", "/", "a/"]), limit=st.integers(1, 5))
def test_pages_together_hold_every_name_once(names: list[str], prefix: str, delimiter: str, limit: int) -> None:
    found = list(pages(names, Query(prefix=prefix, delimiter=delimiter, limit=limit)))
    below = [name for name in names if name.startswith(prefix)]
    folded = [name for name in below if delimiter and delimiter in name[len(prefix) :]]
    folders = {prefix + name[len(prefix) :].partition(delimiter)[0] + delimiter for name in folded}
    assert [entry.name for part in found for entry in part.objects] == sorted(set(below) - set(folded))
    assert [folder for part in found for folder in part.prefixes] == sorted(folders)
    assert all(len(part.objects) + len(part.prefixes) <= limit for part in found)


@given(names=NAMES, start=PREFIXES, end=PREFIXES)
def test_a_range_is_half_open(names: list[str], start: str, end: str) -> None:
    found = list(pages(names, Query(start=start, end=end or None, limit=3)))
    expected = sorted(name for name in names if name >= start and (not end or name < end))
    assert [entry.name for part in found for entry in part.objects] == expected


@given(prefix=st.text(min_size=1, max_size=4), name=st.text(max_size=6))
def test_a_successor_is_beyond_every_name_of_the_prefix(prefix: str, name: str) -> None:
    following = successor(prefix)
    if following is None:
        assert set(prefix) == {"\U0010ffff"}
    else:
        assert prefix + name < following
        assert prefix < following
        following.encode()


@pytest.mark.parametrize(
    ("glob", "inside", "outside"),
    [
        ("a/*.tif", ["a/b.tif", "a/.tif"], ["a/b/c.tif", "a/b.tiff"]),
        ("a/**.tif", ["a/b.tif", "a/b/c.tif"], ["b/a.tif"]),
        ("a?", ["ab"], ["a", "a/", "abc"]),
        ("[ab]1", ["a1", "b1"], ["c1"]),
        ("[!ab]1", ["c1"], ["a1"]),
        ("{x,y*}/1", ["x/1", "y2/1"], ["z/1", "x,y/1"]),
        ("a.b", ["a.b"], ["axb"]),
    ],
)
def test_globs(glob: str, inside: list[str], outside: list[str]) -> None:
    pattern = compiled(glob)
    assert [name for name in inside + outside if pattern.matches(name)] == inside


@pytest.mark.timeout(HANG_SECONDS)
def test_a_glob_of_many_stars_does_not_take_for_ever() -> None:
    name = "a" * 1000
    assert not compiled("**a" * 30 + "b").matches(name)
    assert compiled("**a" * 30).matches(name)


def test_a_glob_of_too_many_choices_is_refused() -> None:
    assert compiled("{a,b}" * 7).matches("abababa")
    with pytest.raises(StorageError, match=r"Invalid matchGlob: .* \(more than 200 choices\)"):
        compiled("{a,b}" * 8)
