"""Addresses as GDAL names them, and how long it bears trouble."""

import pytest

from eo_pipeline.storage.scenes.gdal_settings import gdal_options, gdal_path
from eo_pipeline.storage.transfer.patience import Patience


@pytest.mark.parametrize(
    ("href", "path"),
    [
        ("https://a.example/b/c.tif?sig=x%2F", "/vsicurl/https://a.example/b/c.tif?sig=x%2F"),
        ("gs://bucket/a/b.tif", "/vsigs/bucket/a/b.tif"),
        ("s3://bucket/a b.tif", "/vsis3/bucket/a b.tif"),
        ("file:///data/a%20b.tif", "/data/a b.tif"),
        ("/data/a.tif", "/data/a.tif"),
    ],
)
def test_addresses(href: str, path: str) -> None:
    assert gdal_path(href) == path


def test_gdal_asks_again_as_long_as_patience_lasts() -> None:
    options = gdal_options(Patience(seconds=120, first_wait=0.5))
    waits = [0.5 * 2**number for number in range(int(options["GDAL_HTTP_MAX_RETRY"]))]
    assert sum(waits) <= 120 < 2 * sum(waits) + 1
    assert options["GDAL_HTTP_RETRY_CODES"] == "408,429,500,502,503,504"
    assert all(isinstance(value, str) for value in options.values())
