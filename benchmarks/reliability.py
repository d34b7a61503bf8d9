"""Every fault of the emulated vendors, during load on a running server; each answer beside the vendors' own truth.

    .venv/bin/python benchmarks/reliability.py

Starts both emulators and `couponhub serve`, imports the usage report that MoEngage mailed, and asks for customers
with many, few and no coupons, known and unknown ones, on several connections at once, while one vendor after the
other goes wrong in one way after the other. An answer is wrong when it says `none` of somebody who holds coupons, when
it is whole and lacks one, or when it shows one that the customer does not hold. Ends with 1 if one was.
"""

import argparse
import collections
import contextlib
import json
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import attrs
import requests
from served import COUPONHUB, running

from couponhub.testing import Control

HOLDINGS = (1, 2, 5, 20, 60)
TERMS = {
    "discountCode": "RELY",
    "discountType": "PERC",
    "discountValue": "10",
    "smsTemplate": "Hi, {{voucher}}",
}
RATE_LIMITED = {"status": 429, "headers": {"Retry-After": "1"}}

FAULTS: tuple[tuple[str, Any], ...] = (
    ("status", 500),
    ("status", 503),
    ("status", 401),
    ("status", 403),
    ("status", 404),
    ("status", RATE_LIMITED),
    ("status", {"status": 302, "headers": {"Location": "/elsewhere"}}),
    ("drop_before", None),
    ("drop_after", None),
    ("latency", 5),
    ("slow_body", 5),
    ("garbage", "html"),
    ("garbage", "half"),
    ("garbage", "empty"),
    ("garbage", "text"),
    ("garbage", "nulls"),
    ("garbage", "array"),
    ("wrong_types", None),
)


@attrs.frozen
class Truth:
    """What one customer holds, by connection."""

    mobile: str
    codes: Mapping[str, frozenset[str]]


@attrs.define
class Tally:
    """What came back while a fault was on."""

    verdicts: collections.Counter[str] = attrs.field(factory=collections.Counter)
    wrong: list[str] = attrs.field(factory=list)

    def add(self, answer: dict[str, Any], truth: Truth, failing: str) -> None:
        """Judge all of an answer, and count what it says of the vendor that goes wrong."""
        for one in answer["answers"]:
            codes = [
                coupon["code"] for coupon in answer["coupons"] if coupon["connection"] == one["connection"]
            ]
            self._judge(one, codes, truth.codes[one["connection"]])
            if one["connection"] == failing:
                self.verdicts[_word(one)] += 1
        if answer["complete"] != all(_word(one) in _WHOLE for one in answer["answers"]):
            self.wrong.append("complete, or not, against what its parts say")

    def _judge(self, one: dict[str, Any], shown: list[str], held: frozenset[str]) -> None:
        word = _word(one)
        if word == "none" and held:
            self.wrong.append("none, of a customer who holds coupons")
        if word == "found, whole" and set(shown) != held:
            self.wrong.append("called whole, and a coupon is missing")
        if not set(shown) <= held:
            self.wrong.append("a coupon that the customer does not hold")
        if len(set(shown)) != len(shown):
            self.wrong.append("a coupon twice")


_WHOLE = frozenset({"found, whole", "none"})


def _word(one: dict[str, Any]) -> str:
    if one["verdict"] != "found":
        return str(one["verdict"])
    return "found, whole" if one["reason"] is None else "found, in part"


def main() -> None:
    """Run all faults and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=2.0, help="for each fault")
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--cache", action="store_true", help="with the cache that is on by default")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, contextlib.ExitStack() as stack:
        folder = Path(name)
        emulators = stack.enter_context(emulated())
        controls = {vendor: Control(emulators["url"], vendor) for vendor in ("capillary", "moengage")}
        environment = written_config(folder, emulators, cached=arguments.cache)
        truths = people(controls, folder, environment)
        server, token, _ = stack.enter_context(running(environment))
        ask = asking(server, token)
        print(
            "| Vendor | Fault | Calls hit | Answers | Found, whole | Found, in part | None | Unknown | Wrong |"
        )
        print("|---|---|---:|---:|---:|---:|---:|---:|---:|")
        wrong: list[str] = []
        for vendor, (fault, value), every in rounds():
            rule = {"vendor": vendor, "match": "* *", "fault": fault, "every": every}
            if value is not None:
                rule["value"] = value
            controls[vendor].set_faults(rule)
            tally = Tally()
            load(ask, truths, tally, vendor, arguments.seconds, arguments.clients)
            hit = fired(emulators["url"])
            controls[vendor].set_faults()
            wrong += tally.wrong
            print(row(vendor, described(fault, value, every), hit, tally), flush=True)
            recovered(ask, truths, vendor)
    for text, count in collections.Counter(wrong).items():
        print(f"wrong, {count} times: {text}")
    sys.exit(bool(wrong))


def rounds() -> Iterator[tuple[str, tuple[str, Any], int]]:
    """Vendor by fault, on every call and on every third one."""
    for vendor in ("capillary", "moengage"):
        for fault in FAULTS:
            for every in (1, 3):
                yield vendor, fault, every


@contextlib.contextmanager
def emulated() -> Iterator[dict[str, Any]]:
    """Both emulators in a process of their own; what they said at start."""
    command = [*COUPONHUB, "emulate", "--port", "0", "-o", "json", "--processing-delay", "0.02"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        lines = ""
        while (said := decoded(lines)) is None and process.poll() is None:
            lines += process.stdout.readline() if process.stdout else ""
        try:
            yield said
        finally:
            process.terminate()


def decoded(text: str) -> Any:
    """What JSON says, None as long as it is not whole."""
    try:
        return json.loads(text)
    except ValueError:
        return None


def written_config(folder: Path, emulators: dict[str, Any], *, cached: bool) -> dict[str, str]:
    """Write a config for the emulators; the environment of every command."""
    lines = ["[lookup]", "deadline = 1.0"]
    if not cached:
        lines += ["cache_ttl = 0", "negative_ttl = 0", "stale_if_error = 0"]
    lines += ["[store]", f'url = "sqlite:///{folder}/couponhub.db"']
    for vendor in emulators["vendors"]:
        name = vendor["name"]
        lines += [f"[connections.{name}]", f'adapter = "{name}"', f'base_url = "{vendor["base_url"]}"']
        own = {
            "moengage": 'user_id_is = "mobile"\ndefault_country_code = "91"',
            "capillary": "limits = { calls_per_minute = 0 }",
        }[name]
        lines += [own, *(f"{key} = {json.dumps(value)}" for key, value in vendor["credentials"].items())]
    (folder / "couponhub.toml").write_text("\n".join(lines))
    return {**os.environ, "COUPONHUB_CONFIG": str(folder / "couponhub.toml")}


def couponhub(environment: dict[str, str], *words: str) -> Any:
    """Run a command; its JSON."""
    run = subprocess.run(
        [*COUPONHUB, *words, "-o", "json"], env=environment, capture_output=True, text=True, check=False
    )
    if run.returncode not in {0, 3}:
        raise SystemExit(f"couponhub {' '.join(words[:2])}: {run.stderr}")
    return json.loads(run.stdout) if run.stdout.strip() else None


def people(controls: Mapping[str, Control], folder: Path, environment: dict[str, str]) -> list[Truth]:
    """Customers of every kind, made in the emulators; the report of MoEngage imported. What each of them holds."""
    now = datetime.now(UTC)
    for control in controls.values():
        control.reset()
    controls["moengage"].set_options(user_id_is="mobile")
    controls["moengage"].set_clock(now - timedelta(days=4))
    expires = (now + timedelta(days=60)).date().isoformat()
    extras = [word for key, value in TERMS.items() for word in ("--set", f"{key}={value}")]
    lists = {
        "capillary": couponhub(
            environment, "lists", "create", "capillary", "--name", "Rely", "--expires", expires, *extras
        )["id"],
        "moengage": couponhub(
            environment,
            *("lists", "create", "moengage", "--name", "Rely", "--expires", expires, "--created-by", "bench"),
        )["id"],
    }
    truths = []
    for number in range(40):
        mobile = f"9198765{number:05d}"
        holdings: dict[str, frozenset[str]] = {}
        for offset, vendor in enumerate(("capillary", "moengage")):
            if (
                number + offset
            ) % 4 != 3:  # a quarter is unknown to each vendor, another one holds nothing there
                controls[vendor].add_customer(mobile=mobile)
            count = HOLDINGS[number % len(HOLDINGS)] if (number + offset) % 4 < 2 else 0
            codes = [f"{vendor[:3].upper()}{number:03d}-{index:03d}" for index in range(count)]
            holdings[vendor] = frozenset(codes)
        truths.append(Truth(mobile, holdings))
    uploaded(
        folder, environment, lists["moengage"], [code for truth in truths for code in truth.codes["moengage"]]
    )
    for truth in truths:
        for vendor, held in truth.codes.items():
            if held:
                controls[vendor].issue(lists[vendor], {"mobile": truth.mobile}, codes=sorted(held))
    controls["moengage"].set_clock(None)
    days = ("--from", (now - timedelta(days=4)).date().isoformat(), "--to", now.date().isoformat())
    reported(folder, environment, controls["moengage"], lists["moengage"], days)
    return truths


def uploaded(folder: Path, environment: dict[str, str], list_id: str, codes: list[str]) -> None:
    """Send codes to MoEngage's list, which hands out only what it was sent."""
    path = folder / "codes.csv"
    path.write_text("\n".join(["Coupon Code", *codes]))
    couponhub(environment, "uploads", "send", "moengage", list_id, str(path), "--wait")


def reported(
    folder: Path, environment: dict[str, str], control: Control, list_id: str, days: tuple[str, ...]
) -> None:
    """Have the usage report of a list mailed, and import it."""
    couponhub(environment, "usage", "request", "moengage", list_id, *days, "--email", "reports@example.com")
    ends = time.monotonic() + 20
    while not control.mails() and time.monotonic() < ends:
        time.sleep(0.05)
    (folder / "report.eml").write_bytes(control.eml(1))
    couponhub(environment, "usage", "import", "moengage", list_id, str(folder / "report.eml"), *days)


def asking(server: str, token: str) -> Any:
    """A function that asks the server for one customer, on the session given."""

    def ask(session: requests.Session, mobile: str) -> dict[str, Any]:
        answer = session.post(
            f"{server}/v1/lookup",
            json={"customer": {"mobile": mobile}},
            headers={"Authorization": f"Bearer {token}"},
            timeout=30,
        )
        answer.raise_for_status()
        return dict(answer.json())

    return ask


def load(  # noqa: PLR0917 - said in the order of a sentence
    ask: Any, truths: list[Truth], tally: Tally, vendor: str, seconds: float, clients: int
) -> None:
    """Ask for random customers on several connections at once."""
    ends, lock = time.monotonic() + seconds, threading.Lock()

    def client() -> None:
        with requests.Session() as session:
            while time.monotonic() < ends:
                truth = random.choice(truths)  # noqa: S311 - whom to ask about is no secret
                answer = ask(session, truth.mobile)
                with lock:
                    tally.add(answer, truth, vendor)

    threads = [threading.Thread(target=client) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def fired(url: str) -> int:
    """How many calls the fault in force has hit."""
    rules = requests.get(f"{url}/_emulator/faults", timeout=10).json()
    return sum(rule["fired"] for rule in rules["items"])


def recovered(ask: Any, truths: list[Truth], vendor: str) -> None:
    """Wait until the vendor is asked again; a breaker looks every few seconds."""
    ends = time.monotonic() + 30
    with requests.Session() as session:
        while time.monotonic() < ends:
            answer = ask(session, truths[0].mobile)
            (one,) = (part for part in answer["answers"] if part["connection"] == vendor)
            if one["verdict"] != "unknown":
                return
            time.sleep(0.2)
    raise SystemExit(f"{vendor} was not asked again within 30 s after its fault had ended")


def described(fault: str, value: Any, every: int) -> str:
    """A fault as the table shows it."""
    shown = value["status"] if isinstance(value, dict) else value
    return f"{fault}{'' if shown is None else f' {shown}'}{'' if every == 1 else f', every {every}rd call'}"


def row(vendor: str, fault: str, hit: int, tally: Tally) -> str:
    """A line of the table."""
    verdicts = tally.verdicts
    figures = [
        *(hit, verdicts.total()),
        *(verdicts[word] for word in ("found, whole", "found, in part", "none", "unknown")),
        len(tally.wrong),
    ]
    return f"| {vendor} | {fault} | {' | '.join(str(figure) for figure in figures)} |"


if __name__ == "__main__":
    main()
