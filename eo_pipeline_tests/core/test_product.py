"""What a declaration may say, what it means when it does not, and what is said of a wrong one."""

import math
import re
from datetime import UTC, datetime
from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from eo_pipeline.core.mosaics import MosaicOptions
from eo_pipeline.core.product import Product
from eo_pipeline_tests.products import SMALL, declared, product

OF_THE_ISSUE = """
source:    {collection: COPERNICUS/S2_SR_HARMONIZED, bands: [B4, B8], where: {CLOUDY_PIXEL_PERCENTAGE: {lt: 80}}}
mask:      {scl_exclude: [0, 1, 3, 8, 9, 10, 11]}          # or qa_pixel bits, cloud score+ threshold, or none
index:     {ndvi: {formula: (B8 - B4) / (B8 + B4), compute: per_scene}}
composite: {reducer: median, counts: [n_obs, n_valid]}
period:    {every: month, start: 2019-01, available_after: 10d, recheck_for: 60d}
area:      {cover: fields.gpkg, crs: EPSG:32633, resolution: 10, origin: [0, 0], tile: 2560}
output:    {ndvi: {dtype: int16, scale: 0.0001, nodata: -32768}}
zones:     {file: fields.gpkg, id: field_id, statistics: [mean, count]}
cube:      {repository: cubes/ndvi}
export:    {bucket: my-bucket, priority: 100}
"""
SOURCE = SMALL["source"]
AREA = SMALL["area"]
INT16 = {"dtype": "int16", "nodata": -32768}
BY_FEATURES = {"features": "f.gpkg", "id": "name", "crs": "EPSG:32633", "resolution": 10}
TABLE = {"recipe": "a.b", "columns": {"n": {"dtype": "int64"}}}
BY_COVER = {"cover": "f.gpkg", "crs": "EPSG:32633", "resolution": 10}


def problems(**sections: object) -> str:
    """What is said of a declaration, one `field: words` a line."""
    with pytest.raises(ValidationError) as caught:
        product(**sections)
    return "\n".join(f"{'.'.join(map(str, error['loc']))}: {error['msg']}" for error in caught.value.errors())


def test_the_few_lines_of_the_issue_are_a_product() -> None:
    made = Product.model_validate({"name": "ndvi", **yaml.safe_load(OF_THE_ISSUE)})
    assert made.value_names == ["ndvi"]
    assert [(b.name, b.dtype, b.scale, b.nodata, b.kind) for b in made.bands] == [
        ("ndvi", "int16", 0.0001, -32768, "continuous"),
        ("n_obs", "int16", 1.0, -32768, "count"),
        ("n_valid", "int16", 1.0, -32768, "count"),
    ]
    assert made.source is not None
    assert made.source.where["CLOUDY_PIXEL_PERCENTAGE"].lt == 80
    assert made.period.starts_at == datetime(2019, 1, 1, tzinfo=UTC)
    assert made.shard == 2560


def test_what_is_not_said_has_these_defaults() -> None:
    made = product()
    assert (made.composite.reducer, made.composite.counts) == ("median", [])
    assert (made.period.end, made.period.available_after, made.period.recheck_for) == (None, "0d", "0d")
    assert (made.area.origin, made.area.tile, made.area.buffer) == ((0, 0), 2560, 0)
    assert (made.export.priority, made.export.keep, made.export.delete_remote) == (100, "until_mosaic", False)
    assert (made.export.bucket, made.export.prefix, made.export.max_pixels) == (None, "", 10**12)
    assert made.mosaic.options == MosaicOptions("first", None, "deflate", None, 0.0, allow_gaps=False)
    assert made.zones is None
    assert made.cube is None
    assert made.mask is None


def test_bands_without_an_output_are_32_bit_floats_with_nan() -> None:
    bands = product().bands
    assert [(band.name, band.dtype) for band in bands] == [("B4", "float32"), ("B8", "float32")]
    assert all(band.nodata is not None and math.isnan(band.nodata) for band in bands)


def test_an_index_alone_is_what_is_exported() -> None:
    assert product(index={"sum": {"formula": "B4 + B8"}}).value_names == ["sum"]


def test_output_chooses_the_bands_and_their_order() -> None:
    made = product(index={"sum": {"formula": "B4 + B8"}}, output={"B8": INT16, "sum": INT16})
    assert made.value_names == ["B8", "sum"]


def test_a_declaration_never_changes() -> None:
    made = product()
    with pytest.raises(ValidationError, match="frozen"):
        made.description = "another"  # type: ignore[misc]  # what the test is about


def test_a_declaration_as_plain_values_makes_the_same_product() -> None:
    made = product(source={**SOURCE, "where": {"ORBIT": {"in": [1, 2]}}}, mask={"scl_exclude": [3]})
    plain = made.model_dump(mode="json", by_alias=True)
    assert plain["source"]["where"]["ORBIT"]["in"] == [1, 2]
    assert Product.model_validate(plain) == made


@pytest.mark.parametrize(
    ("start", "first"),
    [("2019", (2019, 1, 1)), (2019, (2019, 1, 1)), ("2019-03", (2019, 3, 1)), ("2019-03-04", (2019, 3, 4))],
)
def test_a_start_is_a_year_a_month_or_a_day(start: object, first: tuple[int, int, int]) -> None:
    made = product(period={"every": "day", "start": start})
    assert made.period.starts_at == datetime(*first, tzinfo=UTC)


def test_yaml_dates_are_read_as_texts() -> None:
    made = product(period=yaml.safe_load("{every: day, start: 2019-03-04, end: 2019-03-06}"))
    assert made.period.ends_at == datetime(2019, 3, 6, tzinfo=UTC)


def test_periods_end_where_the_product_ends_or_today() -> None:
    now = datetime(2024, 3, 15, tzinfo=UTC)
    assert [p.key for p in product().period.until(now)] == ["2024-01", "2024-02"]
    ended = product(period={"every": "month", "start": "2024-01", "end": "2024-02"})
    assert [p.key for p in ended.period.until(now)] == ["2024-01"]


def output(count: int, **encoding: object) -> dict[str, Any]:
    return {
        "source": {"collection": "c", "bands": [f"b{n}" for n in range(count)]},
        "output": {f"b{n}": encoding for n in range(count)},
    }


@pytest.mark.parametrize(
    ("sections", "side"),
    [
        (output(1, **INT16), 12_800),  # 12,800^2 x 2 bytes = 328 MB
        (output(6, **INT16), 12_800),  # 1.97e9 bytes: just below 2 GiB
        (output(7, **INT16), 12_288),  # 7 x 2 x 12,288^2 = 2.11e9; the next multiple of 256 would be 2.20e9 > 2^31
        (output(4, dtype="float64"), 8_192),  # 4 x 8 x 8,192^2 = 2^31 exactly
        (output(13, dtype="float32"), 6_400),
        (output(1, **INT16) | {"export": {"file_dimensions": 512}}, 512),
    ],
)
def test_files_stay_within_two_gibibytes_uncompressed(sections: dict[str, Any], side: int) -> None:
    made = product(**sections)
    assert made.file_dimensions == side
    assert side % 256 == 0
    band_bytes = {"int16": 2, "float32": 4, "float64": 8}[made.bands[0].dtype] * len(made.bands)
    if not made.export.file_dimensions:
        assert side**2 * band_bytes <= 2**31
        assert side == 12_800 or (side + 256) ** 2 * band_bytes > 2**31


def test_a_shard_is_the_area_s_tile_unless_that_is_large() -> None:
    cube = {"repository": "c"}
    assert product(area={**BY_COVER, "tile": 512}, cube=cube).shard == 512
    assert product(area={**BY_COVER, "tile": 5120}, cube=cube).shard == 2560
    assert product(cube=cube).shard == 2560
    assert product(area={**BY_COVER, "tile": 512}, cube={**cube, "shard": 256}).shard == 256


@pytest.mark.parametrize(
    ("mask", "band"),
    [
        ({"scl_exclude": [3]}, "SCL"),
        ({"scl_include": [4]}, "SCL"),
        ({"qa_pixel": [3, 4]}, "QA_PIXEL"),
        ({"cloud_score_plus": {}}, None),
        ({"band": "QC", "include": [0]}, "QC"),
    ],
)
def test_the_band_that_a_mask_reads(mask: dict[str, Any], band: str | None) -> None:
    made = product(mask=mask)
    assert made.mask is not None
    assert made.mask.quality_band == band


def test_functions_of_a_formula_are_no_bands() -> None:
    made = product(index={"i": {"formula": "sqrt(B8) * 2.5e3 - B4 + B8"}})
    assert made.index["i"].names == ["B8", "B4"]


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"name": "Small"}, "expected a product name of lower-case letters, digits and underscores that starts with a "),
    ({"name": "Small"}, "and has at most 63 characters, got 'Small'"),
    ({"sorce": {}}, "sorce: Extra inputs are not permitted"),
    ({"source": {**SOURCE, "bands": []}}, "source.bands: List should have at least 1 item"),
    ({"source": {**SOURCE, "bands": ["B4", "B4"]}}, "expected each band once, got B4 more than once"),
    ({"source": {**SOURCE, "where": {"A": {}}}}, "expected at least one of lt, lte, gt, gte, eq, neq, in; for example"),
    ({"source": {**SOURCE, "where": {"A": {"less": 1}}}}, "source.where.A.less: Extra inputs are not permitted"),
    ({"source": {**SOURCE, "native_resolution": 0}}, "source.native_resolution: Input should be greater than 0"),
    ({"mask": {}}, "expected exactly one of usual, scl_exclude, scl_include, qa_pixel, cloud_score_plus, "),
    ({"mask": {}}, "qa_pixel, cloud_score_plus, s2cloudless, band"),
    (
        {"mask": {"scl_exclude": [1], "qa_pixel": [3]}},
        "expected exactly one of usual, scl_exclude, scl_include, qa_pixel",
    ),
    ({"mask": {"scl_exclude": [3, 12]}}, "expected classes of SCL (0 no data, 1 saturated or defective, 2 dark area, "),
    ({"mask": {"scl_include": [-1, 4, 12]}}, "11 snow or ice), got -1, 12; leave it out"),
    ({"mask": {"band": "QC"}}, "expected `band` together with exactly one of exclude, include, bits"),
    (
        {"mask": {"scl_exclude": [1], "include": [1]}},
        "expected `band` together with exactly one of exclude, include, bits",
    ),
    ({"mask": {"band": "QC", "bits": {"0-1": [4]}}}, "bits.0-1: expected values from 0 to 3, as 2 bit(s) hold, got 4"),
    ({"mask": {"band": "QC", "bits": {"3-1": [0]}}}, "expected bits from 0 to 31 such as 5 or 0-1, the lower first"),
    ({"mask": {"band": "QC", "bits": {"0-1": []}}}, "bits: expected fields with at least one value to keep"),
    ({"mask": {"band": "QC", "bits": {}}}, "bits: expected fields with at least one value to keep"),
    ({"mask": {"usual": "CLOUDS"}}, "mask.usual: Input should be 'SCL', 'QA_PIXEL' or 'QA60'"),
    ({"mask": {"usual": "SCL", "dilation": 255}}, "mask.dilation: Input should be less than or equal to 254"),
    ({"mask": {"usual": "SCL", "opening": -1}}, "mask.opening: Input should be greater than or equal to 0"),
    (
        {"mask": {"s2cloudless": {"band": "cloud"}}},
        "mask.s2cloudless.band: expected probability beside a collection of Earth Engine, got cloud; remove it",
    ),
    ({"mask": {"s2cloudless": {"threshold": 101}}}, "mask.s2cloudless.threshold: Input should be less than or equal"),
    ({"mask": {"cloud_score_plus": {"threshold": 2}}}, "mask.cloud_score_plus.threshold: Input should be less than or"),
    ({"composite": {"reducer": "mode"}}, "composite.reducer: Value error, expected one of median, mean"),
    ({"composite": {"reducer": "percentile_101"}}, "or percentile_N with N from 0 to 100, got 'percentile_101'"),
    (
        {"composite": {"reducer": "best_pixel"}},
        "expected `quality` beside best_pixel and beside no other reducer, got b",
    ),
    ({"composite": {"quality": "B4"}}, "expected `quality` beside best_pixel and beside no other reducer, got median"),
    (
        {"composite": {"reducer": "best_pixel", "quality": "B9"}},
        "composite.quality: expected one of B4, B8, which every image has, got B9; add it to source.bands or index",
    ),
    (
        {
            "index": {"late": {"formula": "B4 + B8", "compute": "composite"}},
            "composite": {"reducer": "best_pixel", "quality": "late"},
        },
        "composite.quality: expected one of B4, B8, which every image has, got late",
    ),
    ({"composite": {"reducer": "medoid"}}, "composite.reducer: expected one that Earth Engine computes, got medoid"),
    (
        {"composite": {"reducer": "max", "counts": ["source_day"]}},
        "composite.counts: expected n_obs and n_valid beside a collection of Earth Engine, got source_day",
    ),
    (
        {"composite": {"reducer": "mean", "counts": ["source_day"]}},
        "counts: expected source_day only where a pixel is of one image, got reducer mean; choose max, min",
    ),
    ({"composite": {"counts": ["n"]}}, "Input should be 'n_obs', 'n_valid' or 'source_day'"),
    ({"period": {"every": "week", "start": "2024"}}, "every: "),
    (
        {"period": {"every": "400 days", "start": "2024"}},
        "Expected a span of 2 to 365 days, got 400; write day or year",
    ),
    ({"period": {"every": "day", "start": "2024-13"}}, "start: expected a date such as 2019, 2019-01 or 2019-01-01, "),
    ({"period": {"every": "day", "start": "2024-13"}}, "got '2024-13'"),
    ({"period": {"every": "day", "start": "2024-01-01T06:00"}}, "start: expected a date such as 2019, 2019-01 or"),
    ({"period": {"every": "day", "start": "2024", "end": "soon"}}, "end: expected a date such as 2019"),
    ({"period": {"every": "day", "start": "2024", "end": "2024"}}, "expected an end after the start 2024, got 2024"),
    (
        {"period": {"every": "day", "start": "2024", "recheck_for": "2 months"}},
        "period.recheck_for: Value error, Expected a duration such as 6h, 10d or 2w, got '2 months'; write a whole",
    ),
    ({"area": {"crs": "EPSG:32633", "resolution": 10}}, "expected exactly one of cover, features, box"),
    ({"area": {**AREA, "cover": "a.gpkg"}}, "expected exactly one of cover, features, box"),
    ({"area": {**BY_FEATURES, "id": None}}, "expected `id`, the column that names the features, beside `features`"),
    ({"area": {**AREA, "resolution": 0}}, "area.resolution: Input should be greater than 0"),
    (
        {"area": {**AREA, "crs": "EPSG:4326", "box": [177, -20, -178, -12]}},
        "expected box as left < right and bottom < top, got [177.0, -20.0, -178.0, -12.0]; "
        "across the antimeridian write right = 360 + its longitude",
    ),
    ({"area": {**BY_COVER, "bounds": [0, 10, 10, 0]}}, "expected bounds as left < right and bottom < top"),
    (
        {"output": {"B4": {"dtype": "uint8"}}},
        "output.B4: expected `nodata` for the integer dtype uint8, got none; masked pixels would become 0, "
        "for example write nodata: 255",
    ),
    ({"output": {"B4": {"dtype": "int16"}}}, "for example write nodata: -32768"),
    ({"output": {"B4": {"dtype": "int8", "nodata": 300}}}, "output.B4: band 'B4': field nodata: expected a whole "),
    ({"output": {"B4": {"scale": 0}}}, "output.B4: band 'B4': field scale: expected a finite number other than 0"),
    ({"output": {"B5": {}}}, "output: B5 is neither an index nor a band; there are B4, B8"),
    (
        {"output": {"B4": INT16, "B8": {"dtype": "float32"}}},
        "output: expected one dtype and nodata for all bands, since one export has one; got "
        "B4: int16 nodata -32768, B8: float32 nodata nan",
    ),
    (
        {"source": {**SOURCE, "bands": ["n_obs"]}, "composite": {"counts": ["n_obs"]}},
        "output: n_obs is the name of a count; rename the band",
    ),
    (
        {"index": {"ndvi": {"formula": "(B8A - B4) / B8"}}},
        "index.ndvi: the formula '(B8A - B4) / B8' uses B8A; expected only bands of source.bands",
    ),
    ({"index": {"one": {"formula": "1 + 1"}}}, "index.one: expected a formula over bands, got '1 + 1'"),
    ({"source": None}, "expected `source` (the built-in recipe) or `recipe` (a Python function), got neither"),
    (
        {"recipe": "a.b", "mask": {"scl_exclude": [1]}, "output": {"B4": {}}},
        "expected no `mask` or `index` beside `recipe`: the function returns the finished image",
    ),
    ({"recipe": "a.b", "source": None}, "expected `output` beside `recipe`: it names the bands of the image"),
    ({"mosaic": {"overlap": "median"}}, "mosaic.overlap: Input should be 'first', 'last', 'min', 'max' or 'mean'"),
    (
        {"mosaic": {"max_z_error": 0.1}},
        "mosaic: field max_z_error: expected it with compression lerc only, got compression deflate; remove one of",
    ),
    (
        {"mosaic": {"overlap": "mean"}, "output": {"B4": {"kind": "categorical"}}},
        "mosaic: field overlap: expected first, last, min or max, since classes have no mean, got mean for B4; choose",
    ),
    (
        {"table": TABLE, "source": None, "mosaic": {"overlap": "last"}},
        "table: expected no mosaic beside it, since they are about pixels",
    ),
    (
        {"export": {"destination": "asset"}, "mosaic": {"compression": "zstd"}},
        "export.destination: expected no mosaic beside asset, since both are made of files",
    ),
    ({"zones": {"file": "z", "id": "n", "statistics": []}}, "zones.statistics: List should have at least 1 item"),
    ({"zones": {"file": "z", "id": "n", "statistics": ["average"]}}, "field statistics: expected different names out "),
    ({"zones": {"file": "z", "id": "n", "bands": ["B5"]}}, "zones.bands: B5 is not exported; there are B4, B8"),
    (
        {"area": BY_FEATURES, "cube": {"repository": "c"}},
        "cube: expected area.cover or area.box, whose areas lie on the cube's shards; got area.features",
    ),
    (
        {"area": {**BY_COVER, "tile": 1000}, "cube": {"repository": "c", "shard": 256}},
        "cube.shard: expected a divisor of area.tile (1000), got 256",
    ),
    (
        {"cube": {"repository": "c", "chunk": 100, "shard": 512}},
        "cube.chunk: expected a divisor of the shard (512), got 100",
    ),
    ({"cube": {"repository": "c", "store": "netcdf"}}, "cube.store: Input should be 'icechunk' or 'zarr'"),
    ({"export": {"file_dimensions": 1000}}, "export.file_dimensions: Input should be a multiple of 256"),
    ({"export": {"priority": 10_000}}, "export.priority: Input should be less than or equal to 9999"),
    (
        {"table": {"recipe": "a.b", "columns": {}}, "source": None},
        "table.columns: Dictionary should have at least 1 item",
    ),
    (
        {"table": {"recipe": "a.b", "columns": {"n": {"dtype": "float32"}}}, "source": None},
        "table.columns.n.dtype: Input should be 'string', 'int64', 'double' or 'date'",
    ),
    (
        {"table": TABLE, "zones": {"file": "z", "id": "n"}},
        "table: expected no source, zones beside it, since they are about pixels; its function returns the finished",
    ),
    (
        {"table": TABLE, "source": None, "period": {"every": "image", "start": "2024-01"}},
        "period.every: expected a step of the calendar beside `table`, got image",
    ),
    (
        {"table": TABLE, "source": None, "export": {"route": "interactive"}},
        "export.route: expected batch beside `table`, got interactive; only a task can make a table, remove route",
    ),
    (
        {"export": {"destination": "asset"}, "zones": {"file": "z", "id": "n"}, "cube": {"repository": "c"}},
        "export.destination: expected no zones or cube beside asset, since both are made of files; remove them or",
    ),
    (
        {"export": {"destination": "asset", "route": "interactive"}},
        "expected route batch or auto beside destination asset, got interactive; only a task can write there",
    ),
    ({"export": {"keep": "never"}}, "export.keep: Input should be 'until_mosaic' or 'always'"),
]


@pytest.mark.parametrize(("sections", "words"), WRONG)
def test_a_wrong_declaration_is_told_what_was_expected(sections: dict[str, Any], words: str) -> None:
    assert words in problems(**sections)


def test_every_wrong_field_is_told_at_once() -> None:
    said = problems(export={"priority": -1}, composite={"reducer": "mode"})
    assert re.search(r"^export\.priority: ", said, re.MULTILINE)
    assert re.search(r"^composite\.reducer: ", said, re.MULTILINE)


def test_the_declaration_of_the_tests_themselves_is_right() -> None:
    assert Product.model_validate(declared()) == product()
