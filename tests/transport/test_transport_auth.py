"""Credentials are renewed once where they can be, and fetched once for all threads."""

import base64
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from couponhub.clock import SYSTEM_CLOCK, Clock, Deadline
from couponhub.errors import AuthRejected, OutcomeUnknown, RateLimited, UnreadableReply, VendorUnavailable
from couponhub.transport import BasicAuth, HeaderAuth, NoObserver, Observer, Request, TokenAuth, VendorCall
from couponhub.transport.auth import AccessToken
from tests.kit.clock import FakeClock
from tests.kit.eventually import eventually
from tests.kit.scripted_server import Script, ScriptedServer, Seen, says
from tests.transport.transports import transport_to, understood

READ = Request(operation="read lists", method="GET", path="/lists")
WRITE = Request(operation="create list", method="POST", path="/lists", body={}, changes=True)
HEADER = "X-Token"


class Tokens:
    """Gives t1, t2, ... and keeps count; `failures` are raised first."""

    def __init__(self, *failures: Exception, lifetime: float = 100.0, seconds: float = 0.0) -> None:
        self.given = 0
        self.asked = 0
        self._failures = list(failures)
        self._lifetime = lifetime
        self._seconds = seconds

    def __call__(self) -> AccessToken:
        """Give the next one."""
        self.asked += 1
        if self._seconds:
            time.sleep(self._seconds)
        if self._failures:
            raise self._failures.pop(0)
        self.given += 1
        return AccessToken(value=f"t{self.given}", lifetime=self._lifetime)


def token_auth(tokens: Tokens, clock: Clock = SYSTEM_CLOCK, observer: Observer | None = None) -> TokenAuth:
    """A sign-in that leaves the last ten seconds of a token unused."""
    return TokenAuth(
        tokens,
        header=HEADER,
        margin=lambda _: 10.0,
        connection="shop",
        observer=observer or NoObserver(),
        clock=clock,
    )


def accepts(token: str) -> Callable[[Seen], Script]:
    """A vendor that takes that token alone."""
    return lambda seen: says(200 if seen.headers.get("x-token") == token else 401)


class Watcher:
    """Notes what it is told."""

    def __init__(self) -> None:
        self.calls: list[VendorCall] = []

    def began(self, connection: str, operation: str) -> Callable[[VendorCall], None]:
        """Check that what begins is what ends."""
        assert ("shop", "fetch_token") == (connection, operation)
        return self.calls.append


def test_fetches_are_told_like_calls() -> None:
    """One that fails and one that succeeds: a dead token endpoint shows itself by nothing else."""
    watcher = Watcher()
    auth = token_auth(Tokens(AuthRejected("no", status=401)), observer=watcher)
    with pytest.raises(AuthRejected):
        auth.sign({}, Deadline.after(5))
    auth.sign({}, Deadline.after(5))
    auth.sign({}, Deadline.after(5))
    told = [(call.connection, call.operation, call.outcome, call.status) for call in watcher.calls]
    assert [("shop", "fetch_token", "credentials", 401), ("shop", "fetch_token", "ok", None)] == told


@pytest.mark.parametrize("request_", [READ, WRITE], ids=["read", "write"])
def test_a_refused_token_is_renewed_once(server: ScriptedServer, waits: FakeClock, request_: Request) -> None:
    """Refused calls were not done, so that a write is repeated too, at once."""
    server.otherwise = accepts("t2")
    tokens = Tokens()

    reply = transport_to(server.url, auth=token_auth(tokens), waits=waits).call(request_, understood)

    assert (200, 2, []) == (reply.status, tokens.given, waits.sleeps)
    assert ["t1", "t2"] == [seen.headers["x-token"] for seen in server.seen]


def test_a_token_that_is_refused_again_is_not_renewed_again(server: ScriptedServer) -> None:
    """The second refusal is the answer."""
    server.otherwise = lambda _: says(401)
    tokens = Tokens()

    with pytest.raises(AuthRejected) as caught:
        transport_to(server.url, auth=token_auth(tokens)).call(READ, understood)

    assert (2, 2) == (tokens.given, len(server.seen))
    assert ("shop", "read lists") == (caught.value.connection, caught.value.operation)


def test_fixed_credentials_are_tried_once(server: ScriptedServer) -> None:
    """There are no others to try."""
    server.otherwise = lambda _: says(401)
    auth = HeaderAuth(inner=BasicAuth("u", "p"), name="X-Workspace", value="W")

    with pytest.raises(AuthRejected):
        transport_to(server.url, auth=auth).call(READ, understood)

    assert ["W"] == [seen.headers["x-workspace"] for seen in server.seen]


def test_a_header_beside_a_token_is_renewed_with_it(server: ScriptedServer) -> None:
    """The inner sign-in is asked."""
    server.otherwise = accepts("t2")
    auth = HeaderAuth(inner=token_auth(Tokens()), name="X-Workspace", value="W")

    transport_to(server.url, auth=auth).call(READ, understood)

    assert ["W", "W"] == [seen.headers["x-workspace"] for seen in server.seen]


def test_basic_is_utf8(server: ScriptedServer) -> None:
    """Letters beyond Latin ones survive."""
    transport_to(server.url, auth=BasicAuth("ключ", "pä:ss")).call(READ, understood)

    sent = server.seen[0].headers["authorization"].removeprefix("Basic ")
    assert "ключ:pä:ss" == base64.b64decode(sent).decode()


def test_many_threads_fetch_one_token(server: ScriptedServer) -> None:
    """Fifty threads that find the token expired wait for one new one."""
    now = 0.0
    tokens = Tokens(seconds=0.05)
    transport = transport_to(server.url, auth=token_auth(tokens, clock=Clock(monotonic=lambda: now)))
    transport.call(READ, understood)
    now = 1000.0

    with ThreadPoolExecutor(50) as pool:
        list(pool.map(lambda _: transport.call(READ, understood), range(50)))

    assert 2 == tokens.given
    assert ["t1"] + ["t2"] * 50 == [seen.headers["x-token"] for seen in server.seen]


def test_many_refused_threads_fetch_one_token(server: ScriptedServer) -> None:
    """A thread that was refused with an older token leaves the newer one in place."""
    tokens = Tokens()
    transport = transport_to(server.url, auth=token_auth(tokens))
    transport.call(READ, understood)
    server.otherwise = accepts("t2")

    with ThreadPoolExecutor(20) as pool:
        list(pool.map(lambda _: transport.call(READ, understood), range(20)))

    assert 2 == tokens.given


def test_waiting_threads_share_a_failure() -> None:
    """They do not ask one after the other, each for the whole timeout; a later call asks again."""
    tokens = Tokens(*[VendorUnavailable("down") for _ in range(50)], seconds=0.2)
    auth = token_auth(tokens)
    gate = threading.Barrier(20)

    def fail(_: int) -> VendorUnavailable:
        gate.wait()
        with pytest.raises(VendorUnavailable, match="down") as caught:
            auth.sign({}, Deadline.after(5))
        return caught.value

    started = time.monotonic()
    with ThreadPoolExecutor(20) as pool:
        errors = list(pool.map(fail, range(20)))

    assert time.monotonic() - started < 1.0
    assert 20 == len({id(error) for error in errors})
    asked = tokens.asked
    assert asked < 5
    with pytest.raises(VendorUnavailable):
        auth.sign({}, Deadline.after(5))
    assert asked + 1 == tokens.asked


def test_an_impatient_caller_leaves_the_fetch_to_the_others(server: ScriptedServer) -> None:
    """It gives up at its own deadline, having sent nothing; the fetch it began serves those who have time."""
    slow = threading.Event()

    class Slow(Tokens):
        def __call__(self) -> AccessToken:
            slow.wait(5)
            return super().__call__()

    tokens = Slow()
    transport = transport_to(server.url, auth=token_auth(tokens))
    started = time.monotonic()
    with ThreadPoolExecutor(10) as pool:
        with pytest.raises(VendorUnavailable, match="no token came") as caught:
            transport.call(WRITE, understood, deadline=Deadline.after(0.1))
        gave_up_after = time.monotonic() - started
        patient = [
            pool.submit(transport.call, READ, understood, deadline=Deadline.after(5.0)) for _ in range(10)
        ]
        with pytest.raises(VendorUnavailable):
            transport.call(READ, understood, deadline=Deadline.after(0.05))
        slow.set()
        replies = [future.result() for future in patient]

    assert gave_up_after < 1.0
    assert (True, False) == (caught.value.too_slow, caught.value.sent)
    assert ("shop", "create list") == (caught.value.connection, caught.value.operation)
    assert ([200] * 10, 1) == ([reply.status for reply in replies], tokens.asked)
    assert {"t1"} == {seen.headers["x-token"] for seen in server.seen}


def test_a_fetch_that_hangs_holds_nobody_who_comes_later() -> None:
    """A vendor that is back gives a token to whoever asks it anew, and to those who wait for what hangs."""
    now = 1000.0
    hangs = threading.Event()

    class Hanging(Tokens):
        def __call__(self) -> AccessToken:
            if self.asked == 0:
                self.asked += 1
                hangs.wait(30)
                raise VendorUnavailable("it hung")
            return super().__call__()

    tokens = Hanging()
    auth = token_auth(tokens, clock=Clock(monotonic=lambda: now))
    early: dict[str, str] = {}
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(auth.sign, early, Deadline.after(30))
        eventually(lambda: tokens.asked == 1, "the fetch that hangs")
        now += 2.9
        with pytest.raises(VendorUnavailable, match="no token came"):
            auth.sign({}, Deadline.after(0.05))
        now += 0.1
        late: dict[str, str] = {}
        auth.sign(late, Deadline.after(30))
        waiting.result(30)
        hangs.set()

    assert [{HEADER: "t1"}] * 2 == [early, late]
    assert 2 == tokens.asked


def test_few_fetches_hang_beside_each_other() -> None:
    """However many come while a vendor is silent: its silence costs eight threads."""
    now = 1000.0
    hangs = threading.Event()

    class Hanging(Tokens):
        def __call__(self) -> AccessToken:
            self.asked += 1
            hangs.wait(30)
            return super().__call__()

    tokens = Hanging()
    auth = token_auth(tokens, clock=Clock(monotonic=lambda: now))
    for _ in range(20):
        now += 5.0
        with pytest.raises(VendorUnavailable):
            auth.sign({}, Deadline.after(0.001))
    eventually(lambda: tokens.asked == 8, "eight fetches")
    hangs.set()


def test_a_fault_of_a_token_source_reaches_the_caller_and_the_next_call_asks_again() -> None:
    """Nobody waits for ever for a fetch that has fallen over."""
    tokens = Tokens(RuntimeError("a fault"))
    auth = token_auth(tokens)
    with pytest.raises(RuntimeError, match="a fault"):
        auth.sign({}, Deadline.after(5))

    headers: dict[str, str] = {}
    auth.sign(headers, Deadline.after(5))

    assert {HEADER: "t1"} == headers


@pytest.mark.parametrize(("age", "expected"), [(0.0, "t1"), (89.9, "t1"), (90.0, "t2"), (500.0, "t2")])
def test_a_token_is_renewed_before_it_ends(age: float, expected: str) -> None:
    """Of 100 seconds the last ten are left unused."""
    now = 1000.0
    auth = token_auth(Tokens(), clock=Clock(monotonic=lambda: now))
    auth.sign({}, Deadline.after(5))
    now += age

    headers: dict[str, str] = {}
    auth.sign(headers, Deadline.after(5))

    assert {HEADER: expected} == headers


def test_a_tokens_time_runs_while_it_is_fetched() -> None:
    """The vendor counts from when it answered, and we from when we asked."""
    moments = iter([0.0, 0.0, 0.0, 89.0, 90.0, 90.0, 90.0])
    tokens = Tokens()
    auth = token_auth(tokens, Clock(monotonic=lambda: next(moments)))
    for expected in (1, 1, 2):
        auth.sign({}, Deadline.after(5))
        assert expected == tokens.given


@pytest.mark.parametrize(
    "failure", [VendorUnavailable("down"), RateLimited("slow down", retry_after=1.0)], ids=["down", "limited"]
)
def test_a_write_waits_for_its_token(server: ScriptedServer, waits: FakeClock, failure: Exception) -> None:
    """A sign-in that fails has sent nothing of the write, which is then sent once."""
    auth = token_auth(Tokens(failure))

    transport_to(server.url, auth=auth, waits=waits).call(WRITE, understood)

    assert (1, 1) == (len(server.seen), len(waits.sleeps))


@pytest.mark.parametrize("kind", [VendorUnavailable, UnreadableReply, AuthRejected])
def test_a_write_without_a_token_was_not_sent(server: ScriptedServer, kind: type[Exception]) -> None:
    """A sign-in that fails for good leaves no outcome unknown."""
    auth = token_auth(Tokens(*[kind("no token") for _ in range(4)]))

    with pytest.raises(kind) as caught:
        transport_to(server.url, auth=auth).call(WRITE, understood)

    assert not isinstance(caught.value, OutcomeUnknown)
    assert [] == server.seen


def test_credentials_do_not_show() -> None:
    """Neither in a token nor in a sign-in."""
    shown = repr(
        [
            AccessToken(value="hunter2", lifetime=1.0),
            HeaderAuth(inner=BasicAuth("u", "hunter2"), name="X", value="hunter2"),
        ]
    )
    assert "hunter2" not in shown
