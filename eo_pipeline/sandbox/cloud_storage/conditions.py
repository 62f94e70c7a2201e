"""Preconditions: read from a request, checked against the live object. Not here: where the object comes from."""

from collections.abc import Mapping
from dataclasses import dataclass

from eo_pipeline.sandbox.cloud_storage.errors import condition_not_met, invalid, not_modified
from eo_pipeline.sandbox.cloud_storage.objects import ObjectMeta


@dataclass(frozen=True)
class Conditions:
    """What must hold for a request to go ahead; None where nothing is asked.

    Generation 0 stands for "no live object".
    """

    generation_match: int | None = None
    generation_not_match: int | None = None
    metageneration_match: int | None = None
    metageneration_not_match: int | None = None
    etag_match: str | None = None
    """An entity tag without quotes, or ``*`` for any live object."""
    etag_not_match: str | None = None
    """An entity tag without quotes, or ``*`` for no live object."""

    def check(self, meta: ObjectMeta | None, *, reading: bool = False) -> None:
        """Compare with the live object.

        Raises:
            StorageError: 412, or 304 when a reader's "not match" condition fails.
        """
        generation = meta.generation if meta else 0
        metageneration = meta.metageneration if meta else 0
        etags = {meta.etag, meta.content_etag, "*"} if meta else set()
        if (
            self.generation_match not in (None, generation)
            or self.metageneration_match not in (None, metageneration)
            or (self.etag_match is not None and self.etag_match not in etags)
        ):
            raise condition_not_met()
        if (
            self.generation_not_match == generation
            or self.metageneration_not_match == metageneration
            or self.etag_not_match in etags
        ):
            raise not_modified() if reading else condition_not_met()


ALWAYS = Conditions()


def from_query(query: Mapping[str, str], prefix: str = "if") -> Conditions:
    """The JSON API's conditions; prefix ``ifSource`` reads those on the source of a copy."""
    return Conditions(
        generation_match=_number(query, prefix + "GenerationMatch"),
        generation_not_match=_number(query, prefix + "GenerationNotMatch"),
        metageneration_match=_number(query, prefix + "MetagenerationMatch"),
        metageneration_not_match=_number(query, prefix + "MetagenerationNotMatch"),
    )


def from_headers(headers: Mapping[str, str]) -> Conditions:
    """The XML API's conditions, x-goog-if-* and If-(None-)Match."""
    return Conditions(
        generation_match=_number(headers, "x-goog-if-generation-match"),
        metageneration_match=_number(headers, "x-goog-if-metageneration-match"),
        etag_match=_tag(headers.get("if-match")),
        etag_not_match=_tag(headers.get("if-none-match")),
    )


def _tag(text: str | None) -> str | None:
    return None if text is None else text.strip().strip('"')


def _number(values: Mapping[str, str], key: str) -> int | None:
    text = values.get(key)
    if text is None:
        return None
    try:
        return int(text)
    except ValueError as error:
        raise invalid(f"Invalid value for {key}: expected a whole number, got '{text}'.") from error
