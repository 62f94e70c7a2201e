"""Finding items in a STAC API, by search, or in a static catalogue, by walking it.

What does not belong here: what items mean (`items`), and trouble with connections (`requests_again`).
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

import pystac
import pystac_client
import requests
from pystac_client.exceptions import APIError
from pystac_client.stac_api_io import StacApiIO

from eo_pipeline.core.periods import Period
from eo_pipeline.core.scenes.places import Bbox
from eo_pipeline.errors import ServiceUnreachableError, SourceError
from eo_pipeline.sources.stac.requests_again import PlainReader, patient_io
from eo_pipeline.storage.transfer.patience import Patience

_INSTANT = timedelta(microseconds=1)
"""Intervals of STAC hold their end; ours do not."""


@dataclass(frozen=True)
class Archive:
    """A collection of a STAC archive.

    Attributes:
        address: of the API's root, of a static catalogue or a collection; a path or http(s).
        collection: its id.
        patience: with trouble that may pass.
        page: items that are asked for at once.
    """

    address: str
    collection: str
    patience: Patience
    page: int

    @property
    def name(self) -> str:
        """For messages."""
        return f"{self.collection} of {self.address}"

    def items(self, boxes: Sequence[Bbox], period: Period) -> list[pystac.Item]:
        """Items that may meet one of the boxes, each once; of a static catalogue all of the collection.

        Raises:
            SourceError: the archive refuses, or is none.
            ServiceUnreachableError: it does not answer.
        """
        reader = patient_io(self.patience)
        with self._translated():
            root = reader.read_json(self.address)
            is_api = "conformsTo" in root
            found = self._searched(reader, boxes, period) if is_api else self._walked(reader)
            return list({item.id: item for item in found}.values())

    def check(self) -> str:
        """Ask whether the archive answers and has the collection; gives what kind of archive it is.

        Raises:
            SourceError: the archive refuses, is none, or has no such collection.
            ServiceUnreachableError: it does not answer.
        """
        reader = patient_io(self.patience)
        with self._translated():
            if "conformsTo" in reader.read_json(self.address):
                self._client(reader)
                return "an API"
            self._held(reader)
            return "a static catalogue"

    def _client(self, reader: StacApiIO) -> pystac_client.Client:
        client = pystac_client.Client.open(self.address, stac_io=reader)
        if client.get_collection(self.collection) is None:
            raise SourceError(f"expected a collection {self.collection} at {self.address}, got none; name another")
        return client

    def _searched(self, reader: StacApiIO, boxes: Sequence[Bbox], period: Period) -> Iterator[pystac.Item]:
        client = self._client(reader)
        for box in boxes:
            search = client.search(
                collections=[self.collection],
                bbox=list(box),
                datetime=f"{_text(period, 0)}/{_text(period, 1)}",
                limit=self.page,
            )
            for told in search.items_as_dicts():
                with self._named(str(told.get("id"))):
                    yield pystac.Item.from_dict(told, preserve_dict=False)

    def _walked(self, reader: StacApiIO) -> Iterator[pystac.Item]:
        for catalogue in self._held(reader):
            yield from self._below(catalogue)

    def _held(self, reader: StacApiIO) -> list[pystac.Catalog]:
        """The collection in a static catalogue."""
        root = pystac.read_file(self.address, stac_io=PlainReader(reader))
        if not isinstance(root, pystac.Catalog):
            raise SourceError(f"expected a catalogue or collection at {self.address}, got an item; name its parent")
        held = [root] if root.id == self.collection else [c for c in root.get_children() if c.id == self.collection]
        if not held:
            ids = ", ".join(sorted(child.id for child in root.get_children())) or root.id
            raise SourceError(
                f"expected a collection {self.collection} in {self.address}, got {ids}; name one of these"
            )
        return held

    def _below(self, catalogue: pystac.Catalog) -> Iterator[pystac.Item]:
        """Items of a static catalogue and of those in it."""
        for link in catalogue.get_item_links():
            with self._named(link.href):
                item = link.resolve_stac_object(root=catalogue.get_root()).target
                if isinstance(item, pystac.Item):
                    item.make_asset_hrefs_absolute()
                    yield item
        for child in catalogue.get_children():
            yield from self._below(child)

    @contextmanager
    def _named(self, item: str) -> Iterator[None]:
        """What is wrong with one item, with its id or address."""
        try:
            yield
        except (pystac.STACError, ValueError, KeyError, TypeError) as error:
            raise SourceError(
                f"could not read item {item} of {self.name}: expected a STAC item, got {type(error).__name__}: "
                f"{error}; tell the archive"
            ) from error

    @contextmanager
    def _translated(self) -> Iterator[None]:
        """Errors of pystac and pystac-client in the project's words."""
        try:
            yield
        except APIError as error:
            status = getattr(error, "status_code", None)  # only errors made of answers have one
            if status is None:
                raise ServiceUnreachableError(
                    f"could not search {self.name}: expected an archive, got no answer ({error}); check the address "
                    "and the network"
                ) from error
            raise SourceError(
                f"could not search {self.name}: it answered {status}, {str(error)[:300]}", said=str(error)
            ) from error
        except requests.RequestException as error:
            raise ServiceUnreachableError(f"could not search {self.name}: {error}; check the address") from error
        except (pystac.STACError, OSError, ValueError, KeyError, TypeError) as error:
            raise SourceError(
                f"could not search {self.name}: expected STAC, got something else ({type(error).__name__}: {error}); "
                "check the address"
            ) from error


def _text(period: Period, which: int) -> str:
    """First or last instant of a period, RFC 3339."""
    instant = period.end - _INSTANT if which else period.start
    return f"{instant:%Y-%m-%dT%H:%M:%S.%f}Z"
