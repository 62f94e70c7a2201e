"""XML documents of the XML API: listings, errors, multipart uploads. Not here: requests, the store."""

import re
from collections.abc import Iterable
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

from starlette.requests import Request
from starlette.responses import Response

from eo_pipeline.sandbox.cloud_storage.errors import NO_BUCKET, StorageError, invalid
from eo_pipeline.sandbox.cloud_storage.listing import Page, Query
from eo_pipeline.sandbox.cloud_storage.objects import ObjectMeta

_CODES = {
    400: "InvalidArgument",
    401: "AuthenticationRequired",
    403: "AccessDenied",
    404: "NoSuchKey",
    405: "MethodNotAllowed",
    409: "BucketAlreadyOwnedByYou",
    412: "PreconditionFailed",
    416: "InvalidRange",
}
_LIST_NAMESPACE = "http://doc.s3.amazonaws.com/2006-03-01"


def document(root: str, content: str, namespace: str = "") -> Response:
    """An XML answer with one root element."""
    xmlns = f' xmlns="{namespace}"' if namespace else ""
    text = f'<?xml version="1.0" encoding="UTF-8"?><{root}{xmlns}>{content}</{root}>'
    return Response(text.encode("utf-8"), media_type="application/xml; charset=UTF-8")


def element(name: str, text: object) -> str:
    """``<name>text</name>``, escaped; control characters, which XML cannot hold, become U+FFFD."""
    printable = re.sub("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]", "\ufffd", str(text))
    return f"<{name}>{escape(printable)}</{name}>"


def xml_error(request: Request, error: StorageError) -> Response:
    """An error as the XML API sends it; no body for HEAD and 304."""
    if error.code == 304 or request.method == "HEAD":
        return Response(status_code=error.code)
    code = _CODES.get(error.code, "InternalError")
    if error.message == NO_BUCKET:
        code = "NoSuchBucket"
    response = document("Error", element("Code", code) + element("Message", error.message))
    response.status_code = error.code
    return response


def listing_document(bucket: str, query: Query, page: Page, continuation: str | None, *, version: int) -> Response:
    """A bucket's listing in version 1 (markers) or 2 (continuation tokens)."""
    parts = [element("Name", bucket), element("Prefix", query.prefix)]
    parts += [element("Delimiter", query.delimiter)] if query.delimiter else []
    parts += [element("KeyCount", len(page.objects) + len(page.prefixes))] if version == 2 else []
    parts.append(element("IsTruncated", "true" if continuation else "false"))
    if continuation:
        parts.append(element("NextContinuationToken" if version == 2 else "NextMarker", continuation))
    parts += [_contents(meta) for meta in page.objects]
    parts += [f"<CommonPrefixes>{element('Prefix', prefix)}</CommonPrefixes>" for prefix in page.prefixes]
    return document("ListBucketResult", "".join(parts), _LIST_NAMESPACE)


def _contents(meta: ObjectMeta) -> str:
    entries: Iterable[tuple[str, object]] = (
        ("Key", meta.name),
        ("Generation", meta.generation),
        ("MetaGeneration", meta.metageneration),
        ("LastModified", meta.written),
        ("ETag", f'"{meta.content_etag}"'),
        ("Size", meta.size),
    )
    return "<Contents>" + "".join(element(name, value) for name, value in entries) + "</Contents>"


def parts_of(body: bytes) -> list[tuple[int, str]]:
    """Numbers and entity tags of the parts that complete a multipart upload, in the order given.

    Raises:
        StorageError: 400 for a body that lists no parts in rising order.
    """
    try:
        root = ET.fromstring(body)  # noqa: S314  # a local client's short document; expat refuses entity bombs
    except ET.ParseError as error:
        raise invalid(f"The XML you provided was not well-formed: {error}.") from error
    found = [
        {child.tag.rpartition("}")[2]: (child.text or "").strip() for child in part}
        for part in root
        if part.tag.rpartition("}")[2] == "Part"
    ]
    parts = [(int(part.get("PartNumber", "0")), part.get("ETag", "").strip('"')) for part in found]
    numbers = [number for number, _ in parts]
    if not numbers or numbers != sorted(set(numbers)):
        raise invalid(f"Expected parts in rising order of PartNumber, got {numbers}.")
    return parts
