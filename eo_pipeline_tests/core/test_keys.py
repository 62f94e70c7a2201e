import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eo_pipeline.core import keys
from eo_pipeline.errors import KeyFormatError

indices = st.integers(-99_999, 99_999)


@given(indices, indices)
def test_cell_keys_round_trip(column: int, row: int) -> None:
    assert keys.parse_cell_key(keys.cell_key(column=column, row=row)) == (column, row)


@pytest.mark.parametrize(
    ("column", "row", "text"), [(21, 203, "E0021N0203"), (0, 0, "E0000N0000"), (-1, -12345, "W0001S12345")]
)
def test_cell_keys_read_as_compass_points(column: int, row: int, text: str) -> None:
    assert keys.cell_key(column=column, row=row) == text


@pytest.mark.parametrize("text", ["W0000N0000", "E21N203", "E00021N0203", "E0001", "e0001n0001", "E0001N0001 "])
def test_texts_that_are_never_printed_are_refused(text: str) -> None:
    with pytest.raises(KeyFormatError, match="expected the key of a grid cell"):
        keys.parse_cell_key(text)


@given(st.text(min_size=1, max_size=40))
def test_feature_keys_round_trip_and_suit_dagster_and_paths(feature_id: str) -> None:
    key = keys.feature_key(feature_id)
    assert keys.parse_feature_key(key) == feature_id
    assert not set(key) & set("|[],/\\ ")
    assert not key.startswith((".", "-"))


def test_an_escaped_feature_key_can_be_read_by_a_person() -> None:
    assert keys.feature_key("Niederösterreich 3/a") == "Nieder~C3~B6sterreich~203~2Fa"


@pytest.mark.parametrize("text", ["~zz", "~c3~b6", "a b", "", "~FF"])
def test_feature_texts_that_are_never_printed_are_refused(text: str) -> None:
    with pytest.raises(KeyFormatError, match="expected the key of a feature"):
        keys.parse_feature_key(text)


digests = st.text("0123456789abcdef", min_size=40, max_size=40)


@given(digests, st.integers(1, 10_000))
def test_request_ids_round_trip_and_fit_earth_engine(digest: str, generation: int) -> None:
    text = keys.request_id(digest=digest, generation=generation)
    assert keys.parse_request_id(text) == (digest, generation)
    assert re.fullmatch(r"[a-zA-Z0-9-]{1,60}", text)


@given(st.from_regex(r"[a-z][a-z0-9_]{0,62}", fullmatch=True), st.text(min_size=1, max_size=60), digests)
def test_descriptions_fit_and_end_with_the_request_id(product: str, feature_id: str, digest: str) -> None:
    request = keys.request_id(digest=digest, generation=3)
    text = keys.description(
        product=product,
        area_key=keys.feature_key(feature_id),
        period_key="2024-01",
        destination="my-bucket/exports",
        request_id=request,
    )
    assert re.fullmatch(r"[a-zA-Z0-9.,:;_-]{1,100}", text)
    assert keys.request_id_of_description(text) == request


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("a" * 45, "E0021N0203", "2024-01", "b/"), ("a" * 45, "E0021N0203", "2024-02", "b/")),
        (("ndvi", "field~20a", "2024-01", "b/"), ("ndvi", "field-20a", "2024-01", "b/")),
        (("ndvi", "E0021N0203", "2024-01", "test/"), ("ndvi", "E0021N0203", "2024-01", "production/")),
        (("ndvi", "E0021N0203", "2024-01", "b/"), ("ndvi", "E0021N0203", "2024-01", "b/folder")),
    ],
)
def test_no_two_partitions_and_no_two_deployments_share_a_description(
    one: tuple[str, str, str, str], other: tuple[str, str, str, str]
) -> None:
    request = keys.request_id(digest="0" * 40, generation=1)
    heads = {
        keys.description_head(keys.description(product=p, area_key=a, period_key=t, destination=d, request_id=request))
        for p, a, t, d in (one, other)
    }
    assert len(heads) == 2


def test_attempts_at_one_partition_share_the_head_of_their_descriptions() -> None:
    requests = [f"eo-{'0' * 40}-g9", f"eo-{'1' * 40}-g10"]
    made = [
        keys.description(product="p" * 60, area_key="E0001N0001", period_key="2024-01", destination="b/", request_id=r)
        for r in requests
    ]
    assert len({keys.description_head(text) for text in made}) == 1


@pytest.mark.parametrize("product", ["ndvi", "n" * 40, "n" * 41, "n" * 63])
def test_a_description_names_its_product(product: str) -> None:
    request = keys.request_id(digest="a" * 40, generation=1)
    text = keys.description(
        product=product, area_key="E0001N0001", period_key="2024-01", destination="b/", request_id=request
    )
    assert keys.describes(text, product)
    assert not keys.describes(text, "ndv")
    assert not keys.describes(text, "ndvi_fields")


def test_other_peoples_descriptions_are_not_ours() -> None:
    assert keys.request_id_of_description("my export: final") is None


def test_products_whose_names_begin_alike_never_share_a_prefix() -> None:
    one = keys.object_prefix(product="ndvi", area_key="E0001N0001", period_key="2024-01", digest="a" * 40)
    two = keys.object_prefix(product="ndvi_fields", area_key="E0001N0001", period_key="2024-01", digest="a" * 40)
    assert not two.startswith(one)
    assert not one.startswith(two)


products = st.from_regex(r"[a-z][a-z0-9_]{0,62}", fullmatch=True)
areas = st.text(min_size=1, max_size=300).map(keys.feature_key)
periods = st.sampled_from(["2024", "2024-01", "2024-01-05", "2024-01-15"])
partitions = st.tuples(products, areas, periods)


@st.composite
def alike(draw: st.DrawFn) -> tuple[tuple[str, str, str], tuple[str, str, str]]:
    """Two partitions, the second of which often begins like the first."""
    one = draw(partitions)
    other = (
        one[0][:40] + draw(st.sampled_from(["", "_", "2"])),
        one[1] + draw(st.sampled_from(["", "1", "-"])),
        one[2],
    )
    return one, draw(st.sampled_from([other, draw(partitions)]))


def drive_prefix(partition: tuple[str, str, str], digest: str) -> str:
    return keys.drive_prefix(product=partition[0], area_key=partition[1], period_key=partition[2], digest=digest)


def asset_id(partition: tuple[str, str, str], digest: str) -> str:
    product, area, period = partition
    return keys.asset_id("projects/p/assets/eo", product=product, area_key=area, period_key=period, digest=digest)


@given(partitions, digests)
def test_a_drive_prefix_suits_earth_engine_and_begins_with_the_word_that_finds_it(
    partition: tuple[str, str, str], digest: str
) -> None:
    assert re.fullmatch(rf"{digest}-[A-Za-z0-9._-]{{1,159}}", drive_prefix(partition, digest))


@given(alike(), digests)
def test_no_two_partitions_list_each_other_s_files_in_a_drive(
    pair: tuple[tuple[str, str, str], tuple[str, str, str]], digest: str
) -> None:
    one, two = (drive_prefix(partition, digest) for partition in pair)
    assert (pair[0] == pair[1]) == (one == two)
    assert one == two or not (one.startswith(two) or two.startswith(one))


@given(partitions, digests)
def test_an_asset_id_has_legal_characters_and_a_last_part_that_is_not_too_long(
    partition: tuple[str, str, str], digest: str
) -> None:
    parts = asset_id(partition, digest).split("/")
    assert parts[:5] == ["projects", "p", "assets", "eo", partition[0]]
    assert re.fullmatch(rf"[A-Za-z0-9_-]{{1,59}}-{digest}", parts[5])
    assert len(parts) == 6


@given(alike(), digests)
def test_no_two_partitions_share_an_asset(pair: tuple[tuple[str, str, str], tuple[str, str, str]], digest: str) -> None:
    assert (pair[0] == pair[1]) == (asset_id(pair[0], digest) == asset_id(pair[1], digest))


def test_names_in_a_drive_and_of_assets_can_be_read_by_a_person() -> None:
    partition = ("ndvi", "field~20a", "2024-01")
    assert re.fullmatch(r"d{40}-[0-9a-f]{8}-ndvi\.field-20a\.2024-01", drive_prefix(partition, "d" * 40))
    assert re.fullmatch(r"projects/p/assets/eo/ndvi/field-20a_2024-01-[0-9a-f]{8}-d{40}", asset_id(partition, "d" * 40))


@pytest.mark.parametrize("parent", ["", "eo", "projects/p", "projects/p/assets/", "projects/p/assets/a b", "users"])
def test_a_parent_that_is_no_folder_of_assets_is_refused(parent: str) -> None:
    with pytest.raises(KeyFormatError, match=r"expected a folder of assets like projects/PROJECT/assets/FOLDER, got '"):
        keys.asset_id(parent, product="p", area_key="a", period_key="2024", digest="d" * 40)


@pytest.mark.parametrize("parent", ["projects/p/assets", "projects/my-org.com:p-1/assets/a/B_2", "users/ada/maps"])
def test_roots_and_folders_of_assets_are_parents(parent: str) -> None:
    made = keys.asset_id(parent, product="p", area_key="a", period_key="2024", digest="d" * 40)
    assert made.startswith(f"{parent}/p/")


def test_a_digest_depends_on_every_part_but_not_on_their_order() -> None:
    assert keys.digest({"a": 1, "b": [2, 3]}) == keys.digest({"b": [2, 3], "a": 1})
    assert keys.digest({"a": 1, "b": [2, 3]}) != keys.digest({"a": 1, "b": [3, 2]})
    assert re.fullmatch(r"[0-9a-f]{40}", keys.digest({}))


def test_tiles_are_named_by_the_row_then_the_column_of_their_first_pixel() -> None:
    assert keys.tile_stem("p/tile", row=512, column=16384) == "p/tile-0000000512-0000016384"
