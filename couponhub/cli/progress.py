"""Progress of long work on stderr: a picture that moves on a terminal, elsewhere a line at each change."""

import sys
import threading
from collections.abc import Iterator
from types import TracebackType
from typing import Any, Protocol, Self

from couponhub.cli.failures import say
from couponhub.cli.upload_meter import UploadMeter, duration
from couponhub.uploads import EventKind, UploadEvent

_FIRST_LINE = 1.0
_LONGEST_SILENCE = 30.0
_WIDE = 120
_BAR = 40


class Meter(Protocol):
    """The state of long work, for a display of it."""

    @property
    def subject(self) -> str | None:
        """The id of the work, once something is written down of it."""
        ...

    @property
    def phase(self) -> str:
        """The thing that is being done."""
        ...

    @property
    def elapsed(self) -> float:
        """Seconds since it began."""
        ...

    @property
    def rows(self) -> int | None:
        """Rows in all; None where that is not known."""
        ...

    @property
    def done(self) -> int:
        """Rows of them that are done."""
        ...

    @property
    def wait(self) -> str | None:
        """The thing that is waited for; None while nothing is."""
        ...

    @property
    def changes(self) -> object:
        """The figures of which a change is worth a line."""
        ...

    def facts(self) -> Iterator[str]:
        """Give what there is to tell beside the phase, shortly."""
        ...

    def line(self) -> str:
        """Return all of it as one line."""
        ...


class ProgressDisplay:
    """A display that fits where stderr goes, or none.

    Args:
        meter: What to show.
        quiet: Show nothing.
    """

    def __init__(self, meter: Meter, *, quiet: bool = False) -> None:
        self._display: LiveDisplay | LineDisplay | None = None
        if not quiet and sys.stderr is not None:
            self._display = LiveDisplay(meter) if sys.stderr.isatty() else LineDisplay(meter)

    def __enter__(self) -> Self:
        if self._display is not None:
            self._display.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._display is not None:
            self._display.stop()

    def update(self) -> None:
        """Show what the meter says now."""
        if self._display is not None:
            self._display.update()

    def tell(self, line: str) -> None:
        """Say a line that stays, also where no progress is shown."""
        if self._display is None:
            say(line)
        else:
            self._display.tell(line)


class UploadProgress(ProgressDisplay):
    """Shows what an upload is at, and knows its id as soon as there is one.

    Args:
        upload_id: Of an upload that was sent before.
        quiet: Show nothing.
    """

    def __init__(self, upload_id: str | None = None, *, quiet: bool = False) -> None:
        self.meter = UploadMeter(upload_id, may_have_sent=upload_id is not None)
        if upload_id is not None:
            self.meter.phase = "asking the vendor"
        super().__init__(self.meter, quiet=quiet)

    def __call__(self, event: UploadEvent) -> None:
        """Take note of an event; what takes days is told at its start, also where no progress is shown."""
        self.meter.note(event)
        if event.kind is EventKind.RECORDED and (outlook := self.meter.outlook) is not None:
            self.tell(outlook)
        self.update()


class LineDisplay:
    """A line at each change, and at least every half minute: for logs and whoever reads them.

    What fails in its first second, before anything is written down, leaves its error's line alone.

    Args:
        meter: What to tell.
        patience: Seconds until the first line, where nothing is written down by then.
        silence: The most seconds without a line after that.
    """

    def __init__(
        self, meter: Meter, *, patience: float = _FIRST_LINE, silence: float = _LONGEST_SILENCE
    ) -> None:
        self._meter = meter
        self._patience = patience
        self._silence = silence
        self._told: object = None
        self._lock = threading.Lock()
        self._spoken = threading.Event()
        self._over = False

    def start(self) -> None:
        """Begin."""
        threading.Thread(target=self._break_silence, name="upload-progress", daemon=True).start()

    def update(self) -> None:
        """Say how it stands, if that has changed."""
        with self._lock:
            begun = self._told is not None or self._meter.subject is not None
            if begun and self._meter.changes != self._told:
                self._say()

    def tell(self, line: str) -> None:
        """Say a line of its own."""
        with self._lock:
            say(line)

    def stop(self) -> None:
        """End."""
        with self._lock:
            self._over = True
        self._spoken.set()

    def _say(self) -> None:
        self._told = self._meter.changes
        say(self._meter.line())
        self._spoken.set()

    def _break_silence(self) -> None:
        pause = self._patience
        while not self._over:
            was_spoken = self._spoken.wait(pause)
            pause = self._silence
            with self._lock:
                self._spoken.clear()
                if not was_spoken and not self._over:
                    self._say()
                    self._spoken.clear()


class LiveDisplay:
    """A picture of a few lines that is drawn anew several times a second."""

    def __init__(self, meter: Meter) -> None:
        from rich.console import Console  # noqa: PLC0415 - only terminals see it
        from rich.live import Live  # noqa: PLC0415 - the same

        console = Console(stderr=True)
        self._live = Live(
            console=console,
            get_renderable=lambda: picture(meter, console.width),
            refresh_per_second=5,
            transient=True,
        )

    def start(self) -> None:
        """Begin."""
        self._live.start()

    def update(self) -> None:
        """Show it now."""
        self._live.refresh()

    def tell(self, line: str) -> None:
        """Say a line that stays above the picture."""
        self._live.console.print(f"couponhub: {line}", markup=False, highlight=False, soft_wrap=True)

    def stop(self) -> None:
        """End, and leave nothing of it."""
        self._live.stop()


def picture(meter: Meter, width: int) -> Any:
    """Draw how far the work is, for a terminal of that many columns."""
    from rich.console import Group  # noqa: PLC0415 - only terminals see it
    from rich.progress_bar import ProgressBar  # noqa: PLC0415 - the same
    from rich.spinner import Spinner  # noqa: PLC0415 - the same
    from rich.table import Table  # noqa: PLC0415 - the same
    from rich.text import Text  # noqa: PLC0415 - the same

    spinner = Spinner("dots")
    spinner.start_time = 0.0
    head = Text.assemble(
        spinner.render(meter.elapsed),  # type: ignore[arg-type]  # of a spinner without words it is a Text
        " ",
        (meter.phase, "bold"),
        f"  {meter.subject}" if meter.subject else "",
        (f"  {duration(meter.elapsed)}", "dim"),
    )
    lines: list[Any] = [head]
    facts = list(meter.facts())
    if meter.rows:
        row = Table.grid(padding=(0, 2))
        bar = ProgressBar(total=meter.rows, completed=meter.done, width=min(_BAR, width // 4))
        first, rest = (facts, []) if width >= _WIDE else (facts[:1], facts[1:])
        row.add_row(" ", bar, Text(", ".join(first)))
        lines.append(row)
        facts = rest
    if facts:
        lines.append(Text(f"   {', '.join(facts)}"))
    if meter.wait:
        lines.append(Text(f"   waiting for {meter.wait}", style="yellow"))
    return Group(*lines)
