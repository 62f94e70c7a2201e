"""Names of files; expectations are written by hand."""

import pytest

from eo_pipeline.core.period_rules import parse_period_rule
from eo_pipeline.core.scenes.file_names import NamedFile, NamePattern, of_period
from eo_pipeline.errors import ProductError
from eo_pipeline_tests.sources.archives.made import period


@pytest.mark.parametrize(
    ("pattern", "path", "date", "place"),
    [
        ("{year}/{lat}_{lon}.tif", "gs://glad/v2/2000/40N_080W.tif", "2000", "40N 080W"),
        ("{year}/{lat}{lon}.tif", "/data/2000/N40W080.tif?x=1", "2000", "N40 W080"),
        ("{period}/*.tif", "2020-05/a_b.tif", "2020-05", "a_b"),
        ("/data/{period}/*.tif", "/data/2020-05-17T10/a.tif", "2020-05-17T10", "a"),
        ("{year}/{tile}_{year}.tif", "x/2001/h10v04_2001.tif", "2001", "h10v04"),
        ("MOD.A{year}{doy}.{tile}.*.hdf.tif", "MOD.A2020060.h10v04.061.hdf.tif", "2020-02-29", "h10v04 061"),
        ("t_{year}{month}{day}{hour}.nc", "t_2020051706.nc", "2020-05-17T06", ""),
        ("*.nc", "/x/era5.nc", "", "era5"),
    ],
)
def test_names_tell_dates_and_places(pattern: str, path: str, date: str, place: str) -> None:
    assert NamePattern(pattern).read(path) == NamedFile(date, place)


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        ("{year}/{lat}_{lon}.tif", "2000-2020change/40N_080W.tif"),
        ("{year}/{lat}_{lon}.tif", "2000/readme.txt"),
        ("{year}/{tile}_{year}.tif", "2001/a_2002.tif"),
        ("/data/{period}/*.tif", "/data/old/2020/a.tif"),
        ("*.tif", "a.tif.aux.xml"),
        ("a.b", "axb"),
    ],
)
def test_other_files_are_none_of_the_archive(pattern: str, path: str) -> None:
    assert NamePattern(pattern).read(path) is None


@pytest.mark.parametrize(
    ("rule", "key", "address", "written"),
    [
        ("year", "2020", "of{year}.txt", "of2020.txt"),
        ("month", "2020-05", "{year}/{month}_{period}.txt", "2020/05_2020-05.txt"),
        ("8 days", "2020-03-05", "{year}{doy}.{day}.txt", "2020065.05.txt"),
        ("day", "2020-05-17", "plain.txt", "plain.txt"),
    ],
)
def test_addresses_are_written_out_for_a_period(rule: str, key: str, address: str, written: str) -> None:
    assert of_period(address, parse_period_rule(rule).parse(key)) == written


@pytest.mark.parametrize(("address", "strange"), [("{day}.txt", "day"), ("{lat}.txt", "lat"), ("{year}*.txt", r"\*")])
def test_fields_that_a_period_does_not_tell_are_refused(address: str, strange: str) -> None:
    with pytest.raises(ProductError, match=rf"expected {{month}}, {{period}}, {{year}} alone .* got {strange} in"):
        of_period(address, parse_period_rule("month").parse("2020-05"))


@pytest.mark.parametrize("text", ["{year", "{Year}/x", "", "/"])
def test_what_is_no_pattern_is_refused(text: str) -> None:
    with pytest.raises(ProductError, match="expected a pattern of file names such as"):
        NamePattern(text)


@pytest.mark.parametrize(
    ("date", "meets"),
    [("", True), ("2020", True), ("2020-02", True), ("2020-03", False), ("2020-02-29T05", True),
     ("2020-02-29T06", False), ("2019", False), ("2020-02-28", False)],
)  # fmt: skip
def test_dates_meet_periods(date: str, meets: bool) -> None:
    assert NamedFile(date, "").may_meet(period("2020-02-29T05:30", "2020-02-29T06:00")) is meets
