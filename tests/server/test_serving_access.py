"""Who may do what: tokens, scopes, neighbours, and how often."""

import logging
import threading
from datetime import timedelta
from itertools import count

import pytest

from couponhub.clock import Clock, utc_now
from couponhub.errors import LocalError
from couponhub.server.auth import Access, is_from_loopback
from couponhub.server.problems import Refusal
from couponhub.server.token_bucket import TokenBucket
from couponhub.state import Scope, Token, new_token
from couponhub.state.sql.tokens import SqlTokens
from couponhub.testing import EmulatedVendors
from tests.kit.eventually import eventually
from tests.server.harness import MOBILE, NEIGHBOUR, STRANGER, ServerHarness, opened, problem

LOOKUP, BATCH = ("POST", "/v1/lookup"), ("POST", "/v1/lookup/batch")
READS = (
    ("GET", "/v1/connections"),
    ("GET", "/v1/connections/moengage/lists"),
    ("GET", "/v1/connections/moengage/lists/x"),
    ("GET", "/v1/connections/moengage/lists/x/uploads"),
    ("GET", "/v1/connections/moengage/lists/x/uploads/y"),
    ("GET", "/v1/jobs"),
    ("GET", "/v1/jobs/x"),
)
SEND = ("POST", "/v1/connections/capillary/lists/x/uploads")
LISTS = "/v1/connections/moengage/lists"
WRITES = (
    ("POST", LISTS),
    ("POST", f"{LISTS}/x"),
    ("POST", f"{LISTS}/x/activate"),
    ("POST", f"{LISTS}/x/archive"),
)
STEER = (
    ("POST", "/v1/jobs/x/pause"),
    ("POST", "/v1/jobs/x/resume"),
    ("POST", "/v1/jobs/x/cancel"),
    ("POST", "/v1/jobs/x/throttle"),
)
FIGURES = (("GET", "/metrics"), ("GET", "/docs"))
OPEN = (("GET", "/healthz"), ("GET", "/readyz"), ("GET", "/openapi.json"))
BODIES = {
    "/v1/lookup": {"customer": {"mobile": MOBILE}},
    "/v1/lookup/batch": {"customers": [{"mobile": MOBILE}]},
    LISTS: {"name": " ", "expires": "2030-06-30"},
    f"{LISTS}/x": {"name": "y"},
    f"{LISTS}/x/activate": {"expires": "2030-06-30"},
    "/v1/jobs/x/throttle": {"per_minute": 1},
    SEND[1]: {"url": "http://127.0.0.1:1/codes.csv"},
}
MATRIX = {
    Scope.LOOKUP: {LOOKUP, BATCH},
    Scope.LISTS_READ: {*READS},
    Scope.LISTS_WRITE: {*WRITES},
    Scope.UPLOADS_WRITE: {SEND},
    Scope.JOBS_WRITE: {*STEER},
    Scope.CODES_REVEAL: set[tuple[str, str]](),
    Scope.ADMIN: {LOOKUP, BATCH, *READS, *FIGURES},
}


def asked(harness: ServerHarness, where: tuple[str, str], token: str | None) -> int:
    """The status that an address answers."""
    method, path = where
    if method == "GET":
        return harness.get(path, token).status_code
    return harness.post(path, BODIES.get(path), token).status_code


@pytest.mark.parametrize("where", [LOOKUP, BATCH, *READS, *WRITES, SEND, *STEER, *FIGURES])
def test_scopes_open_what_they_name_and_nothing_else(harness: ServerHarness, where: tuple[str, str]) -> None:
    """Each address, with a token of each scope, and with none."""
    allowed = {scope for scope in Scope if asked(harness, where, harness.token(scope)) not in {401, 403}}
    assert {scope for scope in Scope if where in MATRIX[scope]} == allowed
    assert 401 == asked(harness, where, None)


@pytest.mark.parametrize("where", OPEN)
def test_health_and_description_need_no_token(harness: ServerHarness, where: tuple[str, str]) -> None:
    """Supervisors have none."""
    assert 200 == asked(harness, where, None)


def test_admin_sees_no_codes(harness: ServerHarness) -> None:
    """What reads everything is not what spends it."""
    answer = harness.lookup(harness.token(Scope.ADMIN)).json
    assert answer is not None
    assert {"***"} == {coupon["code"][:3] for coupon in answer["coupons"]}


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        "Basic {}",
        "Bearer {}x",
        "Bearer chub_{}",
        "Bearer chub__",
        "{}",
        "Bearer {} {}",
        "Bearer \u00e9",
    ],
)
def test_anything_but_a_known_token_is_refused_alike(harness: ServerHarness, header: str | None) -> None:
    """401, and what to do; the answer does not quote what was sent."""
    token = harness.token(Scope.LOOKUP)
    headers = None if header is None else {"Authorization": header.replace("{}", token)}
    answer = harness.post("/v1/lookup", BODIES["/v1/lookup"], headers=headers)
    document = problem(answer, 401, "credentials")
    assert answer.headers["WWW-Authenticate"].startswith('Bearer realm="couponhub"')
    assert "Unauthorized" == document["title"]
    assert token not in answer.text


def test_the_word_bearer_has_no_case(harness: ServerHarness) -> None:
    """As RFC 9110 has it."""
    headers = {"Authorization": f"bearer {harness.token(Scope.LISTS_READ)}"}
    assert 200 == harness.get("/v1/connections", headers=headers).status_code


def test_a_missing_scope_is_named(harness: ServerHarness) -> None:
    """403, in words and in the header that programs read."""
    answer = harness.get("/v1/connections", harness.token(Scope.LOOKUP))
    assert "lists:read" in problem(answer, 403, "permission")["detail"]
    assert 'error="insufficient_scope", scope="lists:read"' in answer.headers["WWW-Authenticate"]


def test_the_log_says_whose_request_was_refused(harness: ServerHarness) -> None:
    """The token is proven, and only its scope is missing: whoever reads the log can ask its holder."""
    harness.get("/v1/connections", harness.token(Scope.LOOKUP))
    assert [(403, harness.tokens.all()[0].id)] == [
        (line["status"], line["token"]) for line in harness.logged()
    ]


def test_a_removed_token_is_refused(harness: ServerHarness) -> None:
    """The store is asked again, so often that this takes seconds."""
    token = harness.token(Scope.LISTS_READ)
    assert 200 == harness.get("/v1/connections", token).status_code
    harness.tokens.remove(harness.tokens.all()[0].id)
    problem(harness.get("/v1/connections", token), 401, "credentials")


def test_an_expired_token_is_refused(harness: ServerHarness) -> None:
    """Also while the store need not be asked."""
    tokens = SqlTokens(harness.tokens._store, now=lambda: utc_now() - timedelta(days=2))
    text, _ = tokens.new([Scope.LISTS_READ], expires=timedelta(days=1))
    problem(harness.get("/v1/connections", text), 401, "credentials")


def test_the_store_is_read_once_in_a_while(harness: ServerHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not for each request; after that while, what was read before counts no more."""
    reads = count()
    read = SqlTokens.all
    monkeypatch.setattr(SqlTokens, "all", lambda tokens: (next(reads), read(tokens))[1])
    now = [100.0]
    access = Access(harness.tokens, clock=Clock(monotonic=lambda: now[0]))
    environ = {"HTTP_AUTHORIZATION": f"Bearer {harness.token(Scope.LOOKUP)}"}
    for now[0] in (100.0, 101.0, 101.9):
        access.admit(environ, Scope.LOOKUP)
    assert 1 == next(reads)
    harness.tokens.remove(read(harness.tokens)[0].id)
    now[0] = 102.1
    with pytest.raises(Refusal):
        access.admit(environ, Scope.LOOKUP)


def test_a_new_token_counts_at_once(harness: ServerHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever was given one need not wait; tokens that nobody made have the store read a few times a second at most."""
    reads = count()
    read = SqlTokens.all
    monkeypatch.setattr(SqlTokens, "all", lambda tokens: (next(reads), read(tokens))[1])
    now = [100.0]
    access = Access(harness.tokens, clock=Clock(monotonic=lambda: now[0]))

    def header(text: str) -> dict[str, str]:
        return {"HTTP_AUTHORIZATION": f"Bearer {text}"}

    access.admit(header(harness.token(Scope.LOOKUP)), Scope.LOOKUP)
    now[0] = 100.3
    access.admit(header(harness.token(Scope.LISTS_READ)), Scope.LISTS_READ)
    assert 2 == next(reads)
    for now[0] in (100.6, 100.65, 100.7):
        for _ in range(5):
            guessed, _token = new_token([Scope.LOOKUP])
            with pytest.raises(Refusal):
                access.admit(header(guessed), Scope.LOOKUP)
    with pytest.raises(Refusal):
        access.admit(header("of somebody else"), Scope.LOOKUP)
    assert 4 == next(reads)  # one of them, and those of this test


def test_tokens_hold_on_while_the_store_cannot_be_read(
    harness: ServerHarness, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """That nothing can be read is told, and /readyz tells of the store by itself."""
    token = harness.token(Scope.LISTS_READ)
    assert 200 == harness.get("/v1/connections", token).status_code

    def fails(_: SqlTokens) -> None:
        raise LocalError("the store x.db cannot be used: gone")

    with monkeypatch.context() as patched:
        patched.setattr(SqlTokens, "all", fails)
        caplog.set_level(logging.WARNING)
        assert 200 == harness.get("/v1/connections", token).status_code
    assert "the tokens cannot be read" in caplog.text


def test_tokens_do_not_hold_for_ever_unread(harness: ServerHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    """A quarter of an hour; then those of the store are refused as unchecked, not as wrong, and those of the config count."""
    now = [0.0]
    text, token = new_token([Scope.LOOKUP], name="of the config")
    access = Access(harness.tokens, fixed=[token], clock=Clock(monotonic=lambda: now[0]))
    stored, fixed = ({"HTTP_AUTHORIZATION": f"Bearer {one}"} for one in (harness.token(Scope.LOOKUP), text))
    access.admit(stored, Scope.LOOKUP)

    def fails(_: SqlTokens) -> None:
        raise LocalError("gone")

    with monkeypatch.context() as patched:
        patched.setattr(SqlTokens, "all", fails)
        now[0] = 899.0
        access.admit(stored, Scope.LOOKUP)
        now[0] = 902.0
        access.admit(fixed, Scope.LOOKUP)
        with pytest.raises(Refusal) as refused:
            access.admit(stored, Scope.LOOKUP)
        assert (503, "local") == (refused.value.status, refused.value.error.kind)
    now[0] = 905.0
    access.admit(stored, Scope.LOOKUP)


def test_a_store_that_does_not_answer_holds_up_nobody(
    harness: ServerHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who asks it goes on with what was read before, and so do all others; before there is anything, nothing is known."""
    now, go_on, reads = [0.0], threading.Event(), count()
    environ = {"HTTP_AUTHORIZATION": f"Bearer {harness.token(Scope.LOOKUP)}"}
    access, other = (Access(harness.tokens, clock=Clock(monotonic=lambda: now[0])) for _ in range(2))
    access.admit(environ, Scope.LOOKUP)
    monkeypatch.setattr("couponhub.server.auth._PATIENCE_SECONDS", 0.01)
    read = SqlTokens.all

    def hangs(tokens: SqlTokens) -> tuple[Token, ...]:
        next(reads)
        go_on.wait(30)
        return read(tokens)

    with monkeypatch.context() as patched:
        patched.setattr(SqlTokens, "all", hangs)
        now[0] = 5.0
        for _ in range(3):
            access.admit(environ, Scope.LOOKUP)
        with pytest.raises(Refusal) as refused:
            other.admit(environ, Scope.LOOKUP)
        assert 503 == refused.value.status
        assert 2 == next(reads)
        go_on.set()
        eventually(lambda: not access._reading.locked() and not other._reading.locked(), "the end of both")
    other.admit(environ, Scope.LOOKUP)


def test_the_one_time_token_allows_all(harness: ServerHarness) -> None:
    """Without being in the store."""
    text, token = new_token(Scope, name="one-time")
    access = Access(harness.tokens, fixed=[token])
    environ = {"HTTP_AUTHORIZATION": f"Bearer {text}"}
    assert frozenset(Scope) == access.admit(environ, Scope.ADMIN).scopes
    assert () == harness.tokens.all()


@pytest.mark.parametrize("where", FIGURES)
def test_a_neighbour_needs_no_token_for_figures(harness: ServerHarness, where: tuple[str, str]) -> None:
    """And for nothing else."""
    assert 200 == harness.get(where[1], environ_base=NEIGHBOUR).status_code
    problem(harness.get("/v1/connections", environ_base=NEIGHBOUR), 401, "credentials")


@pytest.mark.parametrize(
    ("address", "host", "more", "expected"),
    [
        ("127.0.0.1", "localhost:8700", {}, True),
        ("127.8.8.8", "127.0.0.1", {}, True),
        ("::1", "[::1]:8700", {}, True),
        ("192.0.2.7", "localhost", {}, False),
        ("127.0.0.1", "evil.example:8700", {}, False),
        ("127.0.0.1", "", {}, False),
        ("", "localhost", {}, False),
        ("127.0.0.1", "localhost", {"HTTP_X_FORWARDED_FOR": "192.0.2.7"}, False),
        ("127.0.0.1", "localhost", {"HTTP_FORWARDED": "for=192.0.2.7"}, False),
        ("127.0.0.1", "localhost", {"HTTP_X_REAL_IP": "192.0.2.7"}, False),
        ("127.0.0.1", "[::1", {}, False),
    ],
)
def test_who_is_a_neighbour(address: str, host: str, more: dict[str, str], expected: bool) -> None:
    """A proxy speaks for others, and a web page may have this machine's address under a name of its own."""
    assert expected == is_from_loopback({"REMOTE_ADDR": address, "HTTP_HOST": host, **more})


def test_a_token_that_asks_too_often_is_told_when_to_come_back(
    harness: ServerHarness, vendors: EmulatedVendors
) -> None:
    """429 with Retry-After; other tokens are served."""
    slow = opened(vendors, harness.hub, harness.metrics, rate_limit=2)
    busy, calm = harness.token(Scope.LISTS_READ), harness.token(Scope.LISTS_READ)
    answers = [slow.get("/v1/connections", busy) for _ in range(3)]
    assert [200, 200] == [answer.status_code for answer in answers[:2]]
    problem(answers[2], 429, "rate_limited")
    assert "1" == answers[2].headers["Retry-After"]
    assert 200 == slow.get("/v1/connections", calm).status_code


def test_a_bucket_fills_again() -> None:
    """Steadily, up to a second's worth; a rate below one a second gives one at first."""
    now = [0.0]
    pace = TokenBucket(4, Clock(monotonic=lambda: now[0]))
    assert [0.0, 0.0, 0.0, 0.0, 0.25] == [pace.take("a") for _ in range(5)]
    now[0] = 0.25
    assert [0.0, 0.25] == [pace.take("a") for _ in range(2)]
    now[0] = 60.0
    assert [0.0, 0.0, 0.0, 0.0, 0.25] == [pace.take("a") for _ in range(5)]
    rare = TokenBucket(0.1, Clock(monotonic=lambda: now[0]))
    assert [0.0, 10.0] == [rare.take("a") for _ in range(2)]


def test_without_a_rate_nobody_waits() -> None:
    """The default."""
    pace = TokenBucket(0, Clock())
    assert {0.0} == {pace.take("a") for _ in range(1000)}


def test_strangers_are_what_the_tests_ask_as() -> None:
    """Else the tests of scopes would be of neighbours."""
    assert not is_from_loopback({**STRANGER, "HTTP_HOST": "localhost"})
