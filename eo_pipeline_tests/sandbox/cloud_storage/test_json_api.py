"""The JSON API through google-cloud-storage: what the contract of all clients does not reach."""

import pytest
import urllib3
from google.api_core.exceptions import BadRequest, Conflict, NotFound, PreconditionFailed
from google.cloud import storage

from eo_pipeline_tests.sandbox.cloud_storage.clients import google_client
from eo_pipeline_tests.sandbox.cloud_storage.server import Running


@pytest.fixture
def client(open_server: Running) -> storage.Client:
    return google_client(open_server.endpoint, None)


@pytest.fixture
def here(client: storage.Client, bucket: str) -> storage.Bucket:
    return client.bucket(bucket)


def test_buckets_are_made_listed_changed_and_deleted(client: storage.Client, bucket: str) -> None:
    name = f"{bucket}-made"
    client.create_bucket(name, location="EUROPE-WEST1")
    with pytest.raises(Conflict, match="you already own it"):
        client.create_bucket(name)
    assert client.get_bucket(name).location == "EUROPE-WEST1"
    assert [found.name for found in client.list_buckets(prefix=bucket)] == [bucket, name]
    changed = client.get_bucket(name)
    changed.labels = {"team": "eo"}
    changed.patch()
    assert client.get_bucket(name).labels == {"team": "eo"}
    client.bucket(name).blob("x").upload_from_string(b"1")
    with pytest.raises(Conflict, match="not empty"):
        client.bucket(name).delete()
    client.bucket(name).blob("x").delete()
    client.bucket(name).delete()
    assert not client.bucket(name).exists()
    with pytest.raises(NotFound, match="The specified bucket does not exist"):
        client.get_bucket(name)


def test_conditions_on_generations(here: storage.Bucket) -> None:
    blob = here.blob("x")
    blob.upload_from_string(b"1", if_generation_match=0)
    first = blob.generation
    with pytest.raises(PreconditionFailed, match="pre-conditions you specified did not hold"):
        here.blob("x").upload_from_string(b"2", if_generation_match=first + 1)
    here.blob("x").upload_from_string(b"3", if_generation_match=first)
    with pytest.raises(PreconditionFailed):
        here.blob("x").delete(if_generation_match=first)
    with pytest.raises(PreconditionFailed):
        here.blob("x").download_as_bytes(if_generation_match=first)
    with pytest.raises(NotFound):
        here.blob("x", generation=first).download_as_bytes()
    assert here.get_blob("x").generation > first
    assert here.blob("x").download_as_bytes() == b"3"


def test_changing_attributes_counts_metageneration(here: storage.Bucket) -> None:
    blob = here.blob("x")
    blob.metadata = {"a": "1", "b": "größe"}
    blob.cache_control = "no-store"
    blob.upload_from_string(b"1", content_type="image/tiff")
    read = here.get_blob("x")
    assert (read.metadata, read.content_type, read.metageneration) == ({"a": "1", "b": "größe"}, "image/tiff", 1)
    read.metadata = {"a": None, "c": "3"}
    read.patch(if_metageneration_match=1)
    again = here.get_blob("x")
    assert (again.metadata, again.cache_control, again.metageneration) == (
        {"b": "größe", "c": "3"},
        "no-store",
        2,
    )
    assert again.generation == read.generation
    with pytest.raises(PreconditionFailed):
        read.patch(if_metageneration_match=1)


def test_pages_offsets_and_globs(client: storage.Client, here: storage.Bucket) -> None:
    for number in range(25):
        here.blob(f"n/{number:02d}").upload_from_string(b"1")
    here.blob("n/deep/er").upload_from_string(b"1")
    pages = [len(list(page)) for page in client.list_blobs(here, prefix="n/", page_size=10).pages]
    assert pages == [10, 10, 6]
    between = client.list_blobs(here, start_offset="n/03", end_offset="n/06")
    assert [blob.name for blob in between] == ["n/03", "n/04", "n/05"]
    assert [blob.name for blob in client.list_blobs(here, match_glob="n/*4")] == ["n/04", "n/14", "n/24"]
    assert [blob.name for blob in client.list_blobs(here, prefix="n/", max_results=2)] == ["n/00", "n/01"]


def test_copy_rewrite_move_and_compose(here: storage.Bucket) -> None:
    source = here.blob("source")
    source.metadata = {"k": "v"}
    source.upload_from_string(b"abc", content_type="text/plain")
    here.copy_blob(source, here, "copied")
    here.blob("rewritten").rewrite(source)
    here.move_blob(source, "moved")
    for name in ("copied", "rewritten", "moved"):
        found = here.get_blob(name)
        assert found.download_as_bytes() == b"abc"
        assert (found.metadata, found.content_type) == ({"k": "v"}, "text/plain")
    assert not source.exists()
    joined = here.blob("joined")
    joined.compose([here.blob("copied"), here.blob("moved")])
    read = here.get_blob("joined")
    assert read.download_as_bytes() == b"abcabc"
    assert (read.component_count, read.md5_hash) == (2, None)
    with pytest.raises(BadRequest, match=r"source components provided \(33\) exceeds the maximum \(32\)"):
        here.blob("many").compose([here.blob("copied")] * 33)
    with pytest.raises(PreconditionFailed):
        here.copy_blob(here.blob("copied"), here, "again", if_source_generation_match=1)


def test_a_batch_answers_each_call_by_itself(client: storage.Client, here: storage.Bucket) -> None:
    for number in range(5):
        here.blob(f"a b/{number}").upload_from_string(b"1")
    with pytest.raises(NotFound, match=r"No such object: .*/a b/5"):
        delete_together(client, [here.blob(f"a b/{number}") for number in range(6)])
    assert list(client.list_blobs(here, prefix="a b/")) == []


def test_a_batch_has_at_most_100_calls(open_server: Running) -> None:
    call = b"--mark\r\nContent-Type: application/http\r\n\r\nGET /storage/v1/b HTTP/1.1\r\n\r\n"
    headers = {"Content-Type": "multipart/mixed; boundary=mark"}

    def send(body: bytes) -> bytes:
        return urllib3.request("POST", f"{open_server.endpoint}/batch/storage/v1", body=body, headers=headers).data

    assert send(call * 100 + b"--mark--").count(b"HTTP/1.1 200 OK") == 100
    assert b"The batch has 101 calls: expected at most 100, send several batches." in send(call * 101 + b"--mark--")
    assert b"Failed to parse batch request: expected METHOD PATH in part 1" in send(b"--mark\r\n\r\nGET\r\n--mark--")
    assert b"expected parts of application/http" in send(b"nothing")


def delete_together(client: storage.Client, blobs: list[storage.Blob]) -> None:
    with client.batch():
        for blob in blobs:
            blob.delete()


def test_ranges_over_http(open_server: Running, here: storage.Bucket) -> None:
    here.blob("x").upload_from_string(b"0123456789")
    url = f"{open_server.endpoint}/download/storage/v1/b/{here.name}/o/x?alt=media"

    def get(text: str) -> tuple[int, bytes, str | None]:
        answer = urllib3.request("GET", url, headers={"Range": text})
        return answer.status, answer.data, answer.headers.get("Content-Range")

    assert get("bytes=2-4") == (206, b"234", "bytes 2-4/10")
    assert get("bytes=7-") == (206, b"789", "bytes 7-9/10")
    assert get("bytes=-3") == (206, b"789", "bytes 7-9/10")
    assert get("bytes=8-99") == (206, b"89", "bytes 8-9/10")
    assert get("bytes=10-")[0] == 416
    assert get("bytes=-0")[0] == 416
    assert get("bytes=4-2") == (200, b"0123456789", None)
    assert get("lines=1-2") == (200, b"0123456789", None)


def test_unchanged_objects_are_not_sent_again(open_server: Running, here: storage.Bucket) -> None:
    here.blob("x").upload_from_string(b"1")
    url = f"{open_server.endpoint}/storage/v1/b/{here.name}/o/x?alt=media"
    etag = urllib3.request("GET", url).headers["ETag"]
    assert urllib3.request("GET", url, headers={"If-None-Match": etag}).status == 304
    assert urllib3.request("GET", url, headers={"If-Match": '"other"'}).status == 412
    generation = here.get_blob("x").generation
    assert urllib3.request("GET", f"{url}&ifGenerationNotMatch={generation}").status == 304


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("?ifGenerationMatch=x", "Invalid value for ifGenerationMatch: expected a whole number, got 'x'"),
        ("?generation=x", "Invalid value for generation"),
    ],
)
def test_bad_numbers_are_named(open_server: Running, here: storage.Bucket, path: str, message: str) -> None:
    answer = urllib3.request("GET", f"{open_server.endpoint}/storage/v1/b/{here.name}/o/x{path}")
    assert answer.status == 400
    assert message in answer.json()["error"]["message"]


def test_bad_page_tokens_and_bodies_are_named(open_server: Running, here: storage.Bucket) -> None:
    base = f"{open_server.endpoint}/storage/v1/b"
    listing = urllib3.request("GET", f"{base}/{here.name}/o?pageToken=_")
    assert "Invalid page token: expected one this service sent" in listing.json()["error"]["message"]
    for body, message in ((b"{", "expected a JSON object"), (b"[]", "got list"), (b"{}", "Required parameter: name")):
        answer = urllib3.request("POST", base, body=body)
        assert answer.status == 400
        assert message in answer.json()["error"]["message"]
