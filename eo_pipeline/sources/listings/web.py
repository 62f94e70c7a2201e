"""Files behind http(s): what their server says of them. What does not belong here: reading them, which GDAL does."""

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import requests

from eo_pipeline.errors import ServiceUnreachableError, SourceError
from eo_pipeline.sources.listings.access import Access
from eo_pipeline.sources.listings.listed import ListedFile
from eo_pipeline.sources.patient_requests import TIMEOUT, patient_session

SCHEMES = ("http://", "https://")
_GONE = (403, 404, 410)
"""Also what buckets answer whose objects may not be listed."""


def with_headers(hrefs: Iterable[str], access: Access) -> Iterator[tuple[str, ListedFile | None]]:
    """Each file with its ETag, or size and date; None if it is not there."""
    with patient_session(access.patience) as session, ThreadPoolExecutor(access.threads) as pool:
        wanted = list(hrefs)
        yield from zip(wanted, pool.map(partial(_asked, session), wanted), strict=True)


def read_text(address: str, access: Access) -> str:
    """The text at an address.

    Raises:
        SourceError: the server refuses it.
        ServiceUnreachableError: it does not answer.
    """
    with patient_session(access.patience) as session:
        answer = _answer(session, "GET", address)
    if not answer.ok:
        raise SourceError(f"could not read {address}: it answered {answer.status_code}; correct the address")
    return answer.text


def _asked(session: requests.Session, href: str) -> ListedFile | None:
    answer = _answer(session, "HEAD", href)
    if answer.status_code in _GONE:
        return None
    told = answer.headers
    version = told.get("ETag") or f"{told.get('Content-Length', '')} {told.get('Last-Modified', '')}".strip()
    if not answer.ok or not version:
        raise SourceError(
            f"could not ask for {href}: expected an ETag, a size or a date, got {answer.status_code} without; copy the "
            "files to a folder or bucket"
        )
    return ListedFile(href, version)


def _answer(session: requests.Session, method: str, address: str) -> requests.Response:
    try:
        return session.request(method, address, timeout=TIMEOUT, allow_redirects=True)
    except requests.RequestException as error:
        raise ServiceUnreachableError(
            f"could not read {address}: {error}; check the address and the network"
        ) from error
