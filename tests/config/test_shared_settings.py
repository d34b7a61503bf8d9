"""The table `[shared]`: which addresses it takes, and how little of them is shown."""

from pathlib import Path

import pytest

from couponhub.config import load_config
from couponhub.errors import ConfigError
from couponhub.secret import Secret
from couponhub.state import SharedSettings


def loaded(folder: Path, *lines: str) -> SharedSettings:
    """The table with these lines."""
    path = folder / "c.toml"
    path.write_text("\n".join(["[shared]", *lines]), encoding="utf-8")
    return load_config(path, environment={"SECRET": "hunter2"}).shared


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("redis://cache", "redis://cache"),
        ("redis://:${SECRET}@cache:6380/3", "redis://cache:6380/3"),
        ("rediss://me:${SECRET}@[::1]:1/0?ssl_ca_certs=/etc/ca.pem", "rediss://[::1]:1/0"),
    ],
)
def test_good_addresses_are_taken_and_shown_without_secrets(tmp_path: Path, url: str, place: str) -> None:
    """User, password and files are for the client alone."""
    shared = loaded(tmp_path, f'url = "{url}"', "share = 0.5")
    assert shared.url is not None
    assert url.replace("${SECRET}", "hunter2") == shared.url.reveal()
    assert (place, 0.5) == (shared.place, shared.share)
    assert "hunter2" not in repr(shared)


@pytest.mark.parametrize(
    "url",
    ["cache:6379", "http://cache", "redis://", "redis://cache/name", "redis://cache:0", "redis://ca che",
     "redis://cache#1", "redis://cache?ssl_ca_certs=/x", "rediss://cache?ssl_cert_reqs=none", "redis://cache:99999",
     "rediss://cache?db"],
)  # fmt: skip
def test_other_addresses_are_refused_in_one_line(tmp_path: Path, url: str) -> None:
    """The line names the key and quotes nothing."""
    with pytest.raises(ConfigError, match=r"shared\.url: expected") as caught:
        loaded(tmp_path, f'url = "{url}"')
    assert 1 == len(str(caught.value).splitlines())


@pytest.mark.parametrize("share", ["-0.1", "1.1", "nan", '"half"'])
def test_a_share_is_a_part(tmp_path: Path, share: str) -> None:
    """More than the whole, less than nothing and no number are none."""
    with pytest.raises(ConfigError, match=r"shared\.share"):
        loaded(tmp_path, f"share = {share}")


def test_only_a_password_must_not_stand_in_the_file(tmp_path: Path) -> None:
    """An address without one is no secret that stands in plain text."""
    with_one = loaded(tmp_path, 'url = "redis://:open@cache"').url
    without = loaded(tmp_path, 'url = "redis://cache"').url
    by_reference = loaded(tmp_path, 'url = "redis://:${SECRET}@cache"').url
    assert [True, False, False] == [
        one is not None and one.literal for one in (with_one, without, by_reference)
    ]


def test_nothing_is_shared_by_default() -> None:
    """Without an address there is no place."""
    assert "" == SharedSettings().place
    assert "redis://h" == SharedSettings(url=Secret("redis://u:p@h")).place
