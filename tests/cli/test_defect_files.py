"""Files as they should not be, prepared by the command: each faulty line is named, and the parts hold the good codes alone."""

import csv
import gzip
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.codes.defects import DEFECTIVE, DEFECTS, FAULTY
from tests.kit.cli import CliRunner

CONNECTIONS = ("capillary", "moengage")
# The others of each pair are one code where a vendor ignores case and blanks around it.
TWINS = {"capillary": {"a-000001", "A-000001 "}, "moengage": set[str]()}
GIGABYTE = 1 << 30


@pytest.mark.parametrize("connection", CONNECTIONS)
def test_every_defect_is_named_and_every_good_code_is_kept(cli: CliRunner, connection: str) -> None:
    """By the lines of the rejects; the parts are the good codes byte for byte, in the file's order, and each of them once."""
    (cli.folder / "defects.csv").write_bytes(DEFECTIVE)
    ran = cli("codes", "prepare", "defects.csv", "--for", connection, "--out", "clean", "-o", "json")

    assert 3 == ran.code
    with (cli.folder / "clean" / "rejects.csv").open(encoding="utf-8", newline="") as file:
        told = {int(row["line"]): row["reason"] for row in csv.DictReader(file)}
    assert set(FAULTY) == set(told)
    reasons = {line: what for line, (_, what, how) in enumerate(DEFECTS, start=2) if how == "reason"}
    ragged, quote = len(DEFECTS) + 1, len(DEFECTS) + 3
    reasons[ragged] = "3 columns where the header has 2"
    assert reasons == {line: told[line] for line in reasons}
    assert told[quote].endswith(f"; it takes the lines up to {quote + 1} with it")
    good = [cell for line, (cell, _, _) in enumerate(DEFECTS, start=2) if line not in FAULTY]
    expected = [code for code in dict.fromkeys(good) if code not in TWINS[connection]]
    content = b"".join((cli.folder / part["path"]).read_bytes() for part in ran.json["parts"])
    assert "".join(f"{code}\n" for code in expected).encode() == content.partition(b"\n")[2]
    assert len(FAULTY) == ran.json["rejected"] + ran.json["empty"]
    assert not [line for line in ran.err.splitlines() if "A-0000" in line]


def _bomb(path: Path) -> None:
    with gzip.open(path, "wb") as file:
        file.write(b"code\n")
        for _ in range(100):
            file.write(b"A" * (1 << 20))


def _archive(path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("codes.csv", "w") as file:
        file.write(b"code\n")
        for _ in range(140):
            file.write(b"A" * 500_000 + b"\n")


def _one_line(path: Path) -> None:
    with path.open("wb") as file:
        file.write(b"code\nA")
        file.truncate(GIGABYTE)  # sparse: it takes no room


def _letters(path: Path) -> None:
    with gzip.open(path, "wb") as file:
        file.write(b"code\n" + b"A" * (3 << 20) + b"\n")


REFUSED: dict[str, tuple[bytes | Callable[[Path], None], str]] = {
    "picture": (b"\x89PNG\r\n\x1a\n" + b"\0" * 100, "this is no code file"),
    "page": (
        b"<!DOCTYPE html>\n<html><body>Sign in</body></html>\n",
        "this is no code file: it is a web page",
    ),
    "workbook with a password": (
        bytes.fromhex("d0cf11e0a1b11ae1") + b"\0" * 504 + "EncryptedPackage".encode("utf-16-le"),
        "",
    ),
    "one line of a gigabyte": (_one_line, "this is not a text file"),
    "one line of letters": (_letters, "this is not a text file"),
    "bomb of gzip": (_bomb, ""),
    "bomb of zip": (_archive, "no rows pack so tightly"),
    "NUL": (b"code\nA1\nB\x002\n", "not a text file"),
    "two archives in one": (gzip.compress(gzip.compress(b"code\nA1\n")), "holds another packed file"),
    "cut off": (gzip.compress(b"code\n" + b"A1\nB2\n" * 100)[:-9], "damaged or cut off"),
    "nothing": (b"", "the file is empty"),
    "header alone": (b"code\n", "there are no codes"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_no_code_file_is_one_line_and_no_folder(cli: CliRunner, what: str) -> None:
    """Checked, prepared, or sent to either vendor: exit code 2, in words; nothing is written and nobody is called."""
    content, told = REFUSED[what]
    path = cli.folder / "codes.csv"
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        content(path)
    for words in (
        ("codes", "prepare", "codes.csv", "--for", "moengage", "--out", "clean"),
        *(
            ("uploads", "send", connection, cli.list_id(connection, what), "codes.csv")
            for connection in CONNECTIONS
        ),
    ):
        ran = cli(*words)
        assert (2, "") == (ran.code, ran.out)
        assert told in ran.complaint
        assert "codes.csv" in ran.complaint
    assert not (cli.folder / "clean").exists() or not list((cli.folder / "clean").iterdir())
    for connection in CONNECTIONS:
        assert not [call for call in cli.control[connection].requests() if "upload" in call["path"]]
