"""One reader for whatever codes come in: packed or not, any usual encoding, separator, workbook or table."""

import gzip
import io
import sys
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import ipc, parquet

from couponhub.codes import prepare
from couponhub.codes.checking import Checks
from couponhub.codes.rows import SourceBatch
from couponhub.errors import LocalError, UsageError
from couponhub.intake import unpacking
from couponhub.models import CodeFileRules, Identifier, Tagging
from tests.codes.workbooks import workbook
from tests.kit.examples import examples

EXACT = CodeFileRules(code_header="code")
QUOTING = CodeFileRules(code_header="code", quoting=True)


def codes_in(content: bytes, folder: Path, rules: CodeFileRules = EXACT, **given: Any) -> list[str]:
    """The codes that a file with this content gives."""
    folder.mkdir(exist_ok=True)
    parts = prepare(io.BytesIO(content), rules, folder, **given).parts
    return [code for part in parts for code in part.codes.read_text(encoding="utf-8").split("\n")[:-1]]


def zipped(files: Mapping[str, bytes]) -> bytes:
    """A zip archive of these files."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as opened:
        for name, content in files.items():
            opened.writestr(name, content)
    return archive.getvalue()


def parquet_of(**columns: Any) -> bytes:
    """A Parquet file of these columns."""
    file = io.BytesIO()
    parquet.write_table(pa.table(columns), file)
    return file.getvalue()


def arrow_of(*, stream: bool, **columns: Any) -> bytes:
    """An Arrow file, or a stream, of these columns."""
    file = io.BytesIO()
    table = pa.table(columns)
    make = ipc.new_stream if stream else ipc.new_file
    with make(file, table.schema) as writer:
        writer.write_table(table)
    return file.getvalue()


PACKINGS: Mapping[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "zstd": lambda text: bytes(zstandard.compress(text)),
    "zip": lambda text: zipped({"codes": text}),
}
CSV = "code,note\nA-1,x\nÄ-2,y\n"
FORMS = {
    "semicolons": CSV.replace(",", ";").encode(),
    "tabs": CSV.replace(",", "\t").encode(),
    "bars": CSV.replace(",", "|").encode(),
    "a comma in another column": "note, or so;code\nx,1;A-1\ny;Ä-2\n".encode(),
    "sep= of a spreadsheet": f"sep=;\r\n{CSV}".replace(",", ";").replace("\n", "\r\n").encode(),
    "sep= that is not so": f"\n\nSEP=|\n\n{CSV}".encode(),
    "UTF-8 with BOM": CSV.encode("utf-8-sig"),
    "UTF-16": CSV.encode("utf-16"),
    "UTF-16 without BOM": CSV.encode("utf-16-be"),
    "UTF-32": CSV.encode("utf-32"),
    "CRLF": CSV.replace("\n", "\r\n").encode(),
    "CR": CSV.replace("\n", "\r").encode(),
    "UTF-16, CR, tabs": CSV.replace("\n", "\r").replace(",", "\t").encode("utf-16"),
    "gzip": gzip.compress(CSV.encode()),
    "gzip in members": gzip.compress(CSV[:12].encode()) + gzip.compress(CSV[12:].encode()),
    "zstd in frames": zstandard.compress(CSV[:12].encode()) + zstandard.compress(CSV[12:].encode()),
    "zstd": zstandard.compress(CSV.encode("utf-16")),
    "zip": zipped({"codes.csv": CSV.encode()}),
    "zip of a Mac": zipped({"codes.csv": CSV.encode(), "__MACOSX/._codes.csv": b"\0\5"}),
    "workbook": workbook([["code", "note"], ["A-1", 7], ["Ä-2", "y"]]),
    "second sheet": workbook([["about", "this"]], [["note", "Code"], ["x", "A-1"], ["y", "Ä-2"]]),
    "Parquet": parquet_of(note=[1, 2], code=["A-1", "Ä-2"]),
    "Parquet with a dictionary": parquet_of(code=pa.array(["A-1", "Ä-2"]).dictionary_encode()),
    "Arrow": arrow_of(stream=False, code=["A-1", "Ä-2"], note=[1, 2]),
    "Arrow stream": arrow_of(stream=True, code=["A-1", "Ä-2"], note=[1, 2]),
}


@pytest.mark.parametrize("name", FORMS)
def test_every_form_gives_the_same_codes(tmp_path: Path, name: str) -> None:
    """By path, as a pipe that cannot go back, and as an open file."""
    content = FORMS[name]
    path = tmp_path / "given"
    path.write_bytes(content)
    assert ["A-1", "Ä-2"] == codes_in(content, tmp_path / "open")
    with path.open("rb", buffering=0) as file:
        pipe: Any = Pipe(file.read)
        (tmp_path / "pipe").mkdir()
        assert 2 == prepare(pipe, EXACT, tmp_path / "pipe").rows
    (tmp_path / "path").mkdir()
    assert 2 == prepare(path, EXACT, tmp_path / "path").rows


class Pipe:
    """A file that can be read once, a few bytes at a time."""

    def __init__(self, read: Callable[[int], bytes | None]) -> None:
        self._read = read

    def read(self, size: int) -> bytes:
        """Give less than was asked for."""
        return self._read(min(size, 7)) or b""


EXPORTS = {
    "Talon.One": "accountid,batchid,campaignid,counter,id,limitval,recipientintegrationid,value\n1,b,3,0,9,1,,A-1\n",
    "WooCommerce": "post_title,post_excerpt,post_status,discount_type,coupon_amount\nA-1,,publish,percent,10\n",
    "Voucherify": "Code,Value,Discount Type,Campaign,Category,Start date,Active,ID\nA-1,10,PERCENT,c,,,true,v_1\n",
    "Shopify": "Code,Times used\nA-1,0\n",
    "Braze": "Promo Code\nA-1\n",
}


@pytest.mark.parametrize("tool", EXPORTS)
def test_exports_of_other_tools_need_no_editor(tmp_path: Path, tool: str) -> None:
    """Their column of codes is found, also where its name says nothing."""
    assert ["A-1"] == codes_in(EXPORTS[tool].encode(), tmp_path)


BAD = {
    "PNG": (b"\x89PNG\r\n\x1a\n" + b"\0" * 20, "it is an image"),
    "HTML": (b"\n<!DOCTYPE html><html><body>Sign in</body></html>", "it is a web page"),
    "JSON": (b'[{"code": "A-1"}]', "it is JSON"),
    "XML": (b"<?xml version='1.0'?><codes/>", "it is XML"),
    "PDF": (b"%PDF-1.7\n...", "it is a PDF"),
    "Word": (zipped({"[Content_Types].xml": b"", "word/document.xml": b"x"}), "it is a Word document"),
    "two files": (zipped({"a.csv": b"code\nA\n", "b.csv": b"code\nB\n"}), "holds 2 files, and one is read"),
    "gzip cut off": (FORMS["gzip"][:-9], "the gzip file is damaged or cut off"),
    "zstd damaged": (FORMS["zstd"][:9] + b"xxxxxxxxx", "the zstd file is damaged or cut off"),
    "zstd cut off": (FORMS["zstd"][:-1], "the zstd file is damaged or cut off"),
    "zip in gzip": (gzip.compress(FORMS["zip"]), "the gzip file holds another packed file"),
    "workbook cut off": (FORMS["workbook"][:-60], "damaged or cut off"),
    "old workbook": (b"\xd0\xcf\x11\xe0" + b"\0" * 600, "the workbook cannot be read"),
    "password": (
        b"\xd0\xcf\x11\xe0" + b"\0" * 600 + "EncryptedPackage".encode("utf-16-le"),
        "protected by a password",
    ),
    "two sheets": (workbook([["code"], ["A"]], [["code"], ["B"]]), "the workbook has 2 sheets"),
    "Parquet of numbers": (parquet_of(code=[1, 2]), 'the column "code" holds int64, no text'),
    "Parquet cut off": (FORMS["Parquet"][:-5], "the parquet file is damaged"),
    "Arrow cut off": (FORMS["Arrow"][:-90], "the arrow file is damaged"),
    "NUL": (b"code\nA1\n\0\n", "this is not a text file: a NUL"),
    "one line": (b"code," + b"x" * (5 << 20), "a line of more than 1,048,576 bytes"),
    "UTF-16 that ends": (CSV.encode("utf-16") + b"x", "the file begins as UTF-16 and is none further down"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_code_file_is_named(tmp_path: Path, name: str) -> None:
    """One line says what it is, the hint what to do, and nothing is left behind."""
    content, told = BAD[name]
    with pytest.raises(UsageError) as caught:
        codes_in(content, tmp_path)
    assert told in caught.value.message
    assert "\n" not in str(caught.value)
    assert caught.value.hint
    assert [] == list(tmp_path.iterdir())


def test_cells_that_are_no_text_are_refused_by_line(tmp_path: Path) -> None:
    """A spreadsheet has rounded a number, and taken the zeros in front of it, long before we see it."""
    sheet = workbook(
        [["code", "mobile"], ["00123", "919876543210"], [123, "919876543210"], ["A", 919876543210]]
    )
    with pytest.raises(
        UsageError, match=r"1 faulty row, .* line 3: the code is a number, where text is needed"
    ):
        codes_in(sheet, tmp_path)
    tagging = Tagging(identifier=Identifier.MOBILE)
    with pytest.raises(UsageError, match=r"2 faulty rows, .* line 4: the customer is a number"):
        codes_in(sheet, tmp_path, tagging=tagging)


@pytest.mark.parametrize("packing", ["gzip", "zip", "zstd"])
def test_bombs_are_refused_before_they_are_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, packing: str
) -> None:
    """What unpacks to hundreds of times its size holds no codes; bytes are counted as they come out."""
    monkeypatch.setattr(unpacking, "UNSUSPECTED", 1 << 20)
    text = b"code\n" + b"A-1\n" * 2_000_000
    with pytest.raises(UsageError, match="no rows pack so tightly"):
        codes_in(PACKINGS[packing](text), tmp_path)


@pytest.mark.parametrize(
    ("form", "module"), [("zstd", "zstandard"), ("workbook", "python_calamine"), ("Parquet", "pyarrow")]
)
def test_what_is_not_installed_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str, module: str
) -> None:
    """With the extra that brings it, and another way."""
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(UsageError, match="needs a library that is not installed") as caught:
        codes_in(FORMS[form], tmp_path)
    assert "pip install 'couponhub[files]'" in caught.value.hint


def test_a_file_that_changes_while_it_is_read_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half of one version and half of another is nobody's file; nothing is left of it."""
    path = tmp_path / "codes.csv"
    path.write_bytes(b"code\nA-1\n")
    folder = tmp_path / "folder"
    folder.mkdir()
    check = Checks.check

    def changing(checks: Checks, batch: SourceBatch) -> None:
        path.write_bytes(b"code\nA-1\nA-2\n")
        check(checks, batch)

    monkeypatch.setattr(Checks, "check", changing)
    with pytest.raises(LocalError, match=r"codes\.csv changed while it was read"):
        prepare(path, EXACT, folder)
    assert [] == list(folder.iterdir())


CELL = st.text(
    st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Zs"), exclude_characters="\u00ad"),
    min_size=1,
    max_size=8,
)


@settings(deadline=None, max_examples=examples(40))
@given(codes=st.lists(CELL, min_size=1, max_size=8, unique=True), form=st.sampled_from(sorted(FORMS)))
def test_a_valid_code_comes_out_byte_for_byte(
    tmp_path_factory: pytest.TempPathFactory, codes: list[str], form: str
) -> None:
    """Whatever a file is packed in, encoded as or separated by: each code that is sent is one of the file, to the letter."""
    folder = tmp_path_factory.mktemp("codes")
    (folder / "plain").mkdir()
    rejects = folder / "rejects"
    expected = _kept(codes, folder / "plain", folder / "plain-rejects")
    made = _made(form, codes)
    if made is None:
        return
    try:
        found = codes_in(made, folder / "made", QUOTING, rejects=rejects)
    except UsageError:
        found = []
    assert expected == found


def _kept(codes: list[str], folder: Path, rejects: Path) -> list[str]:
    """Those of the codes that are none of a spreadsheet's ruins."""
    try:
        parts = prepare(codes, QUOTING, folder, rejects=rejects).parts
    except UsageError:
        return []
    return [code for part in parts for code in part.codes.read_text(encoding="utf-8").split("\n")[:-1]]


def _made(form: str, codes: list[str]) -> bytes | None:
    """A file of this form with these codes, and something beside each."""
    if form == "workbook":
        return workbook([["code", "x"], *([code, "y"] for code in codes)])
    if form == "Parquet":
        return parquet_of(code=codes)
    if form.startswith("Arrow"):
        return arrow_of(stream="stream" in form, code=codes)
    sign = {"tabs": "\t", "bars": "|", "semicolons": ";"}.get(form, ",")
    quoted = ['"' + code.replace('"', '""') + '"' for code in codes]
    text = "".join(f"{cell}{sign}y\n" for cell in ("code", *quoted))
    if form.startswith("UTF"):
        return text.encode("utf-16" if "16" in form else "utf-32" if "32" in form else "utf-8-sig")
    if form in PACKINGS:
        return PACKINGS[form](text.encode())
    return text.encode() if form in {"tabs", "bars", "semicolons"} else None
