"""Every operation of a connection, from the library and as words of the command line, and what must be true of it."""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress

import attrs
import pytest

from couponhub.errors import Conflict
from couponhub.hub import CouponHub
from couponhub.models import Customer, ListChange, ListId, Upload
from couponhub.serialization import Document, many, to_document
from tests.faults.fault_harness import BROWSER, BUYER, CODE, SERIES, FaultHarness, Target
from tests.kit.clock import vendors_today

PATIENCE = 20.0
"""Seconds, by the clock of the harness, that uploads are given."""

_WORK_ON_ONE_LIST = 6

STRANGER = "919876599999"


@attrs.frozen(kw_only=True)
class Operation:
    """One operation.

    Attributes:
        vendors: At which it can be done.
        prepare: Sees to what it needs, while all goes well.
        ask: Does it from the library.
        words: Does it on the command line, the connection's name in place of CONN; None where there is no command.
        writes: Asserts what must hold at the vendor, and of the answer where there is one; None for what changes
            nothing, whose answer then must be the one that came while all went well.
        is_raw: The answer is the vendor's own, whatever that is.
        is_of_all: What it answers changes with whatever others do at the vendor.
        is_alone: Each time it is done by a hub of its own, in which nothing can stay behind.
        is_silent: The vendor answers nothing when it is done.
        extras: Fields that come from a further call, and are null when that fails.
    """

    name: str
    vendors: Sequence[str] = ("moengage", "capillary")
    prepare: Callable[[FaultHarness], Target]
    ask: Callable[[FaultHarness, Target], Document]
    words: Callable[[Target], Sequence[str]] | None
    writes: "Callable[[FaultHarness, Target, Document | None], None] | None" = None
    is_raw: bool = False
    is_of_all: bool = False
    is_alone: bool = False
    is_silent: bool = False
    extras: Sequence[str] = ()


# What stands while an operation only reads


def standing(faulty: FaultHarness) -> dict[str, Target]:
    """What the operations that read are about, made once and anew when the vendor begins anew."""
    if not faulty.standing:
        faulty.standing.update(_make_standing(faulty))
    return faulty.standing


def _standing(kind: str) -> Callable[[FaultHarness], Target]:
    return lambda faulty: standing(faulty)[kind]


def _make_standing(faulty: FaultHarness) -> dict[str, Target]:
    harness, codes = faulty.harness, [f"{CODE}-STANDING-{number}" for number in range(6)]
    for customer in (BUYER, BROWSER):
        harness.control.add_customer(**customer)
    list_id = harness.list_with("Standing", codes)
    given = harness.control.issue(list_id, BUYER, codes=codes[:4])
    if faulty.vendor == "capillary":
        harness.control.redeem(list_id, given[0], transaction="T-1")
    mine = faulty.connection.uploads.send(
        list_id, codes_of(faulty, 3), name="Standing", wait=True, timeout=PATIENCE
    )
    return {
        "nothing": Target(),
        "list": Target(list_id=list_id),
        "ours": Target(list_id=list_id, upload_id=mine.id),
        "theirs": Target(list_id=list_id, upload_id=str(mine.parts[0].id)),
        "codes": Target(codes=[*given, f"{CODE}-NOWHERE"]),
    }


def _working_list(faulty: FaultHarness) -> ListId:
    """A list to work on; another one when it has been worked on so often that reading it takes its time."""
    if faulty.worked % _WORK_ON_ONE_LIST == 0:
        faulty.renew_if_full()
        name = faulty.fresh("Working")
        standing(faulty)["working"] = Target(list_id=faulty.harness.create_list(name).id)
    faulty.worked += 1
    return standing(faulty)["working"].list_id


def codes_of(faulty: FaultHarness, count: int) -> list[str]:
    """Codes that were not used before."""
    return [faulty.fresh(CODE) for _ in range(count)]


# Reading


def _lists(faulty: FaultHarness, _: Target) -> Document:
    return many(to_document(found) for found in faulty.connection.lists.iterate())


def _list(faulty: FaultHarness, target: Target) -> Document:
    return to_document(faulty.connection.lists.get(target.list_id))


def _uploads(faulty: FaultHarness, target: Target) -> Document:
    return many(to_document(found) for found in faulty.connection.uploads.iterate(target.list_id))


def _upload(faulty: FaultHarness, target: Target) -> Document:
    return to_document(faulty.connection.uploads.show(target.list_id, target.upload_id))


def _wait(faulty: FaultHarness, target: Target) -> Document:
    uploads = faulty.connection.uploads
    return to_document(uploads.wait(target.upload_id, target.list_id, timeout=PATIENCE))


def _lookup(mobile: str) -> Callable[[FaultHarness, Target], Document]:
    def ask(faulty: FaultHarness, _: Target) -> Document:
        # A hub of its own: what lookups remember, and whom they spare, is another matter.
        with CouponHub(faulty.hub.config) as hub:
            return to_document(hub.lookup(Customer(mobile=mobile)))

    return ask


def _coupons(faulty: FaultHarness, target: Target) -> Document:
    return many(to_document(found) for found in faulty.connection.coupons.find(target.codes))


def _check(faulty: FaultHarness, _: Target) -> Document:
    return {"message": faulty.connection.check()}


def _sign_in(faulty: FaultHarness, _: Target) -> Document:
    with CouponHub(faulty.hub.config) as hub:
        return {"message": hub[faulty.vendor].check()}


def _call(faulty: FaultHarness, _: Target) -> Document:
    path = {"moengage": "/coupon-list", "capillary": "/v2/coupon/series"}[faulty.vendor]
    return {"answer": faulty.connection.call("GET", path)}


# Lists


def _to_create(faulty: FaultHarness) -> Target:
    faulty.renew_if_full()
    return Target(name=faulty.fresh("Created"))


def _create(faulty: FaultHarness, target: Target) -> Document:
    return to_document(faulty.connection.lists.create(faulty.harness.new_list(target.name)))


def _created(faulty: FaultHarness, target: Target, document: Document | None) -> None:
    made = [list_id for list_id, name, _ in faulty.lists() if name == target.name]
    if document is None:
        assert len(made) <= 1, "the list was made twice"
    else:
        assert [document["id"]] == made, "the list was not made once"
        assert "active" == document["status"] or document["status"] == "unknown"


def _to_update(faulty: FaultHarness) -> Target:
    return Target(list_id=_working_list(faulty), name=faulty.fresh("Renamed"))


def _update(faulty: FaultHarness, target: Target) -> Document:
    return to_document(faulty.connection.lists.update(target.list_id, ListChange(name=target.name)))


def _updated(faulty: FaultHarness, target: Target, document: Document | None) -> None:
    (name,) = [name for list_id, name, _ in faulty.lists() if list_id == target.list_id]
    if document is not None:
        assert target.name == name, "the list was not changed"
        assert target.list_id == document["id"]
        assert document["name"].startswith(target.name)


def _to_archive(faulty: FaultHarness) -> Target:
    faulty.renew_if_full()
    codes = codes_of(faulty, 2)
    return Target(list_id=faulty.harness.list_with(faulty.fresh("Retired"), codes), codes=codes)


def _archive(faulty: FaultHarness, target: Target) -> Document:
    faulty.connection.lists.archive(target.list_id)
    return {}


def _archived(faulty: FaultHarness, target: Target, document: Document | None) -> None:
    (status,) = [status for list_id, _, status in faulty.lists() if list_id == target.list_id]
    assert status in {"ACTIVE", "ARCHIVED"}
    if document is not None:
        assert "ARCHIVED" == status, "the list was not archived"
        assert document.get("status") in {None, "archived", "unknown"}
    assert faulty.held(target.list_id) == (Counter(target.codes) if status == "ACTIVE" else Counter())


def _to_activate(faulty: FaultHarness) -> Target:
    target = Target(list_id=_working_list(faulty))
    faulty.connection.lists.archive(target.list_id)
    return target


def _activate(faulty: FaultHarness, target: Target) -> Document:
    faulty.connection.lists.activate(target.list_id, vendors_today(50))
    return {}


def _activated(faulty: FaultHarness, target: Target, document: Document | None) -> None:
    (status,) = [status for list_id, _, status in faulty.lists() if list_id == target.list_id]
    assert status in {"ACTIVE", "ARCHIVED"}
    if document is not None:
        assert "ACTIVE" == status, "the list was not activated"
        assert document.get("status") in {None, "active", "unknown"}
    # As it was, for whatever works on it next.
    if status == "ARCHIVED":
        faulty.connection.lists.activate(target.list_id, vendors_today(50))


# Codes on their way


def _to_send(faulty: FaultHarness) -> Target:
    target = Target(list_id=_working_list(faulty), name=faulty.fresh("sent"), codes=codes_of(faulty, 3))
    file = faulty.harness.folder / f"{target.name}.csv"
    file.write_text("\n".join(["coupon code", *target.codes, ""]), encoding="utf-8")
    target.file = str(file)
    return target


def _sent_upload(faulty: FaultHarness, target: Target, *, wait: bool = True) -> Upload:
    return faulty.connection.uploads.send(
        target.list_id, target.file, name=target.name, wait=wait, timeout=PATIENCE
    )


def _send(faulty: FaultHarness, target: Target) -> Document:
    return to_document(_sent_upload(faulty, target))


def _sent(faulty: FaultHarness, target: Target, document: Document | None) -> None:
    _each_once_at_most(faulty, target)
    assert len(faulty.files(target.list_id, target.name)) <= 1, "the file was sent twice"
    if document is not None and document["status"] == "done":
        assert (3, 3, 0) == (document["rows"], document["accepted"], document["unknown"])
        assert set(target.codes) <= set(faulty.held(target.list_id)), "codes are not there"
    elif document is not None:
        # Ended otherwise, it must not have been counted as there.
        assert not document["accepted"]
    # Whatever was said of it, what is missing can be sent, and nothing is there twice.
    _send_the_rest(faulty, target)
    _each_once_at_most(faulty, target)
    assert set(target.codes) <= set(faulty.held(target.list_id)), "codes are lost"
    assert len(faulty.files(target.list_id, target.name)) == 1, "the file is there twice"


def _send_the_rest(faulty: FaultHarness, target: Target) -> None:
    """Send once more; where that is refused, do what the hint says and try again."""
    try:
        _send(faulty, target)
    except Conflict as conflict:
        command = re.search(r"`couponhub uploads wait \S+ \S+ (\S+)`", conflict.hint)
        assert command is not None
        faulty.connection.uploads.wait(command[1], target.list_id, timeout=20)
        with suppress(Conflict):
            _send(faulty, target)


def _each_once_at_most(faulty: FaultHarness, target: Target) -> None:
    faulty.rest()
    held = faulty.held(target.list_id)
    assert all(count == 1 for count in held.values()), "a code is there twice"
    assert all(code.startswith(CODE) for code in held), "a code came from nowhere"


def _sent_without_waiting(faulty: FaultHarness) -> Target:
    target = _to_send(faulty)
    target.upload_id = _sent_upload(faulty, target, wait=False).id
    return target


def _waited(faulty: FaultHarness, target: Target, document: Document | None) -> None:
    faulty.rest()
    assert set(target.codes) <= set(faulty.held(target.list_id))
    if document is not None:
        assert ("done", 3, 0) == (document["status"], document["accepted"], document["unknown"])


def _to_delete(by: str) -> Callable[[FaultHarness], Target]:
    def prepare(faulty: FaultHarness) -> Target:
        target = _to_send(faulty)
        sent = _sent_upload(faulty, target)
        target.upload_id = sent.id if by == "us" else str(sent.parts[0].id)
        return target

    return prepare


def _delete(faulty: FaultHarness, target: Target) -> Document:
    faulty.connection.uploads.delete(target.list_id, target.upload_id)
    return {}


def _deleted(faulty: FaultHarness, target: Target, document: Document | None) -> None:
    held = set(faulty.held(target.list_id)) & set(target.codes)
    files = faulty.files(target.list_id, target.name)
    assert (set(), []) == (held, files) or (set(target.codes) == held and len(files) == 1)
    if document is not None:
        assert set() == held, "the codes are still there"
    # What is still there counts as sent, or it would be sent once more.
    elif held:
        with pytest.raises(Conflict):
            _send(faulty, target)


# Reports


def _to_report(faulty: FaultHarness) -> Target:
    faulty.rest()
    faulty.harness.server.world.outbox.clear()
    return Target(list_id=standing(faulty)["list"].list_id, name="reports@example.com")


def _report(faulty: FaultHarness, target: Target) -> Document:
    sentence = faulty.connection.usage.request(
        target.list_id, vendors_today(), vendors_today(), [target.name]
    )
    return {"message": sentence}


def _reported(faulty: FaultHarness, target: Target, document: Document | None) -> None:
    faulty.rest()
    mails = [mail for mail in faulty.harness.control.mails() if target.name in mail["to"]]
    assert len(mails) <= 1, "the report was mailed twice"
    if document is not None:
        assert 1 == len(mails), "no report was mailed"
        assert "report" in document["message"]


_SET = tuple(word for key, value in SERIES.items() for word in ("--set", f"{key}={value}"))
_SOON = ("--expires", vendors_today(50).isoformat())


def _period() -> tuple[str, ...]:
    # Not once for all: a day may end while the tests run.
    return "--from", vendors_today().isoformat(), "--to", vendors_today().isoformat()


def _sending_words(target: Target) -> tuple[str, ...]:
    times = ("--wait", "--timeout", str(PATIENCE))
    return ("uploads", "send", "--quiet", "CONN", target.list_id, target.file, "--name", target.name, *times)


def _upload_words(verb: str, *more: str) -> Callable[[Target], Sequence[str]]:
    return lambda target: ("uploads", verb, "CONN", target.list_id, target.upload_id, *more)


def _lookup_words(mobile: str) -> Callable[[Target], Sequence[str]]:
    return lambda _: ("lookup", "--mobile", mobile, "--connection", "CONN")


_CAPILLARY, _MOENGAGE = ("capillary",), ("moengage",)
_TIMEOUT = ("--timeout", str(PATIENCE))

OPERATIONS: Sequence[Operation] = (
    Operation(
        name="check",
        prepare=_standing("nothing"),
        ask=_check,
        words=lambda _: ("doctor", "CONN"),
        is_of_all=True,
    ),
    Operation(
        name="sign in",
        vendors=_CAPILLARY,
        prepare=_standing("nothing"),
        ask=_sign_in,
        words=None,
        is_alone=True,
    ),
    Operation(name="call", prepare=_standing("nothing"), ask=_call, words=None, is_raw=True),
    Operation(
        name="lists ls",
        prepare=_standing("nothing"),
        ask=_lists,
        words=lambda _: ("lists", "ls", "CONN"),
        is_of_all=True,
    ),
    Operation(
        name="lists show",
        prepare=_standing("list"),
        ask=_list,
        words=lambda target: ("lists", "show", "CONN", target.list_id),
    ),
    Operation(
        name="lists create",
        vendors=_MOENGAGE,
        prepare=_to_create,
        ask=_create,
        words=lambda target: ("lists", "create", "CONN", "--name", target.name, *_SOON),
        writes=_created,
    ),
    Operation(
        name="lists create",
        vendors=_CAPILLARY,
        prepare=_to_create,
        ask=_create,
        words=lambda target: ("lists", "create", "CONN", "--name", target.name, *_SOON, *_SET),
        writes=_created,
    ),
    Operation(
        name="lists update",
        prepare=_to_update,
        ask=_update,
        words=lambda target: ("lists", "update", "CONN", target.list_id, "--name", target.name),
        writes=_updated,
    ),
    Operation(
        name="lists activate",
        vendors=_MOENGAGE,
        prepare=_to_activate,
        ask=_activate,
        words=lambda target: ("lists", "activate", "CONN", target.list_id, *_SOON),
        writes=_activated,
        is_silent=True,
    ),
    Operation(
        name="lists archive",
        vendors=_MOENGAGE,
        prepare=_to_archive,
        ask=_archive,
        words=lambda target: ("lists", "archive", "CONN", target.list_id, "--yes"),
        writes=_archived,
        is_silent=True,
    ),
    Operation(name="uploads send", prepare=_to_send, ask=_send, words=_sending_words, writes=_sent),
    Operation(
        name="uploads ls",
        prepare=_standing("list"),
        ask=_uploads,
        words=lambda target: ("uploads", "ls", "CONN", target.list_id),
    ),
    Operation(name="uploads show ours", prepare=_standing("ours"), ask=_upload, words=_upload_words("show")),
    Operation(
        name="uploads show theirs", prepare=_standing("theirs"), ask=_upload, words=_upload_words("show")
    ),
    Operation(
        name="uploads wait ours",
        vendors=_CAPILLARY,
        prepare=_sent_without_waiting,
        ask=_wait,
        words=_upload_words("wait", "--quiet", *_TIMEOUT),
        writes=_waited,
    ),
    Operation(
        name="uploads wait theirs",
        prepare=_standing("theirs"),
        ask=_wait,
        words=_upload_words("wait", "--quiet", *_TIMEOUT),
    ),
    Operation(
        name="uploads rm ours",
        vendors=_MOENGAGE,
        prepare=_to_delete("us"),
        ask=_delete,
        words=_upload_words("rm", "--yes"),
        writes=_deleted,
        is_silent=True,
    ),
    Operation(
        name="uploads rm theirs",
        vendors=_MOENGAGE,
        prepare=_to_delete("them"),
        ask=_delete,
        words=_upload_words("rm", "--yes"),
        writes=_deleted,
        is_silent=True,
    ),
    Operation(
        name="usage request",
        vendors=_MOENGAGE,
        prepare=_to_report,
        ask=_report,
        words=lambda target: (
            "usage",
            "request",
            "CONN",
            target.list_id,
            *_period(),
            "--email",
            target.name,
        ),
        writes=_reported,
    ),
    Operation(
        name="lookup a holder",
        vendors=_CAPILLARY,
        prepare=_standing("nothing"),
        ask=_lookup(BUYER["mobile"]),
        words=_lookup_words(BUYER["mobile"]),
        is_alone=True,
        extras=("description", "discount"),
    ),
    Operation(
        name="lookup a browser",
        vendors=_CAPILLARY,
        prepare=_standing("nothing"),
        ask=_lookup(BROWSER["mobile"]),
        words=_lookup_words(BROWSER["mobile"]),
        is_alone=True,
    ),
    Operation(
        name="lookup a stranger",
        vendors=_CAPILLARY,
        prepare=_standing("nothing"),
        ask=_lookup(STRANGER),
        words=_lookup_words(STRANGER),
        is_alone=True,
    ),
    Operation(
        name="coupons find",
        vendors=_CAPILLARY,
        prepare=_standing("codes"),
        ask=_coupons,
        words=None,
        extras=("list_name", "description"),
    ),
)


def operations_of(vendor: str) -> list[Operation]:
    """What can be done at a vendor, in the order of the table."""
    return [operation for operation in OPERATIONS if vendor in operation.vendors]
