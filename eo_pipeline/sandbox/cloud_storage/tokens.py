"""Bearer tokens: access tokens this sandbox issues, and tokens a service account signs itself (RS256 JSON web tokens).

Access tokens carry caller and expiry under a keyed digest, so that they outlive a restart. Not here: permissions, HTTP.
"""

import base64
import hmac
import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import load_pem_public_key

PREFIX = "ya29."


class TokenError(Exception):
    """A token that is malformed, expired or not signed by a trusted key; the message says which."""


def utc_now() -> datetime:
    """The wall clock, UTC."""
    return datetime.now(UTC)


class Revocation:
    """The instant before which issued access tokens no longer count."""

    issued_from = 0.0
    """Seconds since 1970 of the sandbox's clock."""


@dataclass(frozen=True)
class Tokens:
    """Issues and reads tokens."""

    secret: bytes
    clock: Callable[[], datetime]
    """The time access tokens expire by."""
    signing_clock: Callable[[], datetime] = utc_now
    """The time tokens expire by that clients sign themselves, by their own, real clock."""
    revocation: Revocation = field(default_factory=Revocation)

    def issue(self, email: str, seconds: float) -> str:
        """An access token of `email` that expires after `seconds` of the clock."""
        now = self.clock().timestamp()
        claims = {"email": email, "iat": now, "exp": now + seconds}
        body = _encoded(json.dumps(claims).encode())
        return f"{PREFIX}{body}.{self._digest(body)}"

    def caller(self, token: str, trusted_keys: Mapping[str, str] | None) -> str:
        """Email of the account a bearer token speaks for.

        Raises:
            TokenError: The token is malformed, forged or expired.
        """
        if not token.startswith(PREFIX):
            claims = verified_claims(token, trusted_keys)
            self.check_signed(claims)
            return str(claims.get("email", claims.get("iss")))
        body, _, digest = token.removeprefix(PREFIX).partition(".")
        if not digest.isascii() or not hmac.compare_digest(digest, self._digest(body)):
            raise TokenError("Invalid Credentials")
        claims = json.loads(_decoded(body))
        _check_expiry(claims, self.clock())
        if claims.get("iat", 0.0) < self.revocation.issued_from:
            raise TokenError("Invalid Credentials: the token has expired")
        return str(claims["email"])

    def check_signed(self, claims: Mapping[str, Any]) -> None:
        """Refuse claims that a client signed and whose ``exp`` (seconds since 1970) is not in the future."""
        _check_expiry(claims, self.signing_clock())

    def revoke(self) -> None:
        """Let no access token count that was issued up to now; clients fetch another one."""
        self.revocation.issued_from = self.clock().timestamp() + 1e-6

    def _digest(self, body: str) -> str:
        return hmac.new(self.secret, body.encode(), "sha256").hexdigest()


def _check_expiry(claims: Mapping[str, Any], now: datetime) -> None:
    expires = claims.get("exp")
    if not isinstance(expires, int | float) or expires <= now.timestamp():
        raise TokenError("Invalid Credentials: the token has expired")


def stored_secret(path: Path) -> bytes:
    """The secret of access tokens, made on first use and readable by its owner only."""
    if not path.exists():
        partial = path.with_suffix(".partial")
        partial.touch(mode=0o600)
        partial.write_bytes(secrets.token_bytes(32))
        partial.replace(path)
    return path.read_bytes()


def open_tokens(root: Path, clock: Callable[[], datetime]) -> Tokens:
    """The tokens of a folder that exists.

    Args:
        root: Keeps the secret, so that tokens outlive a restart.
        clock: The time access tokens expire by.
    """
    return Tokens(stored_secret(root / "token_secret"), clock)


def verified_claims(token: str, trusted_keys: Mapping[str, str] | None) -> dict[str, Any]:
    """Claims of a signed JSON web token.

    Args:
        token: ``header.claims.signature``, each base64url.
        trusted_keys: Public keys (PEM) by key id; None accepts any signature.

    Raises:
        TokenError: Malformed, or not signed by the trusted key it names; by any trusted key if it names none.
    """
    try:
        head, body, signature = token.split(".")
        header, claims = json.loads(_decoded(head)), json.loads(_decoded(body))
        signed, raw_signature = f"{head}.{body}".encode(), _decoded(signature)
    except (ValueError, RecursionError) as error:
        raise TokenError("Invalid JWT: expected three base64url parts") from error
    if (
        not isinstance(header, dict)
        or not isinstance(claims, dict)
        or header.get("alg") != "RS256"
        or not raw_signature
    ):
        raise TokenError("Invalid JWT: expected an RS256 signature")
    if trusted_keys is not None:
        named = [str(header["kid"])] if "kid" in header else list(trusted_keys)
        candidates = [trusted_keys[key_id] for key_id in named if key_id in trusted_keys]
        if not any(_verifies(signed, raw_signature, key) for key in candidates):
            raise TokenError("Invalid JWT Signature.")
    return claims


def _verifies(signed: bytes, signature: bytes, public_key: str) -> bool:
    key = load_pem_public_key(public_key.encode())
    if not isinstance(key, rsa.RSAPublicKey):
        raise TypeError(f"Trusted keys: expected an RSA public key, got {type(key).__name__}; correct the setting.")
    try:
        key.verify(signature, signed, padding.PKCS1v15(), hashes.SHA256())
    except InvalidSignature:
        return False
    return True


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
