"""Colours by name or code. What does not belong here: what is painted with them."""

from __future__ import annotations

import re

from PIL import ImageColor

from eo_pipeline.sandbox.errors import ServiceError

_BARE_HEX = re.compile(r"[0-9a-fA-F]{3}([0-9a-fA-F]{3})?")


def parse_color(text: str) -> tuple[int, int, int]:
    """Red, green and blue 0..255 of a CSS name or a hexadecimal code with or without #.

    Raises:
        ServiceError: the text is no colour.
    """
    try:
        red, green, blue, *_ = ImageColor.getrgb(f"#{text}" if _BARE_HEX.fullmatch(text) else text)
    except ValueError as error:
        raise ServiceError(f"Image.visualize: Invalid color '{text}'.") from error
    return red, green, blue
