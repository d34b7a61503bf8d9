"""A migration of many parts, its processes killed again and again, within both vendors' documented limits."""

import json
import random
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import attrs

from couponhub import CouponHub
from couponhub.testing import Control, EmulatorContext, EmulatorServer, config_text
from couponhub.testing.vendors import emulators
from tests.kit.cli import NEW_SERIES
from tests.kit.shared_clock import SharedClock
from tests.kit.witness import codes_given
from tests.torture.uploads import LIMITS, Plan, Torture

SOURCE = {"capillary": "moengage", "moengage": "capillary"}
"""The vendor that codes come from, by the one that they go to."""
_MOBILES = tuple(f"9190000000{number:02}" for number in range(7))
_ISSUED = 5
"""Every so many codes one is in the hands of a customer."""
_NAME = "tortured"
_MADE = {"capillary": NEW_SERIES, "moengage": ("--set", "created_by=tests")}


@attrs.define
class MigrationTorture(Torture):
    """One migration, and the processes that apply it.

    Attributes:
        source_id: The list that codes come from.
    """

    source_id: str = ""

    @property
    def scenario(self) -> str:
        """See `Torture.scenario`."""
        return f"a migration of {self.plan.parts} parts from {SOURCE[self.plan.vendor]}"

    @property
    def holders(self) -> dict[str, str]:
        """The codes that customers hold, with whose they are."""
        return {
            code: _MOBILES[number % len(_MOBILES)]
            for number, code in enumerate(self.codes)
            if number % _ISSUED == 0
        }

    @property
    def wanted(self) -> Counter[str]:
        """Each code once, with its customer where the target can tell; else without those that customers hold."""
        if self.plan.vendor == "moengage":
            return Counter(f"{code} None" for code in self.codes if code not in self.holders)
        return Counter(f"{code} {self.holders.get(code)}" for code in self.codes)

    @property
    def held(self) -> Counter[str]:
        """The codes that the vendor holds in all lists of that name, with their customers."""
        rows = (row for list_id in self._made() for row in self.control.codes(list_id))
        return Counter(f"{row['code']} {(row['customer'] or {}).get('mobile')}" for row in rows)

    @property
    def verbs(self) -> dict[str, tuple[str, ...]]:
        """See `Torture.verbs`."""
        digest = json.loads((self.folder / "plan.json").read_text(encoding="utf-8"))["digest"]
        return {
            "apply": ("migrate", "apply", "plan.json", "--confirm", digest, "-q"),
            "work": ("work", "--once"),
            "resume": ("migrate", "resume", "plan.json", "-q"),
        }

    def prepare(self) -> None:
        """Plan it."""
        super().prepare()
        rows = "".join(f"{mobile},{code}\n" for code, mobile in self.holders.items())
        (self.folder / "holders.csv").write_text(f"mobile,code\n{rows}", encoding="utf-8")
        ran = self.undisturbed(
            *("migrate", "plan", "--from", SOURCE[self.plan.vendor], "--list", self.source_id),
            *("--to", self.plan.vendor, "--create", *_MADE[self.plan.vendor]),
            *("--codes", "codes.csv", "--customers", "holders.csv", "--out", "plan.json"),
        )
        assert 0 == ran.returncode, ran.stderr

    def _made(self) -> list[str]:
        with CouponHub.from_config(self.folder / "couponhub.toml") as hub:
            return [one.id for one in hub[self.plan.vendor].lists.iterate() if one.name == _NAME]

    def _is_known_as_sent(self) -> bool:
        """Apply it once more: nothing goes out, one list was made, and the proof balances."""
        is_known = super()._is_known_as_sent()
        is_known &= self.undisturbed("migrate", "verify", "plan.json").returncode == 0
        with CouponHub.from_config(self.folder / "couponhub.toml") as hub:
            status = hub.migrations.status(self.folder / "plan.json")
        return is_known and status.sent == status.rows == self.wanted.total() and len(self._made()) == 1


@contextmanager
def migration_torture(plan: Plan, folder: Path) -> Iterator[MigrationTorture]:
    """Serve both vendors, their documented limits on, and fill the list that codes come from."""
    world = EmulatorContext()
    vendors = {one.name: one for one in emulators((), world)}
    for emulated in vendors.values():
        emulated.set_processing_delay(0.02)
        emulated.set_rate_limits(documented=True)
    vendors["moengage"].set_options({"fetch_retry_seconds": 0.02})
    source = vendors[SOURCE[plan.vendor]]
    with EmulatorServer([*vendors.values()], world) as server, codes_given("TORTURE-[0-9]+") as given:
        text = ""
        for name, emulated in vendors.items():
            settings: dict[str, Any] = {"timeout": 20.0, "limits": LIMITS[name]}
            text += config_text(server.url, [emulated], settings) + "\n"
        store = f'\n[store]\nurl = "sqlite:///{folder.as_posix()}/hub.db"\n'
        (folder / "couponhub.toml").write_text(text + store, encoding="utf-8")
        tortured = MigrationTorture(
            plan,
            folder,
            SharedClock.began(folder / "clock", server.url),
            Control(server.url, plan.vendor),
            "",
            given,
            random.Random(plan.seed),  # noqa: S311 - a seed is wanted
        )
        (tortured.source_id,) = source.seed({"lists": [{"name": _NAME, "codes": tortured.codes}]})
        for mobile in _MOBILES:
            for name in vendors:
                Control(server.url, name).add_customer(mobile=mobile)
        for code, mobile in tortured.holders.items():
            Control(server.url, source.name).issue(tortured.source_id, {"mobile": mobile}, codes=[code])
        yield tortured
