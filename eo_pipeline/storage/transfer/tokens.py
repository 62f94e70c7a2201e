"""Headers of Google credentials for requests of an event loop; renewing them waits in a thread, once for all.

What does not belong here: which credentials (`storage.credentials`).
"""

import asyncio
from collections.abc import Mapping

import google.auth.transport.requests
from google.auth.credentials import AnonymousCredentials, Credentials


class Tokens:
    """Signs requests for one address.

    Args:
        credentials: shared with other clients; they may renew them too.
        address: that the requests go to.
    """

    def __init__(self, credentials: Credentials, address: str) -> None:
        self._credentials = credentials
        self._address = address
        self._renewing = asyncio.Lock()

    async def headers(self) -> dict[str, str]:
        """Headers that say who asks; empty for anonymous.

        Raises:
            google.auth.exceptions.GoogleAuthError: there is no token to be had.
        """
        if not self._credentials.valid:
            async with self._renewing:
                if not self._credentials.valid:
                    await asyncio.to_thread(self._renew)
        return self._current()

    async def renewed(self, refused: Mapping[str, str]) -> bool:
        """Get another token than the refused one, unless somebody did; False if nobody can."""
        async with self._renewing:
            if self._current() != refused:
                return True
            if isinstance(self._credentials, AnonymousCredentials):
                return False
            await asyncio.to_thread(self._credentials.refresh, google.auth.transport.requests.Request())
            return True

    def _renew(self) -> None:
        self._credentials.before_request(google.auth.transport.requests.Request(), "GET", self._address, {})

    def _current(self) -> dict[str, str]:
        headers: dict[str, str] = {}
        self._credentials.apply(headers)
        return headers
