"""The client and `couponhub serve`, each in a process of its own."""

import json
import signal
from collections.abc import Iterator
from pathlib import Path

import attrs
import pytest

from couponhub import CouponHub, CouponQuery, CouponSort, Customer
from couponhub.client import Client
from couponhub.errors import (
    AuthRejected,
    ConfigError,
    NotFound,
    PermissionDenied,
    UnknownConnection,
    UsageError,
)
from couponhub.models import Coupon, CouponStatus, ListId, LookupAnswer, Verdict
from tests.kit.cli import CUSTOMER, CliRunner

PERSON = Customer(mobile=CUSTOMER)


@attrs.frozen
class Served:
    """A server, and how to make tokens for it."""

    url: str
    cli: CliRunner

    def token(self, *scopes: str) -> str:
        """Make a token."""
        words = [word for scope in scopes for word in ("--scope", scope)]
        ran = self.cli("-o", "json", "token", "new", *words)
        assert 0 == ran.code, ran.err
        return str(ran.json["token"])


@pytest.fixture
def served(cli: CliRunner) -> Iterator[Served]:
    """A server of what the command line's config names."""
    cli.configure(more="\n[lookup]\ncache_ttl = 0\nnegative_ttl = 0\n")
    served = Served("", cli)
    served.token("admin")  # with none, it would make one of its own
    process = cli.spawned("serve", "--port", "0")
    assert process.stdout is not None
    url = process.stdout.readline().strip()
    try:
        assert url.startswith("http://127.0.0.1:")
        yield attrs.evolve(served, url=url)
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)


def comparable(answer: LookupAnswer) -> LookupAnswer:
    """The answer without what is another each time, and what does not travel."""
    return attrs.evolve(
        answer,
        answers=tuple(
            attrs.evolve(one, as_of=None, elapsed_ms=0, coupons=tuple(map(plain, one.coupons)))
            for one in answer.answers
        ),
    )


def plain(coupon: Coupon) -> Coupon:
    """The coupon without those."""
    return attrs.evolve(coupon, as_of=None, raw={})


def test_all_of_it(served: Served) -> None:
    """What the hub answers, the client answers; what the token may not see comes masked or not at all."""
    # All before the first request: the server looks for new ones every other second.
    token, lesser = served.token("lookup", "codes:reveal", "lists:read"), served.token("lookup")
    with CouponHub.from_config() as hub, Client(served.url, token=token, timeout=10) as client:
        asked = client.lookup(PERSON, deadline=5.0)
        assert comparable(hub.lookup(PERSON, deadline=5.0)) == comparable(asked)
        assert 5 <= len(asked.coupons)
        assert not asked.complete
        query = CouponQuery(status=frozenset({CouponStatus.EXPIRED}))
        only = client.lookup(PERSON, query, connections=["capillary"], strategy="first-found")
        assert comparable(hub.lookup(PERSON, query, connections=["capillary"])) == comparable(only)
        last = CouponQuery(sort=CouponSort.EXPIRES, descending=True, limit=2)
        there = client.lookup(PERSON, last, connections=["capillary"], raw=True)
        assert comparable(hub.lookup(PERSON, last, connections=["capillary"])) == comparable(there)
        assert [coupon.code for coupon in there.coupons] == [coupon.raw["code"] for coupon in there.coupons]
        assert ("Asha", "Buyer") == (there.answers[0].first_name, there.answers[0].last_name)
        here, there_too = (
            [attrs.evolve(one, left=None) for one in either.connections()] for either in (hub, client)
        )
        assert ["capillary", "moengage"] == [one.connection for one in here]
        assert here == there_too
        people = [PERSON, *(Customer(mobile=f"9190000000{number:02}") for number in range(19))]
        many = list(client.lookup_many(people, connections=["capillary"]))
        assert people == [answer.customer for answer in many]
        assert [Verdict.FOUND, *[Verdict.NONE] * 19] == [answer.answers[0].verdict for answer in many]
        with pytest.raises(UnknownConnection, match="nowhere"):
            client.lookup(PERSON, connections=["nowhere"])
        with pytest.raises(UsageError, match="exactly one connection"):
            client.lookup(PERSON, CouponQuery(list_id=ListId("1")))
        with pytest.raises(NotFound):
            client.lookup(PERSON, CouponQuery(list_id=ListId("1")), connections=["capillary"])
    with Client(served.url, token=lesser) as client:
        masked = client.lookup(PERSON)
        assert len(asked.coupons) == len(masked.coupons)
        assert (None, {}) == (masked.answers[0].first_name, masked.answers[0].raw)
        with pytest.raises(PermissionDenied, match="codes:reveal"):
            client.lookup(PERSON, raw=True)
        assert all(coupon.code.startswith("***") for coupon in masked.coupons)
        with pytest.raises(PermissionDenied, match="lists:read"):
            client.connections()
    with Client(served.url, token="chub_0_wrong") as client, pytest.raises(AuthRejected, match="not known"):
        client.lookup(PERSON)


def test_on_the_command_line(served: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`lookup --server` needs no config file, prints what `lookup` prints, and shows no token."""
    cli = served.cli
    token, lesser = served.token("lookup", "codes:reveal"), served.token("lookup")
    path = tmp_path / "token"
    path.write_text(f"{token}\n", encoding="utf-8")
    here = cli("lookup", "--mobile", CUSTOMER, "-o", "json")
    rows = cli("lookup", "--mobile", CUSTOMER).rows
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    words = ("lookup", "--mobile", CUSTOMER, "--server", served.url, "--token", f"@{path}")
    there = cli(*words, "-o", "json", "--debug")
    assert (3, 3) == (here.code, there.code), there.err
    assert [coupon["code"] for coupon in here.json["coupons"]] == [
        coupon["code"] for coupon in there.json["coupons"]
    ]
    assert [answer["verdict"] for answer in here.json["answers"]] == [
        answer["verdict"] for answer in there.json["answers"]
    ]
    assert rows == cli(*words).rows
    assert token not in there.err
    assert CUSTOMER not in there.err
    raw = cli(*words, "--raw", "-o", "json").json["coupons"]
    assert [coupon["code"] for coupon in raw] == [coupon["raw"].get("code") for coupon in raw]
    path.write_text(f"{lesser}\n", encoding="utf-8")
    refused = cli(*words, "--raw", "-o", "json")
    assert (5, "permission") == (refused.code, refused.json["error"]["kind"])
    assert 5 == cli(*words[:-1], "chub_0_wrong").code
    refused = cli("-o", "json", *words[:-1], "chub_0_CANARY")
    assert "credentials" == refused.json["error"]["kind"]
    assert "CANARY" not in refused.err + refused.out
    assert [] == list(elsewhere.iterdir())


def test_a_token_without_a_server(cli: CliRunner) -> None:
    """It would be sent nowhere."""
    assert "name that with --server" in cli("lookup", "--mobile", CUSTOMER, "--token", "x").complaint


def test_a_server_over_plain_http_elsewhere(cli: CliRunner) -> None:
    """Neither customer nor token travels there."""
    ran = cli(
        "lookup", "--mobile", CUSTOMER, "--server", "http://a.example.com", "--token", "CANARY", "-o", "json"
    )
    assert 2 == ran.code
    assert "http:// is refused" in ran.complaint
    assert "CANARY" not in ran.err + ran.out
    assert "config" == json.loads(ran.out)["error"]["kind"]


def test_a_server_in_another_container(caplog: pytest.LogCaptureFixture) -> None:
    """Plain http to another machine is taken where that is said, and warned of."""
    with Client("http://coupons:8700", token="CANARY", allow_http=True):
        (record,) = caplog.records
    assert ("WARNING", True) == (record.levelname, "plain http" in record.getMessage())
    with pytest.raises(ConfigError, match="allow_http"):
        Client("http://coupons:8700")
