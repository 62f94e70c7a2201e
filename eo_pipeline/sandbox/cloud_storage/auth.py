"""Who calls, and what they may do; the token endpoint. Not here: how tokens are made and read.

Error texts are the live service's from memory.
"""

import json
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from eo_pipeline.sandbox.cloud_storage.errors import StorageError
from eo_pipeline.sandbox.cloud_storage.settings import CloudStorageSettings
from eo_pipeline.sandbox.cloud_storage.tokens import TokenError, Tokens, verified_claims

ANONYMOUS = "Anonymous caller"
READING = frozenset({"storage.buckets.get", "storage.buckets.list", "storage.objects.get", "storage.objects.list"})
PERSON = "user@sandbox.invalid"
"""Whom a refresh token speaks for that is no address of its own."""
JWT_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"


def caller(request: Request, tokens: Tokens, settings: CloudStorageSettings) -> str:
    """Email of the caller, or ANONYMOUS without (or with an empty) bearer token.

    Raises:
        StorageError: 401 for a token that is malformed, forged or expired.
    """
    token = request.headers.get("authorization", "").removeprefix("Bearer").strip()
    if not token:
        return ANONYMOUS
    try:
        return tokens.caller(token, settings.trusted_keys)
    except TokenError as error:
        raise StorageError(401, str(error), "authError") from error


def permit(who: str, permission: str, bucket: str | None, settings: CloudStorageSettings) -> None:
    """Check one permission, e.g. ``storage.objects.get``, on a bucket (None: on the project).

    Raises:
        StorageError: 401 for anonymous callers where credentials are required, 403 by the bucket's setting.
    """
    if who == ANONYMOUS and settings.authentication == "required":
        raise StorageError(401, _denied(who, permission), "required")
    if not allowed(permission, bucket, settings):
        raise StorageError(403, _denied(who, permission), "forbidden")


def allowed(permission: str, bucket: str | None, settings: CloudStorageSettings) -> bool:
    """Whether the bucket's setting grants a permission."""
    if bucket in settings.forbidden_buckets:
        return False
    return permission in READING or bucket not in settings.read_only_buckets


def _denied(who: str, permission: str) -> str:
    what = "object" if ".objects." in permission else "bucket"
    return (
        f"{who} does not have {permission} access to the Google Cloud Storage {what}. "
        f"Permission '{permission}' denied on resource (or it may not exist)."
    )


def exchange(body: bytes, tokens: Tokens, settings: CloudStorageSettings) -> Response:
    """Answer the token endpoint: a signed assertion or a refresh token becomes an access token."""
    form = {key: values[0] for key, values in parse_qs(body.decode("utf-8", "replace")).items()}
    try:
        email = _identity(form, tokens, settings)
    except TokenError as error:
        return JSONResponse({"error": "invalid_grant", "error_description": str(error)}, 400)
    access_token = tokens.issue(email, settings.token_seconds)
    lifetime = int(settings.token_seconds)
    content = {"access_token": access_token, "expires_in": lifetime, "token_type": "Bearer"}
    return Response(json.dumps(content), media_type="application/json", headers={"Cache-Control": "no-store"})


def _identity(form: dict[str, str], tokens: Tokens, settings: CloudStorageSettings) -> str:
    if form.get("grant_type") == JWT_GRANT and "assertion" in form:
        claims = verified_claims(form["assertion"], settings.trusted_keys)
        tokens.check_signed(claims)
        return str(claims.get("iss", "unknown"))
    if form.get("grant_type") == "refresh_token" and (said := form.get("refresh_token")):
        return said if "@" in said else PERSON
    grant = form.get("grant_type")
    raise TokenError(f"expected grant_type {JWT_GRANT} with an assertion, or refresh_token with one, got {grant}")
