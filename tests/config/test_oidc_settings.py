"""The table `[server.oidc]`: a table within a table, whose secret is one, and whose faults are told one by one."""

from pathlib import Path

import pytest

from couponhub.config import OidcSettings, load_config
from couponhub.errors import ConfigError
from couponhub.state import Scope

GOOD = ('issuer = "https://login.example"', 'client_id = "hub"')


def loaded(folder: Path, *lines: str) -> OidcSettings | None:
    """The table with these lines."""
    path = folder / "c.toml"
    path.write_text("\n".join(["[server.oidc]", *lines]), encoding="utf-8")
    return load_config(path, environment={"SECRET": "hunter2"}).server.oidc


def test_left_out_there_is_none(tmp_path: Path) -> None:
    """People sign in with tokens then."""
    path = tmp_path / "c.toml"
    path.write_text("[server]\nconsole = true\n", encoding="utf-8")
    assert load_config(path, environment={}).server.oidc is None


def test_rights_come_of_groups_and_secrets_of_references(tmp_path: Path) -> None:
    """Nobody has any right where no group is named; the secret is never shown."""
    bare = loaded(tmp_path, *GOOD)
    assert bare is not None
    assert ({}, 3600, "groups", "sub") == (bare.scopes, bare.session, bare.claim, bare.person)
    full = loaded(tmp_path, *GOOD, 'client_secret = "${SECRET}"', 'scopes = {desk = ["lookup"]}')
    assert full is not None
    assert full.client_secret is not None
    assert ("hunter2", False) == (full.client_secret.reveal(), full.client_secret.literal)
    assert {"desk": (Scope.LOOKUP,)} == full.scopes
    assert "hunter2" not in repr(full)


@pytest.mark.parametrize(
    ("line", "key"),
    [
        ('issuer = "http://login.example"', "issuer"),
        ('issuer = "login.example"', "issuer"),
        ('client_id = ""', "client_id"),
        ('client_secret = "${GONE}"', "client_secret"),
        ("client_secret = 7", "client_secret"),
        ('scopes = {desk = ["look"]}', r"scopes\.desk\[0\]"),
        ("scopes = {desk = []}", "scopes"),
        ('scopes = ["lookup"]', "scopes"),
        ('scope = "lookup"', "scope: unknown key; did you mean"),
        ("session = 86400", "session"),
        ("timeout = 0", "timeout"),
        ('public_url = "https://shop.example/console"', "public_url: expected an address without a path"),
        ('provider_scopes = ["a b"]', "provider_scopes"),
        ('proxy = "http://user:hunter2@proxy.example"', "proxy"),
    ],
)
def test_faults_name_their_key_in_one_line(tmp_path: Path, line: str, key: str) -> None:
    """And quote no secret."""
    name = line.partition(" ")[0]
    kept = [one for one in GOOD if not one.startswith(f"{name} ")]
    with pytest.raises(ConfigError, match=rf"server\.oidc\.{key}") as caught:
        loaded(tmp_path, *kept, line)
    assert 1 == len(str(caught.value).splitlines())
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('[server]\noidc = "https://login.example"', "server.oidc: expected a table"),
        ('[webhooks]\nurl = "https://erp.example"', "webhooks.url: expected a table: the settings of a receiver stand in [webhooks.NAME]"),
    ],
)  # fmt: skip
def test_what_is_no_table_is_told_once_and_in_words(tmp_path: Path, text: str, told: str) -> None:
    """No class of an exception, and nothing that follows from it."""
    path = tmp_path / "c.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_config(path, environment={})
    assert f"{path}: {told}" == str(caught.value)
