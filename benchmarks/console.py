"""The web console: its first page, an answer on it, people who poll, and nothing of it where it is off.

.venv/bin/python benchmarks/console.py
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import threading
import time
from pathlib import Path

import requests
from playwright.sync_api import Browser, Page, sync_playwright
from served import running, workers_of

from couponhub import CouponHub, Customer
from couponhub.state import Scope
from couponhub.testing import emulated_vendors

MOBILE = "919876543210"
_TICKS = os.sysconf("SC_CLK_TCK")
_DRAWN = """
() => new Promise((done) => requestAnimationFrame(() => setTimeout(() => {
  const painted = performance.getEntriesByName("first-contentful-paint")[0];
  done([painted.startTime, performance.getEntriesByType("navigation")[0].loadEventEnd]);
})))
"""
_ANSWERED = """
() => new Promise((done) => {
  const began = performance.now();
  new MutationObserver((_, self) => {
    if (!document.getElementById("said")) return;
    self.disconnect();
    requestAnimationFrame(() => setTimeout(() => done(performance.now() - began)));
  }).observe(document.getElementById("answer"), {childList: true, subtree: true});
  document.getElementById("answer").replaceChildren();
  document.getElementById("question").requestSubmit();
})
"""
_ASKED = """
async ([token, mobile]) => {
  const began = performance.now();
  const answer = await fetch("/v1/lookup", {
    method: "POST",
    headers: {"Authorization": `Bearer ${token}`, "Content-Type": "application/json"},
    body: JSON.stringify({customer: {mobile}}),
  });
  await answer.text();
  return performance.now() - began;
}
"""
_OFF = """
import sys
from couponhub.config import load_config
from couponhub.server.loading import load_app
load_app(load_config(sys.argv[1]))
print(*sorted({name for name in sys.modules if name.startswith(("couponhub.console", "jinja2", "authlib"))}))
"""


def main() -> None:
    """Measure each, and print it beside its goal."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--people", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=20, help="of polling")
    parser.add_argument("--jobs", type=int, default=20, help="uploads that are shown")
    given = parser.parse_args()
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors")
    with emulated_vendors() as vendors:
        with CouponHub.from_config(vendors.config) as hub:
            _fill(hub, given.jobs)
            token, _ = hub.state.tokens.new([Scope.LOOKUP, Scope.LISTS_READ])
        environment = {**os.environ, "COUPONHUB_CONFIG": str(vendors.config)}
        with running(environment, "--console") as (url, _, pid), sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=shutil.which("chromium"), args=["--no-sandbox"]
            )
            _first_page(browser, url, token, given.rounds)
            _answer(browser, url, token, given.rounds)
            browser.close()
            _polling(url, token, pid, given.people, given.seconds)
        _off(vendors.config)


def _fill(hub: CouponHub, jobs: int) -> None:
    list_id = str(next(hub["capillary"].lists.iterate(status="active")).id)
    for number in range(jobs):
        hub["capillary"].uploads.send(list_id, [f"BENCH-{number:04}"], wait=True, timeout=60)
    hub.lookup(Customer(mobile=MOBILE))


def _first_page(browser: Browser, url: str, token: str, rounds: int) -> None:
    """Each in a browser that has seen nothing of it yet."""
    painted, loaded, received = [], [], 0.0
    for _ in range(rounds + 1):
        with browser.new_context() as context:
            page = _signed_in(context.new_page(), url, token)
            cookies = context.cookies()
        with browser.new_context() as context:
            context.add_cookies([{**one} for one in cookies])  # type: ignore[typeddict-item] # as they were given
            page = context.new_page()
            sizes: list[float] = []
            network = context.new_cdp_session(page)
            network.send("Network.enable")
            network.on(
                "Network.loadingFinished", lambda event, to=sizes: to.append(event["encodedDataLength"])
            )
            page.goto(url, wait_until="networkidle")
            first, end = page.evaluate(_DRAWN)
            painted.append(first)
            loaded.append(end)
            received = sum(sizes)
    _told("first page, painted", statistics.median(painted[1:]), "ms", 300)
    _told("first page, loaded", statistics.median(loaded[1:]), "ms", 300)
    _told("first page, over the wire", received / 1024, "KiB", 100)


def _answer(browser: Browser, url: str, token: str, rounds: int) -> None:
    """An answer that is remembered, from the press of the button to its sight, beside the same browser's call of the API."""
    with browser.new_context() as context:
        page = _signed_in(context.new_page(), url, token)
        page.locator("#customer").fill(MOBILE)
        shown, asked = [], []
        for _ in range(rounds + 2):
            asked.append(page.evaluate(_ASKED, [token, MOBILE]))
            shown.append(page.evaluate(_ANSWERED))
        api, sight = statistics.median(asked[2:]), statistics.median(shown[2:])
        print(f"an answer by the API {api:.1f} ms, on the page {sight:.1f} ms")
        _told("an answer's way to the eye", sight - api, "ms", 50)


def _polling(url: str, token: str, pid: int, people: int, seconds: float) -> None:
    """People who each look at the page of all jobs, which asks every two seconds."""
    answer = requests.post(f"{url}/sign-in", data={"token": token}, timeout=10, allow_redirects=False)
    headers = {"Cookie": answer.headers["Set-Cookie"].partition(";")[0], "HX-Request": "true"}
    asked = [0]
    ends = time.monotonic() + seconds + 2

    def look(place: int) -> None:
        with requests.Session() as session:
            time.sleep(2 * place / people)
            while time.monotonic() < ends:
                began = time.monotonic()
                session.get(f"{url}/jobs?page=1&status=", headers=headers, timeout=10).raise_for_status()
                asked[0] += 1
                time.sleep(max(0.0, 2 - (time.monotonic() - began)))

    threads = [threading.Thread(target=look, args=(place,)) for place in range(people)]
    for thread in threads:
        thread.start()
    time.sleep(2)
    before, from_ask = _cpu(pid), asked[0]
    time.sleep(seconds)
    spent, count = _cpu(pid) - before, asked[0] - from_ask
    for thread in threads:
        thread.join()
    print(f"{count / seconds:.1f} polls a second, {1e6 * spent / max(1, count):.0f} us of CPU each")
    _told(f"{people} people polling", 100 * spent / seconds, "% of a core", 5)


def _off(config: Path) -> None:
    """Load the server without it."""
    found = subprocess.check_output([sys.executable, "-c", _OFF, str(config)], text=True).split()
    _told("modules of it, where it is off", len(found), "", 0)


def _signed_in(page: Page, url: str, token: str) -> Page:
    page.goto(f"{url}/sign-in")
    page.locator("#token").fill(token)
    page.keyboard.press("Enter")
    page.wait_for_url(lambda address: not address.endswith("/sign-in"))
    return page


def _cpu(pid: int) -> float:
    """Seconds of a process and of those below it."""
    return sum(map(_cpu_of_one, {pid, *workers_of(pid)}))


def _cpu_of_one(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def _told(what: str, value: float, unit: str, most: float) -> None:
    print(f"{what:32} {value:8.1f} {unit:12} {'ok' if value <= most else 'MISSED'}, goal {most:g}")


if __name__ == "__main__":
    main()
