"""Long answers, kept for those who turn their pages: without the customer, without a whole code, and not for long."""

import hashlib
import threading
import time
import zlib
from collections.abc import Callable, Sequence
from typing import overload

import attrs
import msgspec
from cachetools import TTLCache

from couponhub.console.answer_view import AT_ONCE, AnswerView
from couponhub.console.coupon_card import Card
from couponhub.errors import LocalError
from couponhub.models import Customer
from couponhub.state import InvalidationSignal

_SECONDS = 120.0
"""From one page that is turned to the next."""
_LONGEST_SECONDS = 600.0
_MOST_BYTES = 32 * 1024 * 1024
_AROUND = 4096
"""Bytes of what stands around the cards of an answer."""

_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(tuple[Card, ...])


class PackedCards(Sequence[Card]):
    """Cards, packed a page at a time: some 70 bytes each instead of a thousand.

    Args:
        cards: The cards.
    """

    def __init__(self, cards: Sequence[Card]) -> None:
        self._length = len(cards)
        self._pages = [
            zlib.compress(_encoder.encode(cards[at : at + AT_ONCE]), 1)
            for at in range(0, len(cards), AT_ONCE)
        ]

    @property
    def bytes_held(self) -> int:
        """Roughly the memory that they take."""
        return sum(map(len, self._pages))

    def __len__(self) -> int:
        """The number of cards."""
        return self._length

    @overload
    def __getitem__(self, at: int) -> Card: ...

    @overload
    def __getitem__(self, at: slice) -> Sequence[Card]: ...

    def __getitem__(self, at: int | slice) -> Card | Sequence[Card]:
        """One, or those between two places; only the pages that are wanted are unpacked."""
        if not isinstance(at, slice):
            if not -self._length <= at < self._length:
                raise IndexError(at)
            place = at % self._length
            return self._page(place // AT_ONCE)[place % AT_ONCE]
        start, stop, step = at.indices(self._length)
        first = start // AT_ONCE
        cards = [card for number in range(first, -(-stop // AT_ONCE)) for card in self._page(number)]
        return tuple(cards[start - first * AT_ONCE : stop - first * AT_ONCE : step])

    def _page(self, number: int) -> Sequence[Card]:
        return _decoder.decode(zlib.decompress(self._pages[number]))


@attrs.frozen(kw_only=True)
class _Kept:
    view: AnswerView
    until: float
    era: bytes
    weight: int


class KeptAnswers:
    """Remembers long answers in this process, each for whoever asked. Thread-safe.

    The hub's own memory takes no answer of that size, and to have a vendor tell tens of thousands of coupons for each page
    would cost its limits. What is kept goes two minutes after a page was turned, ten after it was asked for, and at once
    when anybody is forgotten.

    Args:
        key: Of the digests by which people stand here.
        signal: Tells that people were forgotten.
        clock: Seconds that only grow.
    """

    def __init__(
        self, key: bytes, signal: InvalidationSignal, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._key = key[:64]
        self._signal = signal
        self._clock = clock
        self._lock = threading.Lock()
        self._kept: TTLCache[bytes, _Kept] = TTLCache(
            _MOST_BYTES, _SECONDS, timer=clock, getsizeof=lambda one: one.weight
        )

    def era(self) -> bytes | None:
        """Return what tells erasures apart, to be read before anybody is asked; None while nobody can tell of any."""
        try:
            return self._signal.latest()
        except LocalError:
            return None

    def keep(self, whose: str, customer: Customer, view: AnswerView, era: bytes | None) -> None:
        """Keep an answer if it is long, in the place of what was known before.

        Args:
            whose: Who asked: nobody else is given it.
            customer: Who was asked about.
            view: The answer.
            era: From before it was asked for.
        """
        name = self._name(whose, customer)
        with self._lock:
            self._kept.pop(name, None)
        if not view.is_long or era is None:
            return
        packed = {group: PackedCards(cards) for group, cards in view.all_cards.items()}
        weight = _AROUND + sum(one.bytes_held for one in packed.values())
        kept = _Kept(
            view=attrs.evolve(view, all_cards={**packed}),
            until=self._clock() + _LONGEST_SECONDS,
            era=era,
            weight=weight,
        )
        self._put(name, kept)

    def get(self, whose: str, customer: Customer) -> AnswerView | None:
        """Return the answer that is kept; None when there is none, so that vendors have to be asked."""
        name = self._name(whose, customer)
        with self._lock:
            kept = self._kept.pop(name, None)
        if kept is None or self._clock() >= kept.until or kept.era != self.era():
            return None
        self._put(name, kept)
        return kept.view

    def _put(self, name: bytes, kept: _Kept) -> None:
        with self._lock:
            self._kept.expire()
            if kept.weight <= _MOST_BYTES:
                self._kept[name] = kept

    def _name(self, whose: str, customer: Customer) -> bytes:
        who = repr((whose, customer.mobile, customer.email, customer.external_id, customer.id))
        return hashlib.blake2b(who.encode("utf-8", "replace"), key=self._key, digest_size=16).digest()
