"""The pictures of the guide, taken by the test that does what they show: `make pictures` renews them."""

import io
import os
from pathlib import Path

from playwright.sync_api import Page

FOLDER = Path(__file__).parents[2] / "docs" / "guides"
WIDTH, HEIGHT = 1200, 760
LARGEST_BYTES = 60_000
_RENEWED = "COUPONHUB_PICTURES"


class Pictures:
    """Those that a test has taken.

    Attributes:
        names: Of the files, in the order in which they were taken.
    """

    def __init__(self) -> None:
        self.names: list[str] = []

    def take(self, page: Page, name: str) -> None:
        """Take what a page shows now; the file is written only where pictures are to be renewed."""
        self.names.append(name)
        if _RENEWED not in os.environ:
            return
        from PIL import Image

        page.evaluate("document.activeElement?.blur(); scrollTo(0, 0)")
        shot = page.screenshot(animations="disabled")
        with Image.open(io.BytesIO(shot)) as picture:
            picture.convert("RGB").quantize(48).save(FOLDER / name, optimize=True)
