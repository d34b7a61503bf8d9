"""`couponhub lists ls` without a connection: all of them, whatever becomes of one."""

from tests.kit.cli import CliRunner


def test_lists_of_every_connection(cli: CliRunner) -> None:
    """Each says whose it is; the filters and the order are the same at all, and what is left out is told."""
    rows = cli("lists", "ls").rows
    assert {"capillary", "moengage"} == {row[0] for row in rows}
    assert [row[1:] for row in rows if row[0] == "moengage"] == cli("lists", "ls", "moengage").rows
    named = [row[2] for row in cli("lists", "ls", "--sort", "name").rows]
    assert sorted(named, key=str.casefold) == named
    few = cli("lists", "ls", "--below", "40", "--sort", "available")
    assert [("capillary", "Partner codes")] == [(row[0], row[2]) for row in few.rows]
    assert "left out, for the vendor does not tell how many codes are left: 2 of capillary" in few.complaint
    assert [] == cli("lists", "ls", "--expiring", "0").rows
    ended = {row[4] for row in cli("lists", "ls", "--below", "1000", "--status", "all").rows}
    assert ended == {"active", "expired"}


def test_one_that_cannot_be_asked_hides_no_other(cli: CliRunner) -> None:
    """Its error comes after the lists of the others, with its exit code."""
    cli.control["capillary"].fail("GET /*", "status", {"status": 403}, times=50)
    for form in (("--sort", "name"), ()):
        ran = cli("lists", "ls", *form)
        assert 5 == ran.code
        assert {"moengage"} == {row[0] for row in ran.rows}
        assert ran.complaint.startswith("capillary ")
