"""Many customers, one lookup each: a bounded number under way, answers in the order of the customers."""

import os
from collections import deque
from collections.abc import Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context

import attrs

from couponhub.errors import UsageError
from couponhub.lookup.fanout import FanOut
from couponhub.lookup.question import Question
from couponhub.models import Customer, LookupAnswer


def lookup_many(
    question: Question, customers: Iterable[Customer], *, at_once: int
) -> Generator[LookupAnswer, None, None]:
    """Ask about one customer after the other; each answer is handed on as soon as those before it are.

    What is under way belongs to the process that began it: one that was forked off meanwhile gets no answers to it.

    Of `customers` no more are taken than are under way. When they end in an error, it is raised after the answers
    to those that came before. A customer whom no vendor can know is answered with the reason, as `unknown`;
    nothing else ends. Closing the iterator stops all that is under way.

    Args:
        question: What is asked about each; its deadline begins when a customer's turn comes.
        customers: Whom to ask about.
        at_once: How many customers may be under way, which bounds memory and calls.

    Raises:
        NotFound: The list that the query names does not exist at the one connection asked.
        UsageError: It is gone on with in a process that was forked off meanwhile.
    """
    process = os.getpid()
    pool = ThreadPoolExecutor(at_once, thread_name_prefix="lookup-many")
    under_way: deque[_Turn] = deque()
    source, failure = iter(customers), None
    try:
        while failure is None:
            while under_way and (len(under_way) == at_once or under_way[0].is_over):
                yield under_way.popleft().answer()
                _refuse_other(process)
            try:
                customer = next(source)
            except StopIteration:
                break
            except Exception as error:  # noqa: BLE001 - raised below, when what was begun is answered
                failure = error
                continue
            asking = FanOut(question, customer)
            under_way.append(_Turn(asking=asking, coming=pool.submit(copy_context().run, asking.run)))
        while under_way:
            yield under_way.popleft().answer()
            _refuse_other(process)
    finally:
        for turn in under_way:
            turn.asking.stop()
        pool.shutdown(wait=False, cancel_futures=True)
    if failure is not None:
        raise failure


def _refuse_other(process: int) -> None:
    if os.getpid() != process:
        raise UsageError(
            "this lookup of many customers was begun in another process, whose threads are not here",
            hint="begin it after the fork",
        )


@attrs.frozen(kw_only=True)
class _Turn:
    """One customer's lookup, under way."""

    asking: FanOut
    coming: Future[LookupAnswer]

    @property
    def is_over(self) -> bool:
        return self.coming.done()

    def answer(self) -> LookupAnswer:
        try:
            return self.coming.result()
        except UsageError as error:
            return self.asking.refused(error)
