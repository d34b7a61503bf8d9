"""Tokens and callback addresses as the store keeps them: hashed, named, ending."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from couponhub.errors import UsageError
from couponhub.models import UploadId
from couponhub.state import Scope, StoreSettings, token_id
from couponhub.state.sql.callbacks import SqlCallbacks
from couponhub.state.sql.tokens import SqlTokens
from couponhub.state.sqlite.database import LedgerDatabase

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
UPLOAD = UploadId("up_1")


@pytest.fixture
def store(tmp_path: Path) -> LedgerDatabase:
    """An empty store."""
    return LedgerDatabase(StoreSettings(url=f"sqlite:///{tmp_path.as_posix()}/store.db"))


def test_a_token_is_kept_as_a_hash(store: LedgerDatabase) -> None:
    """Neither the database nor what lies beside it holds the text, or the part of it that is secret."""
    text, token = SqlTokens(store).new([Scope.LOOKUP], name="till")
    secret = text.rpartition(f"chub_{token.id}_")[2]
    kept = b"".join(path.read_bytes() for path in store.layout.folder.iterdir())
    assert len(secret) >= 43
    assert token.id.encode() in kept
    assert secret.encode() not in kept
    assert secret not in repr(token)


def test_a_token_is_found_by_its_id_and_matches_its_text_only(store: LedgerDatabase) -> None:
    """Another text with the same id does not match."""
    text, _ = SqlTokens(store).new([Scope.LOOKUP, Scope.ADMIN])
    (token,) = SqlTokens(store).all()
    assert token.id == token_id(text)
    assert token.matches(text)
    assert not token.matches(f"{text}x")
    assert not token.matches(f"chub_{token.id}_{'x' * 43}")
    assert {Scope.LOOKUP, Scope.ADMIN} == token.scopes


@pytest.mark.parametrize("text", ["", "chub", "other_1_2", "Bearer"])
def test_what_is_no_token_has_no_id(text: str) -> None:
    """It is looked up no further."""
    assert not token_id(text)


def test_tokens_differ_and_are_listed_oldest_first(store: LedgerDatabase) -> None:
    """Each is made anew, and named after its id when it has no name."""
    texts = [SqlTokens(store).new([Scope.LOOKUP])[0] for _ in range(3)]
    listed = SqlTokens(store).all()
    assert 3 == len(set(texts))
    assert [token_id(text) for text in texts] == [token.id for token in listed]
    assert [token.id for token in listed] == [token.name for token in listed]


def test_a_token_expires(store: LedgerDatabase) -> None:
    """At the moment that it was given, and not before."""
    tokens = SqlTokens(store, now=lambda: NOW)
    tokens.new([Scope.LOOKUP], expires=timedelta(days=1))
    tokens.new([Scope.LOOKUP])
    day, ever = tokens.all()
    assert not day.is_expired(NOW + timedelta(hours=23))
    assert day.is_expired(NOW + timedelta(days=1))
    assert not ever.is_expired(NOW + timedelta(days=10_000))


@pytest.mark.parametrize("by", ["name", "id"])
def test_a_token_is_removed(store: LedgerDatabase, by: str) -> None:
    """By its name or by its id; the others stay."""
    _, gone = SqlTokens(store).new([Scope.LOOKUP], name="gone")
    _, kept = SqlTokens(store).new([Scope.LOOKUP], name="kept")
    SqlTokens(store).remove(getattr(gone, by))
    assert (kept,) == SqlTokens(store).all()
    with pytest.raises(UsageError, match="no such token"):
        SqlTokens(store).remove("gone")


def test_a_name_is_given_once(store: LedgerDatabase) -> None:
    """Also not if it is another's id, for `rm` takes either."""
    _, first = SqlTokens(store).new([Scope.LOOKUP], name="till")
    for name in ("till", first.id):
        with pytest.raises(UsageError, match="already"):
            SqlTokens(store).new([Scope.LOOKUP], name=name)


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "x" * 65])
def test_a_name_that_cannot_be_one_is_refused(store: LedgerDatabase, name: str) -> None:
    """It would spoil a listing."""
    with pytest.raises(UsageError, match="a token's name is"):
        SqlTokens(store).new([Scope.LOOKUP], name=name)


def test_a_token_has_a_scope_and_an_end_within_the_calendar(store: LedgerDatabase) -> None:
    """Else it is none."""
    with pytest.raises(UsageError, match="without a scope"):
        SqlTokens(store).new([])
    with pytest.raises(UsageError, match="calendar"):
        SqlTokens(store).new([Scope.LOOKUP], expires=timedelta(days=99_999_999))
    assert () == SqlTokens(store).all()


def test_a_callback_is_counted_until_its_upload_ends(store: LedgerDatabase) -> None:
    """For that upload alone; an address that is none, or is none any more, counts for nothing."""
    callbacks = SqlCallbacks(store)
    token = callbacks.begin(UPLOAD)
    other = callbacks.begin(UploadId("up_2"))
    assert [True, True, False] == [callbacks.ring(token), callbacks.ring(token), callbacks.ring("made up")]
    assert [2, 0] == [callbacks.calls(UPLOAD), callbacks.calls(UploadId("up_2"))]
    callbacks.end(UPLOAD)
    assert [False, True] == [callbacks.ring(token), callbacks.ring(other)]
    assert 0 == callbacks.calls(UPLOAD)


def test_a_callback_is_kept_as_a_hash(store: LedgerDatabase) -> None:
    """The address is a right in itself."""
    token = SqlCallbacks(store).begin(UPLOAD)
    kept = b"".join(path.read_bytes() for path in store.layout.folder.iterdir())
    assert len(token) >= 43
    assert UPLOAD.encode() in kept
    assert token.encode() not in kept


def test_a_callback_that_nobody_ended_ends_by_its_age(store: LedgerDatabase) -> None:
    """When the next one begins."""
    old = SqlCallbacks(store, now=lambda: NOW).begin(UPLOAD)
    assert SqlCallbacks(store).ring(old)
    SqlCallbacks(store, now=lambda: NOW + timedelta(days=31)).begin(UploadId("up_2"))
    assert not SqlCallbacks(store).ring(old)
