"""A lookup as people see it on a narrow and on a wide terminal; after a wanted change, write the pictures anew."""

import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from couponhub.cli.commands.lookup import show
from couponhub.cli.options import GlobalOptions
from couponhub.errors import VendorUnavailable
from couponhub.models import (
    Answer,
    Coupon,
    CouponQuery,
    CouponStatus,
    Customer,
    LookupAnswer,
    Reason,
    Redemption,
    Source,
    Store,
    Verdict,
)

HERE = Path(__file__).with_name("pictures")
ISSUED = datetime(2026, 9, 10, 21, 56, tzinfo=UTC)


@pytest.fixture(autouse=True)
def in_utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """People read times in their own zone."""
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def coupon(code: str, status: CouponStatus, days: int, *redemptions: Redemption, connection: str) -> Coupon:
    """A coupon of a list with a long name."""
    is_live = connection == "loyalty"
    return Coupon(
        connection=connection,
        code=code,
        list_name="Welcome 10% off your next purchase, [for] members of the club",
        status=status,
        issued_at=ISSUED - timedelta(days=days),
        expires_at=ISSUED + timedelta(days=200 - days),
        redemption_count=len(redemptions) if is_live else None,
        redemptions=redemptions if is_live else None,
        approximate=("issued_at", "redemptions") if is_live else (),
        source=Source.LIVE if is_live else Source.REPORT,
    )


def answer() -> LookupAnswer:
    """Coupons of two kinds of connections, and a third that is down."""
    store = Store(code="store_002", name="Downtown Store")
    uses = tuple(Redemption(at=ISSUED + timedelta(days=day), store=store) for day in range(5))
    live = (
        coupon("LOYAL-0001", CouponStatus.ACTIVE, 0, connection="loyalty"),
        coupon("UVLFDACZY6", CouponStatus.REDEEMED, 9, uses[0], connection="loyalty"),
        coupon("PARTNER0001", CouponStatus.ACTIVE, 30, *uses, connection="loyalty"),
    )
    reported = (coupon("WELCOME-0019", CouponStatus.UNKNOWN, 3, connection="engage"),)
    found = Answer(
        connection="loyalty",
        verdict=Verdict.FOUND,
        coupons=live,
        elapsed_ms=1220,
        asked_as=("***10 (12 digits)",),
    )
    report = Answer(
        connection="engage",
        verdict=Verdict.FOUND,
        coupons=reported,
        source=Source.REPORT,
        as_of=ISSUED,
        elapsed_ms=9,
        asked_as=("***07 (7 characters)",),
        identified_by="loyalty",
    )
    late = Answer(
        connection="club",
        verdict=Verdict.UNKNOWN,
        reason=Reason.TIMEOUT,
        elapsed_ms=2000,
        error=VendorUnavailable("no answer within the deadline of 2 s", connection="club"),
    )
    return LookupAnswer(customer=Customer(mobile="+91 98765-43210"), answers=(found, report, late))


@pytest.mark.parametrize("width", [80, 200])
def test_the_picture_of_a_lookup(
    width: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It says first what it means, cuts no code, and fits; COUPONHUB_PICTURES=1 writes it anew."""
    monkeypatch.setenv("COLUMNS", str(width))
    show(GlobalOptions(output="table"), answer(), CouponQuery())
    out, err = capsys.readouterr()
    picture = "\n".join(line.rstrip() for line in f"{out}--\n{err}".splitlines()) + "\n"
    path = HERE / f"lookup-{width}.txt"
    if os.environ.get("COUPONHUB_PICTURES"):
        HERE.mkdir(exist_ok=True)
        path.write_text(picture, encoding="utf-8")
    assert path.read_text(encoding="utf-8") == picture
    assert max(map(len, picture.partition("--\n")[0].splitlines())) <= width
