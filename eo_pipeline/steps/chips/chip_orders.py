"""What the chips of one area and period are cut from, and what is asked for each.

What does not belong here: asking (`cut_chips`), and one chip's requests (`chip_asks`).
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from eo_pipeline.core import keys
from eo_pipeline.core.bands import BandEncoding
from eo_pipeline.core.chips.samples import Sample
from eo_pipeline.core.product import Chips
from eo_pipeline.earth_engine import chip_images
from eo_pipeline.earth_engine.chip_images import ChipSource
from eo_pipeline.earth_engine.interactive.expression import Expression, serialised
from eo_pipeline.errors import ProductError
from eo_pipeline.steps.asking.asks import Ask
from eo_pipeline.steps.chips.chip_asks import Cutting, CuttingImage, NumbersAsk, PictureAsk, whole_of
from eo_pipeline.storage.chips.chip_files import SUFFIXES, FileFormat

_LONGEST_STEM = 200
_KEPT_OF_STEM = 100
_ANY_IMAGE = "eo_pipeline/any_image"
"""Stands for a source image in an expression that is serialised once for all of them."""


@dataclass(frozen=True)
class ChipOrder:
    """What is cut.

    Attributes:
        source: the images; its product declares chips.
        digest: of the export that is spared; chips of another one are not kept.
        tags: provenance, kept in files that can hold it.
    """

    source: ChipSource
    digest: str
    tags: Mapping[str, str] = field(default_factory=dict)

    @property
    def chips(self) -> Chips:
        """As declared."""
        declared = self.source.product.chips
        if declared is None:
            raise ProductError(f"{self.source.product.name}: expected `chips` in the product, got none; declare them")
        return declared

    @property
    def file_format(self) -> FileFormat:
        """Of the files; chips for a store wait as NPY."""
        return "npy" if self.chips.format == "zarr" else self.chips.format

    @property
    def bands(self) -> tuple[BandEncoding, ...]:
        """Of the chips; none of pictures."""
        return () if self.chips.visualize is not None else tuple(self.source.product.bands)

    def file_name(self, sample: Sample) -> str:
        """Of the chip's file: its id, cut short if no file may have so long a name."""
        stem = keys.feature_key(sample.id)
        if len(stem) > _LONGEST_STEM:
            stem = f"{stem[:_KEPT_OF_STEM]}-{keys.digest({'id': sample.id})}"
        return f"{stem}{SUFFIXES[self.file_format]}"

    def identity(self, sample: Sample) -> str:
        """Of the chip's pixels: the same text, the same pixels."""
        look = self.chips.visualize
        return keys.digest(
            {
                "export": self.digest,
                "crs": str(sample.geobox.crs),
                "affine": list(sample.geobox.affine)[:6],
                "shape": list(sample.geobox.shape),
                "source_image": sample.source_image or "",
                "look": None if look is None else look.model_dump(mode="json"),
            }
        )

    def asks(self, samples: Iterable[Sample]) -> Iterator[tuple[Sample, Ask[Cutting]]]:
        """What is asked for each sample; expressions are made now, those of single images from one pattern."""
        images = _Images(self)
        return ((sample, _ask(images.of(sample.source_image or ""), sample)) for sample in samples)


def _ask(image: CuttingImage, sample: Sample) -> Ask[Cutting]:
    if image.picture is not None:
        return PictureAsk(image, sample.geobox)
    return NumbersAsk(image, sample.geobox, whole_of(sample.geobox))


class _Images:
    """What is cut by source image: serialised once, for the composite or for any single image."""

    def __init__(self, order: ChipOrder) -> None:
        self._single = order.chips.sampling == "images"
        self._pattern = _cutting_image(order, _ANY_IMAGE if self._single else "")

    def of(self, source_image: str) -> CuttingImage:
        """What is cut from one image, or from the composite."""
        if not self._single:
            return self._pattern
        numbers, picture = self._pattern.numbers, self._pattern.picture
        return CuttingImage(
            _with_image(numbers, source_image),
            None if picture is None else _with_image(picture, source_image),
            self._pattern.bands,
            self._pattern.counted,
            self._pattern.tag,
        )


def _cutting_image(order: ChipOrder, source_image: str) -> CuttingImage:
    source, look = order.source, order.chips.visualize
    tag = keys.workload_tag(source.product.name)
    if look is None:
        numbers = serialised(chip_images.numbers(source, source_image))
        return CuttingImage(numbers, None, order.bands, source.is_counted, tag)
    numbers = serialised(chip_images.picture_numbers(source, look, source_image))
    drawn = None if source.is_counted else serialised(chip_images.picture(source, look, source_image))
    return CuttingImage(numbers, drawn, (), source.is_counted, tag)


def _with_image(pattern: Expression, source_image: str) -> Expression:
    return Expression(pattern.text.replace(json.dumps(_ANY_IMAGE).encode(), json.dumps(source_image).encode()))
