"""HTTP requests that are sent again while they meet trouble which may pass, as `Patience` says.

What does not belong here: what is asked.
"""

import random
import time
from datetime import UTC, datetime
from typing import Any

import requests
from requests.adapters import HTTPAdapter

from eo_pipeline.storage.transfer.patience import PASSING, Patience, asked_wait

_TROUBLE = (requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError)
"""What a connection raises that breaks or is not there."""

TIMEOUT = (30.0, 60.0)
"""Seconds until a connection is there, and without a byte."""


class _PatientAdapter(HTTPAdapter):
    """Sends requests until they are answered, or patience is over."""

    def __init__(self, patience: Patience) -> None:
        super().__init__()
        self._patience = patience

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        """The answer; the last one, or the last trouble, if none was better."""
        failures, since = 0, time.monotonic()
        while True:
            failures += 1
            asked, answer, trouble = 0.0, None, None
            try:
                answer = super().send(request, *args, **kwargs)
                if answer.content is not None and answer.status_code not in PASSING:
                    return answer
                asked = asked_wait(answer.headers.get("Retry-After"), datetime.now(UTC))
            except _TROUBLE as error:
                trouble = error
            wait = self._patience.wait(failures, luck=random.random(), asked=asked)  # noqa: S311 - spreads requests
            if time.monotonic() + wait - since > self._patience.seconds:
                if answer is None:
                    raise trouble or requests.ConnectionError(request=request)
                return answer
            time.sleep(wait)


def patient_session(patience: Patience, session: requests.Session | None = None) -> requests.Session:
    """A session, new or given, whose requests are sent again."""
    session = session or requests.Session()
    for scheme in ("http://", "https://"):
        session.mount(scheme, _PatientAdapter(patience))
    return session
