"""Our id of an upload is enough, whichever command it is given to; without one all of ours are shown, newest first."""

import pytest

from tests.cli.desk import Desk


def sent(desk: Desk, connection: str, *codes: str) -> tuple[str, str]:
    """Send codes to a new list; the list, and the upload."""
    list_id = desk.list_id(connection, f"of {codes[0]}")
    desk.write("codes.csv", "code", *codes)
    ran = desk("uploads", "send", connection, list_id, "codes.csv", "--wait", "-o", "json")
    assert 0 == ran.code, ran.err
    return list_id, str(ran.json["id"])


def test_uploads_of_all_connections(desk: Desk) -> None:
    """Newest first, where they went in the last columns, and no vendor is asked."""
    first, second = sent(desk, "moengage", "A-1"), sent(desk, "capillary", "B-1")
    calls = len(desk.control["moengage"].requests())
    rows = desk("uploads", "ls").rows
    assert [("capillary", *second), ("moengage", *first)] == [(row[-2], row[-1], row[0]) for row in rows]
    assert [first[1]] == [row[0] for row in desk("uploads", "ls", "moengage").rows]
    assert calls == len(desk.control["moengage"].requests())
    assert [first[1]] == [row[0] for row in desk("uploads", "ls", "moengage", first[0]).rows]


def test_an_id_of_ours_is_enough(desk: Desk) -> None:
    """For show, wait and rm; all three words still work, and rm asks with all of them."""
    list_id, upload_id = sent(desk, "capillary", "A-1")
    whole = desk("uploads", "show", "capillary", list_id, upload_id, "-o", "json").json
    assert whole == desk("uploads", "show", upload_id, "-o", "json").json
    assert whole == desk("uploads", "wait", upload_id, "-o", "json").json
    ended = desk("uploads", "pause", upload_id)
    assert (0, f"upload {upload_id} has ended already: nothing is left to send") == (
        ended.code,
        ended.complaint,
    )
    list_id, upload_id = sent(desk, "moengage", "A-1")
    refused = desk("uploads", "rm", upload_id)
    assert (2, ["A-1"]) == (refused.code, desk.codes("moengage", list_id))
    gone = desk("uploads", "rm", upload_id, "--yes", "-o", "json").json
    assert {"connection": "moengage", "list_id": list_id, "id": upload_id, "deleted": True} == gone
    assert ["removed"] == [code["status"] for code in desk.control["moengage"].codes(list_id)]


@pytest.mark.parametrize("command", ["show", "wait", "rm", "resume", "pause", "cancel"])
def test_an_id_that_nobody_knows(desk: Desk, command: str) -> None:
    """It is not found, and the line names the command that shows those that are there."""
    ran = desk("uploads", command, "up_nobody", "--yes")
    assert 4 == ran.code
    assert "no upload up_nobody is known here (" in ran.complaint
    assert "`couponhub uploads ls`" in ran.complaint


@pytest.mark.parametrize("words", [("63a1",), ("moengage", "up_x"), ("a", "b", "c", "d")])
def test_a_vendors_id_needs_its_list(desk: Desk, words: tuple[str, ...]) -> None:
    """It means nothing without."""
    ran = desk("uploads", "show", *words)
    assert 2 == ran.code
    assert "an upload is named by its id (up_...), or by CONN LIST_ID UPLOAD_ID" in ran.complaint
