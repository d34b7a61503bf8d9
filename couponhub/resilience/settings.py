"""Figures of a client: how long a vendor has to answer, how patient it is, and how long it remembers."""

import attrs


@attrs.frozen(kw_only=True)
class ResilienceSettings:
    """The figures of one client.

    Attributes:
        call_timeout: Seconds that the vendor has to answer a question, however little time those have who wait.
        cache_ttl: Seconds during which an answer with coupons is given again; 0 never.
        negative_ttl: The same for an answer without.
        stale_if_error: Seconds past that during which it is shown, as remembered, while the vendor fails; 0 never.
        cache_bytes: Roughly the memory that answers may take; the least recently used go first.
        concurrency: Questions that the vendor is asked at once: as many as `transport` keeps connections for.
        failures: Failures in a row that open the breaker.
        grace: Seconds past its time after which a call that has not come back at all is a failure.
        probe_every: Seconds from one probe to the next.
        probe_timeout: Seconds that one may take; with the figure above, one begins at least every 5 seconds.
    """

    call_timeout: float = 2.0
    cache_ttl: float = 30.0
    negative_ttl: float = 5.0
    stale_if_error: float = 300.0
    cache_bytes: int = 64 * 1024 * 1024
    concurrency: int = 64
    failures: int = 5
    grace: float = 1.0
    probe_every: float = 4.0
    probe_timeout: float = 4.0

    def shared_by(self, clients: int) -> "ResilienceSettings":
        """Return the settings of one of so many clients, which may remember as much together as one alone.

        A process has one memory, however many vendors it asks.
        """
        return attrs.evolve(self, cache_bytes=self.cache_bytes // clients)
