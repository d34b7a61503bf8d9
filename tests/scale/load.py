"""A steady load of lookups over several servers, each answer beside what the emulated vendors say."""

import random
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import attrs
import requests

from tests.kit.eventually import eventually
from tests.scale.fleet import Fleet

HELD = "KNOWN-HELD-{}-{:03}-{}"
"""A code in the hands of a customer: of which vendor, of whom, and which."""
MOBILE = "9198765{:05}"
_HOLDINGS = (1, 2, 5, 9)


@attrs.frozen
class Person:
    """A customer, and the codes that each vendor gave away to him."""

    mobile: str
    codes: Mapping[str, frozenset[str]]


@attrs.define
class Tally:
    """What came back.

    Attributes:
        answers: Lookups by how they were answered: `answered`, `unknown` in one part at least, `failed` at all servers.
        wrong: What no answer may be, in words, with how often.
    """

    answers: Counter[str] = attrs.field(factory=Counter)
    wrong: Counter[str] = attrs.field(factory=Counter)
    longest: float = 0.0

    def judge(self, answer: Mapping[str, Any], person: Person) -> None:
        """Hold an answer against the truth, and count it."""
        for one in answer["answers"]:
            name, held = one["connection"], person.codes[one["connection"]]
            shown = [each["code"] for each in answer["coupons"] if each["connection"] == name]
            whole = one["verdict"] == "found" and one["reason"] is None
            if one["verdict"] == "none" and held:
                self.wrong[f"{name}: none, of one who holds codes"] += 1
            if whole and set(shown) != held:
                self.wrong[f"{name}: called whole, and a code is missing"] += 1
            if not set(shown) <= held:
                self.wrong[f"{name}: a code that is not held"] += 1
            if len(set(shown)) != len(shown):
                self.wrong[f"{name}: a code twice"] += 1
        is_whole = all(
            one["verdict"] == "none" or (one["verdict"] == "found" and one["reason"] is None)
            for one in answer["answers"]
        )
        if answer["complete"] != is_whole:
            self.wrong["complete, against what its parts say"] += 1
        self.answers["answered" if is_whole else "unknown"] += 1


def people(at: Fleet, count: int) -> list[Person]:
    """Make customers of every kind at the vendors, and import the usage report of the one that has no question for them."""
    now = datetime.now(UTC)
    found = []
    for number in range(count):
        codes = {}
        for offset, name in enumerate(("capillary", "moengage")):
            many = _HOLDINGS[number % len(_HOLDINGS)] if (number + offset) % 3 else 0
            codes[name] = frozenset(HELD.format(name[:3].upper(), number, index) for index in range(many))
        found.append(Person(MOBILE.format(number), codes))
    moengage = at.vendors.control("moengage")
    moengage.set_options(user_id_is="mobile")
    for name, emulated in at.vendors.emulated.items():
        control = at.vendors.control(name)
        if name == "moengage":
            control.set_clock(now - timedelta(days=4))
        every = [code for person in found for code in sorted(person.codes[name])]
        content = {
            "lists": [
                {"name": "held", "codes": every, "expires_at": str((now + timedelta(days=90)).date())}
                if name == "moengage"
                else {"name": "held", "codes": every}
            ]
        }
        (list_id,) = emulated.seed(content)
        for person in found:
            control.add_customer(mobile=person.mobile)
            if person.codes[name]:
                control.issue(list_id, {"mobile": person.mobile}, codes=sorted(person.codes[name]))
        if name == "moengage":
            control.set_clock(None)
            _reported(at, list_id, now)
    return found


def _reported(at: Fleet, list_id: str, now: datetime) -> None:
    days = ("--from", str((now - timedelta(days=4)).date()), "--to", str(now.date()))
    control = at.vendors.control("moengage")
    at.cli("usage", "request", "moengage", list_id, *days, "--email", "reports@example.com")
    eventually(control.mails, "the mail of the report")
    report = at.folder / "report.eml"
    report.write_bytes(control.eml(1))
    at.cli("usage", "import", "moengage", list_id, str(report), *days)


@contextmanager
def load(
    at: Fleet, token: str, persons: Sequence[Person], *, clients: int = 4, pause: float = 0.2
) -> Iterator[Tally]:
    """Ask for random customers, as a balancer would: the other server when one does not answer."""
    tally, lock, over = Tally(), threading.Lock(), threading.Event()

    def client(number: int) -> None:
        chance = random.Random(number)  # noqa: S311 - whom to ask about is no secret
        while not over.wait(pause * chance.uniform(0.5, 1.5)):
            person = chance.choice(persons)
            began = time.monotonic()
            answer = asked(at, token, person.mobile, first=chance.randrange(2))
            with lock:
                tally.longest = max(tally.longest, time.monotonic() - began)
                if answer is None:
                    tally.answers["failed"] += 1
                else:
                    tally.judge(answer, person)

    threads = [threading.Thread(target=client, args=(number,), daemon=True) for number in range(clients)]
    for thread in threads:
        thread.start()
    try:
        yield tally
    finally:
        over.set()
        for thread in threads:
            thread.join()


def asked(
    at: Fleet, token: str, mobile: str, *, first: int = 0, alone: bool = False
) -> dict[str, Any] | None:
    """Look a customer up at one server, and at the other where that does not answer, unless it is asked `alone`; None where none answers."""
    for server in (at.servers[first], *(() if alone else (at.servers[1 - first],))):
        try:
            answer = requests.post(
                f"http://127.0.0.1:{server.port}/v1/lookup",
                json={"customer": {"mobile": mobile}},
                headers={"Authorization": f"Bearer {token}"},
                timeout=15,
            )
        except requests.RequestException:
            continue
        if answer.status_code == 200:
            return dict(answer.json())
    return None


def sheet(path: Path, codes: Sequence[str]) -> Path:
    """Write codes into a file for an upload."""
    path.write_text("\n".join(["code", *codes, ""]), encoding="utf-8")
    return path
