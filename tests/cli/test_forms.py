"""Every command in every form: what is printed, with which keys, and what is not."""

import csv
import io
import json
from base64 import b64encode
from datetime import UTC, datetime

import pytest

from tests.kit.cli import CUSTOMER, NEW_SERIES, SOON, CliRunner
from tests.kit.clock import vendors_today
from tests.kit.eventually import eventually
from tests.kit.scripted_server import ScriptedServer, says

LIST_KEYS = [
    *("connection", "id", "name", "label", "status", "vendor_status", "expires_at"),
    *("total", "available", "created_at", "updated_at", "created_by", "subscribers", "alerts", "snippet"),
]
UPLOAD_KEYS = [
    *("connection", "list_id", "id", "name", "status", "rows", "accepted", "rejected", "duplicates"),
    *("skipped", "not_sent", "pending", "unknown", "ends_at", "waiting_for"),
    *("created_at", "updated_at", "error_file", "parts"),
]
PART_KEYS = [
    *("id", "name", "status", "vendor_status", "rows", "accepted", "rejected"),
    *("not_sent", "pending", "error_file", "success_file", "created_at", "updated_at"),
    "fetches",
]
COUPON_KEYS = [
    *("connection", "id", "code", "list_id", "list_name", "description", "status", "issued_at"),
    *("expires_at", "redemption_count", "redemptions_left", "redemptions", "issued_at_store"),
    *("issued_transaction", "purpose", "discount", "properties", "approximate", "source", "as_of"),
]
LOOKUP_KEYS = ["customer", "complete", "coupons", "answers", "differences"]
ANSWER_KEYS = [
    *("connection", "verdict", "reason", "source", "as_of", "elapsed_ms", "coverage"),
    *("vendor_code", "warnings", "error", "asked_as", "identified_by", "first_name", "last_name"),
]
ERROR_KEYS = [
    *("kind", "message", "connection", "operation", "vendor_code", "retryable", "retry_after", "hint"),
]
FORMS = ("table", "json", "jsonl", "csv", None)
READS = {
    "connections": ("connections",),
    "doctor": ("doctor",),
    "doctor one": ("doctor", "moengage"),
    "lists ls": ("lists", "ls", "capillary"),
    "lookup": ("lookup", "--mobile", CUSTOMER, "--connection", "capillary"),
    "config check": ("config", "check"),
    "config schema": ("config", "schema"),
}


def test_keys_of_a_list(cli: CliRunner) -> None:
    """A list has the documented keys, no more and no less, shown alone as among others."""
    many = cli("lists", "ls", "moengage", "-o", "json").json
    assert ["items"] == list(many)
    first = many["items"][0]
    assert LIST_KEYS == list(first)
    assert first == cli("lists", "show", "moengage", first["id"], "-o", "json").json
    assert [*LIST_KEYS, "raw"] == list(
        cli("--raw", "lists", "show", "moengage", first["id"], "-o", "json").json
    )


@pytest.mark.parametrize("connection", ["capillary", "moengage"])
def test_keys_of_an_upload(cli: CliRunner, connection: str) -> None:
    """An upload and its parts have the documented keys, sent, waited for, shown and listed."""
    list_id = cli.list_id(connection)
    file = cli.write("codes.csv", "coupon code", "AB-1", "AB-2", "AB-1")
    sent = cli("uploads", "send", connection, list_id, file, "--wait", "-o", "json")
    assert (0, []) == (sent.code, sent.remarks)
    upload = sent.json
    assert UPLOAD_KEYS == list(upload)
    (part,) = upload["parts"]
    assert PART_KEYS == list(part)
    assert {"capillary": "FINISHED", "moengage": "SUCCESS"}[connection] == part["vendor_status"]
    assert (None, None) == (part["error_file"], part["success_file"])
    assert None not in (part["created_at"], part["updated_at"])
    assert ("done", 3, 2, 0, 1, 0, 0) == tuple(
        upload[key] for key in ("status", "rows", "accepted", "rejected", "duplicates", "skipped", "unknown")
    )
    shown = cli("uploads", "show", connection, list_id, upload["id"], "-o", "json").json
    assert upload["parts"] == shown["parts"]
    waited = cli("uploads", "wait", connection, list_id, upload["id"], "-o", "json")
    assert (0, UPLOAD_KEYS) == (waited.code, list(waited.json))
    listed = cli("uploads", "ls", connection, list_id, "-o", "json").json
    assert [upload["id"]] == [item["id"] for item in listed["items"]]
    assert ["AB-1", "AB-2"] == cli.codes(connection, list_id)
    raw = cli("uploads", "show", connection, list_id, upload["id"], "-o", "json", "--raw").json
    assert [*PART_KEYS, "raw"] == list(raw["parts"][0])


def test_keys_of_a_lookup(cli: CliRunner) -> None:
    """A lookup, its answers, its coupons and the error of one that cannot be asked have the documented keys."""
    ran = cli("lookup", "--mobile", CUSTOMER, "-o", "json")
    assert 3 == ran.code
    answer = ran.json
    assert LOOKUP_KEYS == list(answer)
    assert ({"mobile": CUSTOMER}, False) == (answer["customer"], answer["complete"])
    assert [ANSWER_KEYS, ANSWER_KEYS] == [list(one) for one in answer["answers"]]
    assert all([*COUPON_KEYS, "also_at"] == list(coupon) for coupon in answer["coupons"])
    assert len(answer["coupons"]) >= 5
    redeemed = next(coupon for coupon in answer["coupons"] if coupon["status"] == "redeemed")
    assert ["id", "at", "transaction", "store"] == list(redeemed["redemptions"][0])
    assert ["code", "name"] == list(redeemed["redemptions"][0]["store"])
    assert {("found", None), ("unknown", "unsupported")} == {
        (one["verdict"], one["reason"]) for one in answer["answers"]
    }
    unasked = next(one for one in answer["answers"] if one["connection"] == "moengage")
    assert ERROR_KEYS == list(unasked["error"])
    assert "usage request" in unasked["error"]["hint"]
    assert "moengage" in ran.complaint


def test_order_and_number_of_coupons(cli: CliRunner) -> None:
    """Newest first, or by what `--sort` names, and no more than `--limit`; either way the answer is whole."""
    words = ("lookup", "--mobile", CUSTOMER, "--connection", "capillary", "-o", "json")
    held = cli(*words).json["coupons"]
    assert sorted((coupon["issued_at"] for coupon in held), reverse=True) == [
        one["issued_at"] for one in held
    ]
    for key, word in (("issued_at", "created"), ("expires_at", "expires")):
        ends = sorted(coupon[key] for coupon in held)
        assert ends == [one[key] for one in cli(*words, "--sort", word).json["coupons"]]
        last = cli(*words, "--sort", word, "--descending", "--limit", "2").json
        assert (ends[:-3:-1], True) == ([one[key] for one in last["coupons"]], last["complete"])
    stores = [one["issued_at_store"] for one in cli(*words, "--sort", "created_by").json["coupons"]]
    codes = [store and store["code"] for store in stores]
    assert (sorted(filter(None, codes)), None) == ([code for code in codes if code], codes[-1])
    assert [held[0]["code"]] == [one["code"] for one in cli(*words, "--limit", "1").json["coupons"]]
    assert "descending" in cli(*words, "--descending").json["error"]["message"]
    assert 2 == cli(*words, "--limit", "0").code


def test_people_read_how_often_a_coupon_was_used(cli: CliRunner) -> None:
    """An active one may have been, so the table says when and where; a pipe gets the number."""
    words = ("lookup", "--mobile", CUSTOMER, "--connection", "capillary")
    assert {("redeemed", "1"), ("active", "0"), ("expired", "0")} == {
        (row[2], row[6]) for row in cli(*words).rows
    }
    table = cli(*words, "-o", "table").out
    assert "USED" in table
    assert 1 == table.count(" at Downtown Store")


def test_keys_of_an_error(cli: CliRunner) -> None:
    """An error has the documented keys."""
    ran = cli("lists", "show", "moengage", "0" * 24, "-o", "json")
    assert 4 == ran.code
    assert ["error"] == list(ran.json)
    assert ERROR_KEYS == list(ran.json["error"])
    assert ("not_found", "moengage", False) == tuple(
        ran.json["error"][key] for key in ("kind", "connection", "retryable")
    )
    assert ran.complaint.startswith("moengage fetch list: ")


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("words", READS.values(), ids=READS)
def test_every_read_in_every_form(cli: CliRunner, words: tuple[str, ...], form: str | None) -> None:
    """A command that goes well prints its data in the form asked for."""
    ran = cli(*words, *(("-o", form) if form else ()))
    assert 0 == ran.code
    assert ran.out.strip()
    assert "\x1b" not in ran.out
    if form == "json" or words[-1] == "schema":
        assert isinstance(ran.json, dict)
    elif form == "jsonl":
        assert all(isinstance(json.loads(line), dict) for line in ran.out.splitlines())
    elif form == "csv":
        heading, *rows = csv.reader(io.StringIO(ran.out))
        assert heading
        assert all(len(heading) == len(row) for row in rows)


@pytest.mark.parametrize("form", FORMS)
def test_every_write_in_every_form(cli: CliRunner, form: str | None) -> None:
    """Commands that change something print what they made, in the form asked for."""
    asked = ("-o", form) if form else ()
    made = cli("lists", "create", "capillary", "--name", "formal", *SOON, *NEW_SERIES, *asked)
    assert (0, "") == (made.code, made.err)
    assert "formal" in made.out
    list_id = cli.list_id("moengage", "forms")
    file = cli.write("codes.csv", "Coupon Code", "AB-1")
    sent = cli("uploads", "send", "moengage", list_id, file, *asked)
    assert (0, []) == (sent.code, sent.remarks)
    assert "up_" in sent.out
    today = vendors_today().isoformat()
    mailed = cli(
        *("usage", "request", "moengage", list_id, "--from", today, "--to", today),
        *("--email", "reports@example.com", *asked),
    )
    assert (0, "") == (mailed.code, mailed.err)
    assert mailed.out.strip()
    eventually(cli.control["moengage"].mails, "the report")
    assert ["reports@example.com"] == cli.control["moengage"].mails()[-1]["to"]


def test_columns_in_a_pipe(cli: CliRunner) -> None:
    """Without -o a pipe gets tab-separated columns without a heading, times in UTC, nothing for nothing."""
    ran = cli("lists", "ls", "capillary")
    assert all(7 == len(row) for row in ran.rows)
    name, expires, total = next((row[1], row[4], row[5]) for row in ran.rows if row[1] == "Welcome 10%")
    assert expires.endswith("Z")
    assert UTC == datetime.fromisoformat(expires).tzinfo
    assert ("Welcome 10%", "") == (name, total)


def test_times_in_tables_are_the_readers(cli: CliRunner) -> None:
    """A table shows times in the reader's zone, JSON in UTC."""
    (item,) = (
        item
        for item in cli.apart("lists", "ls", "capillary", "-o", "json", TZ="Asia/Tokyo").json["items"]
        if item["name"] == "Welcome 10%"
    )
    utc = datetime.fromisoformat(item["expires_at"])
    assert item["expires_at"].endswith("Z")
    for zone, offset in (("Asia/Tokyo", 9), ("America/Bogota", -5)):
        shown = cli.apart("lists", "show", "capillary", item["id"], "-o", "table", TZ=zone).out
        there = datetime.fromtimestamp(utc.timestamp() + offset * 3600, UTC)
        assert f"{there:%Y-%m-%d %H:%M}" in shown


def test_the_end_of_time_in_a_table(cli: CliRunner) -> None:
    """A list that never ends is shown in every zone, also where its last second lies in year 10000."""
    list_id = cli.answering(expires_at="9999-12-31")
    ran = cli.apart("lists", "show", "moengage", list_id, "-o", "table", TZ="America/Bogota")
    assert (0, "") == (ran.code, ran.err)
    assert "9999-12-31" in ran.out


def test_global_options_before_and_after(cli: CliRunner) -> None:
    """A global option means the same before the command, between its words and behind it."""
    places = (
        ("-o", "json", "lists", "ls", "moengage"),
        ("lists", "-o", "json", "ls", "moengage"),
        ("lists", "ls", "moengage", "-ojson"),
        ("lists", "ls", "--output=json", "moengage"),
    )
    first, *others = [cli(*words).json for words in places]
    assert [first] * 3 == others
    (cli.folder / "couponhub.toml").rename(cli.folder / "other.toml")
    assert 2 == cli("lists", "ls", "moengage").code
    assert 0 == cli("--config", "other.toml", "lists", "ls", "moengage").code
    assert 0 == cli("lists", "ls", "moengage", "--config", "other.toml").code


def test_config_init(cli: CliRunner) -> None:
    """A config file is written once, privately, and never over another."""
    ran = cli("config", "init", "--config", "new.toml", "-o", "json")
    assert (0, {"path": "new.toml"}) == (ran.code, ran.json)
    assert 0o600 == (cli.folder / "new.toml").stat().st_mode & 0o777
    again = cli("config", "init", "--config", "new.toml")
    assert 2 == again.code
    assert "exists already" in again.complaint


def test_tagged_codes_from_stdin(cli: CliRunner) -> None:
    """`-` reads the codes from stdin, and a tag binds them to customers by a column's name or number."""
    list_id = cli.list_id("capillary")
    words = ("uploads", "send", "capillary", list_id, "-", "--tag", "mobile", "--wait", "-o", "json")
    named = cli.apart(*words, "--tag-column", "who", stdin=f"coupon code,who\nTAG-1,{CUSTOMER}\n")
    assert (0, []) == (named.code, named.remarks)
    numbered = cli.apart(*words, "--tag-column", "1", stdin=f"coupon code,who\nTAG-2,{CUSTOMER}\n")
    assert (0, []) == (numbered.code, numbered.remarks)
    held = cli("lookup", "--mobile", CUSTOMER, "--connection", "capillary", "--list", list_id, "-o", "jsonl")
    coupons = [one for one in map(json.loads, held.out.splitlines()) if one["kind"] == "coupon"]
    assert ["TAG-1", "TAG-2"] == sorted(one["code"] for one in coupons)


def test_filters_of_a_lookup(cli: CliRunner) -> None:
    """Each filter narrows what is shown, and a complete answer that is empty is no error."""
    words = ("lookup", "--email", "a.buyer@example.com", "--connection", "capillary", "-o", "json")
    everything = cli(*words).json["coupons"]
    active = cli(*words, "--status", "active").json["coupons"]
    stands = {coupon["code"]: coupon["status"] for coupon in everything}
    shown = {coupon["code"] for coupon in active}
    assert {"active"} == {coupon["status"] for coupon in active}
    assert {code for code, status in stands.items() if status == "active"} == shown
    assert 0 < len(active) < len(everything)
    nothing = cli(*words, "--since", "2001-01-01", "--until", "2001-01-02")
    assert (0, []) == (nothing.code, nothing.json["coupons"])
    stranger = cli("lookup", "--external-id", "NOBODY", "--connection", "capillary", "-o", "json")
    assert (0, "none", "customer_unknown") == (
        stranger.code,
        *(stranger.json["answers"][0][key] for key in ("verdict", "reason")),
    )


def test_a_file_that_lies_elsewhere(cli: CliRunner) -> None:
    """--url sends an address, with the credentials that @FILE holds: the vendor can fetch the file with them."""
    list_id = cli.list_id("moengage")
    cli.write("secret", "pa55w0rd")
    right = "Basic " + b64encode(b"reader:pa55w0rd").decode()
    with ScriptedServer() as host:
        host.otherwise = lambda seen: (
            says(body=b"Coupon Code\nFAR-1\n") if seen.headers.get("authorization") == right else says(401)
        )
        sent = cli(
            *(
                "uploads",
                "send",
                "moengage",
                list_id,
                "--url",
                f"{host.url}/codes.csv",
                "--wait",
                "-o",
                "json",
            ),
            *("--url-user", "reader", "--url-password", "@secret"),
        )
    assert (0, []) == (sent.code, sent.remarks)
    assert (1, None) == (len(sent.json["parts"]), sent.json["rows"])
    assert ["FAR-1"] == cli.codes("moengage", list_id)
    assert "pa55w0rd" not in sent.out


@pytest.mark.parametrize("option", ["--url", "--callback"])
def test_plain_http_elsewhere_is_warned_of(cli: CliRunner, option: str) -> None:
    """An address that is neither https nor on this machine is warned of."""
    file = () if option == "--url" else (cli.write("codes.csv", "Coupon Code", "A"),)
    address = (option, "HTTP://codes.example.com/x")
    ran = cli("uploads", "send", "moengage", "x", *file, *address, "--config", "none.toml")
    assert 2 == ran.code
    assert "warning" in ran.err
    assert "plain http" in ran.err


def test_a_prompted_secret_that_nobody_gives(cli: CliRunner) -> None:
    """`-` asks for a secret; when nobody can answer that is one line, and nothing is sent."""
    words = ("uploads", "send", "moengage", "x", "--url", "https://example.com/c.csv", "--url-password", "-")
    ran = cli.apart(*words)
    assert 2 == ran.code
    assert "no secret was given" in ran.err
    assert "Traceback" not in ran.err


def test_fields_of_the_vendor(cli: CliRunner) -> None:
    """--set reaches the vendor, and what it requires and was not given is named at once."""
    list_id = cli.list_id("capillary", "with terms")
    raw = cli("lists", "show", "capillary", list_id, "--raw", "-o", "json").json["raw"]
    assert ("WINTER10", "PERC", 10) == (raw["discountCode"], raw["discountType"], raw["discountValue"])
    missing = cli("lists", "create", "capillary", "--name", "bare", *SOON)
    assert 2 == missing.code
    assert all(word in missing.complaint for word in ("discountCode", "discountType", "discountValue"))
