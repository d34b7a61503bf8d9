"""Our id of an upload is enough, whichever command it is given to; without one all of ours are shown, newest first."""

import pytest

from tests.kit.cli import CliRunner


def sent(cli: CliRunner, connection: str, *codes: str) -> tuple[str, str]:
    """Send codes to a new list; the list, and the upload."""
    list_id = cli.list_id(connection, f"of {codes[0]}")
    cli.write("codes.csv", "code", *codes)
    ran = cli("uploads", "send", connection, list_id, "codes.csv", "--wait", "-o", "json")
    assert 0 == ran.code, ran.err
    return list_id, str(ran.json["id"])


def test_uploads_of_all_connections(cli: CliRunner) -> None:
    """Newest first, where they went in the last columns, and no vendor is asked."""
    first, second = sent(cli, "moengage", "A-1"), sent(cli, "capillary", "B-1")
    calls = len(cli.control["moengage"].requests())
    rows = cli("uploads", "ls").rows
    assert [("capillary", *second), ("moengage", *first)] == [(row[-2], row[-1], row[0]) for row in rows]
    assert [first[1]] == [row[0] for row in cli("uploads", "ls", "moengage").rows]
    assert calls == len(cli.control["moengage"].requests())
    assert [first[1]] == [row[0] for row in cli("uploads", "ls", "moengage", first[0]).rows]


def test_an_id_of_ours_is_enough(cli: CliRunner) -> None:
    """For show, wait and rm; all three words still work, and rm asks with all of them."""
    list_id, upload_id = sent(cli, "capillary", "A-1")
    whole = cli("uploads", "show", "capillary", list_id, upload_id, "-o", "json").json
    assert whole == cli("uploads", "show", upload_id, "-o", "json").json
    assert whole == cli("uploads", "wait", upload_id, "-o", "json").json
    ended = cli("uploads", "pause", upload_id)
    assert (0, f"upload {upload_id} has ended already: nothing is left to send") == (
        ended.code,
        ended.complaint,
    )
    list_id, upload_id = sent(cli, "moengage", "A-1")
    refused = cli("uploads", "rm", upload_id)
    assert (2, ["A-1"]) == (refused.code, cli.codes("moengage", list_id))
    gone = cli("uploads", "rm", upload_id, "--yes", "-o", "json").json
    assert {"connection": "moengage", "list_id": list_id, "id": upload_id, "deleted": True} == gone
    assert ["removed"] == [code["status"] for code in cli.control["moengage"].codes(list_id)]


@pytest.mark.parametrize("command", ["show", "wait", "rm", "resume", "pause", "cancel"])
def test_an_id_that_nobody_knows(cli: CliRunner, command: str) -> None:
    """It is not found, and the line names the command that shows those that are there."""
    ran = cli("uploads", command, "up_nobody", "--yes")
    assert 4 == ran.code
    assert "no upload up_nobody is known here (" in ran.complaint
    assert "`couponhub uploads ls`" in ran.complaint


@pytest.mark.parametrize("words", [("63a1",), ("moengage", "up_x"), ("a", "b", "c", "d")])
def test_a_vendors_id_needs_its_list(cli: CliRunner, words: tuple[str, ...]) -> None:
    """It means nothing without."""
    ran = cli("uploads", "show", *words)
    assert 2 == ran.code
    assert "an upload is named by its id (up_...), or by CONN LIST_ID UPLOAD_ID" in ran.complaint
