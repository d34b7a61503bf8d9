"""The same identifier gets the same answer over HTTP, on the command line and in Python."""

import json
from typing import Any

import pytest

from couponhub.cli import main
from couponhub.errors import UsageError
from couponhub.models import Customer
from couponhub.state import Scope
from couponhub.testing import EmulatedVendors
from tests.server.harness import ServerHarness, problem


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("mobile", "09876543210"),
        ("mobile", "\u202a+91 98765-43210\u202c"),
        ("mobile", "tel:+91-98765-43210"),
        ("mobile", "918888877777"),
        ("email", " A.Buyer@Example.com"),
        ("email", "A Buyer <a.buyer@example.com>,"),
        ("external_id", "EXT-007\u00a0"),
        ("external_id", "ext-007"),
        ("id", "\ufeff98662653"),
    ],
)
def test_what_was_pasted_is_answered_alike(
    harness: ServerHarness,
    vendors: EmulatedVendors,
    capsys: pytest.CaptureFixture[str],
    *,
    kind: str,
    text: str,
) -> None:
    """Verdict, reason and codes; the customer is repeated as it was given."""
    token = harness.token(Scope.LOOKUP, Scope.CODES_REVEAL)
    served = harness.lookup(token, customer={kind: text}).json
    assert served is not None
    capsys.readouterr()
    words = ("--config", str(vendors.config), "lookup", f"--{kind.replace('_', '-')}", text)
    main([*words, "--connection", "capillary", "-o", "json"])
    printed = json.loads(capsys.readouterr().out)
    hub = harness.hub.lookup(Customer(**{kind: text}), connections=["capillary"])
    assert {kind: text} == served["customer"] == printed["customer"]
    assert told(served) == told(printed)
    assert told(printed)[:2] == (hub.answers[0].verdict, hub.answers[0].reason)


def told(document: Any) -> tuple[str, str, list[str]]:
    """What an answer says."""
    (one,) = document["answers"]
    return one["verdict"], one["reason"], [coupon["code"] for coupon in document["coupons"]]


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("mobile", "919876543210.0"),
        ("mobile", "+91 98765 43210,0"),
        ("mobile", "9.19877E+11"),
        ("email", "#N/A"),
        ("external_id", '="EXT-007"'),
        ("id", "98662653.0"),
    ],
)
def test_what_is_ruined_is_refused_alike(
    harness: ServerHarness,
    vendors: EmulatedVendors,
    capsys: pytest.CaptureFixture[str],
    *,
    kind: str,
    text: str,
) -> None:
    """As the caller's mistake, by the same words, also of one customer among many; nobody is asked."""
    before = len(harness.controls["capillary"].requests())
    with pytest.raises(UsageError) as caught:
        Customer(**{kind: text})
    token = harness.token(Scope.LOOKUP)
    alone = problem(harness.lookup(token, customer={kind: text}), 400, "usage")
    batch = {"customers": [{"mobile": "919876543210"}, {kind: text}], "connections": ["capillary"]}
    among = problem(harness.post("/v1/lookup/batch", batch, token), 400, "usage")
    assert str(caught.value) in alone["detail"]
    assert f"customers[1]: {caught.value}" in among["detail"]
    for command in ("lookup", "forget", "explain"):
        capsys.readouterr()
        option = f"--{kind.replace('_', '-')}={text}"
        assert 2 == main(["--config", str(vendors.config), command, option, "--yes"])
        shown = capsys.readouterr()
        assert str(caught.value) in shown.err
        assert text not in shown.err + shown.out
    assert before == len(harness.controls["capillary"].requests())
