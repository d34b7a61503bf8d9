"""`couponhub token`: who may use the HTTP endpoint."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import click

from couponhub.cli.numbers import DaysAhead
from couponhub.cli.options import GlobalGroup, GlobalOptions, pass_options
from couponhub.cli.output import print_many, print_one
from couponhub.cli.tables import Column
from couponhub.config import load_config
from couponhub.serialization import Document, instant_text
from couponhub.state import Scope, Token, new_token, open_state, token_hash
from couponhub.token_desk import TokenDesk

_SCOPES = Column("SCOPES", "scopes")
_COLUMNS = (
    Column("NAME", "name", whole=True),
    Column("ID", "id", whole=True),
    _SCOPES,
    Column("KEPT", "kept"),
    Column("CREATED", "created_at", time=True),
    Column("EXPIRES", "expires_at", time=True),
)


@click.group("token", cls=GlobalGroup)
def command() -> None:
    """Tokens of `couponhub serve`. They are kept as hashes: what is lost is made anew."""


@command.command("new")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    required=True,
    type=click.Choice(tuple(scope.value for scope in Scope)),
    help="What it allows; may be given several times.",
)
@click.option("--name", metavar="N", help="What to call it; default: its id.")
@click.option(
    "--print-hash",
    is_flag=True,
    help="Do not keep it here; show also its hash, for [server] tokens of a config.",
)
@click.option("--expires", type=DaysAhead(1), metavar="DAYS", help="Days until it ends; default: never.")
@pass_options
def new(
    options: GlobalOptions,
    *,
    scopes: tuple[str, ...],
    name: str | None,
    expires: int | None,
    print_hash: bool,
) -> None:
    """Make a token, and show it this once.

    lookup: look customers up. lists:read: read connections, lists and uploads. lists:write: make and change
    lists. uploads:write: send codes. jobs:write: pause, resume and cancel what is under way. codes:reveal: see whole
    codes. admin: read everything, metrics, documentation and the audit log too, with codes masked; in the console give no
    more rights than one has, and take tokens away.
    """
    days = None if expires is None else timedelta(days=expires)
    if print_hash:
        text, token = new_token(map(Scope, scopes), name=name, expires=days)
    else:
        with _desk(options) as desk:
            text, token = desk.make(map(Scope, scopes), name=name, expires=days)
    document: Document = {"token": text, "name": token.name, "scopes": sorted(token.scopes)}
    fields = [Column("TOKEN", "token", whole=True), Column("NAME", "name"), _SCOPES]
    if print_hash:
        document["hash"] = token_hash(token)
        fields.append(Column("HASH", "hash", whole=True))
    print_one(options, document, fields, done=f"the token {token.name} was made")


@command.command("ls")
@pass_options
def ls(options: GlobalOptions) -> None:
    """List the tokens, without what makes them work: those in the store, and those that the config names."""
    with _desk(options) as desk:
        documents = [_document(token, "store") for token in desk.stored()]
    documents += [_document(token, "config") for token in desk.fixed]
    print_many(options, documents, _COLUMNS, "There is no token.")


@command.command("rm")
@click.argument("name", metavar="NAME|ID")
@pass_options
def rm(options: GlobalOptions, name: str) -> None:
    """Remove a token; a running server refuses it within seconds."""
    with _desk(options) as desk:
        desk.remove(name)
    document = {"name": name, "deleted": True}
    print_one(
        options, document, (Column("REMOVED", "name", whole=True),), done=f"the token {name} was removed"
    )


@contextmanager
def _desk(options: GlobalOptions) -> Iterator[TokenDesk]:
    config = load_config(options.config)
    with open_state(config.store) as state:
        yield TokenDesk(state=state, fixed=config.server.known_tokens)


def _document(token: Token, kept: str) -> Document:
    return {
        "id": token.id,
        "name": token.name,
        "scopes": sorted(token.scopes),
        "created_at": instant_text(token.created_at),
        "expires_at": instant_text(token.expires_at),
        "kept": kept,
    }
