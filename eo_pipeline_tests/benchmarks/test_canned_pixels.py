"""The canned server sends the chips that were asked for, refuses over its quota, and spoils what it is told to."""

import io
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import ee
import numpy as np
import pytest
import requests

from benchmarks.canned_pixels import Service, Spoilt, canned_pixels, chip, counts_of, number_at, place_of
from benchmarks.canned_quota import Quota
from benchmarks.chip_clients import PATH, request_body
from eo_pipeline.core.settings import Settings
from eo_pipeline.earth_engine.session import connect


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with canned_pixels(Service(0.0)) as address:
        yield address


def asked(url: str, number: int) -> requests.Response:
    return requests.post(f"{url}{PATH}", json=request_body(number), timeout=10)


@pytest.mark.parametrize("number", [0, 1, 999, 1000, 99_999])
def test_a_place_names_its_chip(number: int) -> None:
    assert number_at(*place_of(number)) == number


def test_every_chip_has_bytes_of_its_own() -> None:
    assert len({bytes(chip(number)[:64]) for number in range(20_000)}) == 20_000
    assert {len(chip(number)) for number in range(0, 100_000, 997)} == {256 * 256 * 3}


@pytest.mark.parametrize("number", [0, 12_345])
def test_a_reply_is_the_chip_as_numpy_reads_it(url: str, number: int) -> None:
    pixels = np.load(io.BytesIO(asked(url, number).content))
    assert pixels.dtype == np.dtype([("B4", "u1"), ("B3", "u1"), ("B2", "u1")])
    assert pixels.shape == (256, 256)
    assert pixels.tobytes() == bytes(chip(number))


def test_one_connection_is_answered_again_and_again(url: str) -> None:
    before = counts_of(url).requests
    with requests.Session() as session:
        lengths = {len(session.post(f"{url}{PATH}", json=request_body(n), timeout=10).content) for n in range(20)}
    assert len(lengths) == 1
    assert counts_of(url).requests - before == 20


def test_a_session_connects_and_knows_the_algorithms(url: str) -> None:
    variables = {"EO_PROJECT": "p", "EO_EARTH_ENGINE_URL": url, "EO_CREDENTIALS": "anonymous"}
    connect(Settings.from_mapping(variables), interactive=True)
    assert ee.Image("any").select(0).serialize()


def test_anything_else_is_not_found(url: str) -> None:
    assert requests.get(f"{url}/v1/projects/p/operations", timeout=10).status_code == 404


def test_more_than_the_quota_at_once_are_refused_in_the_services_words() -> None:
    with canned_pixels(Service(0.5, Quota(at_once=2))) as url, ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(asked, [url] * 6, range(6)))
        counts = counts_of(url)
    refused = [answer.json()["error"] for answer in answers if answer.status_code == 429]
    assert len([answer for answer in answers if answer.ok]) == 6 - len(refused) >= 2
    assert {error["status"] for error in refused} <= {"RESOURCE_EXHAUSTED"}
    assert (counts.requests, counts.refused) == (6, len(refused))
    assert counts.most_at_once <= 2


def test_all_processes_share_the_rate() -> None:
    with canned_pixels(Service(0.0, Quota(per_second=0.001, burst=7000))) as url:
        codes = [asked(url, number).status_code for number in range(20)]
    assert codes == [200] * 7 + [429] * 13


@pytest.mark.parametrize(("spoilt", "code"), [(Spoilt(busy=1), 429), (Spoilt(unavailable=1), 503)])
def test_spoilt_answers_are_errors(spoilt: Spoilt, code: int) -> None:
    with canned_pixels(Service(0.0, spoilt=spoilt)) as url:
        answer, counts = asked(url, 1), counts_of(url)
    assert answer.status_code == answer.json()["error"]["code"] == code
    assert (counts.spoilt, counts.refused) == (1, 0)


@pytest.mark.parametrize("spoilt", [Spoilt(reset=1), Spoilt(truncated=1)])
def test_spoilt_connections_break(spoilt: Spoilt) -> None:
    with (
        canned_pixels(Service(0.0, spoilt=spoilt)) as url,
        pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)),
    ):
        asked(url, 1)


def test_shares_are_drawn_one_after_the_other() -> None:
    spoilt = Spoilt(busy=0.1, unavailable=0.2, reset=0.3, truncated=0.1)
    drawn = [spoilt.drawn(number) for number in (0.0, 0.09, 0.11, 0.29, 0.31, 0.59, 0.61, 0.69, 0.71, 0.999)]
    assert drawn == ["busy"] * 2 + ["unavailable"] * 2 + ["reset"] * 2 + ["truncated"] * 2 + [""] * 2


def test_it_ends_with_its_context() -> None:
    with canned_pixels(Service(0.0)) as url:
        pass
    with pytest.raises(requests.ConnectionError):
        asked(url, 1)
