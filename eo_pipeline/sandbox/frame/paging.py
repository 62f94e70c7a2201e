"""Tokens of pages: a position as opaque text. What does not belong here: what is listed."""

import base64

from eo_pipeline.sandbox.errors import ServiceError


def token_of(position: int) -> str:
    """The token of the page that begins at a position."""
    return base64.urlsafe_b64encode(str(position).encode()).decode()


def position_of(token: str | None) -> int:
    """The position of a token; 0 without one.

    Raises:
        ServiceError: The token is not one of ours.
    """
    if not token:
        return 0
    try:
        position = int(base64.urlsafe_b64decode(token.encode()).decode())
    except ValueError as error:
        raise _bad_token(token) from error
    if not 0 <= position < 2**31:
        raise _bad_token(token)
    return position


def _bad_token(token: str) -> ServiceError:
    return ServiceError(f"Invalid page token: '{token[:100]}'.")
