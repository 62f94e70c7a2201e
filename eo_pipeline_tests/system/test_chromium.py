"""The browser of the system tests draws a page and runs its script."""

import pytest
from playwright.sync_api import Browser

pytestmark = pytest.mark.system


def test_chromium_runs_a_page(chromium: Browser) -> None:
    page = chromium.new_page(viewport={"width": 320, "height": 200})
    page.goto("data:text/html,<body><script>document.title = 6 * 7</script></body>")
    assert page.title() == "42"
    assert page.screenshot().startswith(b"\x89PNG")
    page.close()
