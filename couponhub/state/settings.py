"""The table `[store]` of the configuration."""

import re
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

import attrs

from couponhub.errors import LocalError
from couponhub.paths import expanded, user_folder
from couponhub.secret import Secret, secret_of
from couponhub.settings import setting

if TYPE_CHECKING:
    from attrs import Attribute

_PREFIX = "sqlite:///"
_POSTGRESQL = ("postgresql://", "postgres://")
_FILES = ("s3://", "gs://", "az://", "file:///")
_KEY = re.compile(r"[0-9a-fA-F]{64}")


def _check_url(instance: object, attribute: "Attribute[str | None]", value: str | None) -> None:  # noqa: ARG001 - attrs' signature
    if value is None:
        return
    if value.startswith(_POSTGRESQL):
        _check_postgresql(value)
    else:
        _check_sqlite(value)


def _check_postgresql(value: str) -> None:
    try:
        parts = urlsplit(value)
        # Several hosts are tried one after the other.
        hosts = parts.netloc.rpartition("@")[2].split(",")
        is_whole = all(urlsplit(f"//{host}").port != 0 for host in hosts)
        is_whole = is_whole and bool(parts.path.strip("/")) and not parts.fragment
    except ValueError:
        is_whole = False
    if not is_whole or not value.isprintable() or " " in value:
        raise ValueError(
            "expected postgresql://user:password@host:5432/database, with %XX for what is special in a password"
        )


def _check_sqlite(value: str) -> None:
    path = unquote(value.removeprefix(_PREFIX))
    if not value.startswith(_PREFIX) or not path.strip(" /.") or path.endswith("/"):
        raise ValueError(
            "expected sqlite:///relative/path.db, sqlite:////absolute/path.db or postgresql://user:password@host/database"
        )
    if path == ":memory:":
        raise ValueError("expected a file: what was sent must be known after this process has ended")
    if "?" in value or "#" in value or not path.isprintable():
        raise ValueError(
            "expected a path without ?, # and control characters; %3F and %23 stand for the first two"
        )


def _check_files(instance: object, attribute: "Attribute[str | None]", value: str | None) -> None:  # noqa: ARG001 - attrs' signature
    if value is None:
        return
    if (
        not value.startswith(_FILES)
        or value in _FILES
        or "?" in value
        or "#" in value
        or not value.isprintable()
    ):
        raise ValueError(
            "expected s3://bucket/prefix, gs://bucket/prefix, az://container/prefix or file:///folder"
        )


def _check_key(instance: object, attribute: "Attribute[Secret | None]", value: Secret | None) -> None:  # noqa: ARG001 - attrs' signature
    if value is not None and not _KEY.fullmatch(value.reveal()):
        raise ValueError("expected 64 hexadecimal digits, as `openssl rand -hex 32` prints them")


def _optional_secret(value: str | Secret | None) -> Secret | None:
    return None if value is None else secret_of(value)


def _check_days(instance: object, attribute: "Attribute[int]", value: int) -> None:  # noqa: ARG001 - attrs' signature
    if value < 1:
        raise ValueError("expected at least 1 day")


@attrs.frozen(kw_only=True)
class StoreSettings:
    """The place of durable state, and the time for which it is kept."""

    url: str | None = setting(
        None,
        about="sqlite:///path of the database, for one machine, or postgresql://user:password@host/database, for many; a"
        " file in the platform's state folder when left out",
        example='"sqlite:///couponhub.db"',
        validator=_check_url,
        repr=False,
    )
    files: str | None = setting(
        None,
        about="with PostgreSQL: where code sets and the files of uploads and jobs lie, s3://bucket/prefix, gs://, az://, or"
        " file:///folder of all machines; in the database itself when left out",
        validator=_check_files,
    )
    key: Secret | None = setting(
        None,
        about="64 hexadecimal digits, the same on all machines: customers are stored as hashes made with it; made on first"
        " use, in a file for its owner alone, when left out",
        converter=_optional_secret,
        validator=_check_key,
    )
    retention_days: int = setting(
        400,
        about="days for which sent codes are kept, to be left out of later uploads to the same list",
        validator=_check_days,
    )
    audit_days: int = setting(
        400,
        about="days for which the audit log tells who has done what; older events are removed",
        validator=_check_days,
    )

    def __attrs_post_init__(self) -> None:
        # Not in the validator of `files`, which the config calls before the others are known.
        if self.files is not None and not self.is_postgresql:
            raise ValueError("`files` is for PostgreSQL: with SQLite files lie beside the database")

    @property
    def is_postgresql(self) -> bool:
        """True when the state is in PostgreSQL."""
        return self.url is not None and self.url.startswith(_POSTGRESQL)

    def conninfo(self) -> str:
        """The address of PostgreSQL as its library takes it, with all that is secret in it."""
        return self.url or ""

    @property
    def place(self) -> str:
        """The state's address for people, without user, password and parameters.

        Raises:
            LocalError: As of `path`.
        """
        if not self.is_postgresql:
            return str(self.path)
        parts = urlsplit(self.url or "")
        return f"postgresql://{parts.netloc.rpartition('@')[2]}{parts.path}"

    @property
    def path(self) -> Path:
        """The database file of SQLite.

        Raises:
            LocalError: None is configured, and this user has no home where it could lie.
        """
        if self.url is not None:
            return expanded(unquote(self.url.removeprefix(_PREFIX)))
        folder = user_folder("state")
        if folder is None:
            raise LocalError(
                "there is no place for the store: this user has no home", hint="name a file in [store] url"
            )
        return folder / "couponhub.db"
