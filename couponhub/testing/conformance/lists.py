"""R-20 to R-39, and R-55, R-56, R-76: coupon lists."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta

import attrs
import pytest

from couponhub.clock import utc_now
from couponhub.errors import Conflict, NotFound, OutcomeUnknown, RequestRejected, UnreadableReply, Unsupported
from couponhub.models import Alerts, AlertsChange, CouponList, ListChange, ListStatus
from couponhub.testing.conformance.refusals import is_refused, refuses, refuses_lists
from couponhub.testing.harness import Harness

ALERTS = (
    Alerts(subscribers=("keeper@example.com",), success=True, failure=True, shortage=5, expiry_days=3),
    Alerts(subscribers=("keeper@example.com", "owner@example.com"), failure=True),
    Alerts(shortage=0),
)
SINGLE_CHANGES = (
    ListChange(name="Nachher 🍦"),
    ListChange(expires=(utc_now() + timedelta(days=60)).date()),
    ListChange(alerts=AlertsChange(subscribers=("other@example.com",))),
    ListChange(alerts=AlertsChange(subscribers=())),
    ListChange(alerts=AlertsChange(success=False)),
    ListChange(alerts=AlertsChange(failure=False)),
    ListChange(alerts=AlertsChange(shortage=9)),
    ListChange(alerts=AlertsChange(shortage=None)),
    ListChange(alerts=AlertsChange(expiry_days=2)),
    ListChange(alerts=AlertsChange(expiry_days=None)),
)
ABSENT_IDS = ("6721d00eefc476c0f67e0d05", "999999")


class ListRules:
    """Coupon lists."""

    @pytest.mark.parametrize("list_id", ABSENT_IDS)
    def test_r20_an_unknown_list_is_not_found(self, harness: Harness, list_id: str) -> None:
        """R-20: a list that does not exist raises NotFound."""
        if refuses(harness, "lists.read", lambda: harness.connection.lists.get(list_id)):
            return
        with pytest.raises(NotFound):
            harness.connection.lists.get(list_id)

    def test_r76_another_list_is_unreadable(self, harness: Harness) -> None:
        """R-76: an answer about another list than was asked for is unreadable: not shown, and no proof of absence."""
        if refuses(harness, "lists.read", lambda: harness.connection.lists.get("1")):
            return
        one, another = harness.list_with("one", ["ONE-1"]), harness.list_with("another", ["ANOTHER-1"])
        assert another == harness.connection.lists.get(another).id
        harness.control.fail("GET *", "crossed", times=1)
        with pytest.raises(UnreadableReply):
            harness.connection.lists.get(one)
        assert one == harness.connection.lists.get(one).id

    def test_r21_every_list_comes_once(self, harness: Harness) -> None:
        """R-21: iterating shows every list exactly once, by the same ids as when it was created."""
        if refuses(harness, "lists.read", lambda: list(harness.connection.lists.iterate())):
            return
        created = {harness.create_list(f"list {number}").id for number in range(7)}
        assert 7 == len(created)
        seen = [found.id for found in harness.connection.lists.iterate()]
        assert sorted(created) == sorted(seen)

    def test_r22_a_status_selects(self, harness: Harness) -> None:
        """R-22: a status narrows to lists that stand so, judged by the clock of now."""
        if refuses(harness, "lists.read", lambda: list(harness.connection.lists.iterate(ListStatus.ACTIVE))):
            return
        soon = harness.create_list("soon over", expires=(utc_now() + timedelta(days=2)).date())
        later = harness.create_list("for long", expires=(utc_now() + timedelta(days=90)).date())
        active = {found.id for found in harness.connection.lists.iterate(ListStatus.ACTIVE)}
        assert {soon.id, later.id} == active
        assert [] == [found.id for found in harness.connection.lists.iterate(ListStatus.EXPIRED)]
        assert [] == [found.id for found in harness.connection.lists.iterate(ListStatus.ARCHIVED)]

    def test_r23_a_created_list_is_as_the_vendor_holds_it(self, harness: Harness) -> None:
        """R-23: creating answers what reading answers afterwards, with the name and the last day asked for."""
        if refuses_lists(harness):
            return
        expires = (utc_now() + timedelta(days=45)).date()
        created = harness.connection.lists.create(harness.new_list("Häagen 🍦 & Söhne", expires=expires))
        assert "Häagen 🍦 & Söhne" == created.name
        assert ListStatus.ACTIVE is created.status
        assert created.expires_at is not None
        assert abs(created.expires_at.date() - expires) <= timedelta(days=1)
        assert created == harness.connection.lists.get(created.id)

    def test_r24_a_label_is_taken_once(self, harness: Harness) -> None:
        """R-24: a second list with the same label raises Conflict, and there is still one."""
        if refuses_lists(harness):
            return
        first = harness.connection.lists.create(harness.new_list("first", label="SAME_LABEL"))
        with pytest.raises(Conflict):
            harness.connection.lists.create(harness.new_list("second", label="SAME_LABEL"))
        assert [first.id] == [found.id for found in harness.connection.lists.iterate()]

    def test_r25_a_past_expiry_is_refused(self, harness: Harness) -> None:
        """R-25: a list that would be over already is refused by us or the vendor, and none is made."""
        if refuses_lists(harness):
            return
        with pytest.raises(RequestRejected):
            harness.connection.lists.create(
                harness.new_list("over", expires=(utc_now() - timedelta(days=9)).date())
            )
        assert [] == list(harness.connection.lists.iterate())

    def test_r26_a_lost_answer_leaves_one_list(self, harness: Harness) -> None:
        """R-26: a create whose answer is lost is never repeated blindly: at most one list, and it can be found."""
        if refuses_lists(harness):
            return
        new = harness.new_list("lost answer", label="LOST_ANSWER")
        harness.control.fail("POST *", "drop_after", times=1)
        found: CouponList | None
        try:
            found = harness.connection.lists.create(new)
        except OutcomeUnknown as error:
            assert not error.retryable
            assert error.hint
            found = None
        lists = list(harness.connection.lists.iterate())
        assert ["lost answer"] == [one.name for one in lists]
        assert found is None or found.id == lists[0].id

    def test_r27_garbage_after_a_create_is_an_unknown_outcome(self, harness: Harness) -> None:
        """R-27: a create whose answer cannot be read is not called done, failed or absent."""
        if refuses_lists(harness):
            return
        harness.control.fail("POST *coupon*", "garbage", "html", times=1)
        with suppress(OutcomeUnknown):
            harness.connection.lists.create(harness.new_list("garbled", label="GARBLED"))
        assert ["garbled"] == [one.name for one in harness.connection.lists.iterate()]

    def test_r28_a_create_that_never_left_may_be_repeated(self, harness: Harness) -> None:
        """R-28: a create refused for its rate is repeated after the wait, and makes one list."""
        if refuses_lists(harness):
            return
        harness.control.fail(
            "POST *coupon*", "status", {"status": 429, "headers": {"Retry-After": "0"}}, times=1
        )
        created = harness.create_list("patient")
        assert [created.id] == [one.id for one in harness.connection.lists.iterate()]

    def test_r29_a_changed_list_is_as_the_vendor_holds_it(self, harness: Harness) -> None:
        """R-29: changing answers what reading answers afterwards; a list that does not exist is not found."""
        expires = (utc_now() + timedelta(days=60)).date()
        change = ListChange(name="Nachher 🍦", expires=expires)
        if refuses(harness, "lists.write", lambda: harness.connection.lists.update("1", change)):
            return
        before, other = harness.create_list("before"), harness.create_list("other")
        changed = harness.connection.lists.update(before.id, change)
        assert (before.id, "Nachher 🍦") == (changed.id, changed.name)
        assert changed.expires_at is not None
        assert abs(changed.expires_at.date() - expires) <= timedelta(days=1)
        assert changed == harness.connection.lists.get(before.id)
        assert other == harness.connection.lists.get(other.id)
        for list_id in ABSENT_IDS:
            with pytest.raises(NotFound):
                harness.connection.lists.update(list_id, change)

    @pytest.mark.parametrize("change", SINGLE_CHANGES)
    def test_r30_a_change_of_one_thing_leaves_the_others(self, harness: Harness, change: ListChange) -> None:
        """R-30: a change of one thing of a list leaves the others; one that is refused leaves all."""
        if refuses(harness, "lists.write", lambda: harness.connection.lists.update("1", change)):
            return
        lists = harness.connection.lists
        try:
            made = lists.create(attrs.evolve(harness.new_list("watched"), alerts=ALERTS[0]))
        except Unsupported:
            made = harness.create_list("watched")
        before = lists.get(made.id)
        if change.alerts is not None and is_refused(harness, lambda: lists.update(made.id, change)):
            assert before == lists.get(made.id)
            return
        after = lists.update(made.id, change)
        assert after == lists.get(made.id)
        expected = attrs.evolve(before, updated_at=after.updated_at)
        if change.name is not None:
            expected = attrs.evolve(expected, name=change.name)
        if change.expires is not None:
            assert before.expires_at != after.expires_at
            expected = attrs.evolve(expected, expires_at=after.expires_at)
        if isinstance(change.alerts, AlertsChange) and before.alerts is not None:
            alerts = change.alerts.applied_to(before.alerts)
            expected = attrs.evolve(expected, alerts=alerts, subscribers=alerts.subscribers)
        assert expected == after

    @pytest.mark.parametrize("alerts", ALERTS)
    def test_r39_alerts_are_taken_or_refused(self, harness: Harness, alerts: Alerts) -> None:
        """R-39: a list with alerts is made, or refused with an alternative, and then there is none."""
        if refuses_lists(harness):
            return
        new = attrs.evolve(harness.new_list("watched"), alerts=alerts)
        refused = is_refused(harness, lambda: harness.connection.lists.create(new))
        expected = [] if refused else ["watched"]
        assert expected == [found.name for found in harness.connection.lists.iterate()]

    def test_r55_lists_created_at_once_under_lost_answers(self, harness: Harness) -> None:
        """R-55: ten creates at once, while every second answer is lost, leave exactly ten lists."""
        if refuses_lists(harness):
            return
        harness.control.set_faults(
            {"vendor": harness.plugin.name, "match": "POST *coupon*", "fault": "drop_after", "every": 2}
        )
        new = [harness.new_list(f"list {number}", label=f"LIST_{number}") for number in range(10)]
        with ThreadPoolExecutor(10) as pool:
            created = list(pool.map(harness.connection.lists.create, new))
        harness.control.set_faults()
        held = sorted((found.id, found.name) for found in harness.connection.lists.iterate())
        assert 10 == len(held)
        assert held == sorted((found.id, found.name) for found in created)
        assert [one.name for one in new] == [found.name for found in created]

    def test_r56_an_archived_list_stands_so(self, harness: Harness) -> None:
        """R-56: archiving retires one list; one that does not exist is not found."""
        if refuses(harness, "lists.archive", lambda: harness.connection.lists.archive("1")):
            return
        retired, kept = harness.create_list("retired"), harness.create_list("kept")
        harness.connection.lists.archive(retired.id)
        assert ListStatus.ARCHIVED is harness.connection.lists.get(retired.id).status
        assert ListStatus.ACTIVE is harness.connection.lists.get(kept.id).status
        for list_id in ABSENT_IDS:
            with pytest.raises(NotFound):
                harness.connection.lists.archive(list_id)

    def test_r56_an_activated_list_stands_so(self, harness: Harness) -> None:
        """R-56: activating brings an archived list back until the day asked for, and may be repeated."""
        expires = (utc_now() + timedelta(days=40)).date()
        if refuses(harness, "lists.activate", lambda: harness.connection.lists.activate("1", expires)):
            return
        target = harness.create_list("comes back")
        if harness.can("lists.archive"):
            harness.connection.lists.archive(target.id)
        for _ in range(2):
            harness.connection.lists.activate(target.id, expires)
            found = harness.connection.lists.get(target.id)
            assert ListStatus.ACTIVE is found.status
            assert found.expires_at is not None
            assert abs(found.expires_at.date() - expires) <= timedelta(days=1)
        for list_id in ABSENT_IDS:
            with pytest.raises(NotFound):
                harness.connection.lists.activate(list_id, expires)
