"""The author of an adapter: a vendor of their own, shown by the command line and held to the contract."""

import importlib
import re
from pathlib import Path

import pytest

from couponhub import Customer, Unsupported
from couponhub.testing import ConformanceSuite, harness_for
from couponhub_capillary import PLUGIN as CAPILLARY
from couponhub_moengage import PLUGIN as MOENGAGE
from tests.kit.cli import CliRunner


def test_what_is_installed(cli: CliRunner) -> None:
    """Without a config too: of which package, and what each can do."""
    (cli.folder / "couponhub.toml").unlink()
    rows = {row[0]: row for row in cli("adapters").rows}
    assert {"capillary", "moengage"} <= set(rows)
    assert "customers.coupons" in rows["capillary"][3]
    assert "customers.coupons" not in rows["moengage"][3]
    assert rows["capillary"][2].startswith("couponhub ")
    assert 2 == cli("connections").code


def test_a_bench_of_one_vendor() -> None:
    """The steps of the guide: a list with codes, a customer who is given one, and a lookup that finds it."""
    with harness_for(CAPILLARY) as harness:
        list_id = harness.list_with("Spring", ["SPRING-1"])
        harness.control.add_customer(mobile="919812345678")
        harness.control.issue(list_id, {"mobile": "919812345678"}, codes=["SPRING-1"])
        answer = harness.hub.lookup(Customer(mobile="919812345678"))
        assert ["SPRING-1"] == [coupon.code for coupon in answer.coupons]


def test_what_a_vendor_cannot_do_names_what_to_do_instead() -> None:
    """Refused before anything is sent, with the alternative as its hint."""
    with harness_for(MOENGAGE) as harness:
        with pytest.raises(Unsupported) as caught:
            harness.connection.coupons.find(["A-1"])
        assert "couponhub usage request" in caught.value.hint
        assert [] == harness.control.requests()


def test_every_name_of_the_guide_is_where_it_says() -> None:
    """What the suite inherits from, and each module that a program of the guide imports from."""
    assert [name for name in dir(ConformanceSuite) if name.startswith("test_r")]
    guide = Path(__file__).parents[2] / "docs" / "adding-a-vendor.md"
    text = guide.read_text(encoding="utf-8")
    imports = re.findall(r"^from (couponhub[\w.]*) import ([\w, ]+)$", text, re.MULTILINE)
    assert imports
    for module, names in imports:
        if module.startswith("couponhub.") or module == "couponhub":
            found = importlib.import_module(module)
            assert [] == [name for name in names.split(", ") if not hasattr(found, name)]
