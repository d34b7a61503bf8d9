"""Of two columns that may hold the customers, or the codes, none is taken by guess."""

from pathlib import Path

import pytest

from couponhub.errors import LocalError
from couponhub.models import Identifier
from tests.usage.cells_harness import SENT_AT, CellHarness

EXTERNAL, MOBILE, EMAIL = Identifier.EXTERNAL_ID, Identifier.MOBILE, Identifier.EMAIL
CELLS = {"ID": "1", "User": "John", "Customer Email": "a.buyer@example.com", "Mobile Number": "919876543210"}


def report(header: str) -> str:
    """One row below a header."""
    known = {"Coupon Code": "MAIL-1", "Code": "MAIL-1", "Coupon": "MAIL-1", "Sent At": SENT_AT, **CELLS}
    return f"{header}\n{','.join(known.get(name, 'EXT-100') for name in header.split(','))}\n"


@pytest.mark.parametrize(
    ("kind", "header", "named"),
    [
        (EMAIL, "ID,Customer Email,Coupon Code,Sent At", ("ID", "Customer Email")),
        (MOBILE, "User,Mobile Number,Coupon Code,Sent At", ("User", "Mobile Number")),
        (EXTERNAL, "ID,External ID,Coupon Code,Sent At", ("ID", "External ID")),
        (EXTERNAL, "User,Customer Number,Coupon Code,Sent At", ("User", "Customer Number")),
        (EXTERNAL, "ID,User,Coupon Code,Sent At", ("ID", "User")),
        (EXTERNAL, "User ID,External ID,Coupon Code,Sent At", ("User ID", "External ID")),
        (EXTERNAL, "User ID,Customer ID,Coupon Code,Sent At", ("User ID", "Customer ID")),
        (EXTERNAL, "Loyalty Number,Customer ID,Coupon Code,Sent At", ("Loyalty Number", "Customer ID")),
        (EMAIL, "User ID,E-mail,Coupon Code,Sent At", ("User ID", "E-mail")),
        (MOBILE, "User ID,Phone No,Coupon Code,Sent At", ("User ID", "Phone No")),
        (MOBILE, "ID,Login,Coupon Code,Sent At", ("ID", "Login")),
        (EXTERNAL, "user_id,USER ID,Coupon Code", ("user_id", "USER ID")),
    ],
)
def test_two_columns_of_customers_are_refused(
    tmp_path: Path, kind: Identifier, header: str, named: tuple[str, ...]
) -> None:
    """With the columns that could be meant and the setting that decides."""
    harness = CellHarness.opened(tmp_path, kind)
    with pytest.raises(LocalError, match="several columns could be the user") as refused:
        harness.take(report(header))
    assert not [name for name in named if f'"{name}"' not in str(refused.value)]
    assert "usage_columns.user" in refused.value.hint
    assert not [cell for cell in CELLS.values() if len(cell) > 4 and cell in str(refused.value)]
    harness.harness.close()


@pytest.mark.parametrize(
    "header",
    [
        *("User ID,Coupon,Code,Sent At", "User ID,Code,Promo Code,Sent At", "User ID,Coupon,Voucher,Sent At"),
        "User ID,Coupon Code,coupon_code",
    ],
)
def test_two_columns_of_codes_are_refused(tmp_path: Path, header: str) -> None:
    """A bare "Code" may be a country's."""
    harness = CellHarness.opened(tmp_path, EXTERNAL)
    with pytest.raises(LocalError, match="several columns could be the code") as refused:
        harness.take(report(header))
    assert "usage_columns.code" in refused.value.hint
    harness.harness.close()


@pytest.mark.parametrize(
    ("kind", "header", "column", "asked"),
    [
        (EMAIL, "ID,Customer Email,Coupon Code,Sent At", "Customer Email", "a.buyer@example.com"),
        (MOBILE, "User,Mobile Number,Coupon Code,Sent At", "mobile_number", "9876543210"),
        (EXTERNAL, "User ID,External ID,Coupon Code,Sent At", "External ID", "EXT-100"),
        (EXTERNAL, "ID,Login,Coupon Code,Sent At", "id", "1"),
    ],
)
def test_the_setting_decides(tmp_path: Path, kind: Identifier, header: str, column: str, asked: str) -> None:
    """Whatever stands beside the column that it names."""
    harness = CellHarness.opened(tmp_path, kind, usage_columns={"user": (column,)})
    assert 1 == harness.take(report(header)).added
    assert ("found", ["MAIL-1"]) == harness.answer(asked)
    harness.harness.close()


@pytest.mark.parametrize(
    ("kind", "header", "asked"),
    [
        (EXTERNAL, "User ID,Customer Email,Mobile Number,Coupon Code,Sent At", "EXT-100"),
        (EXTERNAL, "ID,Customer ID,Customer Name,Coupon Code,Sent At", "EXT-100"),
        (EXTERNAL, "ID,Coupon Code,Campaign ID,Campaign Name,Sent At", "1"),
        (EXTERNAL, "User,Code,Sent At", "John"),
        (EXTERNAL, "User ID,Code,Country,Sent At", "EXT-100"),
        (EXTERNAL, "User ID,Coupon,Coupon Code,Sent At", "EXT-100"),
        (EXTERNAL, " user_id ,COUPON-CODE,Channel", "EXT-100"),
    ],
)
def test_a_plain_header_is_believed(tmp_path: Path, kind: Identifier, header: str, asked: str) -> None:
    """Columns of other identifiers beside "User ID" leave nothing open."""
    harness = CellHarness.opened(tmp_path, kind)
    harness.take(report(header))
    assert "found" == harness.answer(asked)[0]
    harness.harness.close()


def test_all_columns_that_are_missing_are_told_at_once(tmp_path: Path) -> None:
    """Whoever names one in the config is not sent back for the next."""
    harness = CellHarness.opened(tmp_path, EXTERNAL)
    with pytest.raises(LocalError) as refused:
        harness.take(report("Kunde,Gutschein,Sent At,Campaign ID"))
    told = refused.value.message
    assert "no column of the user, known as" in told
    assert "; and no column of the code, known as" in told
    assert 'it names "Kunde", "Gutschein", "Sent At", "Campaign ID"' in told
    assert "name them under usage_columns.user and usage_columns.code of the connection" in refused.value.hint
    harness.harness.close()


@pytest.mark.parametrize("end", ["\n\n\n\n", "\r\n\r\n", ",,\n", ",,\n\n , ,\n", "\n,,", "\t\n"])
def test_blank_rows_at_the_end_refuse_no_report(tmp_path: Path, end: str) -> None:
    """Spreadsheets and editors leave them."""
    harness = CellHarness.opened(tmp_path, EXTERNAL)
    harness.take(report("User ID,Coupon Code,Sent At") + end)
    harness.harness.close()


def test_a_header_without_customers_names_what_it_has(tmp_path: Path) -> None:
    """A row that is no header is shown to nobody."""
    harness = CellHarness.opened(tmp_path, MOBILE)
    with pytest.raises(LocalError, match='it names "Mobile Number", "Coupon Code", "Sent At"'):
        harness.take(report("Mobile Number,Coupon Code,Sent At"))
    with pytest.raises(LocalError) as refused:
        harness.take(f"919876543210,MAIL-1,{SENT_AT}\n")
    assert "MAIL" not in str(refused.value)
    assert "9876" not in str(refused.value)
    harness.harness.close()
