"""The requests that are made to Drive, with Google's own client. What does not belong here: what they are for.

The client may be used by one thread at a time only, its connections too: every call makes its own connection.
"""

import http.client
import io
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass, field
from typing import Any, BinaryIO

import google_auth_httplib2  # type: ignore[import-untyped]  # has no stubs
from google.auth.credentials import Credentials
from googleapiclient.discovery import build  # type: ignore[import-untyped]  # has no stubs
from googleapiclient.errors import HttpError  # type: ignore[import-untyped]  # has no stubs
from googleapiclient.http import MediaIoBaseDownload, build_http  # type: ignore[import-untyped]  # has no stubs

from eo_pipeline.storage.drive.files import FIELDS
from eo_pipeline.storage.drive.refusals import translated

_PAGE = 1000
_PIECE = 8 << 20
_TRIES = 5
_CHECK_SECONDS = 10
_OWN_FILES = "mimeType != 'application/vnd.google-apps.folder' and 'me' in owners"


@dataclass(frozen=True)
class DriveRequests:
    """Requests in somebody's name; all but `whose` are tried again when Drive is slow, busy or gone for a moment.

    Attributes:
        client: Google's.
        connect: makes a connection for one thread.
        service: address, for messages.
    """

    client: Any = field(repr=False)
    connect: Callable[[], Any] = field(repr=False)
    service: str

    def doing(self, act: str) -> AbstractContextManager[None]:
        """Errors of the client inside as the project's; see `refusals.translated`."""
        return translated(act, service=self.service)

    def whose(self) -> str:
        """The person's address."""
        with closing(self.connect()) as connection:
            connection.http.timeout = _CHECK_SECONDS
            about = self.client.about().get(fields="user(emailAddress)").execute(http=connection)
        return str(about["user"]["emailAddress"])

    def found(self, word: str, *, trashed: bool) -> Iterator[Any]:
        """The person's files in whose names some word begins with this one, or all, page after page."""
        named = f" and name contains '{word}'" if word else ""
        query = f"{_OWN_FILES} and trashed = {str(trashed).lower()}{named}"
        files = self.client.files()
        request = files.list(q=query, pageSize=_PAGE, fields=f"nextPageToken,files({FIELDS})", spaces="drive")
        with closing(self.connect()) as connection:
            while request is not None:
                answer = request.execute(http=connection, num_retries=_TRIES)
                yield from answer.get("files", [])
                request = files.list_next(request, answer)

    def receive(self, file_id: str, file: BinaryIO, *, act: str) -> None:
        """Write a file's bytes, a range at a time.

        Args:
            file_id: of the file.
            file: where to.
            act: see `doing`; errors of the file that is written are not among them.
        """
        piece, done = io.BytesIO(), False
        request = self.client.files().get_media(fileId=file_id)
        loader = MediaIoBaseDownload(piece, request, chunksize=_PIECE)
        while not done:
            with self.doing(act):
                done = self._next_piece(loader, request)
            file.write(piece.getvalue())
            piece.seek(0)
            piece.truncate()

    def _next_piece(self, loader: Any, request: Any) -> bool:
        """Read the next range, again if the connection breaks within; True if it was the last."""
        broken = 0
        while True:
            with closing(self.connect()) as request.http:
                try:
                    return bool(loader.next_chunk(num_retries=_TRIES)[1])
                except http.client.IncompleteRead:
                    broken += 1
                    if broken > _TRIES:
                        raise

    def delete(self, file_id: str) -> None:
        """Delete a file for good; one that is gone already does not matter."""
        with closing(self.connect()) as connection:
            try:
                self.client.files().delete(fileId=file_id).execute(http=connection, num_retries=_TRIES)
            except HttpError as error:
                if error.status_code != http.client.NOT_FOUND:
                    raise


def requests_of(credentials: Credentials, service: str) -> DriveRequests:
    """Requests to a service in the name of whoever the credentials belong to; none is made yet."""

    def connect() -> Any:
        return google_auth_httplib2.AuthorizedHttp(credentials, http=build_http())

    options = {"api_endpoint": f"{service}/drive/v3/"}
    client = build("drive", "v3", http=connect(), static_discovery=True, client_options=options)
    return DriveRequests(client, connect, service)
