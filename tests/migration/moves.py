"""Migrations of a few parts in each direction, by a clock that sleeps set ahead, as the tests of what may go wrong need them."""

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import attrs
import pytest

from couponhub.clock import Clock
from couponhub.models.base import NOTHING
from couponhub.state import Quotas
from couponhub.state.sqlite.state import SqliteState
from couponhub.testing import Control, config_text
from tests.kit.cli import CliRunner, Ran
from tests.migration.world import HOLDER, World

ROWS = 5
"""Codes in a part."""
CODES = tuple(f"MOVE-{number:04}" for number in range(30))
HELD = CODES[:10]
"""Those that the demo's customer holds, where the target can be told of that."""
TARGETS = ("capillary", "moengage")
_LIMITS: Mapping[str, dict[str, int]] = {
    "capillary": {"file_rows": ROWS},
    "moengage": {"file_bytes": len("Coupon Code\n") + ROWS * len("MOVE-0000\n")},
}


_UNPACED: Mapping[str, dict[str, int]] = {
    "capillary": {"calls_per_minute": 0},
    "moengage": {"upload_per_minute": 0, "upload_per_day": 0},
}


@attrs.frozen
class Move:
    """A migration that is planned.

    Attributes:
        target: The vendor that codes go to; they come from the other one.
        source_id: The list that they come from.
        wanted: Each code that moves, with the mobile of whom it is bound to.
    """

    world: World
    target: str
    source_id: str
    digest: str
    wanted: Counter[tuple[str, str | None]]

    @property
    def control(self) -> Control:
        """The target's."""
        return self.cli.control[self.target]

    @property
    def cli(self) -> CliRunner:
        """The command line."""
        return self.world.cli

    @property
    def words(self) -> tuple[str, ...]:
        """The command that applies it."""
        return ("migrate", "apply", "plan.json", "--confirm", self.digest, "--quiet")

    @property
    def id(self) -> str:
        """The migration's id."""
        return str(self.world.read()["id"])

    def apply(self, *more: str) -> Ran:
        """Apply it, or go on with it."""
        return self.cli(*self.words, "-o", "json", *more)

    def resume(self, *more: str) -> Ran:
        """Go on with it."""
        return self.cli("migrate", "resume", "plan.json", "--quiet", "-o", "json", *more)

    def status(self) -> Any:
        """How it stands."""
        ran = self.cli("migrate", "status", "plan.json", "-o", "json")
        assert 0 == ran.code, ran.err
        return ran.json

    def held(self) -> Counter[tuple[str, str | None]]:
        """The truth: each code at the target, with the mobile of who has it."""
        list_id = self.status()["target_list_id"]
        if list_id is None:
            return Counter()
        rows = self.control.codes(list_id)
        return Counter(
            (row["code"], (row["customer"] or {}).get("mobile")) for row in rows if row["status"] != "removed"
        )


def configure(cli: CliRunner, *, settle: float = 0.05, is_paced: bool = True) -> None:
    """Write a config file by which a part is of a few codes.

    Args:
        cli: Whose.
        settle: Seconds within which a vendor shows what it was sent.
        is_paced: False for no pauses between calls and files, where time really passes.
    """
    tables = (
        config_text(
            cli.server.url,
            [one],
            {
                "timeout": 5.0,
                "settle": settle,
                "limits": _LIMITS[name] | ({} if is_paced else _UNPACED[name]),
            },
        )
        for name, one in cli.vendors.items()
    )
    store = f'\n[store]\nurl = "sqlite:///{cli.folder.as_posix()}/state/couponhub.db"\n'
    (cli.folder / "couponhub.toml").write_text("".join(tables) + store, encoding="utf-8")


def planned(
    world: World,
    target: str,
    codes: Sequence[str] = CODES,
    held: Sequence[str] = HELD,
    others: Mapping[str, str] = NOTHING,
) -> Move:
    """Plan a move of these codes; the target can be told of holders at Capillary alone.

    Args:
        world: The vendors.
        target: Where they go.
        codes: All of them.
        held: Those that the demo's customer holds.
        others: Those of them that somebody else does, with their mobile.
    """
    seed = {"lists": [{"name": "Winter", "codes": list(codes)}]}
    source = "moengage" if target == "capillary" else "capillary"
    (source_id,) = world.cli.vendors[source].seed(seed)
    world.cli.write("Winter.csv", "code", *codes)
    ends: tuple[str, ...] = ("--create", "--set", "created_by=tests")
    bound: dict[str, str] = {}
    if target == "capillary":
        (there,) = world.cli.vendors[target].seed({"lists": [{"name": "Winter", "codes": []}]})
        ends = ("--to-list", there)
        bound = dict.fromkeys(held, HOLDER["mobile"]) | dict(others)
    if bound:
        for mobile in set(bound.values()):
            theirs = [code for code, who in bound.items() if who == mobile]
            world.issue(source, source_id, theirs, {"mobile": mobile})
        world.cli.write("holders.csv", "mobile,code", *(f"{who},{code}" for code, who in bound.items()))
        ends = (*ends, "--customers", "holders.csv")
    words = ("--from", source, "--list", source_id, "--to", target, "--codes", "Winter.csv", *ends)
    ran = world.plan(*words)
    assert 0 == ran.code, ran.err
    wanted = Counter((code, bound.get(code)) for code in codes)
    return Move(world, target, source_id, str(ran.json["digest"]), wanted)


def live_by(patch: pytest.MonkeyPatch, clock: Clock) -> None:
    """Have this process live by a clock."""

    def seconds() -> float:
        return clock.now().timestamp()

    patch.setattr("couponhub.runtime.SYSTEM_CLOCK", clock)
    patch.setattr("couponhub.runtime.Quotas", partial(Quotas, now=seconds))
    patch.setattr("couponhub.state.sqlite.SqliteState", partial(SqliteState, clock=seconds))
