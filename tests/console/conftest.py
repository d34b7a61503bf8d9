"""The console over emulated vendors, and a browser."""

import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import expect, sync_playwright

from couponhub import CouponHub
from couponhub.testing import EmulatedVendors, emulated_vendors
from tests.console.browser import Visitor
from tests.console.harness import ConsoleHarness, opened, served
from tests.kit.servers import missing


@pytest.fixture(scope="module")
def vendors() -> Iterator[EmulatedVendors]:
    """Both emulated vendors with the demo's customer, lists and codes."""
    with emulated_vendors(settings={"timeout": 2.0}) as running:
        yield running


@pytest.fixture
def console(vendors: EmulatedVendors) -> Iterator[ConsoleHarness]:
    """The console over both vendors, with nobody signed in."""
    with CouponHub.from_config(vendors.config) as hub:
        harness = opened(hub, vendors.controls)
        yield harness
        harness.app.api.ground.driving.stop()  # type: ignore[attr-defined] # nothing is written once its folder goes
        for token in hub.state.tokens.all():
            hub.state.tokens.remove(token.id)
        for control in vendors.controls.values():
            control.set_faults()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Chromium]:
    """A browser; not for longer, for while there is one a loop of asyncio is held to run in this thread."""
    program = shutil.which("chromium")
    if program is None:
        missing("chromium", "apt-get install -y --no-install-recommends chromium")
    # What is to be seen is waited for as long as what is to be clicked: a machine may be busy.
    expect.set_options(timeout=30_000)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def visitor(console: ConsoleHarness, chromium: Chromium) -> Iterator[Visitor]:
    """Somebody at a browser, not signed in; at the end nothing was asked of another host, and no policy was broken."""
    with served(console.app) as address, chromium.new_context() as context:
        visitor = Visitor(context.new_page(), address)
        yield visitor
        visitor.require_nothing_odd()
