"""Directories against tifffile's reading of them."""

import io
from pathlib import Path

import numpy as np
import pytest
import tifffile

from eo_pipeline.storage.cogs.tiff_tags import BIG, CLASSIC, LONG, SHORT, Form, Tag, directory_bytes, read_directories
from eo_pipeline_tests.raster_files import grid, write_raster


@pytest.mark.parametrize("big", ["yes", "no"])
def test_directories_are_read_as_tifffile_reads_them(tmp_path: Path, big: str) -> None:
    pixels = np.arange(3 * 70 * 90, dtype="uint16").reshape(3, 70, 90)
    options = {"tiled": True, "blockxsize": 16, "blockysize": 16, "compress": "lzw", "bigtiff": big}
    path = write_raster(tmp_path / "a.tif", grid(70, 90), pixels, nodata=3, names=("a", "b", "c"), **options)
    with path.open("rb") as file:
        (tags,) = read_directories(file)
    with tifffile.TiffFile(path) as whole:
        expected = {tag.code: tag for tag in whole.pages.first.tags}
        raw = path.read_bytes()
        assert tags.keys() == expected.keys()
        for code, tag in tags.items():
            other = expected[code]
            assert (tag.type, tag.count) == (other.dtype, other.count)
            assert tag.value == raw[other.valueoffset : other.valueoffset + len(tag.value)]
        assert tags[324].numbers.tolist() == list(whole.pages.first.dataoffsets)


@pytest.mark.parametrize("form", [CLASSIC, BIG])
def test_directories_are_written_as_tifffile_reads_them(form: Form) -> None:
    few = {256: Tag.whole(256, LONG, 7), 257: Tag.whole(257, LONG, 5), 270: Tag(270, 2, 4, b"abc\0")}
    many = {258: Tag.whole(258, SHORT, np.array([8] * 9)), 42113: Tag(42113, 2, 12, b"-9999.00001\0"), **few}
    start = form.header_size
    first = directory_bytes(few, start, following=start + form.directory_size(few.values()), form=form)
    second = directory_bytes(many, start + len(first), following=0, form=form)
    assert len(second) == form.directory_size(many.values())
    data = form.header + start.to_bytes(form.inline, "little") + first + second
    with tifffile.TiffFile(io.BytesIO(data)) as file:
        assert file.is_bigtiff == (form is BIG)
        values = [{tag.code: tag.value for tag in page.aspage().tags} for page in file.pages]
    assert values[0] == {256: 7, 257: 5, 270: "abc"}
    assert values[1] == {256: 7, 257: 5, 258: (8,) * 9, 270: "abc", 42113: "-9999.00001"}
    assert read_directories(io.BytesIO(data)) == [few, many]


def test_what_is_no_little_endian_tiff_has_no_directories() -> None:
    assert read_directories(io.BytesIO(b"MM\0*\0\0\0\x08")) == []
    assert read_directories(io.BytesIO(b"GIF89a")) == []
    assert read_directories(io.BytesIO(b"")) == []
