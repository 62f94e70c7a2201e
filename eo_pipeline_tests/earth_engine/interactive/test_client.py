"""One request over HTTP: what the service answers, in its words, with what to do; every request is counted."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import ee
import pytest
from affine import Affine
from odc.geo.geobox import GeoBox

from eo_pipeline.earth_engine.interactive.client import BrokenReplyError, InteractiveClient, Request, TooMuchError
from eo_pipeline.earth_engine.interactive.expression import Expression, serialised
from eo_pipeline.earth_engine.interactive.pictures import picture_request
from eo_pipeline.earth_engine.interactive.pixels import pixels_request
from eo_pipeline.earth_engine.interactive.values import features_request, read_features, read_value, value_request
from eo_pipeline.earth_engine.session import Session, connect, counted
from eo_pipeline.errors import CredentialsError, ServiceBusyError, ServiceError, ServiceUnreachableError
from eo_pipeline_tests.earth_engine.interactive.sending import send
from eo_pipeline_tests.recorder import recording
from eo_pipeline_tests.sandbox.cloud_storage.server import service_account_key
from eo_pipeline_tests.scenes import COLLECTION, COLUMNS, CRS, LEFT, ROWS, TOP, Service

SEVEN = value_request(Expression(b'{"result":"0","values":{"0":{"constantValue":7}}}'), tag="seven")
GRID = GeoBox((ROWS, COLUMNS), Affine(10, 0, LEFT, 0, -10, TOP), CRS)


@pytest.fixture(autouse=True)
def unharmed(service: Service) -> Iterator[None]:
    yield
    service.sandbox.control("faults", method="DELETE")


@contextmanager
def changed(service: Service, **settings: object) -> Iterator[None]:
    before = service.sandbox.control("settings")["settings"]
    service.sandbox.control("settings", settings)
    try:
        yield
    finally:
        service.sandbox.control("settings", {name: before[name]["value"] for name in settings})


def test_the_expression_is_the_client_s_and_the_body_json(service: Service) -> None:
    value = ee.Number(3).add(ee.List([1, 2]).length())
    expression = serialised(value)
    assert json.loads(expression.text) == json.loads(json.dumps(ee.serializer.encode(value)))
    body = json.loads(expression.body({"pageSize": b"5"}, tag="five"))
    assert body == {"expression": json.loads(expression.text), "pageSize": 5, "workloadTag": "five"}
    assert json.loads(expression.body()) == {"expression": json.loads(expression.text)}
    assert read_value(send(service.session, value_request(expression, tag="sum"))) == 5


def test_requests_are_those_of_the_client(service: Service) -> None:
    """The same path, body and headers that count as the client of Earth Engine sends them."""
    image = ee.Image(f"{COLLECTION}/{service.scenes[0].index}").select("B4")
    with recording(service.sandbox.url) as recorder:
        session = connect(replace(service.settings, interactive_url=recorder.url), interactive=True)
        grid = {
            "crsCode": CRS,
            "dimensions": {"width": COLUMNS, "height": ROWS},
            "affineTransform": {
                "scaleX": 10, "shearX": 0, "translateX": LEFT, "shearY": 0, "scaleY": -10, "translateY": TOP,
            },
        }  # fmt: skip
        request = {"expression": image, "fileFormat": "NPY", "grid": grid}
        theirs = session.call(lambda: ee.data.computePixels(request), tag="tagged")
        ours = send(session, pixels_request(serialised(image), GRID, tag="tagged"))
        assert ours == theirs
        first, second = recorder.pixels()
        assert (first.path, first.body) == (second.path, second.body)


def test_every_request_is_counted_under_its_tag(service: Service) -> None:
    service.sandbox.arm(kind="status", path="value:compute", status=503, count=1)
    with counted(service.session) as count:
        with pytest.raises(ServiceBusyError):
            send(service.session, SEVEN)
        send(service.session, SEVEN)
    assert count.by_tag == {"seven": 2}


@pytest.mark.parametrize(
    ("status", "message", "error", "said"),
    [
        (429, "Too many requests.", ServiceBusyError, "Earth Engine: Too many requests."),
        (503, "Try again.", ServiceBusyError, "Earth Engine: Try again."),
        (429, "Slow down, please.", ServiceBusyError, "Earth Engine: 429 Slow down, please."),
        (502, "Bad gateway.", ServiceBusyError, "Earth Engine: 502 Bad gateway."),
        (403, "No.", ServiceError, "Earth Engine: 403 permission denied: No. Grant the account the role"),
        (400, "User memory limit exceeded.", ServiceError, "Earth Engine: User memory limit exceeded. Simplify"),
        (400, "What is this?", ServiceError, "Earth Engine: 400 What is this?"),
        (404, "Image 'x' not found.", ServiceError, "Earth Engine: Image 'x' not found. Correct the id"),
    ],
)
def test_refusals_are_told_in_the_service_s_words(
    service: Service, status: int, message: str, error: type[ServiceError], said: str
) -> None:
    service.sandbox.arm(kind="status", path="value:compute", status=status, message=message, count=1)
    with pytest.raises(error) as caught:
        send(service.session, SEVEN)
    assert type(caught.value) is error
    assert str(caught.value).startswith(said)


@pytest.mark.parametrize("kind", ["reset", "truncated", "lost_reply"])
def test_a_broken_connection_is_no_answer(service: Service, kind: str) -> None:
    service.sandbox.arm(kind=kind, path="value:compute", count=1)
    with pytest.raises(ServiceUnreachableError, match=r"expected Earth Engine at .*, got no connection"):
        send(service.session, SEVEN)
    assert read_value(send(service.session, SEVEN)) == 7


def test_a_request_may_take_so_long_and_no_longer(service: Service) -> None:
    service.sandbox.arm(kind="slow", path="value:compute", seconds=3, count=1)
    with pytest.raises(ServiceUnreachableError) as caught:
        send(service.session, SEVEN, seconds=0.2)
    assert isinstance(caught.value.__cause__, TimeoutError)


def test_where_nobody_listens_there_is_no_connection(service: Service) -> None:
    with pytest.raises(ServiceUnreachableError, match=r"http://127\.0\.0\.1:9, got no connection") as caught:
        send(replace(service.session, url="http://127.0.0.1:9"), SEVEN)
    assert not isinstance(caught.value.__cause__, TimeoutError)


def test_a_token_that_ended_is_renewed_once_for_all_who_ask(service: Service, tmp_path: Path) -> None:
    key = service_account_key(service.sandbox.url, tmp_path)

    async def many(session: Session) -> list[bytes]:
        async with InteractiveClient(session).connected(8) as connection:
            await connection.send(SEVEN)
            await asyncio.to_thread(service.sandbox.control, "tokens", method="DELETE")
            return list(await asyncio.gather(*(connection.send(SEVEN) for _ in range(8))))

    with changed(service, anonymous=False, foreign_tokens=False):
        session = replace(service.session, credentials=str(key))
        replies = asyncio.run(many(session))
    assert [read_value(reply) for reply in replies] == [7] * 8


def test_credentials_that_nobody_accepts_are_told(service: Service, tmp_path: Path) -> None:
    with changed(service, anonymous=False), pytest.raises(CredentialsError, match="Renew the credentials"):
        send(service.session, SEVEN)
    key = service_account_key(service.sandbox.url, tmp_path)
    service.sandbox.arm(kind="status", status=400, path="^/token", message="invalid_grant", count=None)
    with pytest.raises(CredentialsError, match="the credentials were refused"):
        send(replace(service.session, credentials=str(key)), SEVEN)


def test_the_project_pays(service: Service) -> None:
    with (
        changed(service, denied_permissions=[f"{service.session.project}:serviceusage.services.use"]),
        pytest.raises(ServiceError, match="does not have required permission to use project"),
    ):
        send(service.session, SEVEN)


def test_a_picture_comes_by_two_requests(service: Service) -> None:
    image = ee.Image(f"{COLLECTION}/{service.scenes[0].index}").select("B4")
    request = picture_request(serialised(image), GRID, {"ranges": [{"min": 0, "max": 10_000}]}, tag="drawn")
    assert request.then is not None
    drawing = request.then(send(service.session, request))
    assert drawing == Request(drawing.path, None, "drawn")
    assert send(service.session, drawing)[:8] == b"\x89PNG\r\n\x1a\n"
    with pytest.raises(BrokenReplyError, match=r"expected the name of a thumbnail, got b'\{\}'; ask again"):
        request.then(b"{}")


def test_features_come_in_one_page_or_are_too_much(service: Service) -> None:
    features = ee.FeatureCollection([ee.Feature(ee.Geometry.Point([n, 0]), {"n": n}) for n in range(5)])
    expression = serialised(features)
    found = read_features(send(service.session, features_request(expression, page_size=10, tag="five")))
    assert [feature["properties"]["n"] for feature in found] == [0, 1, 2, 3, 4]
    assert read_features(b"{}") == []
    page = send(service.session, features_request(expression, page_size=2, tag="five"))
    with pytest.raises(TooMuchError, match="expected all features in one page, got a part of them; ask for fewer"):
        read_features(page)


@pytest.mark.parametrize("reply", [b"", b"{", b"[]", b'{"results": 5}'])
def test_what_is_no_value_is_a_broken_reply(reply: bytes) -> None:
    with pytest.raises(BrokenReplyError, match=r"Earth Engine: expected JSON.*; ask again"):
        read_value(reply)
