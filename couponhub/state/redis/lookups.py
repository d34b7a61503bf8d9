"""The knowledge of all machines of one connection's lookups, in Redis: answers, who is asking, and a vendor that is dead."""

import json
import secrets
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import cast

import attrs

from couponhub.state.machine_share import AwayError
from couponhub.state.redis.erasures import KEY as GENERATION
from couponhub.state.redis.erasures import Erasures
from couponhub.state.redis.link import PREFIX, Link
from couponhub.state.redis.scripts import CLAIM_PROBE, KEEP, LET_GO, LOOK, TELL, Script
from couponhub.state.redis.sealing import Seal
from couponhub.state.shared import BreakerNews, Sighting


@attrs.frozen(kw_only=True)
class _Mark:
    """One look.

    Attributes:
        name: Of the question.
        generation: The erasures that there had been.
        at: When it was, by Redis' clock, in milliseconds.
        who: Tells who looked.
        erased: The store's word for the erasures that it knew of.
    """

    name: str
    generation: int
    at: int
    who: str
    erased: bytes


class RedisLookups:
    """A `SharedLookups` in Redis.

    Args:
        link: The way there.
        seal: Hides what lies there.
        erasures: The number of erasures there.
        erased_here: The store's own word for the erasures that it knows of: what was kept before another is not told.
        connection: As of `Shared.lookups`.
    """

    def __init__(
        self, link: Link, seal: Seal, erasures: Erasures, erased_here: Callable[[], bytes], connection: bytes
    ) -> None:
        self._link = link
        self._seal = seal
        self._erasures = erasures
        self._erased_here = erased_here
        self._connection = connection
        self._news = seal.name(b"news", connection)

    def look(self, question: bytes, *, claim_for: float, anew: bool = False) -> Sighting | None:
        """As `SharedLookups.look`."""
        name, who = self._seal.name(b"answer", self._connection, question), secrets.token_hex(8)
        try:
            found = self._link.run(
                LOOK,
                [GENERATION, f"{PREFIX}a:{name}", f"{PREFIX}f:{name}", f"{PREFIX}b:{self._news}"],
                [self._erasures.seen, who, round(claim_for * 1000), int(anew)],
            )
        except AwayError:
            return None
        generation, answer, age, fresh, ours, news, at = cast(
            "tuple[int, bytes, int, int, int, bytes, int]", tuple(found)
        )
        self._erasures.note(generation)
        mark = _Mark(name=name, generation=generation, at=at, who=who, erased=self._erased_here())
        content = self._opened(answer, mark) if answer else None
        return Sighting(
            content=content,
            age=age / 1000,
            is_fresh=bool(fresh),
            is_ours=bool(ours),
            news=self._read(news),
            mark=mark,
        )

    def keep(self, seen: Sighting, content: bytes, *, fresh_for: float, kept_for: float) -> None:
        """As `SharedLookups.keep`."""
        mark = cast("_Mark", seen.mark)
        fresh_until, kept_until = (mark.at + round(seconds * 1000) for seconds in (fresh_for, kept_for))
        sealed = self._seal.closed(content, mark.name, _beside(mark, mark.at, fresh_until))
        self._run_quietly(
            KEEP,
            [GENERATION, f"{PREFIX}a:{mark.name}", f"{PREFIX}f:{mark.name}"],
            [mark.generation, mark.who, mark.at, fresh_until, kept_until, sealed],
        )

    def let_go(self, seen: Sighting) -> None:
        """As `SharedLookups.let_go`."""
        if seen.is_ours:
            mark = cast("_Mark", seen.mark)
            self._run_quietly(LET_GO, [f"{PREFIX}f:{mark.name}"], [mark.who])

    def tell(self, news: BreakerNews, *, seconds: float) -> None:
        """As `SharedLookups.tell`."""
        written = json.dumps(attrs.asdict(news)).encode()
        sealed = self._seal.closed(written, self._news, b"news")
        self._run_quietly(TELL, [f"{PREFIX}b:{self._news}"], [sealed, round(seconds * 1000)])

    def claim_probe(self, seconds: float) -> tuple[bool, BreakerNews | None]:
        """As `SharedLookups.claim_probe`."""
        try:
            ours, news = self._link.run(
                CLAIM_PROBE,
                [f"{PREFIX}t:{self._news}", f"{PREFIX}b:{self._news}"],
                [secrets.token_hex(8), round(seconds * 1000)],
            )
        except AwayError:
            return True, None
        return bool(ours), self._read(cast("bytes", news))

    def _run_quietly(
        self, script: Script, keys: Sequence[str], arguments: Sequence[bytes | str | int | float]
    ) -> None:
        with suppress(AwayError):  # said in the log; and nobody misses what only makes things quicker
            self._link.run(script, keys, arguments)

    def _opened(self, answer: bytes, mark: _Mark) -> bytes | None:
        _, asked, fresh_until, sealed = answer.split(b":", 3)
        return self._seal.opened(sealed, mark.name, _beside(mark, int(asked), int(fresh_until)))

    def _read(self, sealed: bytes) -> BreakerNews | None:
        written = self._seal.opened(sealed, self._news, b"news") if sealed else None
        # Sealed by nobody but us; of a later release it may say more than this one knows.
        known = {field.name for field in attrs.fields(BreakerNews)}
        return (
            None
            if written is None
            else BreakerNews(**{key: value for key, value in json.loads(written).items() if key in known})
        )


def _beside(mark: _Mark, asked: int, fresh_until: int) -> bytes:
    """Return what an answer is sealed with: what stands before it, and the erasures that the store knew of."""
    return b"%d:%d:%d:" % (mark.generation, asked, fresh_until) + mark.erased
