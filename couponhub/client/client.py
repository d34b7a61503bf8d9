"""The client of the HTTP endpoint: the hub's questions, asked of a server that keeps the vendors' secrets."""

import logging
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import islice
from types import TracebackType
from typing import Any, Self, TypeVar
from urllib.parse import urlsplit

import attrs

from couponhub.client.answers import Expected, connections_in, lookup_in, problem_in
from couponhub.client.problems import error_of
from couponhub.clock import Deadline
from couponhub.errors import ConfigError, CouponhubError, UnreadableReply, UsageError
from couponhub.models import CouponQuery, Customer, LookupAnswer, Strategy
from couponhub.models.connections import ServedConnection
from couponhub.models.given import (
    given_flag,
    given_ids,
    given_many,
    given_one,
    given_seconds,
    given_text,
    given_word,
)
from couponhub.rooted import Rooted
from couponhub.secret import Secret
from couponhub.serialization import to_document
from couponhub.settings import check_url, is_plain_http
from couponhub.transport import Headers, Reply, Request, Transport, TransportSettings

T = TypeVar("T")

_log = logging.getLogger(__name__)

_TOKEN = re.compile(r"[\x21-\x7e]+")
_LONGEST_SECONDS = 86_400.0
_AT_ONCE = 16
"""As many as a server asks about at once: an answer about all of them takes no longer than about one."""


@attrs.frozen
class _Server:
    """The address of the server, by the rules of every address that secrets travel to."""

    url: str | None = attrs.field(validator=check_url)
    allow_http: bool = False


@attrs.frozen
class _Bearer:
    """A bearer token (RFC 6750); None for a server that asks for none."""

    token: Secret | None

    def sign(self, headers: Headers, _: Deadline, /) -> object:
        """Add the Authorization header."""
        if self.token is not None:
            headers["Authorization"] = f"Bearer {self.token.reveal()}"
        return None

    def renew(self, used: object) -> bool:  # noqa: ARG002 - a token has no successor
        """Answer False: there is nothing to renew."""
        return False


class Client(Rooted):
    """Asks a running `couponhub serve`. Thread-safe; use it as a context manager, or call `close`.

        with Client("https://coupons.example.com", token=token) as client:
            answer = client.lookup(Customer(mobile="919876543210"))

    No redirect is followed, nothing is taken from the environment or from `.netrc`, and the token travels in the
    Authorization header alone. An answer that is cut or cannot be understood is an error, never "none".
    Without the scope `codes:reveal` codes come masked, `Coupon.code` then begins with `***`, nothing comes raw,
    and no names. What may be given for an argument is the same as of the hub's methods.

    Every method may raise what the hub's own raises, and beside that:

        AuthRejected: The server does not accept the token.
        PermissionDenied: The token lacks a scope.
        VendorUnavailable: The server could not be reached, or did not answer in time.
        UnreadableReply: What it answered is not what couponhub documents.

    Args:
        url: The server's address, with the path that a proxy puts before `/v1`; https, or http to this machine.
        token: A bearer token; None for a server on this machine that asks for none.
        timeout: Seconds an answer may take in all, at most a day; has to be above every deadline that is asked for.
        ca_bundle: Path of a PEM file to trust instead of the public authorities.
        allow_http: Take an address of another machine with http:// too, and warn of it.

    Raises:
        ConfigError: The address is refused.
        UsageError: Something is no text, or no number of seconds.
    """

    def __init__(
        self,
        url: str,
        *,
        token: str | Secret | None = None,
        timeout: float = 30.0,
        ca_bundle: str | None = None,
        allow_http: bool = False,
    ) -> None:
        # Before anything can fail: this frame stands in the traceback of whatever is raised here.
        token = (
            token if token is None or isinstance(token, Secret) else Secret(given_text(token, "the token"))
        )
        given_text(url, "the server's address")
        try:
            _Server(url, given_flag(allow_http, "allow_http"))
        except ValueError as error:
            hint = (
                "that is allow_http=True of a Client, and `lookup --allow-http`" if is_plain_http(url) else ""
            )
            raise ConfigError(f"the server's address: {error}", hint=hint) from None
        if token is not None and not _TOKEN.fullmatch(token.reveal()):
            raise UsageError(
                "the token holds characters that no token has" if token.reveal() else "the token is empty"
            )
        if ca_bundle is not None:
            given_text(ca_bundle, "ca_bundle")
        if is_plain_http(url):
            _log.warning("customers and tokens travel to the server over plain http, as allow_http has it")
        self._url = url
        self._timeout = given_seconds(timeout, "the timeout", most=_LONGEST_SECONDS)
        self._transport = Transport(
            connection=urlsplit(url).netloc,
            base_url=url,
            auth=_Bearer(token),
            settings=TransportSettings(timeout=self._timeout, patience=self._timeout, ca_bundle=ca_bundle),
            peer="the server",
        )

    def _title(self) -> str:
        return f" of {self._url}"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def lookup(
        self,
        customer: Customer,
        query: CouponQuery | None = None,
        *,
        connections: str | Iterable[str] | None = None,
        strategy: Strategy | str = Strategy.MERGE,
        deadline: float | None = None,
        raw: bool = False,
    ) -> LookupAnswer:
        """Return the coupons that a customer holds; as `CouponHub.lookup`, with the server's defaults.

        With `raw` the vendors' own objects come too, which takes the scope `codes:reveal`.
        """
        given_one(Customer, customer, "customer")
        question = self._question(query, connections, strategy, deadline, raw=raw)
        request = Request(
            operation="lookup",
            method="POST",
            path="/v1/lookup",
            body={"customer": to_document(customer), **question},
        )
        expected = _expected(question)
        return self._call(request, lambda reply: lookup_in(_decoded(reply), customer, expected))

    def lookup_many(
        self,
        customers: Customer | Iterable[Customer],
        query: CouponQuery | None = None,
        *,
        connections: str | Iterable[str] | None = None,
        strategy: Strategy | str = Strategy.MERGE,
        deadline: float | None = None,
        raw: bool = False,
    ) -> Iterator[LookupAnswer]:
        """Iterate over the answers about many customers, in their order; `deadline` is for each of them.

        They are asked for some at a time as the answers are consumed, so that there may be any number.
        """
        question = self._question(query, connections, strategy, deadline, raw=raw)
        return self._batches(given_many(customers, "customers", of=_customer, single=Customer), question)

    def connections(self) -> tuple[ServedConnection, ...]:
        """The connections of the server, and what each can do."""
        request = Request(operation="connections", method="GET", path="/v1/connections")
        return self._call(request, lambda reply: connections_in(_decoded(reply)))

    def close(self) -> None:
        """Close the pooled network connections."""
        self._transport.close()

    def _batches(self, customers: Iterator[Customer], question: dict[str, Any]) -> Iterator[LookupAnswer]:
        while batch := tuple(islice(customers, _AT_ONCE)):
            request = Request(
                operation="lookup batch",
                method="POST",
                path="/v1/lookup/batch",
                body={"customers": [to_document(customer) for customer in batch], **question},
            )
            answers, ended = self._call(request, partial(self._answers, batch, _expected(question)))
            yield from answers
            if ended is not None:
                raise ended

    def _answers(
        self, batch: Sequence[Customer], expected: Expected, reply: Reply
    ) -> tuple[tuple[LookupAnswer, ...], CouponhubError | None]:
        """The answers, and what broke them off: a last line that is an error."""
        lines = [_decoded(attrs.evolve(reply, body=line)) for line in reply.body.splitlines()]
        ended: CouponhubError | None = None
        last = lines[-1] if lines else None
        if isinstance(last, dict) and "error" in last:
            lines.pop()
            written = problem_in(last["error"])
            ended = written.error() if written else UnreadableReply("the server's answers broke off")
        elif len(lines) != len(batch):
            raise UnreadableReply(f"{len(batch)} answers were asked for, and {len(lines)} came")
        answers = (
            lookup_in(line, customer, expected) for line, customer in zip(lines, batch, strict=ended is None)
        )
        return tuple(answers), ended

    def _question(
        self,
        query: CouponQuery | None,
        connections: str | Iterable[str] | None,
        strategy: Strategy | str,
        deadline: float | None,
        *,
        raw: bool,
    ) -> dict[str, Any]:
        if deadline is not None and given_seconds(deadline, "the deadline") >= self._timeout:
            raise UsageError(
                f"the deadline must be above 0 and below the client's timeout of {self._timeout:g} seconds"
            )
        asks = given_word(Strategy, strategy, "the strategy")
        names = None if connections is None else given_ids(connections, "connections")
        query = CouponQuery() if query is None else given_one(CouponQuery, query, "query")
        question = {
            "connections": names and list(dict.fromkeys(names)),
            "strategy": None if asks is Strategy.MERGE else str(asks),
            "status": sorted(query.status) or None,
            "list_id": query.list_id,
            "store_id": query.store_id,
            "since": query.since and query.since.isoformat(),
            "until": query.until and query.until.isoformat(),
            # A server that knows nothing of what follows refuses it, so it is sent only where it is asked for.
            "sort": query.sort,
            "descending": query.descending or None,
            "limit": query.limit,
            "raw": given_flag(raw, "raw") or None,
            "deadline": deadline and float(deadline),
        }
        return {name: value for name, value in question.items() if value is not None}

    def _call(self, request: Request, read: Callable[[Reply], T]) -> T:
        def understood(reply: Reply) -> T:
            if not 200 <= reply.status < 300:
                raise error_of(reply, problem_in(_decoded_or_none(reply)))
            return read(reply)

        # With a deadline of its own a rate limit is never waited out: whoever asks is waiting.
        return self._transport.call(request, understood, deadline=Deadline.after(self._timeout))


def _customer(value: object, _: str) -> Customer:
    return given_one(Customer, value, "each of the customers")


def _expected(question: dict[str, Any]) -> Expected:
    return Expected(
        connections=frozenset(question.get("connections", ())),
        may_stop=question.get("strategy") == Strategy.FIRST_FOUND,
        differs=question.get("strategy") == Strategy.COMPARE,
    )


def _decoded(reply: Reply) -> object:
    try:
        return reply.decoded()
    except ValueError as error:
        raise UnreadableReply(f"the server's answer is {error}", status=reply.status) from None


def _decoded_or_none(reply: Reply) -> object:
    try:
        return reply.decoded()
    except ValueError:
        return None
