"""What listings tell of files, and what they refuse; servers are real ones of this process."""

import os
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from eo_pipeline.core.period_rules import CalendarRule
from eo_pipeline.core.scenes.file_names import NamePattern
from eo_pipeline.errors import ServiceUnreachableError, SourceError
from eo_pipeline.sources.listings import Access, open_listing, open_matching
from eo_pipeline.storage.transfer.patience import Patience

MAY = CalendarRule("month").parse("2020-05")
ACCESS = Access(patience=Patience(seconds=0.5, first_wait=0.1), threads=2)


class _Quiet(SimpleHTTPRequestHandler):
    """Tells sizes and dates, no ETags."""

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the library's name
        pass


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    """Address of a server of the temporary folder."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(tmp_path))) as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()
        thread.join()


def test_files_of_a_folder_have_sizes_and_times(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    for name in ("b/x.tif", "a.tif"):
        (tmp_path / name).write_bytes(b"12")
    files = open_listing(str(tmp_path)).files()
    assert [Path(file.href).relative_to(tmp_path).as_posix() for file in files] == ["a.tif", "b/x.tif"]
    os.utime(tmp_path / "a.tif", ns=(1, 1))
    later = open_listing(str(tmp_path)).files()
    assert later[0].version == "size=2 mtime=1"
    assert later[1] == files[1]


def test_files_behind_http_without_etags_have_sizes_and_dates(server: str, tmp_path: Path) -> None:
    (tmp_path / "a.tif").write_bytes(b"123")
    os.utime(tmp_path / "a.tif", (0, 0))
    (tmp_path / "list.txt").write_text("a.tif\n")
    listing = open_listing(f"{server}/list.txt", ACCESS)
    assert [(f.href, f.version) for f in listing.files()] == [(f"{server}/a.tif", "3 Thu, 01 Jan 1970 00:00:00 GMT")]
    (tmp_path / "list.txt").write_text("a.tif\nb.tif\n")
    with pytest.raises(SourceError, match=rf"expected the files that .* names, got 1 .*\n  {server}/b\.tif\n"):
        listing.files()
    with pytest.raises(SourceError, match=r"could not read .*/none\.txt: it answered 404"):
        open_listing(f"{server}/none.txt", ACCESS).files()


def test_a_server_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ServiceUnreachableError, match=r"could not read http://127\.0\.0\.1:9/list\.txt"):
        open_listing("http://127.0.0.1:9/list.txt", ACCESS).files()


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ("ftp://x/a.tif", r"expected http\(s\), gs, s3 or a path in .*, got ftp://x/a\.tif; correct the line"),
        ("gone.tif", r"got 1 that are not there:\n  .*gone\.tif\n"),
        (b"\xff\xfe", "expected a text with an address a line, got"),
    ],
)
def test_lines_that_are_none_are_refused(tmp_path: Path, lines: str | bytes, message: str) -> None:
    (tmp_path / "list.txt").write_bytes(lines if isinstance(lines, bytes) else lines.encode())
    with pytest.raises(SourceError, match=message):
        open_listing(str(tmp_path / "list.txt"), ACCESS).files()


def test_addresses_that_are_none_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"expected a path, or an address of http\(s\), gs or s3, got ftp://x"):
        open_listing("ftp://x")
    with pytest.raises(SourceError, match=r"expected a folder or a listing at .*/none, got nothing there"):
        open_listing(str(tmp_path / "none")).files()


@pytest.mark.parametrize(
    ("address", "name", "pattern"),
    [
        ("era5/*.nc", "era5", "era5/*.nc"),
        ("*.nc", ".", "*.nc"),
        ("/data/{period}/x/*.tif", "/data", "/data/{period}/x/*.tif"),
        ("gs://bucket/v2/{year}/{lat}_{lon}.tif", "gs://bucket/v2", "gs://bucket/v2/{year}/{lat}_{lon}.tif"),
        ("gs://bucket/lists/{period}.txt", "gs://bucket/lists/2020-05.txt", None),
        ("https://x/{year}/of{month}.csv", "https://x/2020/of05.csv", None),
        ("lists/{period}.lst", "lists/2020-05.lst", None),
        ("gs://bucket/v2", "gs://bucket/v2", None),
    ],
)
def test_a_text_with_stars_and_fields_is_taken_apart(address: str, name: str, pattern: str | None) -> None:
    listing, found = open_matching(address, ACCESS)
    assert (listing.of(MAY).name, found) == (name, None if pattern is None else NamePattern(pattern))
