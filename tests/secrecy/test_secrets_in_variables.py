"""No credential stands in a variable of any frame that an error came through, whoever looks at them."""

import io
import json
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import pytest
from rich.traceback import Traceback

from couponhub import CouponHub, Customer, FileUrl, NewCouponList
from couponhub.client import Client
from couponhub.errors import CouponhubError
from couponhub.transport import HeaderAuth, Request, TransportSettings
from couponhub.transport.auth import BasicAuth
from couponhub.transport.exchange import FilePart, Multipart
from tests.kit.scripted_server import Script, ScriptedServer, Seen, hangs_up, is_silent, says, sends
from tests.secrecy.variables import frames_of, shown_by
from tests.transport.transports import transport_to, understood

BASIC = "RW5nYWdlOmNhbmFyeS1rZXk="  # "Engage:canary-key", as it travels
SECRETS = ("canary", BASIC)
TOKEN = json.dumps({"data": {"accessToken": "canary-token", "ttlSeconds": 300}}).encode()

FAULTS: dict[str, Script] = {
    "silence": is_silent(),
    "hung up": hangs_up(),
    "401": says(401),
    "403": says(403),
    "404": says(404),
    "429": says(429, headers={"Retry-After": "3600"}),
    "500": says(500, b"{"),
    "503": says(503),
    "garbage": says(body=b"<html>"),
    "no HTTP": sends(b"hello\r\n\r\n"),
    "redirect": says(302, headers={"Location": "http://127.0.0.1/"}),
    "compression": says(body=b"no gzip", headers={"Content-Encoding": "gzip"}),
    "half": sends(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"),
}


def leaks_of(error: BaseException) -> list[str]:
    """Where a secret can be seen, by our own eyes and by rich's."""
    places = [place for place, text in shown_by(error) if any(secret in text for secret in SECRETS)]
    drawn = (f"rich: {name} = {text}" for name, text in drawn_by_rich(error))
    return [*places, *(line for line in drawn if any(secret in line for secret in SECRETS))]


def drawn_by_rich(error: BaseException) -> Iterator[tuple[str, str]]:
    """What rich draws of each variable; the lines of source beside them are our tests', and may name a secret."""
    trace = error.__traceback__
    while trace is not None and "tests" in Path(trace.tb_frame.f_code.co_filename).parts:
        trace = trace.tb_next
    found = Traceback.extract(
        type(error),
        error,
        trace,
        show_locals=True,
        locals_max_length=10_000,
        locals_max_string=100_000,
        locals_hide_dunder=False,
        locals_hide_sunder=False,
    )
    for stack in found.stacks:
        for frame in stack.frames:
            for name, value in (frame.locals or {}).items():
                yield name, value.render(max_width=100_000)


def open_hub(server: ScriptedServer, folder: Path) -> CouponHub:
    """Both vendors, played by one server."""
    config = folder / "couponhub.toml"
    config.write_text(
        f"""
[connections.loyalty]
adapter = "capillary"
base_url = "{server.url}/c"
key = "K"
secret = "canary-secret"
timeout = 0.2
patience = 0.5
proxy = "http://joe:canary-proxy@127.0.0.1:{server.port}"

[connections.till]
adapter = "capillary"
base_url = "{server.url}/t"
auth = "basic"
username = "till"
password = "canary-password"
timeout = 0.2
patience = 0.5

[connections.engage]
adapter = "moengage"
base_url = "{server.url}/m"
workspace_id = "Engage"
api_key = "canary-key"
user_id_is = "external_id"
created_by = "a@example.com"
timeout = 0.2
patience = 0.5

[lookup]
cache_ttl = 0
stale_if_error = 0

[store]
url = "sqlite:///{folder.as_posix()}/s.db"
""",
        encoding="utf-8",
    )
    return CouponHub.from_config(config)


@pytest.fixture
def hub(server: ScriptedServer, tmp_path: Path) -> Iterator[CouponHub]:
    """Both vendors, each of which may fail."""
    with open_hub(server, tmp_path) as opened:
        yield opened


NEW = NewCouponList(name="a", expires=date(2030, 1, 1))
CALLS: dict[str, Callable[[CouponHub], object]] = {
    f"{what} {connection}": call
    for connection in ("loyalty", "till", "engage")
    for what, call in {
        "read": lambda hub, name=connection: list(hub[name].lists.iterate()),
        "create": lambda hub, name=connection: hub[name].lists.create(NEW),
        "call": lambda hub, name=connection: hub[name].call("POST", "/a", body={"a": "b"}),
    }.items()
} | {
    "send engage": lambda hub: hub["engage"].uploads.send(
        "L1",
        FileUrl(url="https://example.com/a.csv", username="u", password="canary-file"),
        name="n",
        wait=False,
    ),
    "customer loyalty": lambda hub: hub["loyalty"].customers.coupons(Customer(mobile="919876543210")),
}


def signs_in_and(fault: Script) -> Callable[[Seen], Script]:
    """A vendor that gives tokens, and fails at all else."""
    return lambda seen: says(body=TOKEN) if "oauth" in seen.target else fault


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("fault", FAULTS)
def test_errors_of_calls_show_no_credential(
    server: ScriptedServer, hub: CouponHub, fault: str, call: str
) -> None:
    """Whatever the vendor does, and whatever was asked of it."""
    server.otherwise = signs_in_and(FAULTS[fault])

    with pytest.raises(CouponhubError) as caught:
        CALLS[call](hub)

    assert [] == leaks_of(caught.value)


@pytest.mark.parametrize("fault", [*FAULTS, "no token"])
def test_errors_of_signing_in_show_no_credential(server: ScriptedServer, hub: CouponHub, fault: str) -> None:
    """Nor those of the library that fetches tokens: its frames hold the request with key and secret."""
    server.otherwise = lambda _: FAULTS.get(fault, says(body=b'{"data": {"accessToken": ""}}'))

    with pytest.raises(CouponhubError) as caught:
        list(hub["loyalty"].lists.iterate())

    assert [] == leaks_of(caught.value)


@pytest.mark.parametrize("call", CALLS)
def test_errors_of_an_unreachable_vendor_show_no_credential(tmp_path: Path, call: str) -> None:
    """Nobody listens: neither at the vendor's address, nor at the proxy's."""
    with ScriptedServer() as server:
        hub = open_hub(server, tmp_path)

    with hub, pytest.raises(CouponhubError) as caught:
        CALLS[call](hub)

    assert [] == leaks_of(caught.value)


@pytest.mark.parametrize("fault", FAULTS)
def test_errors_of_the_client_show_no_token(server: ScriptedServer, fault: str) -> None:
    """The token for the HTTP endpoint is as secret."""
    server.otherwise = lambda _: FAULTS[fault]

    with (
        Client(server.url, token="canary-token", timeout=0.3) as client,
        pytest.raises(CouponhubError) as caught,
    ):
        client.lookup(Customer(mobile="919876543210"))

    assert [] == leaks_of(caught.value)


@pytest.mark.parametrize(
    ("url", "token"), [("http://example.com", "canary"), ("https://example.com", "canary é")]
)
def test_a_client_that_cannot_be_made_shows_no_token(url: str, token: str) -> None:
    """What fails before the first call stands in the same traceback."""
    with pytest.raises(CouponhubError) as caught:
        Client(url, token=token)

    assert [] == leaks_of(caught.value)


def test_a_file_that_changes_shows_no_credential(server: ScriptedServer) -> None:
    """An error of ours that comes out of the libraries' frames, which hold what was being sent."""
    file = FilePart(
        name="file", filename="a.csv", content_type="text/csv", size=5, open=lambda: io.BytesIO(b"changed")
    )
    form = Multipart(fields={"a": "b"}, file=file)
    request = Request(operation="upload", method="POST", path="/", multipart=form, changes=True)
    auth = HeaderAuth(inner=BasicAuth("u", "canary-password"), name="X-Key", value="canary-key")

    with pytest.raises(CouponhubError, match="changed while it was being sent") as caught:
        transport_to(server.url, auth=auth).call(request, understood)

    assert [] == leaks_of(caught.value)
    assert [] == [frame for frame in frames_of(caught.value) if "urllib3" in frame.f_code.co_filename]


def test_an_interrupted_call_shows_no_credential(
    server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C is no error of a vendor's, and comes out of the same frames."""
    auth = HeaderAuth(inner=BasicAuth("u", "canary-password"), name="X-Key", value="canary-key")
    transport = transport_to(server.url, auth=auth)

    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("urllib3.connectionpool.HTTPConnectionPool._make_request", interrupted)
    with pytest.raises(KeyboardInterrupt) as caught:
        transport.call(Request(operation="read", method="GET", path="/"), understood)

    assert [] == leaks_of(caught.value)


def test_a_config_that_is_refused_shows_no_credential(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither one that stands in the file, nor one that comes from the environment or a file of its own."""
    monkeypatch.setenv("API_KEY", "canary-environment")
    secret = tmp_path / "secret"
    secret.write_text("canary-file", encoding="utf-8")
    config = tmp_path / "couponhub.toml"
    config.write_text(
        f"""
[connections.loyalty]
adapter = "capillary"
regoin = "eu"
key = "K"
secret = "canary-literal"

[connections.engage]
adapter = "moengage"
data_center = "01"
workspace_id = "W"
api_key = "${{API_KEY}}"
user_id_is = "nothing"

[connections.till]
adapter = "capillary"
region = "eu"
auth = "basic"
username = "u"
password = "${{file:{secret}}}"
timeout = -1
""",
        encoding="utf-8",
    )
    with pytest.raises(CouponhubError) as caught:
        CouponHub.from_config(config)

    assert 3 == len(str(caught.value).splitlines())
    assert [] == leaks_of(caught.value)


def test_these_eyes_see_what_is_not_hidden() -> None:
    """The tests above can fail: a secret in a dictionary, in an object of ours, and in a frame of a library."""
    source = "def fail(headers, auth, secret):\n    raise ValueError\n"
    known: dict[str, Callable[..., None]] = {}
    exec(compile(source, "library.py", "exec"), known)  # noqa: S102 - a frame outside of the tests
    settings = TransportSettings(ca_bundle="canary")
    for argument in (
        {"X-Key": "canary"},
        HeaderAuth(inner=BasicAuth("canary", "p"), name="canary", value=""),
        "canary",
        [settings],
    ):
        with pytest.raises(ValueError) as caught:  # noqa: PT011 - that of the frame
            known["fail"](argument, None, None)
        assert [] != leaks_of(caught.value)
        assert [] != [text for _, text in drawn_by_rich(caught.value) if "canary" in text]
