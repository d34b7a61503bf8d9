"""Lists that are changed and files that are deleted: what is sent, and what is made of unclear answers."""

from collections.abc import Callable
from datetime import date
from typing import Any

import attrs
import pytest

from couponhub.capabilities import Offered
from couponhub.clock import Clock
from couponhub.connection import Lists
from couponhub.errors import (
    Conflict,
    NotFound,
    OutcomeUnknown,
    QuotaExhausted,
    RequestRejected,
    UnreadableReply,
    UsageError,
    VendorUnavailable,
)
from couponhub.models import Alerts, AlertsChange, ListChange, ListId, ListStatus, PartId
from couponhub.uploads.deletion import Deleter
from couponhub_moengage.adapter import MoEngageAdapter
from tests.moengage.scripted import Answer, Opens, Vendor

W1 = ListId("W1")
DAY = date(2030, 1, 31)
PATCH, READ = "PATCH /coupon-list/W1", "GET /coupon-list/W1"
ACTIVATE, ARCHIVE = "PUT /coupon-list/W1/activate", "PUT /coupon-list/W1/archive"
DELETE, FILES = "DELETE /coupon-list/W1/files/F1", "GET /coupon-list/W1/files"
DONE: Answer = (204, b"")
LOST: Answer = (502, b"")
REFUSED: Answer = (400, {"error": {"code": "invalid-request", "message": "No."}})
ALL_OFF = {
    "success_alert": False,
    "failure_alert": False,
    "coupon_shortage_alert": {"alert": False},
    "expiry_alert": {"alert": False},
}


def shown(**changes: Any) -> Answer:
    """The list as reading it shows it; the day ends in India."""
    return 200, {
        "_id": "W1",
        "name": "Winter sale",
        "status": "ACTIVE",
        "expires_at": "2030-01-31T18:29:00.000Z",
        "email_alert_subscribers": [],
        "alert_conditions": ALL_OFF,
        **changes,
    }


def files(*ids: object) -> Answer:
    """The list's files."""
    return 200, {"data": [{"_id": file_id, "name": f"file {file_id}"} for file_id in ids]}


@attrs.frozen
class ChangeHarness:
    """What a connection makes of the adapter's answers."""

    lists: Lists
    files: Deleter


def harness_of(vendor: Vendor, adapter: MoEngageAdapter, settle: float = 30.0) -> ChangeHarness:
    """The core over that adapter; time does not pass, it is noted."""
    clock = Clock(sleep=vendor.waits.append)
    return ChangeHarness(
        Lists("engage", Offered(adapter, "engage"), settle=settle, clock=clock),
        Deleter(connection="engage", adapter=adapter, settle=settle, clock=clock),
    )


def activate(harness: ChangeHarness) -> None:
    """Activate the list."""
    harness.lists.activate(W1, DAY)


def archive(harness: ChangeHarness) -> None:
    """Archive the list."""
    harness.lists.archive(W1)


def delete(harness: ChangeHarness) -> None:
    """Delete the file."""
    harness.files.delete_part(W1, PartId("F1"))


@attrs.frozen
class Change:
    """A change that may be repeated: what it sends, where it can be seen, and how that looks before and after."""

    do: Callable[[ChangeHarness], None]
    line: str
    look: str
    before: Answer
    after: Answer

    def __str__(self) -> str:
        return self.line


ACTIVATION = Change(activate, ACTIVATE, READ, shown(status="ARCHIVED"), shown())
ARCHIVING = Change(archive, ARCHIVE, READ, shown(), shown(status="ARCHIVED"))
DELETION = Change(delete, DELETE, FILES, files("F0", "F1"), files("F0"))
CHANGES = pytest.mark.parametrize("change", [ACTIVATION, ARCHIVING, DELETION], ids=str)


@pytest.mark.parametrize(
    ("change", "body"),
    [
        (ListChange(name="Spring sale"), {"name": "Spring sale"}),
        (ListChange(expires=DAY), {"expires_at": "2030-01-31"}),
        (ListChange(alerts=Alerts()), {"email_alert_subscribers": [], "alert_conditions": ALL_OFF}),
        (
            ListChange(name="N", alerts=Alerts(subscribers=("a@example.com",), expiry_days=3)),
            {
                "name": "N",
                "email_alert_subscribers": ["a@example.com"],
                "alert_conditions": {**ALL_OFF, "expiry_alert": {"alert": True, "days_before": 3}},
            },
        ),
    ],
)
def test_an_update_sends_what_changes(
    vendor: Vendor, connect: Opens, change: ListChange, body: dict[str, object]
) -> None:
    """Only what was asked travels, alerts as a whole; the answer is the list as it is read afterwards."""
    vendor.answers[PATCH] = shown()
    vendor.answers[READ] = shown(total_coupons=7)
    assert connect().update_list(W1, change).total == 7
    assert vendor.lines() == [PATCH, READ]
    assert vendor.seen[0].json == body


HELD = {
    "success_alert": True,
    "failure_alert": False,
    "coupon_shortage_alert": {"alert": True, "threshold_count": 5},
    "expiry_alert": {"alert": True, "days_before": 3},
}


@pytest.mark.parametrize(
    ("change", "conditions"),
    [
        (
            AlertsChange(shortage=9),
            {**HELD, "coupon_shortage_alert": {"alert": True, "threshold_count": 9}},
        ),
        (AlertsChange(expiry_days=None), {**HELD, "expiry_alert": {"alert": False}}),
        (AlertsChange(success=False, failure=True), {**HELD, "success_alert": False, "failure_alert": True}),
    ],
)
def test_a_change_of_one_alert_sends_the_others_as_they_were_read(
    vendor: Vendor, connect: Opens, change: AlertsChange, conditions: dict[str, object]
) -> None:
    """The conditions are replaced as a whole, so they are read right before; subscribers do not travel."""
    vendor.answers = {PATCH: shown(), READ: shown(alert_conditions=HELD)}
    connect().update_list(W1, ListChange(alerts=change))
    assert vendor.lines() == [READ, PATCH, READ]
    assert vendor.seen[1].json == {"alert_conditions": conditions}


def test_a_change_of_subscribers_leaves_the_alerts_out(vendor: Vendor, connect: Opens) -> None:
    """They have a key of their own, and nothing needs to be read for it."""
    vendor.answers = {PATCH: shown(), READ: shown()}
    connect().update_list(W1, ListChange(alerts=AlertsChange(subscribers=("b@example.com",))))
    assert vendor.lines() == [PATCH, READ]
    assert vendor.seen[0].json == {"email_alert_subscribers": ["b@example.com"]}


@pytest.mark.parametrize(
    "held",
    [
        None,
        "on",
        {**HELD, "success_alert": "yes"},
        {**HELD, "weekly_alert": True},
        {**HELD, "expiry_alert": {"alert": True}},
        {**HELD, "expiry_alert": {"alert": True, "days_before": 3, "at": "noon"}},
    ],
)
def test_alerts_that_cannot_be_kept_are_not_overwritten(vendor: Vendor, connect: Opens, held: object) -> None:
    """Nothing is sent where some would be lost; all of them named, they are replaced without a look."""
    vendor.answers = {PATCH: shown(), READ: shown(alert_conditions=held)}
    adapter = connect()
    with pytest.raises(UnreadableReply, match="nothing was changed") as caught:
        Lists("engage", Offered(adapter, "engage")).update(W1, ListChange(alerts=AlertsChange(shortage=9)))
    assert (caught.value.connection, caught.value.operation) == ("engage", "update list")
    assert vendor.lines() == [READ]
    whole = AlertsChange(success=True, failure=True, shortage=9, expiry_days=None)
    adapter.update_list(W1, ListChange(alerts=whole))
    assert vendor.lines() == [READ, PATCH, READ]


def test_a_lost_change_of_one_alert_is_looked_for_by_that_alone(vendor: Vendor, connect: Opens) -> None:
    """What it did not name may stand as it likes."""
    asked = {**HELD, "coupon_shortage_alert": {"alert": True, "threshold_count": 9}}
    vendor.answers = {PATCH: LOST, READ: [shown(alert_conditions=HELD), shown(alert_conditions=asked)]}
    change = ListChange(alerts=AlertsChange(shortage=9))
    assert harness_of(vendor, connect()).lists.update(W1, change).alerts == Alerts(
        success=True, shortage=9, expiry_days=3
    )
    assert vendor.lines() == [READ, PATCH, READ]


def test_an_update_that_cannot_be_read_again_is_done_all_the_same(vendor: Vendor, connect: Opens) -> None:
    """A failure of the second look does not make the change look failed."""
    vendor.answers[PATCH] = shown(name="Spring sale")
    vendor.answers[READ] = (403, b"")
    assert connect().update_list(W1, ListChange(name="Spring sale")).name == "Spring sale"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (ListChange(), ["nothing"]),
        (ListChange(alerts=AlertsChange()), ["nothing"]),
        (ListChange(name=" ", extra={"label": "x1y2", "colour": "r3d"}), ["blank", "colour, label"]),
        (ListChange(name="N", extra={"created_by": "Ad4"}), ["created_by"]),
    ],
)
def test_a_senseless_update_is_not_sent(
    vendor: Vendor, connect: Opens, change: ListChange, words: list[str]
) -> None:
    """No change, a blank name and unknown fields are refused at once, by name and without their values."""
    with pytest.raises(UsageError) as caught:
        connect().update_list(W1, change)
    assert all(word in str(caught.value) for word in words)
    assert not any(value in str(caught.value) for value in change.extra.values())
    assert vendor.seen == []


@pytest.mark.parametrize(
    ("change", "now"),
    [
        (ListChange(name="Spring sale"), shown(name="Spring sale")),
        (ListChange(expires=DAY), shown()),
        (
            ListChange(alerts=Alerts(subscribers=("a@example.com", "b@example.com"), shortage=5)),
            shown(
                email_alert_subscribers="b@example.com, a@example.com",
                alert_conditions={
                    **ALL_OFF,
                    "coupon_shortage_alert": {"alert": True, "threshold_count": 5},
                    "success_alert": False,
                    "another": True,
                },
            ),
        ),
    ],
)
@pytest.mark.parametrize("lost", [LOST, (200, b"<html>"), (200, {"name": "no id"})])
def test_a_lost_update_that_is_to_be_seen_is_done(
    vendor: Vendor, connect: Opens, change: ListChange, now: Answer, lost: Answer
) -> None:
    """The list shows everything that was asked, so that is the answer; it is sent once."""
    vendor.answers[PATCH] = lost
    vendor.answers[READ] = now
    assert harness_of(vendor, connect()).lists.update(W1, change).id == "W1"
    assert vendor.lines() == [PATCH, READ]


def test_a_lost_update_that_was_not_made_is_repeated_once(vendor: Vendor, connect: Opens) -> None:
    """Not to be seen after the settling time either, it is sent again."""
    vendor.answers |= {PATCH: [LOST, shown()], READ: shown()}
    assert harness_of(vendor, connect(), 2.5).lists.update(W1, ListChange(name="Spring sale")).id == "W1"
    assert (vendor.lines(), vendor.waits) == ([PATCH, READ, READ, PATCH, READ], [2.5])


@pytest.mark.parametrize(
    ("now", "times"),
    [
        (shown(name="Winter sale"), 2),
        (shown(name="Spring sale", expires_at="2030-01-30T18:29:00.000Z"), 2),
        (shown(name="Spring sale", email_alert_subscribers=["other@example.com"]), 2),
        (shown(name="Spring sale", alert_conditions={**ALL_OFF, "failure_alert": True}), 2),
        (shown(name="Spring sale", alert_conditions={**ALL_OFF, "expiry_alert": None}), 2),
        (shown(name="Spring sale", alert_conditions=None), 2),
        (shown(name="Spring sale", expires_at=None), 1),
        ((403, b""), 1),
        ((404, b""), 1),
    ],
)
def test_a_lost_update_that_is_not_to_be_seen_stays_unknown(
    vendor: Vendor, connect: Opens, now: Answer, times: int
) -> None:
    """Not as asked, it is sent twice at most; where that cannot be told, once; the hint says where to look."""
    vendor.answers |= {PATCH: LOST, READ: now}
    change = ListChange(name="Spring sale", expires=DAY, alerts=Alerts())
    with pytest.raises(OutcomeUnknown) as caught:
        harness_of(vendor, connect()).lists.update(W1, change)
    assert "couponhub lists show engage W1" in caught.value.hint
    assert vendor.lines().count(PATCH) == times


@pytest.mark.parametrize(
    ("change", "now", "expected"),
    [
        (ListChange(name="N"), shown(status="EXPIRED"), Conflict),
        (ListChange(name="N"), shown(status="ARCHIVED"), Conflict),
        (ListChange(name="N"), shown(), RequestRejected),
        (ListChange(name="N"), shown(status="FROZEN"), RequestRejected),
        (ListChange(expires=DAY), shown(status="EXPIRED"), RequestRejected),
        (ListChange(name="N"), (403, b""), RequestRejected),
        (ListChange(name="N"), (404, b""), NotFound),
    ],
)
def test_a_refused_update_is_told_by_how_the_list_stands(
    vendor: Vendor, connect: Opens, change: ListChange, now: Answer, expected: type[Exception]
) -> None:
    """A list that is over takes no change but an expiry, an unknown one is not found, the rest was simply wrong."""
    vendor.answers[PATCH] = REFUSED
    vendor.answers[READ] = now
    with pytest.raises(RequestRejected if expected is not NotFound else NotFound) as caught:
        connect().update_list(W1, change)
    assert type(caught.value) is expected
    assert caught.value.operation == ("fetch list" if expected is NotFound else "update list")


def test_a_taken_name_is_a_conflict_at_once(vendor: Vendor, connect: Opens) -> None:
    """The refusal says it all, and the list is not read."""
    vendor.answers[PATCH] = (400, {"error": {"code": "duplicate-coupon-list-name", "message": "Taken."}})
    with pytest.raises(Conflict, match="Taken"):
        connect().update_list(W1, ListChange(name="N"))
    assert vendor.lines() == [PATCH]


@CHANGES
def test_a_change_that_is_answered_is_one_call(vendor: Vendor, connect: Opens, change: Change) -> None:
    """An empty answer says that it is done."""
    vendor.answers |= {change.line: DONE, change.look: [change.before, change.after]}
    change.do(harness_of(vendor, connect()))
    assert vendor.lines() == [change.line]


def test_activation_names_its_day(vendor: Vendor, connect: Opens) -> None:
    """The day travels as the only key, and archiving has no body."""
    vendor.answers |= {ACTIVATE: DONE, ARCHIVE: DONE}
    opened = harness_of(vendor, connect())
    activate(opened)
    archive(opened)
    assert [request.json for request in vendor.seen] == [{"expires_at": "2030-01-31"}, None]


@CHANGES
@pytest.mark.parametrize("lost", [LOST, (200, b"<html>")])
def test_a_lost_change_that_is_to_be_seen_is_done(
    vendor: Vendor,
    connect: Opens,
    lost: Answer,
    change: Change,
) -> None:
    """Seen at once, or after the settling time, it is done and not repeated."""
    vendor.answers |= {change.line: lost, change.look: change.after}
    opened = harness_of(vendor, connect())
    change.do(opened)
    assert (vendor.lines(), vendor.waits) == ([change.line, change.look], [])
    vendor.answers[change.look] = [change.before, change.after]
    change.do(opened)
    assert (vendor.lines()[2:], vendor.waits) == ([change.line, change.look, change.look], [30.0])


@CHANGES
def test_a_lost_change_that_was_not_made_is_repeated_once(
    vendor: Vendor, connect: Opens, change: Change
) -> None:
    """Not to be seen after the settling time either, it may be sent again, and then it is done."""
    vendor.answers |= {change.line: [LOST, DONE], change.look: change.before}
    change.do(harness_of(vendor, connect(), 2.5))
    assert (vendor.lines(), vendor.waits) == ([change.line, change.look, change.look, change.line], [2.5])


@pytest.mark.parametrize(
    ("change", "second"),
    [
        *((change, second) for change in (ACTIVATION, ARCHIVING, DELETION) for second in (LOST, REFUSED)),
        (ACTIVATION, (429, b"")),
        (ARCHIVING, (429, b"")),
    ],
    ids=str,
)
def test_a_repetition_that_stumbles_over_the_first_is_done(
    vendor: Vendor,
    connect: Opens,
    second: Answer,
    change: Change,
) -> None:
    """Whatever the repetition is answered, what is to be seen then counts."""
    vendor.answers |= {change.line: [LOST, second], change.look: [change.before, change.before, change.after]}
    change.do(harness_of(vendor, connect()))
    assert vendor.lines().count(change.line) == 2


@CHANGES
def test_a_change_lost_twice_stays_unknown(vendor: Vendor, connect: Opens, change: Change) -> None:
    """It is sent twice at most, and the hint says where to look; a file that is still listed was not deleted."""
    vendor.answers |= {change.line: LOST, change.look: change.before}
    kind, words = (
        (VendorUnavailable, "took the order to delete F1 neither")
        if change is DELETION
        else (OutcomeUnknown, "couponhub lists show engage W1")
    )
    with pytest.raises(kind, match=words):
        change.do(harness_of(vendor, connect()))
    assert vendor.lines().count(change.line) == 2


@CHANGES
@pytest.mark.parametrize("blind", [(403, b""), (404, b""), (200, {"status": "ACTIVE"}), (429, b"")])
def test_a_lost_change_that_cannot_be_looked_for_stays_unknown(
    vendor: Vendor,
    connect: Opens,
    blind: Answer,
    change: Change,
) -> None:
    """Without a look nothing is repeated, neither at once nor after the settling time."""
    vendor.answers |= {change.line: LOST, change.look: blind}
    opened = harness_of(vendor, connect())
    with pytest.raises(OutcomeUnknown):
        change.do(opened)
    vendor.answers[change.look] = [change.before, blind]
    with pytest.raises(OutcomeUnknown):
        change.do(opened)
    assert vendor.lines() == [change.line, change.look, change.line, change.look, change.look]


@pytest.mark.parametrize(
    ("change", "unclear"),
    [
        (ARCHIVING, shown(status="FROZEN")),
        (ACTIVATION, shown(status=None)),
        (ACTIVATION, shown(expires_at=None)),
        (DELETION, files("F0", 7)),
    ],
)
def test_a_look_that_tells_nothing_proves_nothing(
    vendor: Vendor, connect: Opens, change: Change, unclear: Answer
) -> None:
    """A new status word, a missing expiry or a row that cannot be read leaves it open."""
    vendor.answers |= {change.line: LOST, change.look: unclear}
    with pytest.raises(OutcomeUnknown):
        change.do(harness_of(vendor, connect()))
    assert vendor.lines() == [change.line, change.look]


@pytest.mark.parametrize(
    ("change", "now", "expected"),
    [
        (ACTIVATION, shown(expires_at="2030-03-01"), Conflict),
        (ACTIVATION, shown(status="EXPIRED"), RequestRejected),
        (ACTIVATION, shown(status="FROZEN"), RequestRejected),
        (ACTIVATION, (404, b""), NotFound),
        (ARCHIVING, shown(status="EXPIRED"), Conflict),
        (ARCHIVING, shown(), RequestRejected),
        (ARCHIVING, LOST, RequestRejected),
        (ARCHIVING, (404, b""), NotFound),
        (DELETION, files("F0", "F1"), Conflict),
        (DELETION, files("F0"), NotFound),
        (DELETION, files("F0", 7), RequestRejected),
        (DELETION, (404, b""), NotFound),
    ],
)
def test_a_refused_change_is_told_by_what_is_there(
    vendor: Vendor,
    connect: Opens,
    change: Change,
    now: Answer,
    expected: type[Exception],
) -> None:
    """One code stands for all at MoEngage: what is there says whether it was a conflict or simply wrong."""
    vendor.answers |= {change.line: REFUSED, change.look: now}
    with pytest.raises((RequestRejected, NotFound)) as caught:
        change.do(harness_of(vendor, connect()))
    assert type(caught.value) is expected
    assert vendor.lines().count(change.line) == 1


@pytest.mark.parametrize(
    ("change", "now"),
    [(ACTIVATION, shown()), (ARCHIVING, shown(status="ARCHIVED"))],
)
def test_what_stands_so_already_is_done(vendor: Vendor, connect: Opens, change: Change, now: Answer) -> None:
    """Asked for what already is, MoEngage refuses, and there is nothing to do."""
    vendor.answers |= {change.line: REFUSED, READ: now}
    change.do(harness_of(vendor, connect()))
    assert vendor.lines() == [change.line, READ]


def test_a_file_that_is_not_there_is_not_found(vendor: Vendor, connect: Opens) -> None:
    """The vendor's own word is enough."""
    vendor.answers[DELETE] = (404, {"error": {"code": "not-found", "message": "Gone."}})
    with pytest.raises(NotFound, match="Gone"):
        delete(harness_of(vendor, connect()))
    assert vendor.lines() == [DELETE]


@CHANGES
def test_a_spent_day_is_told_and_nothing_looked_for(vendor: Vendor, connect: Opens, change: Change) -> None:
    """A call that was not let in has changed nothing."""
    vendor.answers |= {change.line: (429, b""), change.look: change.before}
    with pytest.raises(QuotaExhausted):
        change.do(harness_of(vendor, connect()))
    assert vendor.lines() == [change.line]


def test_an_activated_list_shows_it(vendor: Vendor, connect: Opens) -> None:
    """An update that brings a list back is read again, to learn how it stands."""
    vendor.answers |= {PATCH: shown(status="EXPIRED"), READ: shown()}
    assert connect().update_list(W1, ListChange(expires=DAY)).status is ListStatus.ACTIVE
