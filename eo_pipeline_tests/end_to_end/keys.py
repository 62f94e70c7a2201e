"""Secrets made for one test. What does not belong here: where they must not be found."""

import json
from dataclasses import dataclass
from functools import cache

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

ACCOUNT = "robot@some-project.example"


@dataclass(frozen=True)
class Key:
    """A service account's key.

    Attributes:
        text: its JSON.
        secrets: parts of it that nobody may see.
    """

    text: str
    secrets: tuple[str, ...]


def service_account_key(url: str) -> Key:
    """A usable key whose tokens a sandbox issues."""
    private, key_id = _private_key(), "5ec7e7c0ffee5ec7e7c0ffee5ec7e7c0ffee5ec7"
    fields = {
        "type": "service_account",
        "project_id": "sandbox-project",
        "client_email": ACCOUNT,
        "private_key_id": key_id,
        "private_key": private,
        "token_uri": f"{url}/token",
    }
    return Key(json.dumps(fields), (key_id, *private.splitlines()[1:-1]))


@cache
def _private_key() -> str:
    return (
        rsa.generate_private_key(public_exponent=65537, key_size=2048)
        .private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        .decode()
    )
