"""Collections of images or features, pulled lazily. What does not belong here: what filters mean."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Literal, Protocol

from eo_pipeline.sandbox.errors import ServiceError
from eo_pipeline.sandbox.graph.geometry import Geometry
from eo_pipeline.sandbox.graph.images import Image
from eo_pipeline.sandbox.graph.limits import each
from eo_pipeline.sandbox.graph.values import Feature

Element = Image | Feature

ELEMENT_LIMIT = 5000
"""Images that one request may accumulate, and elements that it may hand out."""

FEATURE_LIMIT = 1_000_000
"""Features that one request may accumulate."""


class Elements(Protocol):
    """Where the elements of a collection come from."""

    @property
    def endless(self) -> bool:
        """True if it is known that the elements never end."""
        ...

    def __iter__(self) -> Iterator[Element | Collection]:
        """Every element, in order, computed on demand."""
        ...


@dataclass(frozen=True)
class Collection:
    """A sequence of images or of features; nested collections occur in what Collection.map returns.

    Attributes:
        source: makes the elements, again on every iteration.
        kind: Image or Feature.
        properties: of the collection itself.
        id: asset id if it was loaded, also after filtering.
        version: the asset's version, with id.
    """

    source: Elements
    kind: Literal["Image", "Feature"]
    properties: Mapping[str, object] = field(default_factory=dict)
    id: str | None = None
    version: int | None = None

    @cached_property
    def members(self) -> tuple[Element | Collection, ...]:
        """All elements.

        Raises:
            ServiceError: there are more than a request may accumulate.
        """
        return tuple(self.all())

    def all(self) -> Iterator[Element | Collection]:
        """As `stream`, for those who need every element: a collection without end is refused at once.

        Raises:
            ServiceError: there are more than a request may accumulate.
        """
        if self.source.endless:
            raise too_many(ELEMENT_LIMIT)
        return self.stream()

    def stream(self) -> Iterator[Element | Collection]:
        """All elements one after the other, computed on demand unless they are already there.

        Raises:
            ServiceError: there are more than a request may accumulate.
        """
        return iter(self.members) if "members" in self.__dict__ else self._limited()

    def _limited(self) -> Iterator[Element | Collection]:
        limit = ELEMENT_LIMIT if self.kind == "Image" else FEATURE_LIMIT
        for count, member in enumerate(each(self.source), start=1):
            if count > limit:
                raise too_many(limit)
            yield member

    def stream_elements(self) -> Iterator[Element]:
        """As `stream`, of images and features only.

        Raises:
            ServiceError: an element is a collection.
        """
        return map(_element, self.stream())

    @property
    def images(self) -> list[Image]:
        """All elements as images.

        Raises:
            ServiceError: an element is no image.
        """
        return [_image(member) for member in self.members]

    @property
    def features(self) -> list[Element]:
        """All elements as features or images.

        Raises:
            ServiceError: an element is a collection.
        """
        return [_element(member) for member in self.members]

    def first(self) -> Element | Collection | None:
        """The first element, computed alone; None if there is none."""
        return next(self.stream(), None)

    def with_properties(self, properties: Mapping[str, object]) -> Collection:
        """The same elements in a collection with exactly these properties."""
        return replace(self, properties=dict(properties))

    def of(self, source: Elements) -> Collection:
        """The same collection with other elements; it is no longer the asset."""
        return replace(self, source=source, id=None, version=None)


@dataclass(frozen=True)
class Listed:
    """Elements that are already there.

    Attributes:
        elements: the elements.
        endless: False.
    """

    elements: tuple[Element | Collection, ...]
    endless: bool = False

    def __iter__(self) -> Iterator[Element | Collection]:
        return iter(self.elements)


@dataclass(frozen=True)
class Derived:
    """Elements made by a function that is called again on every iteration.

    Attributes:
        make: returns an iterator over the elements.
        endless: True if it is known that they never end.
    """

    make: Callable[[], Iterable[Element | Collection]]
    endless: bool = False

    def __iter__(self) -> Iterator[Element | Collection]:
        return iter(self.make())


def feature_collection(features: Iterable[Element | Collection]) -> Collection:
    """A collection of these features; those without system:index are numbered."""
    numbered = [_numbered(feature, position) for position, feature in enumerate(features)]
    return Collection(Listed(tuple(numbered)), "Feature")


def image_collection(images: Iterable[Image]) -> Collection:
    """A collection of these images; each gets its position as system:index, unless it has one."""
    return Collection(Listed(tuple(_numbered(image, position) for position, image in enumerate(images))), "Image")


def geometry_of(element: Element | Collection) -> Geometry | None:
    """Footprint of an image, geometry of a feature, None for a collection or where there is none."""
    if isinstance(element, Image):
        return element.footprint
    return element.geometry if isinstance(element, Feature) else None


def _numbered(element: Element | Collection, position: int) -> Element | Collection:
    if isinstance(element, Collection) or "system:index" in element.properties:
        return element
    return element.with_properties({**element.properties, "system:index": str(position)})


def too_many(limit: int) -> ServiceError:
    """The refusal of a collection that is longer than a request may accumulate."""
    return ServiceError(f"Collection query aborted after accumulating over {limit} elements.")


def _image(member: Element | Collection) -> Image:
    if not isinstance(member, Image):
        raise ServiceError(f"Expected an Image in the collection, got {type(member).__name__}.")
    return member


def _element(member: Element | Collection) -> Element:
    if isinstance(member, Collection):
        raise ServiceError("Expected a Feature in the collection, got FeatureCollection. Use flatten() first.")
    return member
