"""Our own staging server: who holds the URL gets the file, while the job runs, and nobody gets anything else."""

import logging
import random
import shutil
import socket
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests

from couponhub.errors import ConfigError, LocalError
from couponhub.staging import StagedFile, Staging, StagingSettings, open_staging

CONTENT = b"Coupon Code\nA1\nB2\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A prepared code file."""
    path = tmp_path / "1.csv"
    path.write_bytes(CONTENT)
    return path


@pytest.fixture
def staging() -> Staging:
    """A server with the default settings."""
    return open_staging(StagingSettings())


def told(staged: StagedFile) -> list[tuple[int, str | None]]:
    """How many bytes of which range each fetch took, as it is told."""
    assert staged.fetches is not None
    return [(one.bytes, one.range) for one in staged.fetches]


def fetch(url: str, method: str = "GET", **headers: str) -> requests.Response:
    """Ask as a vendor would."""
    return requests.request(method, url, headers=headers, timeout=60, allow_redirects=False)


def test_file_can_be_fetched_any_number_of_times(staging: Staging, file: Path) -> None:
    """A vendor may download more than once, and every time gets the whole file, unpacked and uncached."""
    with staging.stage(file, "spring codes-abc.csv") as staged:
        answers = [fetch(staged.url) for _ in range(3)]

    assert [CONTENT] * 3 == [answer.content for answer in answers]
    assert "text/csv; charset=utf-8" == answers[0].headers["Content-Type"]
    assert "no-store" == answers[0].headers["Cache-Control"]
    assert staged.url.endswith("/spring%20codes-abc.csv")
    assert [(len(CONTENT), None)] * 3 == told(staged)


def test_ranges_and_head(staging: Staging, file: Path) -> None:
    """A broken download can be continued; HEAD tells the size and counts as no fetch, nor does what is refused."""
    with staging.stage(file, "a.csv") as staged:
        head = fetch(staged.url, "HEAD", Range="bytes=1-2")
        ranges = [fetch(staged.url, Range=f"bytes={asked}") for asked in ("12-", "0-1", "-3", "3-99")]
        beyond = fetch(staged.url, Range="bytes=99-")

    assert (200, b"", str(len(CONTENT))) == (head.status_code, head.content, head.headers["Content-Length"])
    assert "bytes" == head.headers["Accept-Ranges"]
    assert [206] * 4 == [one.status_code for one in ranges]
    assert [CONTENT[12:], CONTENT[:2], CONTENT[-3:], CONTENT[3:]] == [one.content for one in ranges]
    assert "bytes 12-17/18" == ranges[0].headers["Content-Range"]
    assert (416, "bytes */18") == (beyond.status_code, beyond.headers["Content-Range"])
    assert [(6, "12-17"), (2, "0-1"), (3, "15-17"), (15, "3-17")] == told(staged)


@pytest.mark.parametrize(
    "asked",
    ["bytes=0-1,4-5", "bytes=5-2", "bytes=x", "lines=0-1", "bytes", "bytes=--1", "bytes=-18", "bytes=-99"],
)
def test_an_odd_range_is_passed_over(staging: Staging, file: Path, asked: str) -> None:
    """Several at once, what is none, or more last bytes than there are: the whole file is an answer to all of them."""
    with staging.stage(file, "a.csv") as staged:
        answer = fetch(staged.url, Range=asked)

    assert (200, CONTENT) == (answer.status_code, answer.content)


def test_a_copy_that_is_still_good_is_not_sent_again(staging: Staging, file: Path) -> None:
    """By its tag or its time; a range of another file than the asker's is the whole file."""
    with staging.stage(file, "a.csv") as staged:
        first = fetch(staged.url)
        tag, time = first.headers["ETag"], first.headers["Last-Modified"]
        same = [
            fetch(staged.url, method, **{name: value})
            for method in ("GET", "HEAD")
            for name, value in (("If-None-Match", tag), ("If-None-Match", "*"), ("If-Modified-Since", time))
        ]
        other = [
            fetch(staged.url, **{"If-None-Match": '"other"', "If-Modified-Since": time}),
            fetch(staged.url, **{"Range": "bytes=1-2", "If-Range": '"other"'}),
            fetch(staged.url, **{"Range": "bytes=1-2", "If-Range": "Thu, 01 Jan 1970 00:00:00 GMT"}),
        ]
        parts = [fetch(staged.url, **{"Range": "bytes=1-2", "If-Range": known}) for known in (tag, time)]

    assert [(304, b"")] * 6 == [(one.status_code, one.content) for one in same]
    assert [(200, CONTENT)] * 3 == [(one.status_code, one.content) for one in other]
    assert [(206, CONTENT[1:3])] * 2 == [(one.status_code, one.content) for one in parts]
    assert 6 == len(told(staged))


def test_a_fetch_that_breaks_off_is_told_as_far_as_it_came(staging: Staging, file: Path) -> None:
    """Who hangs up half way has not got the file; of very many fetches the latest 50 are kept."""
    size = 64 * 1024 * 1024
    with file.open("r+b") as sparse:
        sparse.truncate(size)
    with staging.stage(file, "a.csv") as staged:
        with requests.get(staged.url, stream=True, timeout=60) as answer:
            answer.raw.read(1000)
        for _ in range(50):
            assert 50 >= len(told(staged))
            assert (size, None) != told(staged)[0]
            fetch(staged.url, Range="bytes=0-0")
        assert [(1, "0-0")] * 50 == told(staged)


def test_everything_else_is_not_there(staging: Staging, file: Path) -> None:
    """No other path, method or name answers anything but 404."""
    with staging.stage(file, "a.csv") as staged:
        base = staged.url.rpartition("/")[0]
        root = staged.url.replace(urlsplit(staged.url).path, "")
        answers = [
            fetch(base + "/b.csv"),
            fetch(base + "/"),
            fetch(root + "/"),
            fetch(root + "/x/a.csv"),
            fetch(staged.url, "POST"),
            fetch(staged.url, "DELETE"),
        ]

    assert [404] * 6 == [answer.status_code for answer in answers]
    assert () == staged.fetches


def test_url_ends_with_the_job(staging: Staging, file: Path) -> None:
    """After the block nothing listens any more, and the next job has another URL."""
    with staging.stage(file, "a.csv") as first:
        pass
    with pytest.raises(requests.ConnectionError):
        fetch(first.url)
    with staging.stage(file, "a.csv") as second:
        assert urlsplit(first.url).path != urlsplit(second.url).path
        assert (
            404 == fetch(second.url.replace(urlsplit(second.url).path, urlsplit(first.url).path)).status_code
        )
    assert 43 == len(urlsplit(second.url).path.split("/")[1])


def test_jobs_share_one_server(staging: Staging, file: Path) -> None:
    """The end of one job ends its URL and no other."""
    with staging.stage(file, "a.csv") as first:
        with staging.stage(file, "a.csv") as second:
            assert urlsplit(first.url).netloc == urlsplit(second.url).netloc
        assert 404 == fetch(second.url).status_code
        assert 200 == fetch(first.url).status_code


def test_several_threads_stage_at_once(staging: Staging, file: Path) -> None:
    """Each gets its own file, whoever starts or ends the server."""

    def job(number: int) -> bytes:
        path = file.with_name(f"{number}.codes")
        path.write_bytes(b"%d" % number)
        with staging.stage(path, "a.csv") as staged:
            return fetch(staged.url).content

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(job, range(12)))

    assert [b"%d" % number for number in range(12)] == answers
    for thread in threading.enumerate():
        if thread.name == "staging-server":
            thread.join(10)  # it was told to end, and may be at it
    assert [] == [thread for thread in threading.enumerate() if thread.name == "staging-server"]


def test_no_log_shows_the_path(
    staging: Staging, file: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """The URL is a right: it is neither logged nor printed, not even for a broken request."""
    caplog.set_level(logging.DEBUG, "werkzeug")
    with staging.stage(file, "a.csv") as staged:
        place = urlsplit(staged.url)
        fetch(staged.url)
        with socket.create_connection((str(place.hostname), int(place.port or 0))) as raw:
            raw.sendall(f"GET {place.path} with blanks HTTP/1.1\r\n\r\n".encode())
            raw.recv(1000)

    logged = [record.getMessage() for record in caplog.records if record.name == "werkzeug"]
    assert [] == logged
    assert ("", "") == capfd.readouterr()
    assert place.path not in repr(staged)


def test_taken_port_is_local_trouble(file: Path) -> None:
    """A port in use is one clear error, and the process lives on."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        staging = open_staging(StagingSettings(listen=f"127.0.0.1:{port}"))
        with (
            pytest.raises(LocalError, match=f"cannot listen on 127.0.0.1:{port}"),
            staging.stage(file, "a.csv"),
        ):
            pass


def test_vendor_is_told_the_public_url(file: Path) -> None:
    """Behind a proxy the URL is the proxy's, and its path may stay in front of ours or not."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    settings = StagingSettings(listen=f"127.0.0.1:{port}", public_url="https://codes.example.com/coupons/")
    with open_staging(settings).stage(file, "a.csv") as staged:
        path = urlsplit(staged.url).path
        kept = fetch(f"http://127.0.0.1:{port}{path}")
        taken_off = fetch(f"http://127.0.0.1:{port}{path.removeprefix('/coupons')}")

    assert staged.url.startswith("https://codes.example.com/coupons/")
    assert [CONTENT, CONTENT] == [kept.content, taken_off.content]


@pytest.mark.parametrize(
    ("settings", "vendor_is_loopback", "message"),
    [
        (StagingSettings(), False, "leads to this machine only"),
        (StagingSettings(listen="localhost:0"), False, "leads to this machine only"),
        (StagingSettings(listen="0.0.0.0:8000"), True, "listens on all addresses"),
        (StagingSettings(listen="192.0.2.1:8000"), False, "over plain http"),
    ],
)
def test_unreachable_staging_is_refused(
    settings: StagingSettings, vendor_is_loopback: bool, message: str
) -> None:
    """What the vendor cannot fetch, or must not over plain http, is a fault of the configuration."""
    with pytest.raises(ConfigError, match=message):
        open_staging(settings).require_reachable(vendor_is_loopback=vendor_is_loopback)


@pytest.mark.parametrize(
    ("settings", "vendor_is_loopback"),
    [
        (StagingSettings(), True),
        (StagingSettings(listen="[::1]:0"), True),
        (StagingSettings(public_url="https://codes.example.com"), False),
        (StagingSettings(listen="0.0.0.0:0", public_url="https://codes.example.com"), False),
        (StagingSettings(listen="192.0.2.1:8000", tls_cert="c", tls_key="k"), False),
        (StagingSettings(listen="192.0.2.1:8000", allow_http=True), False),
        (StagingSettings(public_url="http://codes.example.com", allow_http=True), False),
    ],
)
def test_reachable_staging_passes(settings: StagingSettings, vendor_is_loopback: bool) -> None:
    """Loopback to loopback, and https to anywhere."""
    open_staging(settings).require_reachable(vendor_is_loopback=vendor_is_loopback)


def test_tls_needs_both_files_and_readable_ones(file: Path) -> None:
    """A missing or unreadable half is told as what it is."""
    with pytest.raises(ConfigError, match="go together"):
        open_staging(StagingSettings(tls_cert="cert.pem"))
    staging = open_staging(StagingSettings(tls_cert="cert.pem", tls_key="key.pem"))
    with pytest.raises(ConfigError, match="cannot be used"), staging.stage(file, "a.csv"):
        pass


def test_silent_client_keeps_nobody_out(
    file: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Who connects over TLS and says nothing, or no TLS, holds up neither the vendor nor the end of the job."""
    if shutil.which("openssl") is None:
        pytest.skip("needs openssl to make a certificate")
    key, certificate = tmp_path / "key.pem", tmp_path / "cert.pem"
    subprocess.run(  # noqa: S603 - fixed words and our own paths
        [
            *("openssl", "req", "-x509", "-nodes", "-newkey", "rsa:2048", "-days", "2", "-subj", "/CN=x"),
            *("-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate),
        ],
        check=True,
        capture_output=True,
    )
    staging = open_staging(StagingSettings(tls_cert=str(certificate), tls_key=str(key)))
    with staging.stage(file, "a.csv") as staged:
        address = ("127.0.0.1", urlsplit(staged.url).port)
        with socket.create_connection(address), socket.create_connection(address) as confused:
            confused.sendall(b"GET / HTTP/1.1\r\n\r\n")
            answer = requests.get(staged.url, timeout=60, verify=str(certificate))

    assert CONTENT == answer.content
    assert "" == capfd.readouterr().err


@pytest.mark.parametrize("listen", ["127.0.0.1", "8000", ":8000", "host:port", "127.0.0.1:99999"])
def test_listen_is_host_and_port(listen: str) -> None:
    """Anything else is refused when the settings are read."""
    with pytest.raises(ValueError, match="expected host:port"):
        StagingSettings(listen=listen)


@pytest.mark.parametrize(
    "url", ["codes.example.com", "ftp://example.com", "http://codes.example.com", "https://x/?a"]
)
def test_public_url_is_https(url: str) -> None:
    """Codes travel over it: plain http is for this machine alone."""
    with pytest.raises(ValueError, match=r"expected an address|http:// is refused"):
        StagingSettings(public_url=url)


def _quiet_port() -> int:
    """Return a free port of those that the system gives to nobody who does not name it."""
    for port in random.sample(range(20_000, 32_000), 200):
        try:
            socket.create_server(("127.0.0.1", port)).close()
        except OSError:
            continue
        return port
    raise AssertionError("no port is free")


def test_file_of_a_killed_process_is_served_again(file: Path) -> None:
    """Under the address that a vendor was told, once its port is free, and beside files with addresses of now."""
    # Of a free port of the system's choice somebody else may be given the number, once it is free again.
    earlier = open_staging(StagingSettings(listen=f"127.0.0.1:{_quiet_port()}"))
    later = open_staging(StagingSettings())
    with earlier.stage(file, "spring codes-abc.csv") as staged:
        url = staged.url
        for holds in (earlier, later):
            with holds.stage_again(file, url) as is_served:
                assert not is_served
        assert CONTENT == fetch(url).content
        tag = fetch(url, "HEAD").headers["ETag"]

    with later.stage(file, "b.csv") as new, later.stage_again(file, url) as is_served:
        assert is_served
        assert tag == fetch(url, "HEAD").headers["ETag"]
        assert is_served.fetches == ()
        assert [CONTENT] * 2 == [fetch(address).content for address in (url, new.url)]
    with pytest.raises(requests.ConnectionError):
        fetch(url)


def test_an_address_of_other_settings_is_not_served_again(file: Path) -> None:
    """Nobody would come to this machine for it."""
    staging = open_staging(StagingSettings(public_url="https://codes.example.com/x"))
    served = []
    for url in (
        "https://codes.example.com/x/token/a.csv",
        "https://codes.example.com/y/token/a.csv",
        "http://[",
        "",
    ):
        with staging.stage_again(file, url) as is_served:
            served.append(is_served is not None)

    assert [True, False, False, False] == served


def test_nothing_is_said_of_the_software(staging: Staging, file: Path) -> None:
    """Neither with a file, nor with what is refused, nor with what is no HTTP."""
    with staging.stage(file, "a.csv") as staged:
        parts = urlsplit(staged.url)
        answers = [fetch(staged.url), fetch(staged.url, "POST"), fetch(f"http://{parts.netloc}/nothing")]
        with socket.create_connection((parts.hostname or "", parts.port or 0), timeout=5) as connected:
            connected.sendall(b"GET / HTTP/9.9\r\n\r\n")
            broken = connected.makefile("rb").read()

    assert [200, 404, 404] == [answer.status_code for answer in answers]
    assert [] == [answer.headers["Server"] for answer in answers if "Server" in answer.headers]
    assert b"HTTP" in broken
    assert [] == [word for word in (b"Server:", b"Werkzeug", b"Python") if word in broken]


def test_silent_clients_take_no_more_than_their_places(
    staging: Staging, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever comes beyond them is hung up on, and is served once one has left."""
    monkeypatch.setattr("couponhub.staging.server._MOST_CLIENTS", 3)
    with staging.stage(file, "a.csv") as staged:
        parts = urlsplit(staged.url)
        address = (parts.hostname or "", parts.port or 0)
        silent = [socket.create_connection(address, timeout=5) for _ in range(3)]
        refused = socket.create_connection(address, timeout=5)
        assert b"" == refused.recv(1)
        for connected in (refused, *silent):
            connected.close()

        def served() -> bool:
            try:
                return fetch(staged.url).content == CONTENT
            except requests.ConnectionError:
                return False

        assert any(served() for _ in range(1000))
