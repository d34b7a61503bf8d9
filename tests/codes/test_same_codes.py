"""However codes come and in whatever blocks they are read, what is prepared of them is what a plain set says, and stays so."""

import gzip
import io
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import attrs
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from couponhub.codes import PreparedCodes, prepare
from couponhub.errors import CouponhubError
from couponhub.models import CodeFileRules
from tests.codes.test_code_forms import arrow_of, parquet_of, zipped
from tests.codes.test_many import QUOTING, STRICT, files, reading
from tests.codes.workbooks import workbook
from tests.kit.examples import examples

EXACT = CodeFileRules(code_header="code")
CODES = st.lists(
    st.text(alphabet="aAbBäÄ19-", max_size=4).map(lambda text: f"Q{text}x7"), min_size=1, max_size=40
)
"""Codes that no reader could take for anything else."""


def _csv(codes: list[str], end: str = "\n", sign: str = ",") -> str:
    return "".join(f"{code}{sign}note{end}" for code in ("code", *codes))


READERS: Mapping[str, Callable[[list[str]], Any]] = {
    "iterable": iter,
    "text file": lambda codes: io.StringIO(_csv(codes)),
    "LF": lambda codes: _csv(codes).encode(),
    "CRLF": lambda codes: _csv(codes, "\r\n").encode(),
    "CR": lambda codes: _csv(codes, "\r").encode(),
    "no end of the last line": lambda codes: _csv(codes).encode()[:-1],
    "semicolons": lambda codes: _csv(codes, sign=";").encode(),
    "tabs": lambda codes: _csv(codes, sign="\t").encode(),
    "quotes": lambda codes: "".join(f'"{code}"\n' for code in ("code", *codes)).encode(),
    "one per line": lambda codes: "\n".join(["code", *codes]).encode(),
    "byte order mark": lambda codes: _csv(codes).encode("utf-8-sig"),
    "UTF-16": lambda codes: _csv(codes).encode("utf-16"),
    "UTF-32": lambda codes: _csv(codes).encode("utf-32"),
    "gzip": lambda codes: gzip.compress(_csv(codes).encode()),
    "zstd": lambda codes: bytes(zstandard.compress(_csv(codes).encode())),
    "zip": lambda codes: zipped({"codes.csv": _csv(codes).encode()}),
    "workbook": lambda codes: workbook([["code", "note"], *([code, "note"] for code in codes)]),
    "Parquet": lambda codes: parquet_of(code=codes),
    "Arrow": lambda codes: arrow_of(stream=False, code=codes),
    "Arrow stream": lambda codes: arrow_of(stream=True, code=codes),
}


def codes_of(prepared: PreparedCodes) -> list[str]:
    """The codes of all parts."""
    return [code for part in prepared.parts for code in part.codes.read_text("utf-8").split("\n")[:-1]]


@pytest.mark.parametrize("reader", READERS)
@settings(deadline=None, max_examples=examples(20))
@given(codes=CODES, block=st.integers(16, 300), many=st.booleans(), max_rows=st.integers(1, 9))
def test_every_reader_gives_what_a_plain_set_does(
    tmp_path_factory: pytest.TempPathFactory,
    *,
    reader: str,
    codes: list[str],
    block: int,
    many: bool,
    max_rows: int,
) -> None:
    """The first of each code, in order, whatever the form, the block and the number of rows that count as many."""
    given = READERS[reader](codes)
    source = io.BytesIO(given) if isinstance(given, bytes) else given
    with reading(many=many, block=block):
        done = prepare(
            source, attrs.evolve(EXACT, max_rows=max_rows), tmp_path_factory.mktemp("made", numbered=True)
        )
    expected = list(dict.fromkeys(codes))
    assert expected == codes_of(done)
    assert (len(codes), len(codes) - len(expected)) == (done.rows, done.duplicates)
    written = b"".join(part.path.read_bytes().partition(b"\n")[2] for part in done.parts)
    assert "".join(f"{code}\n" for code in expected).encode() == written


@settings(deadline=None, max_examples=examples(60))
@given(content=files(), rules=st.sampled_from([EXACT, STRICT, QUOTING]), many=st.booleans())
def test_what_is_prepared_once_is_prepared(
    tmp_path_factory: pytest.TempPathFactory, *, content: bytes, rules: CodeFileRules, many: bool
) -> None:
    """A part is what comes of preparing it once more, byte for byte, and nothing of it is faulty or stands twice."""
    folder = tmp_path_factory.mktemp("twice", numbered=True)
    with reading(many=many, block=100):
        try:
            first = prepare(
                io.BytesIO(content),
                rules,
                _made(folder / "first"),
                rejects=folder / "rejects",
                accepts_ruined=True,
            )
        except CouponhubError:
            return
        for number, part in enumerate(first.parts):
            again = prepare(part.path, rules, _made(folder / f"again{number}"), accepts_ruined=True)
            assert (part.rows, 0) == (again.rows, again.duplicates)
            assert [part.path.read_bytes()] == [other.path.read_bytes() for other in again.parts]


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder
