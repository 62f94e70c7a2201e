"""Where blocks lie, and when a file becomes a BigTIFF."""

import io
import struct

import numpy as np
import pytest
import tifffile

from eo_pipeline.storage.cogs.layout import Layout, Level, framed, lay_out
from eo_pipeline.storage.cogs.tiff_tags import LONG, SHORT, Tag


def level(rows: int, columns: int, sizes: list[int]) -> Level:
    """An image of blocks of 16 x 16."""
    numbers = {256: columns * 16, 257: rows * 16, 322: 16, 323: 16}
    tags = {code: Tag.whole(code, LONG, number) for code, number in numbers.items()}
    tags |= {code: Tag.whole(code, SHORT, number) for code, number in {258: 8, 259: 1, 262: 1, 277: 1}.items()}
    return Level(tags, np.array(sizes, np.int64))


def places(layout: Layout) -> list[list[int]]:
    """Blocks' positions by tifffile."""
    with tifffile.TiffFile(io.BytesIO(layout.head)) as file:
        return [[int(place) for place in page.dataoffsets] for page in file.pages]


def test_blocks_follow_the_head_the_smallest_level_first() -> None:
    layout = lay_out([level(2, 2, [100, 0, 300, 400]), level(1, 1, [50])])
    start = len(layout.head)
    assert [array.tolist() for array in layout.positions] == [
        [start + 58 + 4, 0, start + 58 + 108 + 4, start + 58 + 108 + 308 + 4],
        [start + 4],
    ]
    assert layout.size == start + 58 + 108 + 308 + 408
    assert places(layout) == [array.tolist() for array in layout.positions]


@pytest.mark.parametrize(("blocks", "big"), [(15, False), (16, True)])
def test_from_4_gib_on_it_is_a_bigtiff(blocks: int, big: bool) -> None:
    layout = lay_out([level(1, blocks, [2**28 - 1] * blocks)])
    assert layout.head.startswith(b"II+\0" if big else b"II*\0")
    assert layout.positions[0][-1] + 2**28 - 1 + 4 == layout.size
    assert places(layout)[0] == layout.positions[0].tolist()


def test_the_first_directory_follows_what_the_file_says_of_its_layout() -> None:
    head = lay_out([level(1, 1, [9])]).head
    (first,) = struct.unpack_from("<I", head, 4)
    words = head[8:first]
    assert words.startswith(b"GDAL_STRUCTURAL_METADATA_SIZE=000140 bytes\n")
    assert len(words[43:].rstrip(b"\0")) == 140
    assert first % 8 == 0


def test_a_block_lies_between_its_size_and_its_last_bytes() -> None:
    assert b"".join(framed(b"abcdefg")) == b"\x07\0\0\0abcdefgdefg"
