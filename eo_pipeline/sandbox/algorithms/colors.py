"""Colours by name or code. What does not belong here: what is painted with them."""

from __future__ import annotations

import re

from PIL import ImageColor

from eo_pipeline.sandbox.errors import ServiceError

_BARE_HEX = re.compile(r"[0-9a-fA-F]{3}([0-9a-fA-F]{3}([0-9a-fA-F]{2})?)?")


def parse_color(text: str) -> tuple[int, int, int]:
    """Red, green and blue 0..255 of a CSS name or a hexadecimal code with or without #.

    Raises:
        ServiceError: the text is no colour.
    """
    red, green, blue, _ = parse_rgba(text)
    return int(red), int(green), int(blue)


def parse_rgba(text: str) -> tuple[float, float, float, float]:
    """Red, green and blue 0..255, and opacity 0..1 (the last two digits of eight); as parse_color."""
    try:
        red, green, blue, *opacity = ImageColor.getrgb(f"#{text}" if _BARE_HEX.fullmatch(text) else text)
    except ValueError as error:
        raise ServiceError(f"Image.visualize: Invalid color '{text}'.") from error
    return red, green, blue, opacity[0] / 255 if opacity else 1.0
