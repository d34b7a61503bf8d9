"""The bundle for a vendor's support: what was asked and answered, and nobody and nothing in it."""

import json
import logging
import stat
import zipfile
from pathlib import Path
from typing import Any

import pytest

from couponhub.explain.redaction import Redactor
from tests.kit.cli import CliRunner

SECRET = "CANARY-API-KEY-1"
CODE = "CANARY-CODE-77"
MOBILE = "915550001111"
EMAIL = "canary.bird@example.com"
EXTERNAL = "canarybird"
QUOTING = f"no customer +91 555-000-1111 or {EMAIL.upper()} has the code {CODE}; the key is {SECRET}"
CANARIES = (SECRET, CODE, MOBILE, "5550001111", "50001111", EMAIL, "canary", "demo-secret", "demo-key")


@pytest.fixture
def guarded(cli: CliRunner, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    """A command line whose customer, codes and credentials are canaries, with logs at DEBUG and no pauses."""
    monkeypatch.setattr("couponhub.transport.retry.RetryPolicy.wait_before", lambda *_: 0.0)
    caplog.set_level(logging.DEBUG)
    text = (cli.folder / "couponhub.toml").read_text(encoding="utf-8")
    text = text.replace('api_key = "demo-key"', f'api_key = "{SECRET}"\ncreated_by = "{EMAIL}"')
    assert SECRET in text
    (cli.folder / "couponhub.toml").write_text(text, encoding="utf-8")
    list_id = cli.list_id("capillary")
    cli.write("codes.csv", "coupon code", CODE)
    assert 0 == cli("uploads", "send", "capillary", list_id, "codes.csv", "--wait").code
    cli.control["capillary"].add_customer(mobile=MOBILE, email=EMAIL, external_id=EXTERNAL, id="77665544")
    cli.control["capillary"].issue(list_id, {"mobile": MOBILE}, codes=[CODE])
    return cli


def bundled(path: Path) -> dict[str, Any]:
    """The documents of a bundle."""
    with zipfile.ZipFile(path) as bundle:
        assert bundle.testzip() is None
        return {name: json.loads(bundle.read(name)) for name in bundle.namelist()}


def told(cli: CliRunner, caplog: pytest.LogCaptureFixture, *words: str) -> dict[str, str]:
    """Everything but the data on stdout: the bundle, stderr, the logs."""
    caplog.clear()
    path = cli.folder / "bundle.zip"
    ran = cli("explain", *words, "--bundle", path.name, "--debug", "-o", "json")
    assert 0 == ran.code, ran.err
    assert caplog.records
    with zipfile.ZipFile(path) as bundle:
        texts = {name: bundle.read(name).decode() for name in bundle.namelist()}
    records = " ".join(str(vars(record)) for record in caplog.records)
    return {**texts, "stderr": ran.err, "log": caplog.text, "records": records}


@pytest.mark.parametrize(
    "words",
    [("--mobile", MOBILE), ("--email", EMAIL), ("--external-id", EXTERNAL), (CODE,)],
    ids=["mobile", "email", "external id", "code"],
)
def test_no_canary_is_anywhere(
    guarded: CliRunner, caplog: pytest.LogCaptureFixture, words: tuple[str, ...]
) -> None:
    """Not in the bundle, not on stderr, not in a log at DEBUG; and what is asked about was found."""
    texts = told(guarded, caplog, *words)
    answers = json.loads(texts["answers.json"])
    assert ["found", "unknown"] == [answer["verdict"] for answer in answers]
    assert 1 == len(answers[0]["coupons"])
    shown = {
        name: [canary for canary in CANARIES if canary in text.casefold()] for name, text in texts.items()
    }
    assert {name: [] for name in texts} == shown


@pytest.mark.parametrize(
    "body",
    [
        {"response": {"status": {"success": "false", "code": 500, "message": QUOTING}}},
        {"response": {CODE: {EMAIL: MOBILE}, "canarybird": 1}},
        f"<html>{QUOTING}</html>",
    ],
    ids=["quotes", "keys", "page"],
)
def test_no_canary_when_the_vendor_quotes(
    guarded: CliRunner, caplog: pytest.LogCaptureFixture, body: object
) -> None:
    """Whatever the vendor answers: texts become lengths, and keys that are no words are masked."""
    guarded.control["capillary"].fail("GET /v1.1/*", "status", {"status": 200, "body": body})
    texts = told(guarded, caplog, "--external-id", EXTERNAL)
    assert json.loads(texts["calls.json"])
    shown = {
        name: [canary for canary in CANARIES if canary in text.casefold()] for name, text in texts.items()
    }
    assert {name: [] for name in texts} == shown


def test_what_a_vendor_needs_is_in_it(guarded: CliRunner) -> None:
    """Versions, settings, answers, and of each call method, path, parameters, shapes, status, time and request id."""
    path = guarded.folder / "bundle.zip"
    ran = guarded("explain", "--mobile", MOBILE, "--bundle", str(path), "-o", "json")
    documents = bundled(path)
    assert ["about.json", "answers.json", "calls.json", "connections.json"] == sorted(documents)
    assert ("mobile", ran.json["asked_at"]) == (
        documents["about.json"]["asked_by"],
        documents["about.json"]["asked_at"],
    )
    (call,) = documents["calls.json"]
    assert ran.json["calls"][0]["request_id"] == call["request_id"]
    assert ("GET", "/v1.1/customer/coupons", 200, "ok") == (
        call["method"],
        call["path"],
        call["http_status"],
        call["outcome"],
    )
    assert "text of 12 digits" == call["query"]["mobile"]
    assert "text of 14 characters" in json.dumps(call["received"])
    assert "application/json" in call["headers"]["content-type"]
    capillary, moengage = documents["connections.json"]
    assert guarded.server.url in capillary["settings"]["base_url"]
    assert {"key", "secret", "workspace_id"} & {*capillary["settings"], *moengage["settings"]} <= {"secret"}
    assert "***" == capillary["settings"]["secret"]
    assert "***" == moengage["settings"]["created_by"]
    (coupon,) = documents["answers.json"][0]["coupons"]
    assert "text of 14 characters" == coupon["raw"]["code"]
    assert {"field": "list_id", "keys": ["series_id"], "because": None} in coupon["meanings"]


def test_the_file_is_private(guarded: CliRunner) -> None:
    """Its owner alone may read it."""
    path = guarded.folder / "bundle.zip"
    ran = guarded("explain", "--mobile", MOBILE, "--bundle", str(path))
    assert 0o600 == stat.S_IMODE(path.stat().st_mode)
    assert f"couponhub: {path} was written; read it before you pass it on" in ran.err.splitlines()


def test_a_bundle_that_cannot_be_written(guarded: CliRunner) -> None:
    """One line that says where; exit code of local trouble."""
    ran = guarded("explain", "--mobile", MOBILE, "--bundle", str(guarded.folder / "no" / "bundle.zip"))
    assert 2 == ran.code
    assert "cannot be written: No such file or directory" in ran.complaint


@pytest.mark.parametrize(
    ("known", "text", "expected"),
    [
        ("919876543210", "call +91 98765-43210 now", "call +91 *** now"),
        ("919876543210", "9876543210", "***"),
        ("9876543210", "00919876543210", "***"),
        ("a.buyer@example.com", "A.Buyer@EXAMPLE.com and a.buyer@other", "*** and ***@other"),
        ("WINTER", "winter10", "***10"),
        ("ab", "cab ab", "cab ab"),
        ("ab", "AB", "***"),
        ("", "nothing", "nothing"),
        ("a.b", "a-b acb", "a-b acb"),
    ],
)
def test_redaction(known: str, text: str, expected: str) -> None:
    """Texts are found whatever their case, numbers however they are written; short ones only where they stand alone."""
    assert expected == Redactor([known]).text(text)


def test_redaction_reaches_everything() -> None:
    """Keys and values at any depth; what is no text stays."""
    document = {"SECRET": [{"a": ("x secret", 1, None, True)}], "b": 1.5}
    assert {"***": [{"a": ["x ***", 1, None, True]}], "b": 1.5} == Redactor(["secret"]).document(document)
