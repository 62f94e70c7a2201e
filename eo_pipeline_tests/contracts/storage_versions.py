"""Checks of Cloud Storage: versions and preconditions, checksums, metadata, objects made of objects.

Not here: bytes, names and listings (`cloud_storage`), and who may do what (`storage_access`).
"""

import base64
import hashlib
from concurrent.futures import ThreadPoolExecutor

import google_crc32c
import numpy as np
import pytest

from eo_pipeline_tests.contracts.object_client import Description, ObjectClient


def crc32c_of(data: bytes) -> str:
    """As the service writes it: base64 of the big-endian CRC32C."""
    return base64.b64encode(google_crc32c.value(data).to_bytes(4, "big")).decode()


def creates_once(client: ObjectClient) -> None:
    assert client.create("once", b"first")
    assert not client.create("once", b"second")
    assert client.read("once") == b"first"


def creates_once_among_many(client: ObjectClient) -> None:
    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(lambda number: client.create("race", b"%d" % number), range(8)))
    assert outcomes.count(True) == 1
    assert client.read("race") == b"%d" % outcomes.index(True)


def gives_each_write_a_version(client: ObjectClient) -> None:
    versions = []
    for content in (b"same", b"same", b"other"):
        client.write("versioned", content)
        versions.append(client.version("versioned"))
    assert len(set(versions)) == 3
    assert client.version("versioned") == versions[-1]


def replaces_only_the_version_it_knows(client: ObjectClient) -> None:
    client.write("guarded", b"first")
    first = client.version("guarded")
    assert client.replace_version("guarded", b"second", first)
    assert not client.replace_version("guarded", b"lost", first)
    assert client.read("guarded") == b"second"


def replaces_once_among_many(client: ObjectClient) -> None:
    client.write("contended", b"first")
    version = client.version("contended")
    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(lambda number: client.replace_version("contended", b"%d" % number, version), range(8)))
    assert outcomes.count(True) == 1
    assert client.read("contended") == b"%d" % outcomes.index(True)


def reads_the_version_asked_for(client: ObjectClient) -> None:
    """The bucket keeps no old versions: one that was replaced is missing."""
    client.write("dated", b"first")
    first = client.version("dated")
    assert client.read_version("dated", first) == b"first"
    client.write("dated", b"second")
    with pytest.raises(client.missing):
        client.read_version("dated", first)
    assert client.read_version("dated", client.version("dated")) == b"second"


def reports_size_and_checksum(client: ObjectClient) -> None:
    data = np.random.default_rng(3).bytes(70_001)
    client.write("sum.bin", data)
    size, checksum = client.size_and_checksum("sum.bin")
    md5 = hashlib.md5(data, usedforsecurity=False).hexdigest()
    assert size == len(data)
    assert checksum in (f"crc32c={crc32c_of(data)}", f"md5={md5}")


def refuses_a_corrupted_upload(client: ObjectClient) -> None:
    """What arrives differs from what was announced."""
    client.write_announced("announced", b"as it was", crc32c_of(b"as it was"))
    with pytest.raises(client.refused):
        client.write_announced("announced", b"as it is not", crc32c_of(b"as it is"))
    assert client.read("announced") == b"as it was"


def keeps_metadata(client: ObjectClient) -> None:
    written = Description("image/tiff", {"scene": "T32TQM", "note": "a b; c=1,2"})
    client.write_described("described", b"1", written)
    assert client.description("described") == written


def forgets_the_metadata_of_what_it_replaces(client: ObjectClient) -> None:
    client.write_described("redescribed", b"1", Description("image/tiff", {"old": "1", "both": "1"}))
    client.write_described("redescribed", b"2", Description("image/png", {"both": "2"}))
    assert client.description("redescribed") == Description("image/png", {"both": "2"})


def copies(client: ObjectClient) -> None:
    data = np.random.default_rng(6).bytes(300_007)
    client.write("copies/a b+c", data)
    client.copy("copies/a b+c", "copies/x y+z")
    client.write("copies/a b+c", b"changed since")
    assert client.read("copies/x y+z") == data


def composes(client: ObjectClient) -> None:
    for name in "abc":
        client.write(f"parts/{name}", name.encode() * 1000)
    client.compose(["parts/c", "parts/a", "parts/b"], "parts/whole")
    assert client.read("parts/whole") == b"c" * 1000 + b"a" * 1000 + b"b" * 1000
