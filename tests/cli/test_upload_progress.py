"""While an upload is under way a terminal sees a picture of it, and a pipe a line at each change."""

import io
import sys
import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from rich.console import Console

from couponhub.cli.progress import LineDisplay, UploadProgress, picture
from couponhub.cli.upload_meter import UploadMeter, duration
from couponhub.models import ListId, Part, PartId, Upload, UploadId, UploadStatus
from couponhub.uploads import SECOND_LOOK
from couponhub.uploads.events import EventKind, UploadEvent
from tests.kit.clock import FakeClock

OURS = "up_aaaaaaaaaaaaaaaaaaaa"


class Terminal(io.StringIO):
    """A stderr that people look at."""

    def isatty(self) -> bool:
        """As of a terminal."""
        return True


def part(
    number: int, *, status: str = "pending", is_there: bool = False, accepted: int | None = None
) -> Part:
    """A part of ten thousand rows."""
    return Part(
        id=PartId(f"{number}") if is_there else None,
        name=f"{number}.csv",
        status=UploadStatus(status),
        rows=10_000,
        accepted=accepted,
        rejected=None if accepted is None else 10_000 - accepted,
    )


def event(kind: str, *parts: Part, seconds: float | None = None, **more: Any) -> UploadEvent:
    """Something that happened to our upload."""
    upload = Upload(
        connection="engage",
        list_id=ListId("L1"),
        id=UploadId(more.pop("id", OURS)),
        name="codes",
        parts=parts,
        **{"status": UploadStatus.PROCESSING, **more},
    )
    return UploadEvent(EventKind(kind), upload, seconds)


def meter_at(clock: FakeClock, *events: tuple[float, UploadEvent]) -> UploadMeter:
    """A meter that was told of events, each so many seconds after the one before."""
    meter = UploadMeter(clock=clock.monotonic, now=clock.now)
    for seconds, one in events:
        clock.sleep(seconds)
        meter.note(one)
    return meter


def under_way(clock: FakeClock) -> UploadMeter:
    """Two of five parts are sent, and the limits let no third one out for 38 seconds more."""
    unsent = [part(number) for number in range(1, 6)]
    sent = [part(number, is_there=number < 3) for number in range(1, 6)]
    spent = event(
        "paused",
        *sent,
        seconds=40,
        waiting_for="upload_per_minute",
        ends_at=clock.now() + timedelta(seconds=146),
    )
    meter = meter_at(
        clock, (2, event("recorded", *unsent)), (20, event("submitted", *sent)), (4, spent), (2, spent)
    )
    meter.note(UploadEvent(EventKind.PAUSED, spent.upload, 38))
    return meter


def drawn(meter: UploadMeter, width: int) -> list[str]:
    """The picture on a terminal of that many columns, a line each; also drawn as SVG, which must be possible."""
    console = Console(record=True, width=width, force_terminal=True, file=io.StringIO())
    console.print(picture(meter, width))
    assert "<svg" in console.export_svg(title="couponhub uploads send", clear=False)
    return [line.rstrip() for line in console.export_text().splitlines()]


PICTURES = {
    80: [
        f"⠋ sending  {OURS}  28 s",
        "   ━━━━━━━━━━━━━━━━━━━━  20,000 of 50,000 rows sent",
        "   part 3 of 5, 769 rows/s, 1 min 58 s left",
        "   waiting for upload_per_minute: 38 s",
    ],
    200: [
        f"⠋ sending  {OURS}  28 s",
        f"   {'━' * 40}  20,000 of 50,000 rows sent, part 3 of 5, 769 rows/s, 1 min 58 s left",
        "   waiting for upload_per_minute: 38 s",
    ],
}


@pytest.mark.parametrize("width", PICTURES)
def test_a_picture_tells_everything(width: int) -> None:
    """Phase, rows, part, rate, time left and what is waited for, also in a narrow terminal."""
    lines = drawn(under_way(FakeClock()), width)

    assert [line.replace("╸", "━").replace("╺", "━") for line in lines] == PICTURES[width]
    assert all(len(line) < width for line in lines)


@pytest.mark.parametrize("width", [20, 40, 80, 200])
def test_a_picture_moves_every_second(width: int) -> None:
    """Also while nothing is told, whatever the terminal: the time, and what is left of a pause."""
    clock = FakeClock()
    meter = under_way(clock)
    seen = []
    for _ in range(5):
        seen.append(drawn(meter, width))
        clock.sleep(1)

    assert 5 == len(set(map(tuple, seen)))
    assert "37 s" in " ".join(seen[1])


def test_before_anything_is_known_a_picture_tells_of_that() -> None:
    """The codes are read: no rows, no part, no rate."""
    clock = FakeClock()
    meter = meter_at(clock)
    clock.sleep(65)

    assert 1 == len(drawn(meter, 80))
    assert drawn(meter, 80)[0].endswith("preparing the codes  1 min 5 s")


def test_a_pipe_is_told_of_each_change(capsys: pytest.CaptureFixture[str]) -> None:
    """A line each, none for what stays the same."""
    clock = FakeClock()
    meter = meter_at(clock)
    display = LineDisplay(meter)
    taken = part(1, status="done", is_there=True, accepted=9_000)
    for one in (
        event("preparing"),
        event("paused", waiting_for="another upload to this list"),
        event("settling", id="up_earlier"),
        event("recorded", part(1)),
        event("submitting", part(1)),
        event("paused", part(1), seconds=38, waiting_for="upload_per_minute"),
        event("submitting", part(1)),
        event("submitted", part(1, is_there=True)),
        event("polled", part(1, is_there=True), waiting_for="the vendor to end 1 of 1 parts"),
        event("polled", part(1, is_there=True), waiting_for="the vendor to end 1 of 1 parts"),
        event("polled", part(1), waiting_for="somebody to resume it", not_sent=10_000),
        event("polled", taken, status=UploadStatus.PARTIAL, accepted=9_000, rejected=1_000, not_sent=0),
    ):
        clock.sleep(1)
        meter.note(one)
        display.update()

    lines = capsys.readouterr().err.splitlines()
    assert [
        f"couponhub: {OURS}: sending, 0 of 10,000 rows sent, part 1 of 1",
        f"couponhub: {OURS}: sending, 0 of 10,000 rows sent, part 1 of 1; waiting for upload_per_minute: 38 s",
        f"couponhub: {OURS}: sending, 0 of 10,000 rows sent, part 1 of 1",
        f"couponhub: {OURS}: waiting for the vendor, 0 of 10,000 rows done, part 1 of 1",
        f"couponhub: {OURS}: yet to be sent, 0 of 10,000 rows done, part 1 of 1; waiting for somebody to resume it",
        f"couponhub: {OURS}: partial, 9,000 accepted, 1,000 rejected",
    ] == lines


def test_a_pipe_hears_of_what_takes_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is not begun within a second, and whatever does not change, is told all the same, again and again."""
    told: list[str] = []
    often = threading.Event()

    def say(text: str) -> None:
        told.append(text)
        if len(told) == 3:
            often.set()

    monkeypatch.setattr("couponhub.cli.progress.say", say)
    display = LineDisplay(UploadMeter(), patience=0.001, silence=0.001)
    display.start()
    assert often.wait(10)
    display.stop()
    assert {"preparing the codes"} == set(told)


@pytest.mark.parametrize("is_terminal", [True, False])
@pytest.mark.parametrize("quiet", [True, False])
def test_quiet_silences(*, is_terminal: bool, quiet: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is shown then, and what is needed at an interruption is known."""
    shown = Terminal() if is_terminal else io.StringIO()
    monkeypatch.setattr(sys, "stderr", shown)
    with UploadProgress(quiet=quiet) as progress:
        progress(event("recorded", part(1)))

    assert OURS == progress.meter.upload_id
    assert quiet == (OURS not in shown.getvalue())


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ([event("preparing")], (None, False)),
        ([event("settling", part(1, is_there=True), id="up_earlier")], (None, False)),
        ([event("paused", waiting_for="another upload to this list")], (None, False)),
        ([event("recorded", part(1))], (OURS, False)),
        ([event("recorded", part(1)), event("submitting", part(1))], (OURS, True)),
        (
            [event("submitting", part(1)), event("paused", part(1), waiting_for="upload_per_minute")],
            (OURS, False),
        ),
        ([event("submitting", part(1)), event("paused", part(1), waiting_for=SECOND_LOOK)], (OURS, True)),
        ([event("submitted", part(1, is_there=True))], (OURS, True)),
        ([event("polled", part(1, status="unknown"))], (OURS, True)),
    ],
)
def test_an_interruption_knows_whether_anything_may_have_been_sent(
    events: list[UploadEvent], expected: tuple[str | None, bool]
) -> None:
    """What an earlier call left is not this upload; what was refused for its rate never arrived; a lost answer may have."""
    meter = meter_at(FakeClock(), *((0, one) for one in events))
    assert expected == (meter.upload_id, meter.may_have_sent)


def test_times_are_told_in_two_units() -> None:
    """And rounded up, so that nothing is promised too early."""
    told = [duration(seconds) for seconds in (-1, 0.2, 59.5, 125, 3_600, 12_000, 90_000)]
    assert ["0 s", "1 s", "1 min", "2 min 5 s", "1 h", "3 h 20 min", "1 d 1 h"] == told


def test_limits_far_away_are_told() -> None:
    """A day's quota that is spent decides, not the rate before it."""
    clock = FakeClock()
    spent = event("paused", part(1), ends_at=datetime(2025, 5, 3, tzinfo=UTC), waiting_for="upload_per_day")
    meter = meter_at(clock, (0, event("recorded", part(1))), (0, spent))
    assert "2 d left" in meter.line()
    assert meter.line().endswith("; waiting for upload_per_day")


@pytest.mark.parametrize("is_terminal", [True, False])
@pytest.mark.parametrize("quiet", [True, False])
def test_what_takes_days_is_told_at_its_start(
    *, is_terminal: bool, quiet: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In one line, once, before anything is sent, whoever looks; of what can go out today nothing is said."""
    shown = Terminal() if is_terminal else io.StringIO()
    monkeypatch.setattr(sys, "stderr", shown)
    monkeypatch.setenv("COLUMNS", "400")
    in_days = datetime.now(UTC) + timedelta(days=2)
    with UploadProgress(quiet=quiet) as progress:
        progress(event("recorded", part(1), part(2), ends_at=datetime.now(UTC)))
        assert "cannot be sent before" not in shown.getvalue()
        progress(event("recorded", part(1), part(2), ends_at=in_days))
        progress(event("submitting", part(1), part(2), ends_at=in_days))
        progress(event("submitted", part(1, is_there=True), part(2), ends_at=in_days))
    line = (
        f"couponhub: {OURS}: the limits do not let its 2 parts go out today: the last one cannot be sent before"
        f" {in_days:%Y-%m-%d %H:%M} UTC"
    )
    assert 1 == shown.getvalue().count(line)
    assert quiet == ("not before" not in shown.getvalue())
