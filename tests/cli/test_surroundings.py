"""Where couponhub runs: without a home, without zone data, where nothing may be written, not installed."""

import logging
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from couponhub.transport import TransportSettings
from tests.kit.cli import CUSTOMER, CliRunner

ROOT = Path(__file__).parents[2]
NAMELESS = "import sys; from couponhub.cli import main; sys.exit(main(sys.argv[1:]))"
READER = """
import os, sys
from couponhub.errors import LocalError
from couponhub.state.sqlite.database import LedgerDatabase
from couponhub.state import StoreSettings
from couponhub.state.sql.tokens import SqlTokens
tokens = SqlTokens(LedgerDatabase(StoreSettings(url=f"sqlite:///{sys.argv[1]}/couponhub.db")))
if os.getuid() == 0:  # who may write everywhere, and whose Python others may not read
    import encodings.idna
    os.setgid(65534)
    os.setuid(65534)
try:
    open(f"{sys.argv[1]}/probe", "w")
    print("the folder can be written")
except OSError:
    print(*(token.name for token in tokens.all()))
try:
    tokens.remove("shop")
except LocalError as error:
    print(error)
"""


def run(cli: CliRunner, program: str, *words: str, **surroundings: str) -> "subprocess.CompletedProcess[str]":
    """Run a program of ours where the command line runs."""
    return subprocess.run(  # noqa: S603 - our own code
        [sys.executable, "-c", program, *words],
        cwd=cli.folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1", **surroundings},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def homeless() -> None:
    """Let nobody have a home, in a process of its own."""

    def nobody(uid: int) -> pwd.struct_passwd:
        raise KeyError(uid)

    for name in ("HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME"):
        os.environ.pop(name, None)
    pwd.getpwuid = nobody


def test_a_user_without_a_home_is_told_what_to_write(cli: CliRunner) -> None:
    """Without a config file anywhere there is one place less to name."""
    (cli.folder / "couponhub.toml").unlink()
    ran = cli.apart("connections", before=homeless)
    assert 2 == ran.code
    assert "there is no config file couponhub.toml here" in ran.complaint


def without_store(cli: CliRunner) -> None:
    """Take the store out of the config."""
    config = cli.folder / "couponhub.toml"
    config.write_text(config.read_text(encoding="utf-8").partition("\n[store]")[0], encoding="utf-8")


def test_a_user_without_a_home_looks_up(cli: CliRunner) -> None:
    """A container's nameless user has nowhere to keep anything, and is answered all the same."""
    without_store(cli)
    ran = cli.apart("lookup", "--mobile", CUSTOMER, "--connection", "capillary", before=homeless)
    assert 0 == ran.code, ran.err
    assert "PARTNER0001" in ran.out


@pytest.mark.parametrize(
    "words", [("token", "ls"), ("uploads", "send", "capillary", "1", "codes.csv"), ("serve", "--port", "0")]
)
def test_what_needs_a_store_names_the_setting(cli: CliRunner, words: tuple[str, ...]) -> None:
    """Whoever has no home is told in one line where a store can be named."""
    without_store(cli)
    cli.write("codes.csv", "code", "A-1")
    ran = cli.apart(*words, before=homeless)
    assert 2 == ran.code
    assert "[store] url" in ran.err.splitlines()[-1]


def test_zone_data_come_along(cli: CliRunner) -> None:
    """A system without zone data does not change what is answered."""
    ran = run(
        cli,
        NAMELESS,
        *("lookup", "--mobile", CUSTOMER, "--connection", "capillary"),
        PYTHONTZPATH="",
    )
    assert 0 == ran.returncode, ran.stderr
    assert "PARTNER0001" in ran.stdout


def test_tokens_are_read_where_nothing_may_be_written(cli: CliRunner) -> None:
    """A store on a read-only disk serves the tokens in it, and says why it takes no change."""
    assert 0 == cli("token", "new", "--scope", "lookup", "--name", "shop").code
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shutil.copy(cli.folder / "state" / "couponhub.db", folder)
        (folder / "couponhub.db").chmod(0o444)
        folder.chmod(0o555)
        ran = run(cli, READER, name)
        folder.chmod(0o755)
    tokens, refusal = ran.stdout.splitlines()
    assert "shop" == tokens, ran.stderr
    assert "readonly" in refusal


def test_the_version_is_told_without_metadata(monkeypatch: pytest.MonkeyPatch, cli: CliRunner) -> None:
    """An archive that nobody installed has no metadata: that is said, and nothing fails."""
    assert cli("--version").out.startswith("couponhub, version ")
    monkeypatch.setattr("couponhub._version.version", _no_metadata)
    ran = cli("--version")
    assert (0, "couponhub, version unknown\n") == (ran.code, ran.out)


def _no_metadata(name: str) -> str:
    from importlib.metadata import PackageNotFoundError

    raise PackageNotFoundError(name)


def test_a_home_is_expanded_in_every_path(cli: CliRunner, monkeypatch: pytest.MonkeyPatch) -> None:
    """`~` in ca_bundle means what it means in [store] url."""
    monkeypatch.setenv("HOME", str(cli.folder))
    (cli.folder / "private.pem").write_text("", encoding="utf-8")
    cli.configure({"ca_bundle": "~/private.pem"})
    assert 0 == cli("config", "check").code
    assert str(cli.folder / "private.pem") == TransportSettings(ca_bundle="~/private.pem").ca_bundle
    cli.configure({"ca_bundle": "~/other.pem"})
    assert "ca_bundle" in cli("config", "check").err


@pytest.mark.parametrize("zone", ["", " ", "Nowhere/City", "Asia/Kolkata ", "/etc/localtime"])
def test_a_zone_that_is_none_is_refused(cli: CliRunner, zone: str) -> None:
    """Also an empty one, which would mean UTC without a word."""
    config = cli.folder / "couponhub.toml"
    text = config.read_text(encoding="utf-8")
    for setting, connection in (("timezone", "moengage"), ("store_timezone", "capillary")):
        head = f"[connections.{connection}]\n"
        config.write_text(text.replace(head, f'{head}{setting} = "{zone}"\n'), encoding="utf-8")
        ran = cli("config", "check")
        assert 2 == ran.code
        assert f"connections.{connection}.{setting}" in ran.err
        assert "such as Asia/Kolkata" in ran.err


def test_warnings_of_the_library_are_lines_of_the_command(cli: CliRunner) -> None:
    """What nobody has asked to log is told like every other remark: who says it, and nothing that steers a terminal."""
    cli("--version")
    assert logging.lastResort is not None
    record = logging.makeLogRecord({"msg": "moengage: %s", "args": ("rows\x1b[2J",)})
    assert "couponhub: moengage: rows\\x1b[2J" == logging.lastResort.format(record)
