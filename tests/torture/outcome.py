"""The end of a torture, by the vendors' own word."""

import signal
from collections import Counter
from datetime import timedelta

import attrs

HEAD = (
    "| Scenario | Vendor | Killed | Processes | Passed by their clock | Seconds | Codes | Lost | Doubled | Given twice"
    " | Books agree | Seed |\n|---|---|---:|---:|---:|---:|---:|---:|---:|---:|---|---:|"
)


@attrs.frozen(kw_only=True)
class Outcome:
    """What became of codes on their way, and of the processes that saw to it.

    Attributes:
        scenario: What was done.
        vendor: At which vendor.
        seed: Of the random choices.
        kills: How many processes were to be killed at least.
        runs: How many processes ended with each exit code, below zero for a signal.
        passed: Time that went by, by the clock of all of them.
        took: Real seconds.
        wanted: The codes of the input.
        held: The codes that the vendor holds at the end, by its control API.
        given: The codes that the vendor was given, with how often; it may have kept only one of two.
        agrees: True where our own books say, too, that all is done.
    """

    scenario: str
    vendor: str
    seed: int
    kills: int
    runs: Counter[int]
    passed: timedelta
    took: float
    wanted: Counter[str]
    held: Counter[str]
    given: Counter[str]
    agrees: bool

    @property
    def killed(self) -> int:
        """How many processes were killed."""
        return self.runs[-signal.SIGKILL]

    @property
    def lost(self) -> int:
        """How many codes of the input the vendor does not hold."""
        return (self.wanted - self.held).total()

    @property
    def doubled(self) -> int:
        """How many codes the vendor holds that are not of the input, or once too often."""
        return (self.held - self.wanted).total()

    @property
    def given_twice(self) -> int:
        """How many times too often the vendor was given a code."""
        return self.given.total() - len(self.given)

    @property
    def is_sound(self) -> bool:
        """True where nothing was lost or doubled, as many were killed as planned, and our books agree."""
        wrong = self.lost or self.doubled or self.given_twice
        return self.agrees and not wrong and self.killed >= self.kills

    @property
    def row(self) -> str:
        """The line of the table."""
        cells = [
            *(self.scenario, self.vendor, self.killed, self.runs.total()),
            *(_rounded(self.passed), f"{self.took:.0f}", f"{self.wanted.total():,}"),
            *(self.lost, self.doubled, self.given_twice, "yes" if self.agrees else "no", self.seed),
        ]
        return f"| {' | '.join(map(str, cells))} |"


def _rounded(passed: timedelta) -> str:
    minutes = round(passed.total_seconds() / 60)
    return f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min"
