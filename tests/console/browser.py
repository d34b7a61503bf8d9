"""Somebody at a browser, who notices what a page must not do."""

from importlib.resources import files
from urllib.parse import urlsplit

from playwright.sync_api import ConsoleMessage, Dialog, Page, Request

AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")
_ALL_RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")


class Visitor:
    """A page of a browser, and all that was odd on it.

    Args:
        page: The page.
        address: Of the console.

    Attributes:
        hosts: Those that may be asked.
    """

    def __init__(self, page: Page, address: str) -> None:
        self.page = page
        self.address = address
        self.odd: list[str] = []
        self.hosts = {urlsplit(address).netloc}
        page.on("console", self._heard)
        page.on("dialog", self._asked)
        page.on("pageerror", lambda error: self.odd.append(f"script: {error}"))
        page.on("request", self._requested)

    def go(self, path: str) -> None:
        """Load a page."""
        self.page.goto(self.address + path)

    def sign_in(self, token: str) -> None:
        """Sign in as people do."""
        self.go("/sign-in")
        self.page.get_by_label("Token").fill(token)
        self.page.keyboard.press("Enter")
        self.page.wait_for_url("**/")

    def require_accessible(self, *rules: str) -> None:
        """Fail where axe finds what some cannot read or use; by some of its rules only where they are named."""
        if not self.page.evaluate("'axe' in window"):
            self.page.evaluate(AXE)
        found = self.page.evaluate(
            "(which) => axe.run(document, {runOnly: which, resultTypes: ['violations'], selectors: false})",
            list(rules or _ALL_RULES),
        )
        wrong = [(one["id"], [node["html"] for node in one["nodes"]]) for one in found["violations"]]
        assert [] == wrong, wrong
        assert found["passes"]

    def too_wide(self) -> list[str]:
        """Return what stands out of the window to its right, but for what scrolls by itself."""
        found: list[str] = self.page.evaluate(
            "[...document.querySelectorAll('main, main *, header, header *')].filter(one => !one.closest('.scrolls *, svg *')"
            " && one.getBoundingClientRect().right > innerWidth + 1).map(one => one.outerHTML.slice(0, 120))"
        )
        return found

    def require_nothing_odd(self) -> None:
        """Fail where the page broke its policy, asked another host, or ran somebody's script."""
        assert [] == self.odd, self.odd

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.odd.append(message.text)

    def _asked(self, dialog: Dialog) -> None:
        self.odd.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def _requested(self, request: Request) -> None:
        if urlsplit(request.url).netloc not in self.hosts:
            self.odd.append(f"asked {request.url}")
