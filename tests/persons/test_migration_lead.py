"""A migration lead: thousands of codes in files from elsewhere, and an account to give of each of them."""

from tests.kit.cli import CliRunner, Ran

LIST = "900004"
COUNTS = ("accepted", "rejected", "duplicates", "skipped", "not_sent", "pending", "unknown")


def send(cli: CliRunner, name: str, *more: str) -> Ran:
    """Send a file to Capillary's list."""
    return cli("uploads", "send", "capillary", LIST, name, "-o", "json", *more)


def test_every_row_is_accounted_for(cli: CliRunner) -> None:
    """Also those that a second file has in common with the first; the sum of the counts is the rows."""
    cli.write("first.csv", "code", "MOVE-1", "MOVE-2", "MOVE-2")
    first = send(cli, "first.csv", "--wait")
    assert (0, 2, 1) == (first.code, first.json["accepted"], first.json["duplicates"])
    cli.write("second.csv", "code", "MOVE-2", "MOVE-3")
    second = send(cli, "second.csv", "--wait")
    assert (1, 1) == (second.json["accepted"], second.json["skipped"])
    for ran in (first, second):
        assert ran.json["rows"] == sum(ran.json[name] for name in COUNTS)
    assert ["MOVE-1", "MOVE-2", "MOVE-3"] == [code for code in cli.codes("capillary", LIST) if "MOVE" in code]


def test_the_same_file_again(cli: CliRunner) -> None:
    """Nothing is sent, and the line names the upload that had it; its id alone is enough for what comes next."""
    cli.write("codes.csv", "code", "AGAIN-1")
    sent = send(cli, "codes.csv", "--wait").json["id"]
    again = cli("uploads", "send", "capillary", LIST, "codes.csv")
    assert 9 == again.code
    assert f"as upload {sent}; nothing was sent" in again.complaint
    assert "done" == cli("uploads", "show", sent, "-o", "json").json["status"]
    assert 0 == cli("uploads", "wait", sent).code
    cli.write("later.csv", "code", "LATER-1")
    later = send(cli, "later.csv").json["id"]
    assert [later, sent] == [row[0] for row in cli("uploads", "ls").rows]


def test_files_that_are_not_what_they_should_be(cli: CliRunner) -> None:
    """Each line names the file, what is wrong with it, and what to write; nothing was sent."""
    (cli.folder / "empty.csv").write_bytes(b"")
    cli.write("odd.csv", "foo,bar", "X-1,919876543210")
    for words, said in (
        (("empty.csv",), "empty.csv: the file is empty"),
        (("odd.csv",), '"foo", "bar"'),
        (("odd.csv",), "--column NAME or INDEX"),
        (("odd.csv", "--column", "nope"), '"foo", "bar"'),
        (("odd.csv", "--column", "9"), "there is no column 9"),
        (("missing.csv",), "cannot read missing.csv: No such file or directory"),
    ):
        ran = cli("uploads", "send", "capillary", LIST, *words)
        assert (2, "") == (ran.code, ran.out)
        assert said in ran.complaint
    assert [] == cli("uploads", "ls").rows
    taken = send(cli, "odd.csv", "--column", "foo", "--wait")
    assert 1 == taken.json["accepted"]


def test_codes_without_a_header(cli: CliRunner) -> None:
    """One a line is taken as what it is, and said; customers beside codes are not lost in silence."""
    cli.write("bare.csv", "BARE-1", "BARE-2")
    bare = send(cli, "bare.csv", "--wait")
    assert (0, 2) == (bare.code, bare.json["accepted"])
    assert "every line was taken as a code, the first one too" in bare.err
    cli.write("two.csv", "voucher,mobile", "TWO-1,919876543210")
    assert '"mobile": --tag would bind them' in send(cli, "two.csv", "--wait").err


def test_an_id_that_no_list_has(cli: CliRunner) -> None:
    """Where the vendor's own words name neither the id nor a way on, the hint does."""
    ran = cli("lists", "show", "moengage", "6721d00eefc476c0f67e0d05")
    assert 4 == ran.code
    assert "`couponhub lists ls` shows the lists that there are" in ran.complaint


def test_which_lists_run_out(cli: CliRunner) -> None:
    """Of all vendors, soonest first; what a vendor does not tell is said, and one that is down hides no other."""
    ran = cli("lists", "ls", "--expiring", "400", "--below", "100", "--sort", "expires")
    assert ["moengage", "capillary"] == [row[0] for row in ran.rows]
    assert "left out, for the vendor does not tell" in ran.complaint
    cli.control["capillary"].fail("* *", "status", 503)
    ran = cli("lists", "ls")
    assert (7, {"moengage"}) == (ran.code, {row[0] for row in ran.rows})
    assert ran.complaint.startswith("capillary read lists: ")
