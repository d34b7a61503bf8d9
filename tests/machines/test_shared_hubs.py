"""Hubs on machines of their own that share a Redis and nothing else but the key of the store."""

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import attrs
import pytest

from couponhub import CouponHub, Customer
from couponhub.config.settings import LookupSettings
from couponhub.erasure import watching
from couponhub.errors import LocalError, RateLimited
from couponhub.models import Source, Verdict
from couponhub.secret import Secret
from couponhub.server.loading import hurried
from couponhub.state import SharedSettings, StoreSettings
from couponhub.state.redis import link
from couponhub.testing import Harness, harness_for
from couponhub_capillary import PLUGIN as CAPILLARY
from couponhub_moengage import PLUGIN as MOENGAGE
from tests.forking.keeping import HAS_FORK, Child
from tests.kit.eventually import eventually
from tests.kit.servers import RedisServer, running_redis

KEY = "5" * 64
MOBILE = "919876500001"


@pytest.fixture(scope="module")
def capillary() -> Iterator[Harness]:
    """A vendor who can be asked about customers."""
    with harness_for(CAPILLARY) as harness:
        harness.control.add_customer(mobile=MOBILE)
        harness.control.add_customer(mobile="919876500002")
        yield harness


@pytest.fixture(scope="module")
def moengage() -> Iterator[Harness]:
    """A vendor who takes codes."""
    with harness_for(MOENGAGE) as harness:
        yield harness


def machine(
    harness: Harness, server: RedisServer, folder: Path, name: str, **connection: object
) -> CouponHub:
    """A hub on a machine of that name."""
    config: Any = harness.hub.config
    connections = {
        key: attrs.evolve(one, settings=attrs.evolve(one.settings, **connection))
        for key, one in config.connections.items()
    }
    return CouponHub(
        attrs.evolve(
            config,
            connections=connections,
            lookup=LookupSettings(deadline=10.0),
            store=StoreSettings(url=f"sqlite:///{(folder / name).as_posix()}/couponhub.db", key=Secret(KEY)),
            shared=SharedSettings(url=Secret(server.url)),
        )
    )


def source(hub: CouponHub, mobile: str = MOBILE) -> Source:
    """Where the answer about a customer came from."""
    (answer,) = hub.lookup(Customer(mobile=mobile)).answers
    assert Verdict.UNKNOWN is not answer.verdict, answer.reason
    return answer.source


def test_what_one_machine_asked_the_other_knows_until_somebody_is_forgotten(
    capillary: Harness, redis_server: RedisServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where the other remembers it by itself; and nothing of it can be read in Redis."""
    monkeypatch.setattr(watching.Watch.__init__, "__kwdefaults__", {"every": 0.05})
    client = redis_server.client()
    with (
        machine(capillary, redis_server, tmp_path, "one") as one,
        machine(capillary, redis_server, tmp_path, "other") as other,
    ):
        assert Source.LIVE is source(one)
        eventually(lambda: client.keys("couponhub:a:*"))
        assert Source.CACHE is source(other)
        assert 1 == other.resilience["capillary"].status().shared_hits
        everything = [text for key in client.scan_iter() for text in (key, client.dump(key) or b"")]
        assert [] == [text for text in everything if MOBILE.encode() in text or b"capillary" in text]
        one.forget([Customer(mobile="919876500002")])
        eventually(lambda: Source.LIVE is source(other))


def test_a_server_and_a_library_know_the_same_answers(
    capillary: Harness, redis_server: RedisServer, tmp_path: Path
) -> None:
    """A server bounds how long its callers wait, which is no other question to the vendor."""
    with (
        machine(capillary, redis_server, tmp_path, "library") as library,
        machine(capillary, redis_server, tmp_path, "server") as configured,
        CouponHub(hurried(configured.config)) as server,
    ):
        assert (
            server.config.connections["capillary"].settings
            != library.config.connections["capillary"].settings
        )
        assert Source.LIVE is source(library)
        eventually(lambda: redis_server.client().keys("couponhub:a:*"))
        assert Source.CACHE is source(server)


def test_both_spend_one_quota(capillary: Harness, redis_server: RedisServer, tmp_path: Path) -> None:
    """A call of one machine is missing from what the other has left."""
    limits = {"calls_per_minute": 5}
    with (
        machine(capillary, redis_server, tmp_path, "one", limits=limits) as one,
        machine(capillary, redis_server, tmp_path, "other", limits=limits) as other,
    ):
        source(one)
        assert other["capillary"].quota_left()["calls_per_minute"] < 5


def test_an_upload_waits_while_redis_is_away(
    moengage: Harness, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Nothing is sent that nobody counts; it goes out once Redis is back, and reading goes on meanwhile."""
    monkeypatch.setattr(link, "TRIED_AGAIN_AFTER", 0.2)
    with (
        running_redis() as server,
        machine(moengage, server, tmp_path, "one", patience=0.3) as hub,
        ThreadPoolExecutor(1) as beside,
    ):
        at = hub["moengage"]
        list_id = moengage.list_with("waiting", [])
        server.kill()
        with pytest.raises(RateLimited, match="away, so nothing was sent"):
            at.lists.create(attrs.evolve(moengage.new_list("another"), created_by="me"))
        sending = beside.submit(at.uploads.send, list_id, ["CODE-0001"])
        eventually(lambda: hub.jobs.due() or list(hub.jobs.iterate()))
        assert list_id in {one.id for one in at.lists.iterate()}
        assert [] == moengage.control.codes(list_id)
        assert not sending.done()
        server.start()
        sending.result(timeout=30)
        eventually(lambda: ["CODE-0001"] == [one["code"] for one in moengage.control.codes(list_id)])
    assert 1 == caplog.text.count("cannot be used")


def test_forgetting_says_when_redis_is_away(capillary: Harness, tmp_path: Path) -> None:
    """What lies there cannot be dropped then: it is to be repeated."""
    with running_redis() as server, machine(capillary, server, tmp_path, "one") as hub:
        server.kill()
        with pytest.raises(LocalError, match="is away") as caught:
            hub.forget([Customer(mobile=MOBILE)])
        assert "repeat it" in (caught.value.hint or "")


@pytest.mark.skipif(not HAS_FORK, reason="Windows has no fork")
def test_a_forked_process_has_connections_of_its_own(
    capillary: Harness, redis_server: RedisServer, tmp_path: Path
) -> None:
    """Parent and child go on beside each other, each over its own."""
    with machine(capillary, redis_server, tmp_path, "one") as hub:
        assert Source.LIVE is source(hub)
        eventually(lambda: redis_server.client().keys("couponhub:a:*"))
        child = Child(lambda: [str(source(hub)), str(source(hub, "919876500002"))])
        assert Source.CACHE is source(hub)
        assert ["cache", "live"] == child.told()
        assert not hub.shared.is_away  # type: ignore[union-attr] # there is one


def test_who_shares_nothing_imports_nothing_of_it(tmp_path: Path) -> None:
    """A lookup with a config that names no Redis brings neither its client nor what seals."""
    (tmp_path / "c.toml").write_text(
        '[connections.a]\nadapter = "capillary"\nbase_url = "http://127.0.0.1:9"\nkey = "k"\nsecret = "s"\n'
        f'[store]\nurl = "sqlite:///{tmp_path.as_posix()}/s.db"\n'
    )
    program = (
        "import sys; from couponhub import CouponHub, Customer\n"
        f"with CouponHub.from_config({str(tmp_path / 'c.toml')!r}) as hub: hub.lookup(Customer(mobile='919876543210'))\n"
        "print(sorted({name.partition('.')[0] for name in sys.modules} & {'redis', 'cryptography', 'hiredis'}),"
        " 'couponhub.state.redis' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)  # noqa: S603 - our own program
    assert "[] False" == done.stdout.strip()
