"""`couponhub store copy`: a store is moved, and its password never shown."""

import pytest

from tests.cli.test_store_command import database, send
from tests.kit.cli import CliRunner


def test_a_store_is_moved_to_postgresql_and_back(
    cli: CliRunner, postgresql_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it prints is the same both ways; addresses come from variables and files, and no password is repeated."""
    upload = send(cli, "MOVED-1", "MOVED-2")
    userinfo, _, rest = postgresql_url.removeprefix("postgresql://").partition("@")
    user, _, password = userinfo.partition(":")
    monkeypatch.setenv("MOVED_TO", password)
    there = cli.write("there.url", postgresql_url)
    back = f"sqlite:///{cli.folder.as_posix()}/back/couponhub.db"

    one = cli(
        "store",
        "copy",
        f"sqlite:///{database(cli)}",
        f"postgresql://{user}:${{MOVED_TO}}@{rest}",
        "-o",
        "json",
    )
    other = cli("store", "copy", f"@{there}", back, "-o", "json")
    again = cli("store", "copy", f"@{there}", back)

    assert (0, 0) == (one.code, other.code), one.err + other.err
    assert one.json == other.json
    counts = {part["name"]: part["count"] for part in one.json["items"]}
    assert (1, 1, 1) == (counts["uploads"], counts["jobs"], counts["files: codes"])
    assert 2 == again.code
    assert "there is a store in" in again.err
    assert not any(password in ran.out + ran.err for ran in (one, other, again))
    assert str(upload["id"]) in (cli.folder / "back" / "couponhub.db").read_bytes().decode("latin-1")


@pytest.mark.parametrize(
    ("source", "target", "says"),
    [
        ("sqlite:///not-there.db", "sqlite:///target.db", "there is no store in"),
        ("sqlite:///same.db", "sqlite:///same.db", "cannot be copied to itself"),
        ("sqlite:///a.db", "postgresql://user:hush-hush@", "expected postgresql://"),
        ("sqlite:///a.db", "postgresql://user:${NOT_SET_HERE}@h/d", "NOT_SET_HERE is not set"),
        ("@not-there.url", "sqlite:///target.db", "cannot be read"),
    ],
)
def test_refusals_are_one_line(cli: CliRunner, source: str, target: str, says: str) -> None:
    """What is wrong is said in one line, exit code 2; nothing is made, and no address is repeated."""
    ran = cli("store", "copy", source, target)
    assert 2 == ran.code
    assert says in ran.err
    assert 1 == len(ran.err.splitlines())
    assert "hush-hush" not in ran.out + ran.err
    assert not list(cli.folder.glob("*.db"))
