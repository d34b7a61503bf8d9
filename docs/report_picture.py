"""Draws the page of a migration's report, as the demo leaves it: `python docs/report_picture.py`. It takes Chromium, which nothing else needs.

Run it when the page changes; `docs/guides/report.png` stands in the README and in the guide to migrations.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

PICTURE = Path(__file__).parent / "guides" / "report.png"
_SIZE = "900,1020"


def main() -> int:
    """Take the picture; return 1 where there is no Chromium."""
    browser = shutil.which("chromium") or shutil.which("chromium-browser")
    if browser is None:
        sys.stderr.write("there is no chromium to draw the page\n")
        return 1
    with TemporaryDirectory() as folder:
        demo = subprocess.run(
            [sys.executable, "-m", "couponhub", "demo"],
            env={**os.environ, "TMPDIR": folder},
            capture_output=True,
            text=True,
            check=True,
        )
        (page,) = re.findall(r"^/.*/to-moengage\.html$", demo.stdout, re.MULTILINE)
        words = ("--headless", "--no-sandbox", "--hide-scrollbars", f"--window-size={_SIZE}")
        drawn = Path(folder) / "report.png"
        subprocess.run(
            [browser, *words, f"--screenshot={drawn}", f"file://{page}"], check=True, capture_output=True
        )
        PICTURE.write_bytes(drawn.read_bytes())
    return 0


if __name__ == "__main__":
    sys.exit(main())
