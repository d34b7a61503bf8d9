"""The mails of the emulated MoEngage over the control API: reports that are the truth, reminders that follow the clock."""

import csv
import io
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from couponhub.testing.control import Control
from couponhub.testing.emulation.context import EmulatorContext
from couponhub.testing.emulation.server import EmulatorServer
from couponhub_moengage.emulator import MoEngageEmulator
from tests.kit.eventually import eventually

NOON_IN_INDIA = datetime(2030, 5, 1, 6, 30, tzinfo=UTC)
REMIND = {"expiry_alert": {"alert": True, "days_before": 2}}


class MailHarness:
    """An emulated MoEngage on a port, called as its documentation says and steered by its control API."""

    def __init__(self, server: EmulatorServer) -> None:
        self.server = server
        self.control = Control(server.url, "moengage")
        self.control.set_clock(NOON_IN_INDIA)

    def call(self, method: str, path: str, body: Mapping[str, Any]) -> requests.Response:
        """Call the vendor."""
        return requests.request(
            method,
            f"{self.server.url}/moengage/v1/coupon-list{path}",
            json=body,
            auth=("DEMO", "demo-key"),
            headers={"MOE-APPKEY": "DEMO"},
            timeout=60,
        )

    def new_list(self, name: str = "spring", *, expires: str = "2030-05-10", **more: Any) -> str:
        """A list whose subscriber is one person; answers its id."""
        body: dict[str, Any] = {"name": name, "label": name, "created_by": "me", "expires_at": expires}
        body |= {"email_alert_subscribers": ["owner@example.com"], **more}
        return str(self.call("POST", "", body).json()["_id"])

    def filled_list(self, count: int) -> str:
        """A list that holds so many codes and lasts the year."""
        codes = [f"CODE-{number:03}" for number in range(count)]
        fields = {"name": "full", "codes": codes, "expires_at": "2030-12-31"}
        vendor = self.server.app.vendors["moengage"]
        vendor.seed({"lists": [fields]})
        answer = requests.get(
            f"{self.server.url}/moengage/v1/coupon-list",
            auth=("DEMO", "demo-key"),
            headers={"MOE-APPKEY": "DEMO"},
            timeout=60,
        )
        return str(answer.json()["data"][0]["_id"])

    def report(self, list_id: str, start: str, end: str) -> list[dict[str, str]]:
        """The rows of a usage report, as they were mailed."""
        before = len(self.control.mails())
        body = {"start_date": start, "end_date": end, "email_subscribers": ["clerk@example.com"]}
        assert 200 == self.call("POST", f"/{list_id}/usage-report", body).status_code
        eventually(lambda: len(self.control.mails()) > before, "the mail")
        (attached,) = self.control.mails()[-1]["attachments"]
        return list(csv.DictReader(io.StringIO(attached["text"])))

    def reminders(self) -> list[tuple[str, str]]:
        """The days, in India, on which reminders were mailed, with their subjects."""
        return [
            (
                f"{datetime.fromisoformat(mail['at']) + timedelta(hours=5, minutes=30):%d %H:%M}",
                mail["subject"],
            )
            for mail in self.control.mails()
            if "expires" in mail["subject"]
        ]

    def days(self) -> list[str]:
        """The days on which reminders were mailed."""
        return [at[:2] for at, _ in self.reminders()]

    def on_day(self, day: int, hour: int = 12) -> None:
        """Let it be that day of May, at that hour in India."""
        at = datetime(2030, 5, day, tzinfo=UTC) + timedelta(hours=hour) - timedelta(hours=5, minutes=30)
        self.control.set_clock(at)


@pytest.fixture
def harness() -> Iterator[MailHarness]:
    """An empty workspace at noon of the first of May 2030."""
    world = EmulatorContext()
    emulator = MoEngageEmulator(world)
    emulator.set_processing_delay(0)
    with EmulatorServer([emulator], world) as server:
        yield MailHarness(server)
    assert [] == world.background.failures


def test_a_report_holds_exactly_what_was_handed_out_on_its_days(harness: MailHarness) -> None:
    """Whatever days are asked for: who got which code when, each once, by the days of the workspace's zone."""
    list_id = harness.filled_list(60)
    given: dict[str, tuple[str, str]] = {}
    for day in range(2, 8):
        # Two minutes around each midnight in India, and noon.
        for hour, minute in ((18, 29), (18, 31), (6, 30)):
            at = datetime(2030, 5, day, hour, minute, tzinfo=UTC)
            harness.control.set_clock(at)
            user = f"USER-{day}-{hour}-{minute}"
            local = f"{at + timedelta(hours=5, minutes=30):%Y-%m-%d}"
            for code in harness.control.issue(list_id, {"external_id": user}, count=2):
                given[code] = (user, local)
    harness.on_day(20)
    truth = {
        row["code"]: row["customer"]["external_id"]
        for row in harness.control.codes(list_id)
        if row["status"] == "issued"
    }
    assert {code: user for code, (user, _) in given.items()} == truth

    for start, end in (("02", "08"), ("03", "03"), ("04", "06"), ("08", "08"), ("09", "20")):
        rows = harness.report(list_id, f"2030-05-{start}", f"2030-05-{end}")
        expected = {
            code: user for code, (user, day) in given.items() if f"2030-05-{start}" <= day <= f"2030-05-{end}"
        }
        assert len(expected) == len(rows)
        assert expected == {row["Coupon Code"]: row["User ID"] for row in rows}
        moments = [datetime.fromisoformat(row["Sent At"]) for row in rows]
        assert sorted(moments) == moments
        assert [given[row["Coupon Code"]][1] for row in rows] == [
            f"{moment + timedelta(hours=5, minutes=30):%Y-%m-%d}" for moment in moments
        ]


def test_a_report_can_be_saved_and_imported(harness: MailHarness) -> None:
    """The mail comes as a file too, and its CSV under an address of its own."""
    list_id = harness.filled_list(3)
    (code,) = harness.control.issue(list_id, {"external_id": "USER-1"}, count=1)
    harness.report(list_id, "2030-05-01", "2030-05-01")
    (mail,) = harness.control.mails()
    (attached,) = mail["attachments"]

    assert (["clerk@example.com"], f"usage-report-{list_id}-2030-05-01-2030-05-01.csv") == (
        mail["to"],
        attached["name"],
    )
    served = requests.get(harness.server.url + attached["url"], timeout=60)
    assert ("text/csv; charset=utf-8", attached["text"]) == (served.headers["Content-Type"], served.text)
    assert code in served.text
    assert b"usage-report-" in harness.control.eml(1)


def test_a_report_has_a_largest_size(harness: MailHarness) -> None:
    """Rows beyond the limit, 20 million unless told otherwise, are left out: the last ones."""
    list_id = harness.filled_list(5)
    options = requests.get(f"{harness.server.url}/_emulator/options", timeout=60).json()
    assert 20_000_000 == options["moengage"]["report_rows_limit"]
    first = [harness.control.issue(list_id, {"external_id": "U"}, count=1)[0] for _ in range(5)][:3]
    harness.control.set_options(report_rows_limit=3)

    rows = harness.report(list_id, "2030-05-01", "2030-05-01")
    assert first == [row["Coupon Code"] for row in rows]
    harness.control.set_options(report_rows_limit=0)
    assert 5 == len(harness.report(list_id, "2030-05-01", "2030-05-01"))


def test_codes_of_failed_campaigns_are_left_out(harness: MailHarness) -> None:
    """They are gone from the list, and no report tells of them."""
    list_id = harness.filled_list(4)
    (told,) = harness.control.issue(list_id, {"external_id": "U"}, count=1)
    harness.control.set_options(campaigns_fail=True)
    harness.control.issue(list_id, {"external_id": "U"}, count=2)

    rows = harness.report(list_id, "2030-05-01", "2030-05-01")

    assert [told] == [row["Coupon Code"] for row in rows]
    assert 3 == sum(row["status"] == "issued" for row in harness.control.codes(list_id))


@pytest.mark.parametrize("kind", ["external_id", "id", "email", "mobile"])
def test_every_user_of_a_report_has_an_id(harness: MailHarness, kind: str) -> None:
    """A customer who is known by something else only is shown by that."""
    list_id = harness.filled_list(1)
    harness.control.issue(list_id, {kind: "77"}, count=1)

    (row,) = harness.report(list_id, "2030-05-01", "2030-05-01")

    assert "77" == row["User ID"]


def test_reminders_come_daily_until_the_list_expires(harness: MailHarness) -> None:
    """From so many days before the last one, as the clock is moved, each day once."""
    harness.new_list(alert_conditions=REMIND)
    harness.on_day(7, 23)
    assert [] == harness.days()
    harness.on_day(8, 1)
    assert [("08 00:00", "Coupon list expires in 2 days: spring")] == harness.reminders()
    harness.on_day(8, 20)
    assert ["08"] == harness.days()
    harness.on_day(9, 9)
    assert ("09 00:00", "Coupon list expires tomorrow: spring") == harness.reminders()[-1]
    harness.on_day(30)
    assert ["08", "09", "10"] == harness.days()
    assert "today" in harness.reminders()[-1][1]
    assert [["owner@example.com"]] * 3 == [mail["to"] for mail in harness.control.mails()]


def test_reminders_that_a_jump_passes_over_all_come(harness: MailHarness) -> None:
    """Whoever sets the clock past everything finds every day's mail, with its own time, and an expired list."""
    list_id = harness.new_list(alert_conditions=REMIND)
    harness.on_day(28)

    assert ["08 00:00", "09 00:00", "10 00:00"] == [at for at, _ in harness.reminders()]
    assert 400 == harness.call("POST", f"/{list_id}/files", {"file_url": "http://127.0.0.1:9/x"}).status_code


def test_a_reminder_that_is_switched_on_late_comes_at_once_and_not_for_days_before(
    harness: MailHarness,
) -> None:
    """Days that were over are not made up for."""
    list_id = harness.new_list()
    harness.on_day(9)
    assert [] == harness.days()
    harness.call(
        "PATCH", f"/{list_id}", {"alert_conditions": {"expiry_alert": {"alert": True, "days_before": 1}}}
    )
    assert ["09 12:00"] == [at for at, _ in harness.reminders()]
    harness.on_day(9, 15)
    harness.call("PATCH", f"/{list_id}", {"alert_conditions": REMIND, "expires_at": "2030-05-11"})
    assert ["09"] == harness.days()
    harness.on_day(11)
    assert ["09", "10", "11"] == harness.days()


def test_nobody_is_reminded_of_what_is_not_due(harness: MailHarness) -> None:
    """Not without the alert, without subscribers, after archiving, or after the expiry was put off."""
    harness.new_list("quiet")
    harness.new_list("alone", email_alert_subscribers=[], alert_conditions=REMIND)
    archived = harness.new_list("archived", alert_conditions=REMIND)
    put_off = harness.new_list("put_off", alert_conditions=REMIND)
    assert (
        204
        == requests.put(
            f"{harness.server.url}/moengage/v1/coupon-list/{archived}/archive",
            auth=("DEMO", "demo-key"),
            headers={"MOE-APPKEY": "DEMO"},
            timeout=60,
        ).status_code
    )
    harness.call("PATCH", f"/{put_off}", {"expires_at": "2030-06-10"})
    harness.on_day(20)
    assert [] == harness.days()


def test_a_list_that_was_brought_back_is_reminded_of_anew(harness: MailHarness) -> None:
    """For its new last days, and for none in between."""
    list_id = harness.new_list(alert_conditions=REMIND)
    harness.on_day(15)
    assert ["08", "09", "10"] == harness.days()
    assert 204 == harness.call("PUT", f"/{list_id}/activate", {"expires_at": "2030-05-20"}).status_code
    assert 3 == len(harness.days())
    harness.on_day(25)
    assert ["08", "09", "10", "18", "19", "20"] == harness.days()


def test_files_wait_as_long_as_they_are_told_to(harness: MailHarness) -> None:
    """Held files stay pending, and go on in their order once they may."""
    harness.control.set_options(files_never_end=True, fetch_attempts=1)
    list_id = harness.new_list()
    path = f"{harness.server.url}/moengage/v1/coupon-list/{list_id}/files"
    for number in range(2):
        harness.call("POST", f"/{list_id}/files", {"file_url": f"ftp://127.0.0.1/{number}"})

    def words() -> list[str]:
        answer = requests.get(
            path, auth=("DEMO", "demo-key"), headers={"MOE-APPKEY": "DEMO"}, timeout=60
        ).json()
        return [file["status"] for file in answer["data"]]

    time.sleep(0.05)
    assert ["PENDING", "PENDING"] == words()
    harness.control.set_options(files_never_end=False)
    eventually(lambda: "PENDING" not in words(), "the files to be processed")
    assert ["FAILED", "FAILED"] == words()
