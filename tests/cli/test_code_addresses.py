"""Code files of other machines on the command line: wherever a file is named, an address may stand, and its secrets stay unsaid."""

import logging
from collections.abc import Iterator

import attrs
import obstore
import pytest
from obstore.store import S3Store

from couponhub import CouponHub
from couponhub.errors import NotFound
from couponhub.staging import StagingSettings
from tests.kit.cli import CliRunner, Ran
from tests.kit.scripted_server import Script, ScriptedServer, Seen, is_silent, says
from tests.staging.conftest import bucket

__all__ = ["bucket"]

QUERY = "?X-Amz-Signature=s1gnature&X-Amz-Expires=60"
FILES = {"new.csv": b"code\nA-1\nA-2\nA-3\n", "old.csv": b"code\nA-3\nA-4\n"}


@attrs.frozen
class Elsewhere:
    """A command line, and files that lie elsewhere."""

    cli: CliRunner
    base: str
    query: str
    log: pytest.LogCaptureFixture

    def __call__(self, *words: str) -> Ran:
        """Run a command; `@NAME` stands for the address of a file. Nothing that it says or logs is a secret."""
        ran = self.cli(*(f"{self.base}/{word[1:]}{self.query}" if word[0] == "@" else word for word in words))
        assert "s1gnature" not in ran.out + ran.err + self.log.text
        return ran


@pytest.fixture(params=["http", "s3"])
def elsewhere(
    request: pytest.FixtureRequest,
    cli: CliRunner,
    bucket: StagingSettings,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> Iterator[Elsewhere]:
    """On a web server whose addresses are signed, and in a bucket."""
    caplog.set_level(logging.DEBUG)
    if request.param == "s3":
        assert bucket.endpoint is not None
        monkeypatch.setenv("AWS_ENDPOINT_URL", bucket.endpoint)
        name = (bucket.url or "").removeprefix("s3://").partition("/")[0]
        there = S3Store(name, endpoint=bucket.endpoint, client_options={"allow_http": True})
        for file, content in FILES.items():
            obstore.put(there, file, content)
        yield Elsewhere(cli, f"s3://{name}", "", caplog)
        return
    with ScriptedServer() as server:
        server.otherwise = lambda seen: (
            says(body=FILES[seen.path[1:]]) if seen.path[1:] in FILES else says(404, b"")
        )
        yield Elsewhere(cli, server.url, QUERY, caplog)


def test_codes_are_looked_at_wherever_they_lie(elsewhere: Elsewhere) -> None:
    """By every command on code files, with what they say of a file that lies here."""
    report = elsewhere("codes", "check", "@new.csv", "@old.csv", "--for", "moengage", "-o", "json").json
    assert (5, 4, 1) == tuple(report[key] for key in ("rows", "distinct", "duplicates"))
    assert [f"{elsewhere.base}/{name}" for name in FILES] == [file["path"] for file in report["files"]]

    assert 0 == elsewhere("codes", "prepare", "@new.csv", "--for", "moengage", "--out", "clean").code
    assert "Coupon Code\nA-1\nA-2\nA-3\n" == (elsewhere.cli.folder / "clean" / "1.csv").read_text(
        encoding="utf-8"
    )
    for command, codes in (("subtract", "A-1\nA-2\n"), ("intersect", "A-3\n")):
        ran = elsewhere("codes", command, "@new.csv", "@old.csv", "--out", f"{command}.csv")
        assert 0 == ran.code
        assert f"code\n{codes}" == (elsewhere.cli.folder / f"{command}.csv").read_text(encoding="utf-8")
    compared = elsewhere("codes", "compare", "@new.csv", "@old.csv", "-o", "json").json
    assert ({"=": 1, "-": 2, "+": 1}, f"{elsewhere.base}/new.csv", f"{elsewhere.base}/old.csv") == (
        compared["classes"],
        compared["first"],
        compared["second"],
    )
    told = elsewhere("codes", "fingerprint", "@new.csv", "--key", "k", "-o", "json").json
    elsewhere.cli.write("here.csv", "code", "A-3", "A-2", "A-1")
    here = elsewhere("codes", "fingerprint", "here.csv", "--key", "k", "-o", "json").json
    assert (f"{elsewhere.base}/new.csv", here["fingerprint"]) == (told["source"], told["fingerprint"])


@pytest.mark.parametrize("connection", ["capillary", "moengage"])
def test_codes_are_sent_from_wherever_they_lie(elsewhere: Elsewhere, connection: str) -> None:
    """The upload is called as the file is; what was sent before is left out, and no copy stays."""
    list_id = elsewhere.cli.list_id(connection)
    rehearsed = elsewhere("uploads", "send", connection, list_id, "@old.csv", "--dry-run", "-o", "json")
    assert (0, 2) == (rehearsed.code, rehearsed.json["distinct"])
    assert [] == elsewhere.cli.codes(connection, list_id)
    ran = elsewhere("uploads", "send", connection, list_id, "@old.csv", "--wait", "-o", "json")
    assert (0, "old.csv", 2) == (ran.code, ran.json["name"], ran.json["accepted"]), ran.err
    assert ran.json["parts"][0]["name"].startswith("old-")
    ran = elsewhere("uploads", "send", connection, list_id, "@new.csv", "--wait", "-o", "json")
    assert (0, 1, 2) == (ran.code, ran.json["skipped"], ran.json["accepted"])
    assert ["A-1", "A-2", "A-3", "A-4"] == elsewhere.cli.codes(connection, list_id)
    kept = [path for path in elsewhere.cli.folder.rglob("*") if path.is_file()]
    assert [] == [
        path for path in kept if path.name.startswith("fetched-") or b"s1gnature" in path.read_bytes()
    ]


def test_a_file_that_is_not_there_is_told_in_one_line(elsewhere: Elsewhere) -> None:
    """With its address and no more; nothing is sent."""
    list_id = elsewhere.cli.list_id("moengage")
    commands = [
        ("codes", "check", "@no.csv"),
        ("codes", "prepare", "@no.csv", "--for", "moengage", "--out", "clean"),
        ("codes", "compare", "@new.csv", "@no.csv"),
        ("uploads", "send", "moengage", list_id, "@no.csv"),
        ("uploads", "send", "moengage", list_id, "@no.csv", "--dry-run"),
    ]
    for words in commands:
        ran = elsewhere(*words)
        assert (4, "") == (ran.code, ran.out), (words, ran.err)
        assert f"{elsewhere.base}/no.csv: " in ran.complaint
    assert [] == elsewhere.cli.codes("moengage", list_id)


def test_others_may_send_while_a_file_comes(cli: CliRunner) -> None:
    """The list is not locked before the codes are here."""
    list_id = cli.list_id("moengage")

    def others(_: Seen) -> Script:
        with CouponHub.from_config(cli.folder / "couponhub.toml") as hub:
            hub["moengage"].uploads.send(list_id, ["A-0"])
        return says(body=FILES["new.csv"])

    with ScriptedServer() as server:
        server.otherwise = others
        ran = cli("uploads", "send", "moengage", list_id, f"{server.url}/a.csv", "--wait")
    assert 0 == ran.code, ran.err
    assert ["A-0", "A-1", "A-2", "A-3"] == cli.codes("moengage", list_id)


def test_an_upload_waits_no_longer_than_it_may(cli: CliRunner) -> None:
    """For what does not come: nothing was sent, and the exit code is that of a timeout."""
    list_id = cli.list_id("moengage")
    with ScriptedServer() as server:
        server.otherwise = lambda _: is_silent(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\ncode\n")
        ran = cli("uploads", "send", "moengage", list_id, f"{server.url}/a.csv", "--timeout", "0.3")
    assert 3 == ran.code
    assert "nothing was sent" in ran.complaint
    assert [] == cli.codes("moengage", list_id)


def test_python_takes_addresses_too(cli: CliRunner) -> None:
    """As a text, where a path may stand."""
    list_id = cli.list_id("moengage")
    with ScriptedServer() as server, CouponHub.from_config(cli.folder / "couponhub.toml") as hub:
        server.otherwise = lambda seen: (
            says(body=FILES["new.csv"]) if seen.path == "/new.csv" else says(404, b"")
        )
        url = f"{server.url}/new.csv{QUERY}"
        assert 3 == hub.codes.check(url).distinct
        assert 3 == hub["moengage"].uploads.send(list_id, url, wait=True).accepted
        with pytest.raises(
            NotFound, match=r"moengage send codes: http://.*/no\.csv: the server answers 404"
        ) as caught:
            hub["moengage"].uploads.send(list_id, f"{server.url}/no.csv{QUERY}")
    assert "s1gnature" not in f"{caught.value!r} {caught.value.hint}"
