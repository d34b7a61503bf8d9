"""A disk that is full at one step of an upload or another: one line, nothing lost, and the next run sends what is left."""

import resource
from collections import Counter
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from couponhub.testing import Control, EmulatorContext, EmulatorServer, config_text
from couponhub.testing.emulation.vendor import VendorEmulator
from couponhub.testing.vendors import emulators
from tests.kit.processes import started
from tests.kit.witness import codes_given

CODES = [f"FULL-{number:06}" for number in range(6000)]
THREE_PARTS: dict[str, dict[str, int]] = {
    "capillary": {"file_rows": 2000, "calls_per_minute": 0},
    "moengage": {
        "file_bytes": len("Coupon Code\n") + 2000 * len("FULL-000000\n"),
        "upload_per_minute": 0,
        "upload_per_day": 0,
    },
}
SIZES = (9_000, 70_000, 85_000, 110_000, 170_000)
"""Bytes that no file may grow beyond: from one that holds no store to one that holds nearly all of it."""
MOST_SIZES = 14


def room(size: int) -> None:
    """Let no file of this process grow beyond so many bytes."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


@pytest.mark.parametrize("vendor", THREE_PARTS)
def test_a_disk_that_is_full_at_any_step(
    vendor: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before the first part or after the last one: exit code 2 with the command that tells what was sent, if anything was."""
    # Whoever counts what is reached would have its own file on that disk.
    monkeypatch.delenv("COVERAGE_PROCESS_CONFIG", raising=False)
    world = EmulatorContext()
    (emulated,) = emulators((vendor,), world)
    emulated.set_processing_delay(0.01)
    (tmp_path / "codes.csv").write_text("\n".join(["code", *CODES, ""]), encoding="utf-8")
    with EmulatorServer([emulated], world) as server, codes_given("FULL-[0-9]+") as given:

        def tried(size: int) -> str:
            given.clear()
            emulated.reset()
            (list_id,) = emulated.seed({"lists": [{"name": "full", "codes": []}]})
            _configure(tmp_path, f"store-{size}", server.url, emulated)
            words = ("uploads", "send", vendor, list_id, "codes.csv", "--wait", "--quiet")
            ran = started(*words, folder=tmp_path, before=partial(room, size)).ended()
            sent = bool(given)
            if ran.returncode == 0:
                became = "done"
            else:
                assert (2, 1) == (ran.returncode, len(ran.stderr.splitlines())), size
                assert "FULL-" not in ran.stderr
                told = "find out what was sent with `couponhub uploads show" in ran.stderr
                assert told or not sent, size
                became = "sent in part" if sent else "nothing sent"
            again = started(*words, folder=tmp_path).ended()
            assert again.returncode in {0, 9}, again.stderr
            held = Counter(row["code"] for row in Control(server.url, vendor).codes(list_id))
            assert Counter(CODES) == held == given, size
            return became

        reached = {size: tried(size) for size in SIZES}
        # Where the step is that sends depends on how often the vendor was asked by then: it is looked for.
        while "sent in part" not in reached.values() and len(reached) < MOST_SIZES:
            low = max(size for size, became in reached.items() if became == "nothing sent")
            done = [size for size, became in reached.items() if size > low and became == "done"]
            high = min(done, default=4 * low)
            middle = (low + high) // 2
            reached[middle] = tried(middle)
    assert {"nothing sent", "sent in part"} <= set(reached.values())


def _configure(folder: Path, name: str, url: str, emulated: VendorEmulator) -> None:
    settings: dict[str, Any] = {"timeout": 5.0, "settle": 0.1, "limits": THREE_PARTS[emulated.name]}
    store = f'\n[store]\nurl = "sqlite:///{folder.as_posix()}/{name}/hub.db"\n'
    (folder / "couponhub.toml").write_text(config_text(url, [emulated], settings) + store, encoding="utf-8")
