"""Code files of other machines: had whole, once, in private, or not at all; and nothing of a signed address is ever told."""

import gzip
import logging
import os
import re
import signal
import socket
import stat
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import moto.settings
import obstore
import pytest
from obstore.store import S3Store

from couponhub import object_stores
from couponhub.clock import Deadline
from couponhub.codes import prepare
from couponhub.errors import (
    AuthRejected,
    ConfigError,
    CouponhubError,
    LocalError,
    NotFound,
    PermissionDenied,
    RateLimited,
    RequestRejected,
    UsageError,
    VendorUnavailable,
)
from couponhub.intake import objects, web_files
from couponhub.intake.addresses import address_of, is_address, shown_address
from couponhub.intake.fetching import FetchedFile, local_copy
from couponhub.models import CodeFileRules
from couponhub.staging import StagingSettings
from couponhub.uploads.names import default_name
from tests.cli.conftest import cli
from tests.kit.cli import CliRunner
from tests.kit.clock import FakeClock
from tests.kit.scripted_server import Script, ScriptedServer, Seen, hangs_up, is_silent, says, sends
from tests.kit.tls import certificate, tls_server
from tests.staging.conftest import bucket

__all__ = ["bucket", "certificate", "cli"]

CONTENT = b"code\nA-1\nB-2\n"
SIGNED = "?X-Signature=s3cr3t&X-Expires=60#s3cr3t"


@pytest.fixture
def store(bucket: StagingSettings, monkeypatch: pytest.MonkeyPatch) -> tuple[str, S3Store]:
    """The address of a bucket that the environment leads to, and a way to put things there."""
    assert bucket.endpoint is not None
    monkeypatch.setenv("AWS_ENDPOINT_URL", bucket.endpoint)
    name = (bucket.url or "").removeprefix("s3://").partition("/")[0]
    return f"s3://{name}", S3Store(name, endpoint=bucket.endpoint, client_options={"allow_http": True})


def fetched(url: str, folder: Path, **options: Any) -> FetchedFile:
    """The copy of what an address names."""
    copy = local_copy(url, folder, **options)
    assert isinstance(copy, FetchedFile)
    return copy


def refusal(url: str, folder: Path, kind: type[CouponhubError], caplog: pytest.LogCaptureFixture) -> str:
    """The one line of an error, of which nothing is a secret, nor in what led to it, nor in the log."""
    caplog.set_level(logging.DEBUG)
    with pytest.raises(kind) as caught:
        local_copy(url, folder)
    error = caught.value
    assert type(error) is kind
    assert error.__cause__ is None
    assert isinstance(error.__context__, (type(None), ModuleNotFoundError))
    told = f"{error} {error.hint} {error!r}"
    assert "\n" not in told
    assert "s3cr3t" not in told + caplog.text
    return str(error)


def test_a_web_file_is_copied_once_and_in_private(tmp_path: Path) -> None:
    """To the byte, mode 0600, as old as it says, and asked for without anything that it could be packed for."""
    with ScriptedServer() as server:
        server.otherwise = lambda _: says(
            body=CONTENT, headers={"Last-Modified": "Thu, 05 Mar 2026 10:00:00 GMT"}
        )
        url = f"{server.url}/a/codes%20new.csv{SIGNED}"
        copy = fetched(url, tmp_path)
        (seen,) = server.seen
    assert CONTENT == copy.path.read_bytes()
    assert 0o600 == stat.S_IMODE(copy.path.stat().st_mode)
    assert datetime(2026, 3, 5, 10, tzinfo=UTC).timestamp() == copy.path.stat().st_mtime
    assert f"{server.url}/a/codes%20new.csv" == copy.name
    assert "s3cr3t" not in repr(copy)
    assert ("GET", "identity", None) == (
        seen.method,
        seen.headers["accept-encoding"],
        seen.headers.get("cookie"),
    )
    assert {"X-Signature": "s3cr3t", "X-Expires": "60"} == seen.query
    assert "codes new.csv" == address_of(url).name


def test_tls_is_checked(
    tmp_path: Path,
    certificate: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A server that nobody vouches for is told nothing; one of an authority of one's own is believed."""
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    with tls_server(certificate) as server:
        server.otherwise = lambda _: says(body=CONTENT)
        url = f"{server.url}/codes.csv{SIGNED}"
        told = refusal(url, tmp_path, VendorUnavailable, caplog)
        assert "is not trusted" in told
        assert [] == server.seen
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        assert CONTENT == fetched(url, tmp_path).path.read_bytes()


def leads_to(url: str) -> Script:
    """An answer that names another address."""
    return says(302, b"", {"Location": url})


def test_a_redirect_keeps_to_its_scheme(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """It is followed where it leads to the same kind of address, without the password, and some times only."""
    with ScriptedServer() as server, ScriptedServer() as other:
        other.otherwise = lambda _: says(body=CONTENT)
        server.script.append(leads_to(f"{other.url}/there.csv"))
        address = server.url.replace("http://", "http://me:s3cr3t@")
        assert CONTENT == fetched(f"{address}/codes.csv", tmp_path).path.read_bytes()
        assert server.seen[0].headers["authorization"].startswith("Basic ")
        assert "authorization" not in other.seen[0].headers
        server.script.extend([leads_to("/again.csv"), says(body=CONTENT)])
        assert CONTENT == fetched(f"{server.url}/codes.csv", tmp_path).path.read_bytes()
        assert "/again.csv" == server.seen[-1].target
        for target in (
            "https://codes.example/s3cr3t",
            "http://codes.example/s3cr3t",
            "file:///etc/passwd",
            "s3://b/x",
        ):
            for path in tmp_path.iterdir():
                path.unlink()
            server.script.append(leads_to(target))
            told = refusal(f"{server.url}/codes.csv{SIGNED}", tmp_path, RequestRejected, caplog)
            assert "leads on to an address that is not of http://" in told
        server.otherwise = lambda _: leads_to("/on.csv")
        assert "more than 5 times" in refusal(f"{server.url}/codes.csv", tmp_path, RequestRejected, caplog)


ANSWERS: dict[str, tuple[Script, type[CouponhubError], str, int]] = {
    "404": (says(404, b"s3cr3t"), NotFound, "answers 404, there is no such file", 4),
    "410": (says(410, b""), NotFound, "answers 410", 4),
    "401": (says(401, b""), AuthRejected, "answers 401, it wants to know who asks", 5),
    "403": (says(403, b"s3cr3t"), PermissionDenied, "answers 403.*a signed address ends", 5),
    "429": (says(429, b"", {"Retry-After": "7"}), RateLimited, "asked too often.*try again in 7 s", 6),
    "400": (says(400, b"s3cr3t"), RequestRejected, "answers 400, and no file", 9),
    "304": (sends(b"HTTP/1.1 304 X\r\n\r\n"), RequestRejected, "answers 304", 9),
    "503": (says(503, b"s3cr3t"), VendorUnavailable, "answers 503", 7),
    "encoded": (says(200, b"x", {"Content-Encoding": "br"}), UsageError, "packed in a way", 2),
    "silent": (hangs_up(), VendorUnavailable, "cannot be reached", 7),
    "no HTTP": (sends(b"s3cr3t\r\n\r\n"), VendorUnavailable, "cannot be reached", 7),
    "cut": (
        sends(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\ncode\nA"),
        VendorUnavailable,
        "came cut off",
        7,
    ),
    "cut chunks": (
        sends(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\ncode\n\r\n9\r\nA"),
        VendorUnavailable,
        "came cut off",
        7,
    ),
}


@pytest.mark.parametrize("answer", ANSWERS)
def test_an_answer_that_is_no_file_is_one_line(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, answer: str
) -> None:
    """Of the kind that the table of errors has for it, and with none of what the server says."""
    script, kind, words, exit_code = ANSWERS[answer]
    with ScriptedServer() as server:
        server.otherwise = lambda _: script
        told = refusal(f"{server.url}/codes.csv{SIGNED}", tmp_path, kind, caplog)
        assert f"{server.url}/codes.csv" in told
        assert 1 == len(server.seen)
    assert re.search(words, told), told
    assert exit_code == kind.exit_code


def test_nobody_there_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """No such host, nobody who listens, somebody who says nothing."""

    def unknown(*_: object, **__: object) -> Any:
        raise socket.gaierror(-2, "s3cr3t")

    with monkeypatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", unknown)
        told = refusal(f"https://codes.example/a.csv{SIGNED}", tmp_path, VendorUnavailable, caplog)
        assert "there is no host of the name in https://codes.example/a.csv" in told
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    told = refusal(f"http://127.0.0.1:{port}/a.csv{SIGNED}", tmp_path, VendorUnavailable, caplog)
    assert "cannot be reached" in told
    monkeypatch.setattr(web_files, "_SILENT_SECONDS", 0.05)
    with ScriptedServer() as server:
        server.otherwise = lambda _: is_silent()
        assert "does not answer" in refusal(f"{server.url}/a.csv", tmp_path, VendorUnavailable, caplog)
        server.otherwise = lambda _: is_silent(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\ncode\n")
        assert "fell silent" in refusal(f"{server.url}/a.csv", tmp_path, VendorUnavailable, caplog)


def test_bytes_and_time_are_counted(tmp_path: Path) -> None:
    """Also where nobody says how many there are, and where each bit comes soon enough."""
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"5\r\nAAAA\n\r\n" * 9 + b"0\r\n\r\n"
    clock = FakeClock()

    def drips(_: Seen) -> Script:
        clock.sleep(9.0)
        return sends(chunked)

    with ScriptedServer() as server:
        server.script.extend([says(body=CONTENT), sends(chunked)])
        for _ in range(2):
            with pytest.raises(UsageError, match=r"is more than 12 bytes .*split it"):
                fetched(f"{server.url}/a.csv", tmp_path, most_bytes=12)
        server.otherwise = drips
        with pytest.raises(VendorUnavailable, match="did not come in time") as caught:
            fetched(f"{server.url}/a.csv", tmp_path, deadline=Deadline.after(8.0, clock.clock))
        assert caught.value.too_slow
        assert (
            45
            == fetched(f"{server.url}/a.csv", tmp_path, deadline=Deadline.after(99.0, clock.clock))
            .path.stat()
            .st_size
        )


def test_a_packed_answer_is_a_packed_file(tmp_path: Path) -> None:
    """It is kept as it came, and read like a file that was packed by somebody."""
    with ScriptedServer() as server:
        server.otherwise = lambda _: says(body=gzip.compress(CONTENT), headers={"Content-Encoding": "gzip"})
        folder = tmp_path / "folder"
        folder.mkdir()
        done = prepare(f"{server.url}/codes.csv", CodeFileRules(code_header="code"), folder)
    (part,) = done.parts
    assert (2, CONTENT) == (done.rows, part.path.read_bytes())
    assert [] == [path for path in folder.iterdir() if path not in {part.path, part.codes}]


def test_an_object_is_copied_as_it_is(
    tmp_path: Path, store: tuple[str, S3Store], monkeypatch: pytest.MonkeyPatch
) -> None:
    """In pieces, whatever its name, and as old as the store says; an empty one, too."""
    address, there = store
    monkeypatch.setattr(objects, "_PIECE", 5)
    for name, content in (("a b/c+d%20é.csv", CONTENT), ("empty.csv", b"")):
        obstore.put(there, name, content)
        copy = fetched(f"{address}/{name}", tmp_path)
        assert content == copy.path.read_bytes()
        assert 0o600 == stat.S_IMODE(copy.path.stat().st_mode)
        assert f"{address}/{name}" == copy.name
        age = datetime.now(UTC) - datetime.fromtimestamp(copy.path.stat().st_mtime, UTC)
        assert timedelta() <= age < timedelta(minutes=5)


def test_an_object_that_changes_is_nobodys_file(
    tmp_path: Path, store: tuple[str, S3Store], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half of one version and half of another is refused by the store itself."""
    address, there = store
    monkeypatch.setattr(objects, "_PIECE", 5)
    obstore.put(there, "codes.csv", CONTENT)
    get = obstore.get

    def changes(*given: Any, **options: Any) -> Any:
        found = get(*given, **options)
        obstore.put(there, "codes.csv", CONTENT.lower())
        return found

    monkeypatch.setattr(obstore, "get", changes)
    with pytest.raises(VendorUnavailable, match=r"codes\.csv changed while it was fetched"):
        fetched(f"{address}/codes.csv", tmp_path)


def test_faults_of_an_object_store_are_one_line(
    tmp_path: Path,
    store: tuple[str, S3Store],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """No object, no bucket, no right, nobody there, no settings: the kind that the table of errors has for it."""
    address, _ = store
    assert "there is no such object" in refusal(f"{address}/no.csv", tmp_path, NotFound, caplog)
    assert "there is no such object" in refusal("s3://no-such-bucket/no.csv", tmp_path, NotFound, caplog)
    with monkeypatch.context() as patch:
        patch.setattr(moto.settings, "INITIAL_NO_AUTH_ACTION_COUNT", 0.0)
        told = refusal(f"{address}/a.csv", tmp_path, PermissionDenied, caplog)
        assert "AWS_ACCESS_KEY_ID" in told
    monkeypatch.setitem(objects._RETRY, "max_retries", 0)
    with socket.create_server(("127.0.0.1", 0)) as free:
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{free.getsockname()[1]}")
    assert "cannot be reached" in refusal(f"{address}/a.csv", tmp_path, VendorUnavailable, caplog)
    monkeypatch.delenv("AZURE_STORAGE_ACCOUNT_NAME", raising=False)
    told = refusal("az://codes/a.csv", tmp_path, ConfigError, caplog)
    assert "AZURE_STORAGE_ACCOUNT_NAME" in told


@pytest.mark.parametrize(
    "fault",
    [
        (obstore.exceptions.GenericError("<Code>PermanentRedirect</Code> s3cr3t"), ConfigError, "AWS_REGION"),
        (obstore.exceptions.UnauthenticatedError("s3cr3t"), AuthRejected, "does not know who asks"),
        (
            obstore.exceptions.GenericError("status code: 503: <Code>SlowDown</Code> s3cr3t"),
            VendorUnavailable,
            "did not give it: SlowDown",
        ),
    ],
)
def test_a_services_word_leads_to_the_mend(
    tmp_path: Path,
    store: tuple[str, S3Store],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    fault: tuple[Exception, type[CouponhubError], str],
) -> None:
    """And nothing else that it says is told."""
    error, kind, words = fault

    def fails(*_: object, **__: object) -> Any:
        raise error

    monkeypatch.setattr(obstore, "head", fails)
    assert words in refusal(f"{store[0]}/a.csv", tmp_path, kind, caplog)


def test_a_store_takes_an_extra_and_a_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """What is not installed is named, and a forked process does not wait for threads that it has not."""
    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, "obstore.store", None)
        told = refusal("s3://bucket/a.csv", tmp_path, UsageError, caplog)
        assert "pip install 'couponhub[object-store]'" in told
    monkeypatch.setattr(object_stores.threads, "_used_in", os.getpid() + 1)
    assert "forked off" in refusal("gs://bucket/a.csv", tmp_path, LocalError, caplog)


REFUSED = {
    "http://codes.example/a.csv": "codes are not read over http:// from another machine",
    "http://127.0.0.1.codes.example/a.csv": "codes are not read over http://",
    "https:///a.csv": "is no address",
    "https://codes.example\\@other/a.csv": "is no address",
    "https://codes.example/a b.csv": "is no address",
    "https://codes.example:x/a.csv": "is no address",
    "s3://bucket": "names no object",
    "s3://bucket/": "names no object",
    "s3://bucket/folder/": "names no object",
    "gs:///a.csv": "names no object",
    "az://c/a.csv?sig=s3cr3t": "names no object",
    "ftp://me:s3cr3t@codes.example/a.csv": "begin with https, s3, gs or az",
    "file:///etc/passwd": "begin with https",
}


@pytest.mark.parametrize("url", REFUSED)
def test_what_is_no_good_address_is_refused_before_anybody_is_asked(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, url: str
) -> None:
    """In one line, without what may be a secret in it."""
    assert REFUSED[url] in refusal(url, tmp_path, UsageError, caplog)


def test_a_file_that_is_called_like_an_address_is_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever stands on this disk is meant first; a path object and an open file are never an address."""
    monkeypatch.chdir(tmp_path)
    Path("s3:/bucket").mkdir(parents=True)
    Path("s3:/bucket/a.csv").write_bytes(CONTENT)
    assert not is_address("s3://bucket/a.csv")
    assert is_address("s3://bucket/b.csv")
    for other in (
        Path("https://x/a.csv"),
        "codes.csv",
        "C:\\codes.csv",
        "list:loyalty/1",
        ["https://x/a.csv"],
        None,
    ):
        assert not is_address(other)
        assert other is local_copy(other, tmp_path)


@pytest.mark.parametrize(
    ("url", "shown", "name"),
    [
        (
            "https://u:s3cr3t@h/a/winter%20codes.csv?sig=s3cr3t#x",
            "https://h/a/winter%20codes.csv",
            "winter codes.csv",
        ),
        ("https://h?sig=s3cr3t", "https://h", "codes"),
        ("https://h/a/?sig=s3cr3t", "https://h/a/", "codes"),
        ("https://h/%2e%2e%2fx.csv", "https://h/%2e%2e%2fx.csv", "x.csv"),
        ("s3://bkt/p/a%20b.csv", "s3://bkt/p/a%20b.csv", "a%20b.csv"),
        ("AZ://codes/x.csv", "AZ://codes/x.csv", "x.csv"),
    ],
)
def test_what_is_shown_of_an_address(url: str, shown: str, name: str) -> None:
    """Neither a password nor a query; an upload is called as the file is."""
    assert shown == shown_address(url)
    assert name == default_name(url)
    assert "s3cr3t" not in repr(address_of(url))


def test_a_full_disk_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of this machine, not of the other one."""

    def full(*_: object, **__: object) -> Any:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(tempfile, "mkstemp", full)
    with ScriptedServer() as server:
        server.otherwise = lambda _: says(body=CONTENT)
        with pytest.raises(LocalError, match=r"the copy of http.*a\.csv cannot be written: No space left"):
            fetched(f"{server.url}/a.csv", tmp_path)


def test_an_object_store_that_says_nothing_can_be_left(cli: CliRunner) -> None:
    """Ctrl-C ends the wait at once, though the library beneath cannot be interrupted."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        surroundings = {
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{silent.getsockname()[1]}",
            "AWS_ACCESS_KEY_ID": "key",
            "AWS_SECRET_ACCESS_KEY": "word",
            "AWS_REGION": "us-east-1",
        }
        with cli.spawned(
            "codes", "check", "s3://bucket/a.csv", env={**os.environ, **surroundings}
        ) as command:
            connected, _ = silent.accept()
            with connected:
                connected.recv(1)
                command.send_signal(signal.SIGINT)
                _, told = command.communicate(timeout=60)
    assert (130, "couponhub: interrupted\n") == (command.returncode, told)
