"""Fields of a catalog file, checked as they are read; mistakes name file and field. Not here: what a field is for."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import yaml


class CatalogFileError(ValueError):
    """A catalog file, or a raster it names, is not what it should be."""


@dataclass(frozen=True)
class Field:
    """One value of a YAML file that knows where it stands.

    Attributes:
        file: the YAML file.
        name: the way to the value, for example collections.A/B.images[0].bands.
        value: what YAML made of it.
    """

    file: Path
    name: str
    value: object

    def error(self, expected: str, advice: str) -> CatalogFileError:
        """An error that says where, what was expected, what stands there and what to do."""
        return CatalogFileError(f"{self.file}: {self.name}: expected {expected}, got {self.value!r}; {advice}")

    def mapping(self, allowed: Collection[str] | None = None) -> dict[str, Field]:
        """The fields of a mapping with text keys; `allowed` lists the only keys it may have.

        Raises:
            CatalogFileError: no mapping, or an unknown key.
        """
        if not isinstance(self.value, dict):
            raise self.error("a mapping", "write `key: value` lines")
        for key in self.value:
            if not isinstance(key, str):
                raise self.error("keys that are text", f"quote {key!r}")
            if allowed is not None and key not in allowed:
                raise CatalogFileError(
                    f"{self.file}: {self.name}: expected only the fields {', '.join(sorted(allowed))}, "
                    f"got {key!r}; correct or remove it"
                )
        return {key: Field(self.file, f"{self.name}.{key}", value) for key, value in self.value.items()}

    def items(self) -> list[Field]:
        """The fields of a list.

        Raises:
            CatalogFileError: no list.
        """
        if not isinstance(self.value, list):
            raise self.error("a list", "start each entry with `- `")
        return [Field(self.file, f"{self.name}[{i}]", value) for i, value in enumerate(self.value)]

    def text(self) -> str:
        """A text that is not empty.

        Raises:
            CatalogFileError: something else.
        """
        if not isinstance(self.value, str) or not self.value:
            raise self.error("a text", "put it in quotes")
        return self.value

    def choice(self, choices: Collection[str]) -> str:
        """One of several words.

        Raises:
            CatalogFileError: something else.
        """
        if self.value not in choices:
            raise self.error(f"one of {', '.join(choices)}", "choose one of them")
        return str(self.value)

    def number(self) -> float:
        """A number.

        Raises:
            CatalogFileError: something else.
        """
        if isinstance(self.value, bool) or not isinstance(self.value, int | float):
            raise self.error("a number", "write it without quotes and units")
        return self.value

    def positive_integer(self) -> int:
        """A whole number from 1.

        Raises:
            CatalogFileError: something else.
        """
        if isinstance(self.value, bool) or not isinstance(self.value, int) or self.value < 1:
            raise self.error("a whole number from 1", "bands are counted from 1")
        return self.value

    def time_ms(self) -> int:
        """Milliseconds since 1970 of an ISO 8601 date or time; UTC unless it says otherwise.

        Raises:
            CatalogFileError: something else.
        """
        try:
            time = dt.datetime.fromisoformat(str(self.value))
        except ValueError as error:
            raise self.error("an ISO 8601 time", "write it like 2024-05-03T10:00:00Z") from error
        if time.tzinfo is None:
            time = time.replace(tzinfo=dt.UTC)
        return milliseconds(time)


def milliseconds(time: dt.datetime) -> int:
    """Milliseconds since 1970 of a time with a zone."""
    return (time - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)) // dt.timedelta(milliseconds=1)


def read_yaml(file: Path) -> Field:
    """The root field of a YAML file.

    Raises:
        CatalogFileError: the file is absent or no YAML.
    """
    try:
        return Field(file, "catalog", yaml.safe_load(file.read_text(encoding="utf-8")))
    except OSError as error:
        raise CatalogFileError(f"{file}: expected a readable catalog file, got {error}; check its path") from error
    except yaml.YAMLError as error:
        raise CatalogFileError(f"{file}: expected YAML, got a syntax error: {error}; correct that line") from error
