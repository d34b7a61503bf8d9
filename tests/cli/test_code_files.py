"""Code files as they come, sent by the command: what both vendors hold afterwards is what is in the files."""

import gzip

import pytest

from tests.kit.cli import CUSTOMER, CliRunner

REFUSED = {
    "formula": (b'code\n"=""00123"""\n"=""00124"""\n', "line 2: the code is a formula (also line 3)"),
    "rounded": (
        b"code\n1.23457E+11\n1.23457E+11\n9.87654E+14\n",
        "line 2: the code is a rounded number (also lines 3, 4)",
    ),
    "rounded, with comma": (b'code\n"1,23457E+11"\n', "line 2: the code is a rounded number"),
    "zero-width": ("code\nA14-1\u200b\n\u200bA14-2\n".encode(), "line 2: an invisible character in the code"),
    "directions": (
        "code\n\u200fA15-1\n\u202aA15-2\u202c\n\u202eA15-3\n".encode(),
        "line 2: an invisible character in the code (also lines 3, 4)",
    ),
    "soft hyphen": ("code\nA18\u00ad-1\nA18-1\n".encode(), "line 2: an invisible character in the code"),
    "unknown header": (
        b"post_title,post_excerpt,post_status\nA47-1,,publish\n",
        'it names "post_title", "post_excerpt"',
    ),
    "total": (b"code,uses\nA62-1,0\nA62-2,0\nTotal,2\n", "line 4: the code is a total"),
    "apostrophes": (b"code\n'00123\n'00124\n", "line 2: the code is text behind an apostrophe"),
    "decimals": (b"code\n123456.0\n123457.0\n", "line 2: the code is a number with a decimal point"),
    "joined": (b"code\nD16-1\ncode\nD16-2\n", "line 3: the header stands again"),
    "nothing": (
        b"code\nA-1\nNULL\nN/A\nnan\n#REF!\n",
        "line 3: the code is a word for nothing (also lines 4, 5)",
    ),
}
SENT = {
    "composed and decomposed": (
        "code\nCAFE\u0301-1\nCAF\u00c9-1\n".encode(),
        ["CAFE\u0301-1", "CAF\u00c9-1"],
        "warning: 1 codes look like an earlier one",
    ),
    "German": (b"Gutscheincode\nA31-1\n", ["A31-1"], ""),
    "French": (b"Code promo\nA32-1\n", ["A32-1"], ""),
    "discount": (b"Discount code\nA36-1\n", ["A36-1"], ""),
    "no-break space in the header": ("Coupon\u00a0Code\nA38-1\n".encode(), ["A38-1"], ""),
    "UTF-16": ("code\r\nA02-1\r\n".encode("utf-16"), ["A02-1"], ""),
    "semicolons": (b"Code;Percent;Expires\nA04-1;10;2026-12-31\n", ["A04-1"], ""),
    "sep=": (b"sep=\t\r\ncode\tnote\r\nA06-1\tx\r\n", ["A06-1"], ""),
    "CR": (b"code\rA07-1\r", ["A07-1"], ""),
    "gzip": (gzip.compress(b"code\nA08-1\n"), ["A08-1"], ""),
    "WooCommerce": (
        b"post_title,post_excerpt,post_status,discount_type,coupon_amount\nA47-1,,publish,percent,10\n",
        ["A47-1"],
        "",
    ),
    "two byte order marks": (b"\xef\xbb\xbf\xef\xbb\xbfcode\nA81-1\n", ["A81-1"], ""),
    "customers beside": (
        f"code,mobile\nD10,{CUSTOMER}\n".encode(),
        ["D10"],
        'without the customers in column "mobile"',
    ),
}
# Of more uploads than fit a minute, some would wait for the next one.
UNPACED = {"capillary": "calls_per_minute", "moengage": "upload_per_minute"}


@pytest.mark.parametrize("connection", ["capillary", "moengage"])
def test_files_that_hold_something_else_are_refused_whole(cli: CliRunner, connection: str) -> None:
    """Each file is refused in one line that says where and what, without a code, and the vendor holds nothing."""
    list_id = cli.list_id(connection)
    for content, told in REFUSED.values():
        (cli.folder / "codes.csv").write_bytes(content)
        ran = cli("uploads", "send", connection, list_id, "codes.csv", "--wait")
        assert (2, "") == (ran.code, ran.out)
        assert told in ran.complaint
        assert not [cell for cell in ("A62-1", "00123", "23457", "D16") if cell in ran.complaint]
    assert [] == cli.codes(connection, list_id)
    assert [] == cli("uploads", "ls", connection, list_id, "-o", "json").json["items"]


@pytest.mark.parametrize("connection", ["capillary", "moengage"])
def test_files_of_codes_arrive_as_they_are(cli: CliRunner, connection: str) -> None:
    """Headers in other languages and odd but sound codes: the vendor holds what stands in the files."""
    cli.configure(more=f"\n[connections.{connection}.limits]\n{UNPACED[connection]} = 0\n")
    list_id = cli.list_id(connection)
    for content, _, warning in SENT.values():
        (cli.folder / "codes.csv").write_bytes(content)
        ran = cli("uploads", "send", connection, list_id, "codes.csv", "--wait")
        assert 0 == ran.code
        assert warning in ran.err
        assert bool(warning) == ("warning" in ran.err)
    assert sorted(code for _, codes, _ in SENT.values() for code in codes) == sorted(
        cli.codes(connection, list_id)
    )


@pytest.mark.parametrize("connection", ["capillary", "moengage"])
def test_options_for_who_means_it(cli: CliRunner, connection: str) -> None:
    """--column says where the codes are, --accept sends what only looks ruined, as it stands."""
    list_id = cli.list_id(connection)
    words = ("uploads", "send", connection, list_id, "codes.csv", "--wait")
    cli.write("codes.csv", "post_title,coupon_amount", "A47-1,10")
    assert 0 == cli(*words, "--column", "post_title").code
    cli.write("codes.csv", "post_title,coupon_amount", "A47-2,10")
    assert 0 == cli(*words, "--column", "0").code
    cli.write("codes.csv", "code", "1.5E+11", "TOTAL")
    accepted = cli(*words, "--accept", "ruined")
    assert 0 == accepted.code
    assert "warning: 2 codes look ruined and were sent as they stand" in accepted.err
    assert ["1.5E+11", "A47-1", "A47-2", "TOTAL"] == sorted(cli.codes(connection, list_id))


def test_codes_that_capillary_takes_for_one_are_sent_once(cli: CliRunner) -> None:
    """Capillary refuses both of two codes that are one without blanks: one goes out, and is accepted."""
    list_id = cli.list_id("capillary")
    cli.write("codes.csv", "code", "D18", "D18 ")
    ran = cli("uploads", "send", "capillary", list_id, "codes.csv", "--wait", "-o", "json")
    assert (0, 2, 1, 1) == (ran.code, *(ran.json[key] for key in ("rows", "accepted", "duplicates")))
    assert ["D18"] == cli.codes("capillary", list_id)


@pytest.mark.parametrize(
    ("rows", "options"),
    [
        (("code,mobile", f"T-1,{CUSTOMER}"), ()),
        (("mobile,code", "+91 98765 43210,T-1"), ()),
        (("code,who", f"T-1,{CUSTOMER}"), ("--tag-column", "who")),
        (("who,ref", f"{CUSTOMER},T-1"), ("--tag-column", "who", "--column", "ref")),
    ],
)
def test_a_tag_finds_its_column_by_name(
    cli: CliRunner, rows: tuple[str, ...], options: tuple[str, ...]
) -> None:
    """The code is the customer's afterwards, and nowhere on this machine does the number stand among codes."""
    list_id = cli.list_id("capillary")
    cli.write("codes.csv", *rows)
    ran = cli("uploads", "send", "capillary", list_id, "codes.csv", "--tag", "mobile", *options, "--wait")
    assert (0, []) == (ran.code, ran.remarks)
    held = cli.control["capillary"].codes(list_id)
    assert [("T-1", CUSTOMER)] == [(row["code"], row["customer"]["mobile"]) for row in held]
    kept = list((cli.folder / "state").rglob("*.txt"))
    assert ["T-1\n"] == [path.read_text(encoding="utf-8") for path in kept]


@pytest.mark.parametrize(
    ("rows", "options"),
    [
        (("code,mobile", f"T-1,{CUSTOMER}"), ("--tag-column", "0")),
        (("code,mobile", f"T-1,{CUSTOMER}"), ("--column", "mobile")),
        (("code,mobile", f"T-1,{CUSTOMER}"), ("--column", "1")),
        (("mobile,code", f"T-1,{CUSTOMER}"), ()),
        (("code,mobile", f"T-1,{CUSTOMER}.0"), ()),
        (("mobile,email", f"{CUSTOMER},a.buyer@example.com"), ()),
    ],
)
def test_no_customer_is_sent_as_a_code(
    cli: CliRunner, rows: tuple[str, ...], options: tuple[str, ...]
) -> None:
    """Columns that are counted wrongly, swapped or guessed are refused, and nothing is kept."""
    list_id = cli.list_id("capillary")
    cli.write("codes.csv", *rows)
    ran = cli("uploads", "send", "capillary", list_id, "codes.csv", "--tag", "mobile", *options, "--wait")
    assert 2 == ran.code
    assert CUSTOMER not in ran.complaint
    assert [] == cli.codes("capillary", list_id)
    assert [] == list((cli.folder / "state").rglob("*.txt"))


@pytest.mark.parametrize("options", [("--tag-column", "mobile"), ("--accept", "all"), ("--column",)])
def test_options_that_mean_nothing(cli: CliRunner, options: tuple[str, ...]) -> None:
    """A customer's column without a tag, and words that are none, are refused."""
    ran = cli("uploads", "send", "moengage", "x", cli.write("codes.csv", "code", "A"), *options)
    assert 2 == ran.code


def test_a_file_at_a_url_is_sent_as_it_is(cli: CliRunner) -> None:
    """What this machine does not read, it can neither choose a column of nor accept."""
    for options in (("--column", "code"), ("--accept", "ruined")):
        ran = cli("uploads", "send", "moengage", "x", "--url", "https://example.com/c.csv", *options)
        assert 2 == ran.code
        assert "a file at a URL is sent as it is" in ran.complaint
