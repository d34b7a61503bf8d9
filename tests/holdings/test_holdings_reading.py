"""Tables of who holds which code: each kind told by its header, whole or not at all."""

import gzip
import io
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet

from couponhub.errors import CouponhubError, UsageError
from couponhub.holdings import Holding, is_export, read_customers, read_holdings
from couponhub.models import Customer, ExportForm, HoldingColumn, HoldingStatus, Identifier, ListId
from couponhub.secret import Secret
from couponhub_capillary.settings.exports import export_form
from couponhub_moengage.settings import MoEngageSettings
from tests.codes.workbooks import workbook

MOENGAGE = MoEngageSettings(
    data_center="01", workspace_id="DEMO", api_key=Secret("key"), user_id_is=Identifier.EXTERNAL_ID
).report_form
CAPILLARY = export_form(ZoneInfo("Asia/Kolkata"))
FORMS = (CAPILLARY, MOENGAGE)
OWN = (
    "mobile,code,list_id,list_name,status,issued_at,expires_at,redemption_count\n"
    "919876543210,007,77,Autumn,active,2026-01-01T00:00:00Z,2026-12-31T23:59:59Z,0\n"
    "919876543210,A-1,77,Autumn,redeemed,2026-01-02T00:00:00Z,,1\n"
)


def text(content: str) -> io.BytesIO:
    """A file with this content."""
    return io.BytesIO(content.encode())


def test_our_own_export_is_read_as_it_was_written() -> None:
    """Every column of an export comes back, with codes and customers as text."""
    first, second = read_holdings(text(OWN), forms=FORMS)
    assert first == Holding(
        code="007",
        customer=Customer(mobile="919876543210"),
        status=HoldingStatus.ISSUED,
        issued_at=datetime(2026, 1, 1, tzinfo=UTC),
        expires_at=datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC),
        list_id=ListId("77"),
        line=2,
    )
    assert (second.status, second.expires_at, second.line) == (HoldingStatus.REDEEMED, None, 3)


def test_a_usage_report_says_who_was_given_a_code() -> None:
    """The vendor's own headers are known by the form that the adapter tells, and each row is of an issue."""
    report = "User ID,Coupon Code,Sent At\nEXT-007,C-1,2026-01-01 10:00:00\n"
    (found,) = read_holdings(text(report), list_id="L1", forms=FORMS)
    assert (found.customer, found.code, found.status) == (
        Customer(external_id="EXT-007"),
        "C-1",
        HoldingStatus.ISSUED,
    )
    assert (found.list_id, found.issued_at) == ("L1", datetime(2026, 1, 1, 10, tzinfo=UTC))


def test_events_of_one_coupon_become_one_holding() -> None:
    """Of a log's rows redeemed wins, the issue tells when, the later row the end, in the vendor's zone; other lists are left."""
    rows = [
        "event_id,coupon_code,dim_coupon_series_id,dim_issued_to_user_id,dim_coupon_event_type_id,event_date,dim_expiry_date_id",
        "1,C-1,77,98,issued,20260101,20260201",
        "2,C-2,77,99,issued,20260101,20260201",
        "3,C-1,77,98,redeemed,20260110,20260301",
        "4,C-3,77,99,moved,20260110,20260301",
        "5,C-3,77,99,issued,20260102,20260301",
        "6,C-4,78,99,issued,20260102,20260301",
    ]
    found = {one.code: one for one in read_holdings(text("\n".join(rows)), list_id="77", forms=FORMS)}
    assert {"C-1", "C-2", "C-3"} == set(found)
    assert HoldingStatus.REDEEMED is found["C-1"].status
    assert Customer(id="98") == found["C-1"].customer
    assert datetime(2025, 12, 31, 18, 30, tzinfo=UTC) == found["C-1"].issued_at
    assert datetime(2026, 3, 1, 18, 29, 59, tzinfo=UTC) == found["C-1"].expires_at
    assert [HoldingStatus.ISSUED, HoldingStatus.UNKNOWN] == [found["C-2"].status, found["C-3"].status]


def test_columns_of_another_template_are_mapped() -> None:
    """Columns, the identifier and words of events can be said, and come before what is known."""
    table = "Gutschein Code;Wem;Was\nC-1;+49 170 1234567;3\n"
    (found,) = read_holdings(
        text(table),
        columns={"code": "Gutschein Code", "customer": "Wem", "event": "Was"},
        identifier="mobile",
        events={"3": "redeemed"},
        forms=FORMS,
    )
    assert (HoldingStatus.REDEEMED, Customer(mobile="+49 170 1234567")) == (found.status, found.customer)


def test_what_a_named_column_holds_is_never_taken_from_a_vendor_whose_table_it_is_not() -> None:
    """Of a table without any of a vendor's columns it has to be said; a header that says it is believed."""
    columns = {"code": "Voucher No", "customer": "Member"}
    table = "Voucher No,Member\nC-1,4915112345\n"
    with pytest.raises(UsageError, match="does not say which identifier"):
        read_holdings(text(table), columns=columns, forms=FORMS)
    vendors = "coupon_code,dim_issued_to_user_id,Mobile,dim_expiry_date_id\nC-1,98,4915112345,7421\n"
    (found,) = read_holdings(text(vendors), columns={"customer": "Mobile", "expires_at": ""}, forms=FORMS)
    assert (Customer(mobile="4915112345"), None) == (found.customer, found.expires_at)
    with pytest.raises(UsageError, match="the expires_at is no time"):
        read_holdings(text(vendors), forms=FORMS)


@pytest.mark.parametrize("kind", list(Identifier))
def test_a_plain_table_needs_a_code_and_an_identifier(kind: Identifier) -> None:
    """Any table with a column `code` and one of the identifiers is read; a row of nobody is of unknown standing."""
    value = {"mobile": "4915112345", "email": "a@example.com"}.get(kind, "77")
    first, second = read_holdings(text(f"note\tcode\t{kind}\nx\tC-1\t{value}\nx\tC-2\t\n"), forms=FORMS)
    assert (first.customer, first.status) == (Customer(**{kind: value}), HoldingStatus.ISSUED)
    assert (second.customer, second.status) == (None, HoldingStatus.UNKNOWN)


@pytest.mark.parametrize(
    ("table", "reason"),
    [
        ("", "empty"),
        ("code\nA\n", "no column names customers"),
        ("mobile\n4911\n", "no column is named as codes"),
        ("code,mobile,email\nA,1,b@example.com\n", "several columns name customers"),
        ("code,voucher code,coupon,mobile\nA,B,C,4911\n", "C-1"),
        ("\x00\x01", "text"),
    ],
)
def test_a_table_that_is_none_is_refused(table: str, reason: str) -> None:
    """What the header leaves open is never guessed, but one column named plainly `code` is it."""
    if reason == "C-1":
        assert ["A"] == [one.code for one in read_holdings(text(table))]
        return
    with pytest.raises(UsageError, match=reason):
        read_holdings(text(table))


def test_all_faults_are_told_at_once_and_nothing_is_given() -> None:
    """Ten faulty rows are told by line and reason, the rest is counted, and no value is quoted."""
    bad = [
        "C-1,9.19E+11",
        ",4915112345",
        "1.2E+10,4915112345",
        "C-2,4915112345,x",
        '"=""C-3""",4915112345',
        "C-4,not a number",
        *["NULL,4915112345"] * 7,
    ]
    with pytest.raises(UsageError) as caught:
        read_holdings(text("code,mobile\nC-0,4915112345\n" + "\n".join(bad)))
    message = caught.value.message
    assert message.startswith(
        "13 faulty rows, so nothing was read: line 3: the customer's mobile is a rounded number"
    )
    assert "line 4: it has no code" in message
    assert "line 6: it has 3 columns and the header 2" in message
    assert message.endswith("and 3 more")
    assert not any(secret in message for secret in ("9.19", "4915112345", "C-3", "C-4", "not a number"))


def test_tables_come_packed_and_in_any_encoding(tmp_path: Path) -> None:
    """The one reader of code files opens them: gzip and UTF-16 give the same holdings."""
    packed = tmp_path / "export.csv.gz"
    packed.write_bytes(gzip.compress(OWN.encode("utf-16")))
    assert list(read_holdings(text(OWN))) == list(read_holdings(packed))
    assert is_export(packed)


def test_a_parquet_table_is_read(tmp_path: Path) -> None:
    """Columns of text are taken, and a customer's number that is none is refused with its line."""
    path = tmp_path / "export.parquet"
    parquet.write_table(pa.table({"code": ["A"], "mobile": ["4915112345"], "count": [1]}), path)
    assert [Customer(mobile="4915112345")] == [one.customer for one in read_holdings(path)]
    parquet.write_table(pa.table({"code": ["A"], "mobile": [4915112345]}), path)
    with pytest.raises(UsageError, match="line 1: the customer is of type int64, where text is needed"):
        read_holdings(path)


def test_a_file_of_customers_is_told_from_an_export() -> None:
    """It has one column of an identifier and none of codes; an open file is left where it was."""
    people = text("name,email\nA,a@example.com\nB,b@example.com\nA,a@example.com\n")
    assert not is_export(people)
    found = [Customer(email=f"{one}@example.com") for one in "aba"]
    assert found == list(read_customers(people))
    export = text(OWN)
    assert is_export(export)
    assert 2 == len(list(read_holdings(export)))
    with pytest.raises(UsageError, match="column of codes"):
        list(read_customers(text(OWN)))
    with pytest.raises(UsageError, match="names none"):
        list(read_customers(text("a@example.com\n")))
    with pytest.raises(UsageError, match="names 2 of them"):
        list(read_customers(text("email,mobile\na@example.com,4915112345\n")))
    with pytest.raises(UsageError, match=r"2 faulty rows.*line 2: .*rounded number; line 3: .* is blank"):
        list(read_customers(text("mobile,x\n9.19E+11,1\n,1\n")))


EVENTS = st.sampled_from(["issued", "redeemed", "expired", "revoked", "new word"])
_WEIGHTS = [
    HoldingStatus.ISSUED,
    HoldingStatus.EXPIRED,
    HoldingStatus.UNKNOWN,
    HoldingStatus.REVOKED,
    HoldingStatus.REDEEMED,
]


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(1, 3), EVENTS), max_size=30))
def test_no_code_is_lost_or_doubled_in_folding(rows: list[tuple[int, int, str]]) -> None:
    """Whatever the order of events, each code of each customer comes once, as the weightiest of its events says."""
    form = ExportForm(
        title="a log",
        identifier=Identifier.ID,
        columns={
            HoldingColumn.CODE: ("c",),
            HoldingColumn.CUSTOMER: ("who",),
            HoldingColumn.EVENT: ("what",),
        },
        events=CAPILLARY.events,
    )
    table = "c,who,what\n" + "".join(f"C-{code},{who},{what}\n" for code, who, what in rows)
    found = [(one.code, one.customer, one.status) for one in read_holdings(text(table), forms=[form])]
    expected: dict[tuple[str, Customer], HoldingStatus] = {}
    for code, who, what in rows:
        key, status = (f"C-{code}", Customer(id=str(who))), CAPILLARY.events.get(what, HoldingStatus.UNKNOWN)
        expected[key] = max(expected.get(key, HoldingStatus.ISSUED), status, key=_WEIGHTS.index)
    assert sorted((code, str(who and who.id), status) for code, who, status in found) == sorted(
        (code, str(who.id), status) for (code, who), status in expected.items()
    )


def test_a_day_of_an_end_lasts_until_its_last_second() -> None:
    """A day without a time begins at its beginning and ends at its end, and one with a time stays what it is."""
    table = "code,id,list_id,status,issued_at,expires_at\nA,1,,issued,2026-01-01,2026-01-31\nB,1,,issued,2026-01-01T05:00+05:00,2026-01-31 00:00:00\n"
    day, moment = read_holdings(text(table))
    begin = datetime(2026, 1, 1, tzinfo=UTC)
    assert (begin, begin + timedelta(days=31, seconds=-1)) == (day.issued_at, day.expires_at)
    assert (begin, begin + timedelta(days=30)) == (moment.issued_at, moment.expires_at)


def test_a_workbook_is_read_and_numbers_in_it_are_refused() -> None:
    """Cells of text are taken as they stand; a mobile that a spreadsheet holds as a number may have lost digits."""
    good = workbook([["code", "mobile"], ["007", "4915112345"]])
    assert [("007", Customer(mobile="4915112345"))] == [
        (one.code, one.customer) for one in read_holdings(io.BytesIO(good))
    ]
    bad = workbook([["mobile"], ["4915112345"], [4915112346.0]])
    with pytest.raises(UsageError, match="line 3: the mobile is a number, where text is needed"):
        list(read_customers(io.BytesIO(bad)))


@pytest.mark.parametrize("argument", ["source", "list_id", "columns", "identifier", "events", "forms"])
@given(odd=st.sampled_from([1, b"x", object(), {"code": 1}, {"x": "y"}, [1], "\0"]))
def test_odd_arguments_are_refused(argument: str, odd: Any) -> None:
    """Whatever is given, it is read or there is one line; nothing else is ever raised."""
    arguments = {"source": io.BytesIO(b"code,id\nA,1\n"), argument: odd}
    with suppress(CouponhubError):
        read_holdings(**arguments)


@given(
    st.binary(max_size=60),
    st.sampled_from(["code,id\n", "mobile\n", "coupon_code,dim_issued_to_user_id\n", ""]),
)
def test_any_bytes_are_read_or_refused(content: bytes, header: str) -> None:
    """Damage of any kind is one line, and no fault of couponhub's."""
    for read in (
        lambda file: list(read_holdings(file, forms=FORMS)),
        lambda file: list(read_customers(file)),
        is_export,
    ):
        with suppress(CouponhubError):
            read(io.BytesIO(header.encode() + content))
