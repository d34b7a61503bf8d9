"""`couponhub coupons`: coupons by their codes."""

from collections.abc import Iterator, Sequence

import click

from couponhub.cli.completing import takes_connection
from couponhub.cli.lookup_view import guessed, used
from couponhub.cli.options import GlobalGroup, GlobalOptions, pass_options
from couponhub.cli.output import as_table, print_many
from couponhub.cli.session import given_text, opened_hub
from couponhub.cli.tables import Column
from couponhub.connection import Coupons
from couponhub.errors import NotFound, UsageError
from couponhub.models import Coupon
from couponhub.serialization import Document, to_document

_COLUMNS = (
    Column("CODE", "code", whole=True),
    Column("KNOWN", "known"),
    Column("STATUS", "status", whole=True),
    Column("LIST", lambda document: document["list_name"] or document["list_id"]),
    Column("ISSUED", lambda document: guessed(document, "issued_at"), time=True),
    Column("EXPIRES", lambda document: guessed(document, "expires_at"), time=True),
)
_COUNT = Column("REDEEMED", "redemption_count", right=True)
_USED = Column("USED", used)


@click.group("coupons", cls=GlobalGroup)
def command() -> None:
    """Coupons by their codes, whoever holds them."""


@command.command("find")
@takes_connection
@click.argument("codes", metavar="CODE|@FILE|-", nargs=-1, required=True)
@pass_options
def find(options: GlobalOptions, connection: str, codes: tuple[str, ...]) -> None:
    """Show what CONN's vendor says of each CODE; exit 4 when it does not know one.

    @FILE and - read codes from a file and from stdin, one a line, so that they stand in no shell's history.
    """
    wanted = _codes(codes)
    with opened_hub(options) as hub:
        asked = hub[connection].coupons
        found = asked.find(wanted)
        documents = _documents(connection, asked, wanted, found, raw=options.raw)
        last = _USED if as_table(options) else _COUNT
        print_many(options, documents, (*_COLUMNS, last), "")


def _codes(words: Sequence[str]) -> list[str]:
    """The codes that were named, each once."""
    codes: list[str] = []
    for word in words:
        is_file = word == "-" or word.startswith("@")
        lines = [line.removesuffix("\r") for line in given_text(word).split("\n")] if is_file else [word]
        codes += [line for line in lines if line.strip()]
    if not codes:
        raise UsageError("no code was given")
    return list(dict.fromkeys(codes))


def _documents(
    connection: str, asked: Coupons, wanted: Sequence[str], found: Sequence[Coupon], *, raw: bool
) -> Iterator[Document]:
    """An object for each coupon of each code, and one for a code that the vendor does not know.

    Raises:
        NotFound: After all of them, when there is such a code.
    """

    def same(code: str) -> str:
        return code.upper() if asked.ignores_case else code

    by_code: dict[str, list[Coupon]] = {}
    for coupon in found:
        by_code.setdefault(same(coupon.code), []).append(coupon)
    unknown = 0
    for code in wanted:
        coupons = by_code.get(same(code), ())
        for coupon in coupons:
            yield {**to_document(coupon, raw=raw), "known": True}
        if not coupons:
            unknown += 1
            yield {**to_document(Coupon(connection=connection, code=code), raw=raw), "known": False}
    if unknown:
        raise NotFound(
            f"the vendor does not know {unknown} of {len(wanted)} {'code' if len(wanted) == 1 else 'codes'}",
            hint="codes that were uploaded and given to nobody yet may not be shown by the vendor",
            connection=connection,
            operation="find coupons",
        )
