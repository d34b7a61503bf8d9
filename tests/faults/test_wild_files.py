"""Files as nobody means them: of whatever bytes, none is a fault of couponhub itself."""

import gzip
import io
import zipfile
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from couponhub import CouponHub
from couponhub.config import load_config
from couponhub.errors import CouponhubError
from couponhub.intake.opening import TextContent
from couponhub.state import StoreSettings
from couponhub.state.sqlite.database import LedgerDatabase
from couponhub.usage.opening import opened
from tests.kit.clock import FakeClock
from tests.kit.examples import examples
from tests.uploads.harness import LIST, UploadHarness
from tests.uploads.vendors import FileVendor
from tests.usage.reports_harness import ReportHarness, Row, day, report_text


@pytest.fixture
def reports(tmp_path: Path) -> Iterator[ReportHarness]:
    """A desk whose vendor has one list, created on the 1st."""
    desk = ReportHarness(tmp_path / "state")
    desk.vendor.create("L1", created=1)
    yield desk
    desk.close()


@pytest.fixture
def harness(tmp_path: Path) -> Iterator[UploadHarness]:
    """A shop whose vendor takes files."""
    store = LedgerDatabase(StoreSettings(url=f"sqlite:///{tmp_path}/state/hub.db"))
    yield UploadHarness(vendor=FileVendor(), store=store, clock=FakeClock())
    store.close()


many_files = settings(
    max_examples=examples(150),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

REPORT = report_text([Row(f"E{number}", f"C-{number}", 2) for number in range(5)]).encode()


def zipped(content: bytes, name: str = "report.csv") -> bytes:
    """A ZIP archive of one file."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return file.getvalue()


def mailed(content: bytes, name: str = "report.csv") -> bytes:
    """A mail with an attachment."""
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "moengage@example.com", "a@example.com", "Report"
    mail["Date"] = "Fri, 02 Oct 2026 10:00:00 +0000"
    mail.set_content("Your report.")
    mail.add_attachment(content, maintype="text", subtype="csv", filename=name)
    return mail.as_bytes()


def nested(depth: int) -> bytes:
    """A mail of as many multiparts, each in the one before."""
    heads = (
        f'Content-Type: multipart/mixed; boundary="b{n}"\nMIME-Version: 1.0\n\n--b{n}\n' for n in range(depth)
    )
    return b"From: a@example.com\n" + "".join(heads).encode() + b"Content-Type: text/csv\n\n" + REPORT


def forwarded(depth: int) -> bytes:
    """A mail in a mail in a mail."""
    return (
        b"From: a@example.com\n"
        + b"Content-Type: message/rfc822\n\nFrom: b@example.com\n" * depth
        + b"\n"
        + REPORT
    )


HEADS = [
    *(
        "Date: Fri, 31 Dec 99999 23:59:59 +0000",
        "Date: Mon, 01 Jan 0001 00:00:00 +1400",
        "Date: \udcff",
        "Date:",
    ),
    *(
        "Date: Fri, 31 Dec 9999 23:59:59 -2359",
        "Content-Type: text/csv; charset=nonsense",
        "Content-Type: ;;;",
    ),
    *(
        "Content-Disposition: attachment; filename*=utf-99''a.csv",
        "Content-Disposition: attachment; filename*0*=x",
    ),
    *(
        "Content-Disposition: attachment; filename==?utf-8?b?/?=",
        "Content-Transfer-Encoding: \udcff",
        "To: <@>, ,:;<",
    ),
    *(
        "Content-Disposition: attachment; filename*='%ff.csv",
        "Content-Type: multipart/mixed; boundary=",
        "Sender: @",
    ),
    *(
        "Message-ID: <[>",
        "Content-Type: multipart/mixed; boundary*0*=us-ascii'x",
        "MIME-Version: (",
        "Cc: =?x?q?=",
    ),
    *(
        "Content-Transfer-Encoding: x-uuencode",
        "Content-Transfer-Encoding: base64",
        "Content-Type: message/partial",
    ),
]

SEEDS = [
    REPORT,
    REPORT.decode().encode("utf-16"),
    gzip.compress(REPORT),
    zipped(REPORT),
    mailed(REPORT),
    mailed(zipped(REPORT), "report.zip"),
    mailed(gzip.compress(REPORT), "report.csv.gz"),
    b"code\nA1\nB2\n",
    b"",
    b"\0" * 100,
    b'"' * 1001,
    b"," * 100_000,
    b"code\n" + b"9" * 5000 + b"\n",
]


@st.composite
def files(draw: st.DrawFn) -> bytes:
    """Draw a file: any bytes, or one of the known kinds with some of its bytes changed, cut, or headers added."""
    if draw(st.integers(0, 5)) == 0:
        return draw(st.binary(max_size=200))
    content = bytearray(draw(st.sampled_from(SEEDS)))
    for _ in range(draw(st.integers(0, 4))):
        place = draw(st.integers(0, len(content)))
        match draw(st.integers(0, 4)):
            case 0:
                del content[place:]
            case 1:
                content[place : place + 1] = draw(st.binary(max_size=3))
            case 2:
                length = draw(st.integers(1, 30))
                content[place : place + length] = content[place : place + length] * 2
            case 3:
                content[place : place + 4] = draw(
                    st.sampled_from([b"\xff\xff\xff\xff", b"\0\0\0\0", b"\x7f" * 4])
                )
            case _:
                heads = draw(st.lists(st.sampled_from(HEADS), min_size=1, max_size=3))
                content[:0] = "".join(f"{head}\n" for head in heads).encode("utf-8", "surrogateescape")
    return bytes(content)


def refusals(ask: Callable[[], object]) -> list[CouponhubError]:
    """Ask, and answer the refusal, if it is one."""
    try:
        ask()
    except CouponhubError as error:
        return [error]
    return []


def refused_properly(ask: Callable[[], object]) -> None:
    """Assert that it works, or is refused in one of our errors and in one line."""
    for error in refusals(ask):
        assert error.kind != "internal"
        assert 1 == len(str(error).splitlines())


@many_files
@given(content=files(), name=st.sampled_from(["r.csv", "r.eml", "r.zip"]))
@example(content=nested(3000), name="r.eml")
@example(content=forwarded(3000), name="r.eml")
@example(content=b"From: a\n" + b"X: y\n" * 10_000 + b"\n", name="r.eml")
def test_no_report_is_a_fault_of_couponhub(
    content: bytes, name: str, reports: ReportHarness, tmp_path: Path
) -> None:
    """A report is imported or refused, whatever its bytes are, from a path and from a file object."""
    path = tmp_path / name
    path.write_bytes(content)
    refused_properly(lambda: reports.usage.import_report("L1", path, day(1), day(3)))
    refused_properly(lambda: reports.usage.import_report("L1", io.BytesIO(content), day(1), day(3)))


@pytest.mark.parametrize("head", HEADS)
def test_no_header_of_a_mail_is_a_fault_of_couponhub(head: str, tmp_path: Path) -> None:
    """Whatever a mail's headers are, around the report and above it, it is read or refused."""
    mail, line = mailed(REPORT), f"{head}\n".encode("utf-8", "surrogateescape")
    inner = mail.replace(b"Content-Type: text/csv", line + b"Content-Type: text/csv")
    for content in (line + mail, inner, mail.replace(b"\n\n", b"\n" + line + b"\n", 1)):
        path = tmp_path / "report.eml"
        path.write_bytes(content)

        def read(path: Path = path) -> None:
            with opened(path) as report:
                assert isinstance(report.content, TextContent)
                list(report.content.blocks)

        refused_properly(read)


@many_files
@given(content=files(), column=st.sampled_from([None, 0, 3, "code"]))
def test_no_code_file_is_a_fault_of_couponhub(
    content: bytes, column: str | int | None, harness: UploadHarness, tmp_path: Path
) -> None:
    """Codes are sent or refused, whatever the bytes of their file are."""
    path = tmp_path / "codes.csv"
    path.write_bytes(content)
    refused_properly(lambda: harness.uploads.send(LIST, path, column=column))
    refused_properly(lambda: harness.uploads.send(LIST, io.BytesIO(content), column=column, accept="ruined"))


WHOLE = """
[connections.loyalty]
adapter = "capillary"
region = "eu"
key = "K"
secret = "S"
timeout = 2.5
[connections.engage]
adapter = "moengage"
data_center = "01"
workspace_id = "W"
api_key = "A"
[connections.engage.limits]
upload_per_day = 200
[staging]
kind = "server"
listen = "127.0.0.1:0"
[store]
url = "sqlite:///couponhub.db"
retention_days = 30
[lookup]
connections = ["loyalty"]
deadline = 2.0
[server]
rate_limit = 1
"""
ODD = [
    *("[" * depth + "]" * depth for depth in (90, 800)),
    *("{a=" * depth + "1" + "}" * depth for depth in (90, 800)),
    *("9" * 400, "9" * 5000, "1e400", "-1e400", "nan", "inf", "-inf", "0", "-1", "1e300", "0x" + "f" * 900),
    *(
        '"\\u0000"',
        '"\\uD800"',
        '"a\\nb"',
        '""',
        '" "',
        '"${"',
        '"${A"',
        '"${file:}"',
        '"${file:\\u0000}"',
        '"${A:-${B}}"',
    ),
    *(
        '"sqlite:///a\\u0000b"',
        '"sqlite:///%00"',
        '"sqlite:///' + "a" * 5000 + '"',
        '"http://[::1"',
        '"https://a:b"',
    ),
    *(
        '"https://a:99999"',
        '"~nobody/x"',
        '"127.0.0.1:99999999999"',
        '"::"',
        '"\\u2028"',
        '"${file:' + "a" * 5000 + '}"',
    ),
    *(
        "0001-01-01",
        "9999-12-31T23:59:59-12:00",
        "24:00:00",
        "true",
        "[]",
        "{}",
        "[{}]",
        '[["a"]]',
        '{a.b.c="d"}',
    ),
]


@st.composite
def configs(draw: st.DrawFn) -> bytes:
    """Draw a config with values, names or bytes replaced."""
    lines = WHOLE.strip().splitlines()
    for _ in range(draw(st.integers(1, 3))):
        place = draw(st.integers(0, len(lines) - 1))
        name, equals, _ = lines[place].partition(" = ")
        match draw(st.integers(0, 4)):
            case 0:
                del lines[place]
            case 1:
                lines.insert(
                    place,
                    draw(st.sampled_from([lines[place], "[connections]", "[[connections]]", "\ufeff", "\0"])),
                )
            case 2 if not equals:
                odd = draw(
                    st.sampled_from(
                        ["[]", "[connections.'']", "[a.b.c]", '[connections."a\\nb"]', "[store.url]"]
                    )
                )
                lines[place] = odd
            case _ if equals:
                lines[place] = f"{name} = {draw(st.sampled_from(ODD))}"
            case _:
                pass
    content = "\n".join(lines).encode()
    return draw(
        st.sampled_from(
            [content, content, content, content, content.decode().encode("utf-16"), content + b"\xff"]
        )
    )


@many_files
@given(content=configs())
def test_no_config_is_a_fault_of_couponhub(content: bytes, tmp_path: Path) -> None:
    """A config is read, and its store, staging and connections opened, or refused in words."""
    path = tmp_path / "couponhub.toml"
    path.write_bytes(content)

    def use() -> None:
        config = load_config(path, environment={"B": "b"})
        assert config.store.path.name
        with CouponHub(config) as hub:
            for name in hub:
                assert hub[name].capabilities is not None

    assert [] == [error for error in refusals(use) if error.kind == "internal"]
