"""Ranges and conditions as RFC 9110 has them."""

import pytest

from eo_pipeline.sandbox.stac.byte_ranges import UnsatisfiableRangeError, applies, asked_range, refusal


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, None),
        ("bytes=0-0", (0, 1)),
        ("bytes=10-", (10, 100)),
        ("bytes=-10", (90, 100)),
        ("bytes=-1000", (0, 100)),
        ("bytes=90-1000", (90, 100)),
        ("bytes=5-2", None),
        ("bytes=0-1,5-6", None),
        ("bytes=-", None),
        ("lines=0-1", None),
    ],
)
def test_ranges(header: str | None, expected: tuple[int, int] | None) -> None:
    assert asked_range(header, 100) == expected


@pytest.mark.parametrize("header", ["bytes=100-", "bytes=100-200", "bytes=-0"])
def test_a_range_without_a_byte_is_refused(header: str) -> None:
    with pytest.raises(UnsatisfiableRangeError, match=f"expected a range within 100 bytes, got '{header}'"):
        asked_range(header, 100)


def test_conditions() -> None:
    assert refusal({}, '"a"') is None
    assert refusal({"if-match": '"b", "a"'}, '"a"') is None
    assert refusal({"if-match": '"b"'}, '"a"') == 412
    assert refusal({"if-none-match": 'W/"a"'}, '"a"') == 304
    assert refusal({"if-none-match": "*"}, '"a"') == 304
    assert applies({}, '"a"')
    assert not applies({"if-range": '"b"'}, '"a"')
