"""Fetching tiles at the limits that the service itself sets: bytes, requests a second, and tokens that end."""

from dataclasses import replace
from pathlib import Path

import pytest

from eo_pipeline.earth_engine.session import Session, connect
from eo_pipeline_tests.recorder import Recorder
from eo_pipeline_tests.sandbox.cloud_storage.server import service_account_key
from eo_pipeline_tests.scenes import Service
from eo_pipeline_tests.steps.exports.fetching import HASTY, changed, fetch, order


@pytest.fixture(scope="module")
def checksums(service: Service, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Of the tiles, fetched without haste."""
    found = fetch(service.session, order(service.settings, service.session), tmp_path_factory.mktemp("quiet"))
    return [tile.crc32c for tile in found.tiles]


def test_windows_larger_than_the_service_allows_come_in_parts_that_it_does(
    service: Service, interactive: Session, recorder: Recorder, checksums: list[str], tmp_path: Path
) -> None:
    wanted = order(service.settings, interactive)
    with changed(service, interactive_bytes=100_000):
        found = fetch(interactive, wanted, tmp_path)
    assert [tile.crc32c for tile in found.tiles] == checksums
    asked = [(entry.status, entry.window[0] * entry.window[1] * 4) for entry in recorder.pixels()]
    assert {status for status, size in asked if size <= 100_000} == {200}
    assert {status for status, size in asked if size > 100_000} == {400}


def test_more_requests_than_a_second_allows_are_sent_again(
    service: Service, interactive: Session, recorder: Recorder, checksums: list[str], tmp_path: Path
) -> None:
    wanted = order(service.settings, interactive)
    with changed(service, requests_per_second=4):
        found = fetch(interactive, wanted, tmp_path)
    assert [tile.crc32c for tile in found.tiles] == checksums
    assert 429 in {entry.status for entry in recorder.pixels()}
    assert found.requests == len(recorder.pixels())


def test_a_token_that_ends_meanwhile_is_renewed_by_all_who_ask(
    service: Service, recorder: Recorder, checksums: list[str], tmp_path: Path
) -> None:
    """At most two answers wait to be taken and two requests are under way, so that some are sent after the end."""
    key = service_account_key(service.sandbox.url, tmp_path)
    settings = replace(service.settings, credentials=str(key), interactive_url=recorder.url)

    def expire(_: str, done: int, __: int) -> None:
        if done == 2:
            service.sandbox.control("tokens", method="DELETE")

    with changed(service, anonymous=False, foreign_tokens=False):
        session = connect(settings, interactive=True)
        wanted = order(settings, session)
        found = fetch(session, wanted, tmp_path / "tiles", progress=expire, patience=replace(HASTY, at_once=2))
    assert [tile.crc32c for tile in found.tiles] == checksums
    assert 401 in {entry.status for entry in recorder.pixels()}
