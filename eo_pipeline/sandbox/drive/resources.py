"""Files as the API writes and reads them. What does not belong here: requests, the store, masks.

Names of fields: the schema File of Drive v3's discovery document.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import Any

from eo_pipeline.sandbox.drive.errors import bad_request, not_writable
from eo_pipeline.sandbox.drive.records import DriveFile, Permission, rfc3339

READ_ONLY = frozenset(
    [
        "capabilities",
        "explicitlyTrashed",
        "fileExtension",
        "fullFileExtension",
        "hasThumbnail",
        "headRevisionId",
        "iconLink",
        "lastModifyingUser",
        "md5Checksum",
        "modifiedByMe",
        "modifiedByMeTime",
        "ownedByMe",
        "owners",
        "permissionIds",
        "permissions",
        "quotaBytesUsed",
        "sha1Checksum",
        "sha256Checksum",
        "shared",
        "size",
        "spaces",
        "thumbnailLink",
        "trashedTime",
        "trashingUser",
        "version",
        "webContentLink",
        "webViewLink",
    ]
)
"""Fields that a client may not send."""

OTHER_NAMES = frozenset(
    [
        "clientEncryptionDetails",
        "contentHints",
        "contentRestrictions",
        "copyRequiresWriterPermission",
        "downloadRestrictions",
        "driveId",
        "exportLinks",
        "folderColorRgb",
        "hasAugmentedPermissions",
        "imageMediaMetadata",
        "inheritedPermissionsDisabled",
        "isAppAuthorized",
        "labelInfo",
        "linkShareMetadata",
        "resourceKey",
        "sharedWithMeTime",
        "sharingUser",
        "shortcutDetails",
        "teamDriveId",
        "thumbnailVersion",
        "videoMediaMetadata",
        "viewedByMe",
        "viewedByMeTime",
        "viewersCanCopyContent",
        "writersCanShare",
    ]
)
"""Fields of the schema that files of the sandbox never have."""

DEFAULT_FIELDS = ("kind", "id", "name", "mimeType")
"""What a file is answered with when a client names no fields."""

_LINK = "https://drive.google.com"


def resource(file: DriveFile, who: str, role: str) -> dict[str, object]:
    """Every field of a file, as somebody with a role sees it."""
    published: dict[str, object] = {
        "kind": "drive#file",
        "id": file.id,
        "name": file.name,
        "mimeType": file.mime_type,
        "parents": list(file.parents),
        "spaces": ["drive"],
        "version": str(file.version),
        "starred": file.starred,
        "trashed": file.trashed,
        "explicitlyTrashed": file.trashed,
        "createdTime": file.created,
        "modifiedTime": file.modified,
        "modifiedByMe": file.owner == who,
        "modifiedByMeTime": file.modified,
        "owners": [user(file.owner, who)],
        "lastModifyingUser": user(file.owner, who),
        "ownedByMe": file.owner == who,
        "shared": bool(file.permissions),
        "quotaBytesUsed": str(file.size),
        "webViewLink": f"{_LINK}/{'drive/folders' if file.is_folder else 'file/d'}/{file.id}",
        "iconLink": f"{_LINK}/icon",
        "hasThumbnail": False,
        "capabilities": _capabilities(file, role),
        "permissions": [permission(given) for given in (_owning(file), *file.permissions)],
        "permissionIds": [given.id for given in (_owning(file), *file.permissions)],
    }
    optional = {"description": file.description, "properties": file.properties, "appProperties": file.app_properties}
    published |= {name: value for name, value in optional.items() if value}
    return published if file.is_folder else published | _of_bytes(file)


def _of_bytes(file: DriveFile) -> dict[str, object]:
    suffix = PurePosixPath(file.name).suffix.removeprefix(".")
    return {
        "size": str(file.size),
        "md5Checksum": file.md5,
        "originalFilename": file.name,
        "fileExtension": suffix,
        "fullFileExtension": suffix,
        "headRevisionId": f"{file.id}-{file.md5}",
        "webContentLink": f"{_LINK}/uc?id={file.id}&export=download",
    }


def _capabilities(file: DriveFile, role: str) -> dict[str, bool]:
    writes, owns = role in {"owner", "writer"}, role == "owner"
    return {
        "canAddChildren": writes and file.is_folder,
        "canCopy": not file.is_folder,
        "canDelete": owns,
        "canDownload": not file.is_folder,
        "canEdit": writes,
        "canRename": writes,
        "canShare": owns,
        "canTrash": writes,
    }


def user(email: str, who: str) -> dict[str, object]:
    """A person as `drive#user`."""
    return {
        "kind": "drive#user",
        "displayName": email.partition("@")[0],
        "me": email == who,
        "permissionId": permission_id(email),
        "emailAddress": email,
    }


def permission_id(email: str) -> str:
    """The id of everything a person is permitted: 20 digits, always the same."""
    return "anyone" if email == "anyone" else str(int(hashlib.sha256(email.encode()).hexdigest()[:16], 16)).zfill(20)


def permission(given: Permission) -> dict[str, object]:
    """A permission as `drive#permission`."""
    kind = {"type": "anyone"} if given.email == "anyone" else {"type": "user", "emailAddress": given.email}
    return {"kind": "drive#permission", "id": given.id, "role": given.role, **kind}


def _owning(file: DriveFile) -> Permission:
    return Permission(permission_id(file.owner), file.owner, "owner")


def parsed(text: bytes) -> dict[str, Any]:
    """The JSON object of a body; an empty body is an empty one.

    Raises:
        DriveError: 400 for anything else.
    """
    try:
        body = json.loads(text) if text.strip() else {}
        json.dumps(body, ensure_ascii=False).encode()  # halves of surrogate pairs can be read, but never written
    except (ValueError, RecursionError) as error:
        raise bad_request(f"Parse Error: {str(error)[:200]}") from error
    if not isinstance(body, dict):
        raise bad_request(f"Parse Error: expected a JSON object, got {type(body).__name__}.")
    return body


_TEXTS = {"name": "name", "mimeType": "mime_type", "description": "description"}
_TIMES = {"createdTime": "created", "modifiedTime": "modified"}
_FLAGS = {"starred": "starred", "trashed": "trashed"}
_MAPPINGS = {"properties": "properties", "appProperties": "app_properties"}


def described(file: DriveFile, body: Mapping[str, Any]) -> DriveFile:
    """The file with what a client's resource says of it; parents and id are for the caller.

    Raises:
        DriveError: 403 for a field that may not be set, 400 for a value of the wrong kind.
    """
    if refused := sorted(READ_ONLY & set(body)):
        raise not_writable(f"The resource body includes fields which are not directly writable: {', '.join(refused)}.")
    changes: dict[str, Any] = {}
    for names, kind in ((_TEXTS, str), (_FLAGS, bool)):
        changes |= {ours: _of_kind(body[name], kind, name) for name, ours in names.items() if name in body}
    changes |= {ours: _time(body[name], name) for name, ours in _TIMES.items() if name in body}
    for name, ours in _MAPPINGS.items():
        if name in body:
            changes[ours] = _merged(getattr(file, ours), _of_kind(body[name], dict, name), name)
    return replace(file, **changes)


def _of_kind(value: Any, kind: type, name: str) -> Any:
    if not isinstance(value, kind):
        raise bad_request(f"Invalid value for {name}: expected {kind.__name__}, got {str(value)[:100]!r}.")
    return value


def _merged(before: Mapping[str, str], changes: Mapping[str, Any], name: str) -> dict[str, str]:
    for value in changes.values():
        if value is not None:
            _of_kind(value, str, name)
    return {key: value for key, value in {**before, **changes}.items() if value is not None}


def _time(value: Any, name: str) -> str:
    try:
        instant = datetime.fromisoformat(_of_kind(value, str, name))
        return rfc3339(instant if instant.tzinfo is not None else instant.replace(tzinfo=UTC))
    except (ValueError, OverflowError) as error:
        raise bad_request(f"Invalid value for {name}: expected an RFC 3339 time, got {str(value)[:100]!r}.") from error
