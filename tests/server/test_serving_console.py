"""`serve --console`: the page of requests and the figures tell what every worker has asked, also right before its end."""

import re
import signal
from pathlib import Path

import requests

from couponhub.state import StoreSettings, open_state
from couponhub.testing import EmulatedVendors
from tests.kit.eventually import eventually
from tests.server.running import ASKED, running


def test_calls_of_all_workers_are_kept_where_there_are_pages(
    vendors: EmulatedVendors, tmp_path: Path
) -> None:
    """A second after they ended, and those of the last second when the server ends; without the console nothing is."""
    settings = StoreSettings(url=f"sqlite:///{tmp_path.as_posix()}/state.db")
    with running(vendors, tmp_path) as plain:
        assert 200 == plain.post(ASKED, plain.one_time_token).status_code
        plain.process.send(signal.SIGTERM)
        plain.process.ended()
    with open_state(settings) as state:
        assert () == state.vendor_calls.newest()
    with running(vendors, tmp_path, "--workers", "2", "--console") as server:
        token = server.one_time_token
        answered = server.post(ASKED, token)
        found = requests.post(
            f"{server.url}/sign-in", data={"token": token}, timeout=30, allow_redirects=False
        )
        cookie = re.match("[^;]+", found.headers["Set-Cookie"])
        assert cookie is not None

        def page() -> str:
            return requests.get(f"{server.url}/requests", headers={"Cookie": cookie[0]}, timeout=30).text

        shown = eventually(lambda: text if "customer_coupons" in (text := page()) else "", "the calls")
        assert "went well" in shown
        # The pages bring the library of figures along before the folder of all workers is known.
        figures = requests.get(f"{server.url}/metrics", timeout=30).text
        assert 'couponhub_vendor_calls_total{connection="capillary"' in figures
        last = server.post(ASKED, token)
        server.process.send(signal.SIGTERM)
        server.process.ended()
    with open_state(settings) as state:
        made_for = {one.request_id for one in state.vendor_calls.newest(most=1000)}
    assert {answered.headers["X-Request-Id"], last.headers["X-Request-Id"]} <= made_for
