"""Tokens that stand in the config, as hashes: for servers whose store starts empty, as in a container."""

from datetime import timedelta
from pathlib import Path

import pytest

from couponhub.errors import ConfigError
from couponhub.server.auth import Access
from couponhub.server.problems import Refusal
from couponhub.server.serving import one_time_token
from couponhub.state import Scope, new_token, read_token_hash, token_hash
from tests.config.toy import loaded
from tests.server.harness import ServerHarness

TEXT, TOKEN = new_token({Scope.LOOKUP, Scope.CODES_REVEAL}, name="till = 1; 50%", expires=timedelta(days=9))


def test_a_hash_says_all_of_a_token_but_the_token() -> None:
    """Name, scopes and times come back, whatever a name holds."""
    written = token_hash(TOKEN)
    assert read_token_hash(f"{written}\n") == TOKEN
    assert read_token_hash(written).matches(TEXT)
    assert TEXT.rpartition("_")[2] not in written


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (TEXT, "is a token itself"),
        ("", "is not the hash of a token"),
        (token_hash(TOKEN).replace("sha256=", "sha1="), "is not the hash of a token"),
        (f"{token_hash(TOKEN)};only_from=10.0.0.0", "is not the hash of a token"),
        (token_hash(TOKEN)[:-1], "is not the hash of a token"),
        (token_hash(TOKEN).replace(f"id={TOKEN.id}", 'id="}'), "is not the hash of a token"),
        (token_hash(TOKEN).replace("lookup", "everything"), "names a scope that there is not"),
        (token_hash(TOKEN).replace("created=2", "created=x"), "holds a time that is none"),
    ],
    # Words of their own: a token is another one in each process of the tests.
    ids=["token", "empty", "method", "more", "short", "quote", "scope", "time"],
)
def test_what_is_no_hash_is_not_quoted(tmp_path: Path, text: str, told: str) -> None:
    """It may be the token itself, which somebody took for its hash."""
    with pytest.raises(ConfigError) as caught:
        loaded('[server]\ntokens = ["${HASH:-}"]', tmp_path, HASH=text)
    assert "server.tokens" in str(caught.value)
    assert told in str(caught.value) or (not text and "is empty" in str(caught.value))
    assert TEXT[-20:] not in str(caught.value)


def test_a_hash_that_cannot_be_read_is_one_fault(tmp_path: Path) -> None:
    """The file that is missing is the fault; that its name is no hash would only confuse."""
    with pytest.raises(ConfigError) as caught:
        loaded('[server]\ntokens = ["${file:/nowhere/hash}"]', tmp_path)
    (line,) = str(caught.value).splitlines()
    assert line.endswith(
        "server.tokens[0]: the file /nowhere/hash cannot be read (No such file or directory)"
    )


def test_a_hash_in_the_config_lets_its_token_in(harness: ServerHarness, tmp_path: Path) -> None:
    """From a file, as secrets are mounted, beside those in the store; no one-time token is made then."""
    (tmp_path / "hash").write_text(f"{token_hash(TOKEN)}\n")
    config = loaded(f'[server]\ntokens = ["${{file:{tmp_path}/hash}}"]', tmp_path)
    assert one_time_token(config, "0.0.0.0") is None
    access = Access(harness.tokens, fixed=config.server.known_tokens)
    assert TOKEN.id == access.admit({"HTTP_AUTHORIZATION": f"Bearer {TEXT}"}, Scope.LOOKUP).token_id
    stored = harness.token(Scope.LOOKUP)
    access = Access(harness.tokens, fixed=config.server.known_tokens)
    access.admit({"HTTP_AUTHORIZATION": f"Bearer {stored}"}, Scope.LOOKUP)
    with pytest.raises(Refusal):
        access.admit({"HTTP_AUTHORIZATION": f"Bearer {TEXT}x"}, Scope.LOOKUP)
    with pytest.raises(ConfigError, match="entry 2 is the hash of a token that another"):
        loaded(f'[server]\ntokens = ["{token_hash(TOKEN)}", "{token_hash(TOKEN)}"]', tmp_path)
