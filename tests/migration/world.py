"""A retailer's coupons at two vendors, as the tests of migrations need them."""

import json
from collections.abc import Sequence
from typing import Any

import attrs

from tests.kit.cli import NEW_SERIES, CliRunner, Ran

HOLDER = {"mobile": "919876543210"}


@attrs.frozen
class World:
    """Two vendors, and the command line."""

    cli: CliRunner

    def series(self, codes: Sequence[str], name: str = "Winter") -> str:
        """Make a series at Capillary that holds these codes, sent from here."""
        return self._filled("capillary", codes, name, NEW_SERIES)

    def coupon_list(self, codes: Sequence[str], name: str = "Winter") -> str:
        """Make a list at MoEngage that holds these codes, sent from here; without any, an empty one."""
        return self._filled("moengage", codes, name, ("--created-by", "tests"))

    def issue(
        self, vendor: str, list_id: str, codes: Sequence[str], customer: dict[str, str] = HOLDER
    ) -> None:
        """Have a vendor give codes of a list to a customer."""
        self.cli.control[vendor].issue(list_id, customer, codes=list(codes))

    def plan(self, *words: str, out: str = "plan.json") -> Ran:
        """Plan, and tell what became of it."""
        return self.cli("-o", "json", "migrate", "plan", *words, "--out", out)

    def read(self, name: str = "plan.json") -> Any:
        """The plan in a file."""
        return json.loads((self.cli.folder / name).read_text(encoding="utf-8"))

    def _filled(self, vendor: str, codes: Sequence[str], name: str, extra: Sequence[str]) -> str:
        ran = self.cli(
            "-o", "json", "lists", "create", vendor, "--name", name, "--expires", "2099-12-31", *extra
        )
        assert 0 == ran.code, ran.err
        list_id = str(ran.json["id"])
        if codes:
            self.cli.write(f"{name}.csv", "code", *codes)
            sent = self.cli("uploads", "send", vendor, list_id, f"{name}.csv", "--wait", "-o", "json")
            assert 0 == sent.code, sent.err
        return list_id
