"""Downloads that need a token: it is renewed when the service refuses it, and who has none is told so once."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from eo_pipeline.errors import CredentialsError
from eo_pipeline.storage.objects import Bucket, open_bucket
from eo_pipeline.storage.stored import Flaw
from eo_pipeline_tests.processes import SandboxProcess, running_sandbox
from eo_pipeline_tests.sandbox.cloud_storage.server import service_account_key
from eo_pipeline_tests.scenes import settings_at
from eo_pipeline_tests.storage.transfer.conftest import QUICK, Shelf


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    settings = {"storage_authentication": "required"}
    with running_sandbox(tmp_path_factory.mktemp("guarded"), buckets=["shelf"], settings=settings) as found:
        yield found


def bucket_of(guarded: SandboxProcess, credentials: str) -> Bucket:
    settings = replace(settings_at(guarded.url), credentials=credentials)
    return replace(open_bucket(settings, "shelf"), patience=QUICK)


def test_a_refused_token_is_renewed_once_for_all(guarded: SandboxProcess, tmp_path: Path) -> None:
    key = service_account_key(guarded.url, tmp_path)
    shelf = Shelf(guarded, bucket_of(guarded, str(key)))
    made = {f"{number}": shelf.put(f"signed/{number}", 100) for number in range(40)}
    wanted = shelf.listed("signed/", tmp_path / "files")
    guarded.control("tokens", method="DELETE")
    shelf.count()
    assert {download.flaw for download in shelf.bucket.download(wanted)} == {None}
    assert {path.name: path.read_bytes() for path in (tmp_path / "files").iterdir()} == made
    assert 40 < len(shelf.asked()) <= 40 + shelf.bucket.limits.at_once
    guarded.control("faults", method="DELETE")


def test_who_has_no_token_is_refused_without_another_try(guarded: SandboxProcess, tmp_path: Path) -> None:
    owner = Shelf(guarded, bucket_of(guarded, str(service_account_key(guarded.url, tmp_path))))
    owner.put("closed/x", 10)
    wanted = owner.listed("closed/", tmp_path)
    owner.count()
    [done] = bucket_of(guarded, "anonymous").download(wanted)
    assert done.flaw is Flaw.REFUSED
    assert done.problem.startswith("the account may not (401 ")
    assert owner.asked().count("closed/x") == 1
    guarded.control("faults", method="DELETE")


def test_credentials_that_are_refused_are_told(guarded: SandboxProcess, tmp_path: Path) -> None:
    owner = Shelf(guarded, bucket_of(guarded, str(service_account_key(guarded.url, tmp_path))))
    owner.put("refused/x", 10)
    wanted = owner.listed("refused/", tmp_path)
    guarded.control("tokens", method="DELETE")
    guarded.arm(kind="status", status=400, path="^/token", message="invalid_grant", count=None)
    with pytest.raises(CredentialsError, match=r"could not read gs://shelf: the credentials were refused; renew them"):
        list(owner.bucket.download(wanted))
    guarded.control("faults", method="DELETE")
