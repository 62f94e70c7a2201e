"""Service-account keys whose addresses point at a sandbox. Not here: checking what is signed with them.

One file serves every client: `token_uri` is read by google-auth (google-cloud-storage, gcsfs), `gcs_base_url` by the
Rust client under obstore and icechunk, `private_key` by all.
"""

import json
import uuid
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

PUBLIC_KEY_FIELD = "sandbox_public_key"


def write_service_account(endpoint: str, folder: Path, *, project: str = "sandbox-project") -> Path:
    """Write ``credentials.json`` with a new RSA key.

    Args:
        endpoint: Address of the sandbox, e.g. ``http://127.0.0.1:8080``.
        folder: An existing folder.
        project: Project id the account belongs to.

    Returns:
        Path of the file, readable by its owner only.
    """
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    email = f"sandbox@{project}.iam.gserviceaccount.com"
    address = endpoint.rstrip("/")
    account = {
        "type": "service_account",
        "project_id": project,
        "private_key_id": uuid.uuid4().hex,
        "private_key": key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(),
        "client_email": email,
        "client_id": "100000000000000000000",
        "token_uri": f"{address}/token",
        "gcs_base_url": address,
        PUBLIC_KEY_FIELD: key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode(),
    }
    return _write(folder / "credentials.json", json.dumps(account, indent=2))


def trusted_key(credentials: Path) -> dict[str, str]:
    """Public key by key id of a file written here, for `CloudStorageSettings.trusted_keys`."""
    account = json.loads(credentials.read_text(encoding="utf-8"))
    return {account["private_key_id"]: account[PUBLIC_KEY_FIELD]}


def _write(path: Path, text: str) -> Path:
    partial = path.with_name(path.name + ".partial")
    partial.touch(mode=0o600)
    partial.write_text(text, encoding="utf-8")
    partial.replace(path)
    return path
