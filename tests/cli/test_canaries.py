"""Secrets, codes and customers appear nowhere but in data: not in logs, lines, errors or tracebacks."""

import json
import logging
from typing import Any

import pytest

from tests.kit.cli import SOON, CliRunner, Ran

SECRETS = ("CANARY-API-KEY-1", "CANARY-SECRET-2", "CANARY-PASSWORD-3")
CODE = "CANARY-CODE-77"
MOBILE = "915550001111"
EMAIL = "canary.bird@example.com"
CANARIES = (*SECRETS, CODE, MOBILE, EMAIL, "5550001111", "canary.bird", "CANARY")
QUOTING = f"no customer {MOBILE} or {EMAIL} has the code {CODE}; the key is {SECRETS[0]}"
FAULTS: dict[str, tuple[str, Any]] = {
    "none": ("latency", 0.0),
    "HTML": ("garbage", "html"),
    "half a JSON": ("garbage", "half"),
    "other types": ("wrong_types", None),
    "a lost answer": ("drop_after", None),
    "nothing": ("drop_before", None),
    "credentials": ("status", 401),
    "rate limit": ("status", 429),
    "down": ("status", 503),
    "a refusal that quotes": (
        "status",
        {"status": 400, "body": {"error": {"code": "bad", "message": QUOTING}}},
    ),
    "a refusal in v1 that quotes": (
        "status",
        {
            "status": 200,
            "body": {"response": {"status": {"success": "false", "code": 500, "message": QUOTING}}},
        },
    ),
    "a refusal in v2 that quotes": (
        "status",
        {"status": 400, "body": {"errors": [{"status": False, "code": 8015, "message": QUOTING}]}},
    ),
    "a page that quotes": ("status", {"status": 502, "body": f"<html>{QUOTING}</html>"}),
}


@pytest.fixture
def guarded(cli: CliRunner, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> CliRunner:
    """A command line whose credentials, codes and customers are all canaries, with logs at DEBUG and no pauses."""
    monkeypatch.setattr("couponhub.transport.retry.RetryPolicy.wait_before", lambda *_: 0.0)
    caplog.set_level(logging.DEBUG)
    cli.control["moengage"].set_options(api_key=SECRETS[0])
    text = (cli.folder / "couponhub.toml").read_text(encoding="utf-8")
    text = text.replace('api_key = "demo-key"', f'api_key = "{SECRETS[0]}"')
    assert SECRETS[0] in text
    text = text.replace('default_country_code = "91"\n', "")  # one form, so that nothing is to be remarked
    (cli.folder / "couponhub.toml").write_text(text, encoding="utf-8")
    cli.control["capillary"].add_customer(mobile=MOBILE, email=EMAIL)
    return cli


@pytest.mark.parametrize("what", FAULTS)
def test_no_canary_in_any_failure(guarded: CliRunner, caplog: pytest.LogCaptureFixture, what: str) -> None:
    """Whatever a vendor answers, nothing secret is logged or told."""
    cli = guarded
    lists = {name: cli.list_id(name) for name in ("moengage", "capillary")}
    cli.write("codes.csv", "coupon code", CODE)
    cli.write("tagged.csv", "mobile,coupon code", f"{MOBILE},{CODE}")
    fault, value = FAULTS[what]
    for name in lists:
        assert 0 == cli("lists", "ls", name).code  # so that Capillary's token is not what fails
        cli.control[name].fail("* /*", fault, value)
    password = cli.write("password", SECRETS[2])
    ended = [
        cli(*words, "--debug", "-o", "json")
        for words in (
            ("lookup", "--mobile", MOBILE, "--connection", "capillary"),
            ("lookup", "--email", EMAIL),
            ("lists", "ls", "capillary"),
            ("lists", "create", "moengage", "--name", "x", *SOON, "--created-by", EMAIL),
            ("uploads", "send", "moengage", lists["moengage"], "codes.csv", "--timeout", "1"),
            (
                *("uploads", "send", "capillary", lists["capillary"], "tagged.csv", "--tag", "mobile"),
                *("--wait", "--timeout", "1"),
            ),
            (
                *("uploads", "send", "moengage", lists["moengage"], "--url", f"https://example.com/{CODE}"),
                *("--url-user", EMAIL, "--url-password", f"@{password}"),
            ),
            ("doctor",),
        )
    ]
    assert caplog.records
    for name, text in _told(ended, caplog):
        assert not [canary for canary in CANARIES if canary in text], name


def test_no_canary_when_couponhub_itself_fails(
    guarded: CliRunner, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fault of ours is told by its class; even a traceback does not quote what the exception quotes."""
    cli = guarded

    def fault(*_: object, **__: object) -> None:
        nothing: dict[str, str] = {}
        try:
            nothing[CODE]
        except KeyError as error:
            raise ValueError(QUOTING) from error

    monkeypatch.setattr("couponhub_capillary.adapter.CapillaryAdapter.customer_coupons", fault)
    monkeypatch.setattr("couponhub_moengage.adapter.MoEngageAdapter.iterate_lists", fault)
    monkeypatch.setattr("couponhub_moengage.adapter.MoEngageAdapter.check", fault)
    asked = cli("lookup", "--mobile", MOBILE, "--connection", "capillary", "-o", "json", "--debug")
    listed = cli("lists", "ls", "moengage", "-o", "json", "--debug")
    quiet = cli("lists", "ls", "moengage", "-o", "json")
    checked = cli("doctor", "-o", "json")
    assert [3, 1, 1, 1] == [ran.code for ran in (asked, listed, quiet, checked)]
    assert "internal" == listed.json["error"]["kind"]
    assert "test_canaries.py" in listed.err
    assert "ValueError" in quiet.complaint
    assert [True, False] == [item["ok"] for item in checked.json["items"] if item["connection"]]
    for name, text in _told([asked, listed, quiet, checked], caplog):
        assert not [canary for canary in CANARIES if canary in text], name


@pytest.mark.parametrize("rows", [(CODE, f"{CODE},x"), (f"{CODE}\x01",), (f'"{CODE}',)])
def test_no_canary_of_a_faulty_file(
    guarded: CliRunner, caplog: pytest.LogCaptureFixture, rows: tuple[str, ...]
) -> None:
    """A file with faults is refused by line numbers, without a code of it."""
    list_id = guarded.list_id("moengage")
    guarded.write("codes.csv", "coupon code", *rows)
    ran = guarded("uploads", "send", "moengage", list_id, "codes.csv", "--debug", "-o", "json")
    assert 2 == ran.code
    for name, text in _told([ran], caplog):
        assert not [canary for canary in CANARIES if canary in text], name


def test_the_logs_of_a_run_of_its_own(guarded: CliRunner) -> None:
    """--debug tells on stderr what is done, -v less of it; both hide whom and what it is about."""
    words = ("lookup", "--mobile", MOBILE, "--connection", "capillary", "-o", "json")
    silent, verbose, debug = (guarded.apart(*words, *more) for more in ((), ("-v",), ("-v", "--debug")))
    assert silent.err == ""
    assert " DEBUG " in debug.err
    assert " DEBUG " not in verbose.err
    assert not [canary for canary in (*CANARIES, "demo-secret") if canary in verbose.err + debug.err]


def _told(ended: list[Ran], caplog: pytest.LogCaptureFixture) -> list[tuple[str, str]]:
    """Everything that is not data: stderr, what is an error on stdout, every log record with its traceback."""
    told = [("log", caplog.text), *(("record", str(vars(record))) for record in caplog.records)]
    for ran in ended:
        told.append(("stderr", ran.err))
        told.extend(("stdout", json.dumps(error)) for error in _errors(ran.json))
    return told


def _errors(document: Any) -> list[Any]:
    if isinstance(document, list):
        return [error for item in document for error in _errors(item)]
    if isinstance(document, dict):
        inner = [error for key, item in document.items() if key != "error" for error in _errors(item)]
        return [*inner, document["error"]] if document.get("error") else inner
    return []
