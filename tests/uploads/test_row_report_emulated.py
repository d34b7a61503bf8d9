"""Reports of uploads to both emulated vendors, over HTTP: all counts balance, and no row is told of otherwise than is true."""

import csv
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import attrs
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from couponhub import CouponHub, PartialFailure, Unsupported
from couponhub.models import RowOutcome, Upload, UploadReport
from couponhub.testing import Control, EmulatorContext, EmulatorServer
from couponhub.testing.configuration import config_text
from couponhub.testing.vendors import emulators
from tests.kit.examples import examples

TAKES_CODES = "Partner codes", "Welcome offer"
"""Lists of the demo that take codes which belong to nobody."""
SMALL: dict[str, dict[str, int]] = {
    "capillary": {"file_rows": 3},
    "moengage": {"file_bytes": 40, "upload_per_minute": 0, "upload_per_day": 0},
}
LONGEST = 8
"""The characters of a code that the emulated Capillary takes."""


@attrs.frozen
class Shop:
    """One emulated vendor, our hub, and that of somebody else, who has a state of their own."""

    name: str
    ours: CouponHub
    theirs: CouponHub
    control: Control
    folder: Path
    list_id: str
    numbers: Iterator[int] = attrs.field(factory=lambda: count(1))

    def send(self, hub: CouponHub, codes: list[str]) -> str:
        """Send codes and have the vendor work through them; return the upload's id."""
        try:
            return str(hub[self.name].uploads.send(self.list_id, codes, wait=True).id)
        except PartialFailure:
            return str(hub[self.name].uploads.recorded()[0].id)

    @property
    def held(self) -> set[str]:
        """The truth: the codes in the list."""
        return {one["code"] for one in self.control.codes(self.list_id)}

    @property
    def asked(self) -> int:
        """The codes that the vendor was asked about."""
        calls = [one for one in self.control.requests() if one["path"].endswith("/v1.1/coupon/get")]
        return sum(len(parse_qs(one["query"])["code"][0].split(",")) for one in calls)


@pytest.fixture(scope="module", params=sorted(SMALL))
def shop(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """Each vendor with files of a few rows, so that an upload has several parts."""
    name, folder, world = request.param, tmp_path_factory.mktemp("shop"), EmulatorContext()
    (vendor,) = emulators([name], world)
    vendor.seed_demo()
    vendor.set_processing_delay(0.02)
    with EmulatorServer([vendor], world) as server, ExitStack() as opened:

        def hub(whose: str) -> CouponHub:
            config = folder / f"{whose}.toml"
            store = f'[store]\nurl = "sqlite:///{folder}/{whose}/hub.db"\n'
            told = config_text(server.url, [vendor], {"settle": 0.05, "limits": SMALL[name]})
            config.write_text(told + store, encoding="utf-8")
            return opened.enter_context(CouponHub.from_config(config))

        ours, theirs = hub("ours"), hub("theirs")
        (list_id,) = (one.id for one in ours[name].lists.iterate() if one.name in TAKES_CODES)
        yield Shop(name, ours, theirs, Control(server.url, name), folder, list_id)


# Not shrunk: every example goes to a vendor over HTTP.
@settings(max_examples=examples(48), phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(
    wishes=st.lists(
        st.sampled_from(["a", "b", "c", "d", "too long 1", "too long 2", "e", "f"]), min_size=1, max_size=12
    ),
    earlier=st.sets(st.sampled_from("abce")),
    foreign=st.sets(st.sampled_from("bdf")),
    fails=st.booleans(),
    readable=st.booleans(),
    probe=st.integers(0, 9),
)
def test_reports_balance_and_are_true(
    shop: Shop,
    *,
    wishes: list[str],
    earlier: set[str],
    foreign: set[str],
    fails: bool,
    readable: bool,
    probe: int,
) -> None:
    """Over duplicates, codes sent before by us and by others, refused rows, failed files, and questions about codes."""
    number = next(shop.numbers)
    is_capillary = shop.name == "capillary"
    if is_capillary:
        shop.control.set_options(max_code_length=LONGEST, pool_readable=readable)

    def spelled(wish: str) -> str:
        return f"{'L' * LONGEST if wish.startswith('too') else ''}{wish[-1].upper()}{number}"

    for hub, codes in ((shop.ours, earlier), (shop.theirs, foreign - earlier)):
        if codes:
            shop.send(hub, sorted(map(spelled, codes)))
    before = shop.held
    if fails and not is_capillary:
        shop.control.set_options(fail_next_files=1)
    source = [spelled(wish) for wish in wishes]
    upload_id = shop.send(shop.ours, source)
    if not is_capillary:
        shop.control.set_options(fail_next_files=0)
    path, asked = shop.folder / f"{number}.csv", shop.asked
    if not is_capillary:
        with pytest.raises(Unsupported):
            shop.ours[shop.name].uploads.report(upload_id, path, probe=1)

    report = shop.ours[shop.name].uploads.report(upload_id, path, probe=probe if is_capillary else 0)

    rows = list(csv.DictReader(path.read_text("utf-8").splitlines()))
    assert list(enumerate(source, start=1)) == [(int(row["line"]), row["code"]) for row in rows]
    held, upload = shop.held, shop.ours[shop.name].uploads.find(upload_id)
    assert upload is not None
    assert (upload.rows, upload.duplicates) == (report.rows, report.duplicates)
    assert (
        shop.asked - asked <= report.asked * 2 <= probe * 2
    )  # the codes alone are named in other calls, too
    assert_balanced(report, upload, rows)
    for row in rows:
        code, outcome = row["code"], row["outcome"]
        assert outcome != "accepted" or code in held
        assert outcome != "rejected" or code not in held or code in before
        assert outcome != "skipped" or code in before
    if not foreign and not report.unknown:
        assert report.accepted == len(held - before)


def assert_balanced(report: UploadReport, upload: Upload, rows: list[dict[str, str]]) -> None:
    """The counts of a report are those of its rows, and balance per part and in all."""
    counts: dict[str, Any] = attrs.asdict(report) | {"duplicate": report.duplicates}
    found = Counter(row["outcome"] for row in rows)
    assert {str(outcome): counts[outcome] for outcome in RowOutcome} == {
        str(outcome): found[outcome] for outcome in RowOutcome
    }
    for part, known in zip(report.parts, upload.parts, strict=True):
        assert (
            part.rows
            == part.accepted + part.rejected + part.not_sent + part.pending + part.unknown
            == known.rows
        )
        assert {part.vendor_accepted, known.accepted} in ({known.accepted}, {None, 0})
