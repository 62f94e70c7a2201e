"""The pages of a large asset in Chromium: how long until they show what they are for.

What does not belong here: what the pages of small products hold (`system.test_chromium`).
"""

import re
import time
from collections.abc import Mapping
from pathlib import Path

from playwright.sync_api import Browser

_PAGES = {
    "overview": ("", re.compile(r"Latest materialization|Materialized")),
    "partitions": ("?view=partitions", re.compile(r"Materialized \(")),
}
"""Each page's address below the asset's, and a text that is there once it is drawn."""


def open_pages(browser: Browser, ui: str, asset: str, pictures: Path) -> Mapping[str, float]:
    """Seconds until each page of an asset is drawn; a picture of each is kept."""
    taken = {}
    for name, (query, text) in _PAGES.items():
        page = browser.new_page(viewport={"width": 1600, "height": 1000})
        page.set_default_timeout(60_000)
        began = time.monotonic()
        page.goto(f"{ui}/assets/{asset}{query}")
        page.get_by_text(text).first.wait_for()
        taken[name] = time.monotonic() - began
        page.wait_for_timeout(2000)
        pictures.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=pictures / f"{asset.replace('/', '_')}_{name}.png")
        page.close()
    return taken
