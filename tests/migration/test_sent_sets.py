"""What went is compared with what was to go by fingerprints, and code by code only where these differ."""

from pathlib import Path

import attrs
import pytest

from couponhub import CouponHub
from couponhub.migration.counted_codes import SentSets, compare_sent
from couponhub.migration.fingerprints import KeptFingerprints
from couponhub.migration.sent_parts import SentPart, sent_parts
from couponhub.models import CodeFileRules, ListId, MigrationPlan
from couponhub.state import TextCodeSet
from tests.migration.test_applying import CODES
from tests.migration.test_verifying import applied_to_moengage
from tests.migration.world import World


def sides(hub: CouponHub, world: World) -> tuple[MigrationPlan, KeptFingerprints, SentPart]:
    """The plan, its fingerprints, and the one file that was sent."""
    verifier = hub.migrations._verifier(hub.migrations._kept(world.read()["id"]))
    rules = verifier.batches.uploads.file_rules
    history = verifier.ledger.history(ListId(verifier.list_id or ""))
    (part,) = sent_parts([1], verifier.batches, history)
    return verifier.plan, KeptFingerprints(kept=verifier.kept, rules=rules), part


def compared(hub: CouponHub, world: World, folder: Path, part: SentPart | None = None) -> SentSets:
    """What the comparison tells of the file, or of another in its place."""
    plan, fingerprints, sent = sides(hub, world)
    return compare_sent(plan, fingerprints, [part or sent], folder, CodeFileRules(code_header="code"))


def codes_of(found: TextCodeSet | None) -> list[str]:
    """The codes of a set; none of no set."""
    return [] if found is None else [code for batch in found.batches() for code in batch]


def test_equal_sets_are_not_read(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Their fingerprints were made when each was final, and are all that is compared."""
    applied_to_moengage(world)

    def refuse(*_: object) -> None:
        raise AssertionError("a code set was read")

    with CouponHub.from_config(world.cli.folder / "couponhub.toml") as hub:
        monkeypatch.setattr(TextCodeSet, "texts", refuse)
        monkeypatch.setattr("couponhub.migration.counted_codes.csv_batches", refuse)
        assert SentSets(unsent=None, unplanned=None) == compared(hub, world, tmp_path)


def test_codes_that_differ_are_found(world: World, tmp_path: Path) -> None:
    """One that never went, and one that nobody planned."""
    applied_to_moengage(world)
    (tmp_path / "sent.txt").write_text("".join(f"{code}\n" for code in (*CODES[1:], "EXTRA-1")), "utf-8")
    (tmp_path / "way").mkdir()
    with CouponHub.from_config(world.cli.folder / "couponhub.toml") as hub:
        _, _, part = sides(hub, world)
        other = attrs.evolve(
            part,
            record=attrs.evolve(part.record, number=99),  # of which no fingerprint is kept
            codes=TextCodeSet(tmp_path / "sent.txt"),
        )
        found = compared(hub, world, tmp_path / "way", other)
        assert ([CODES[0]], ["EXTRA-1"]) == (codes_of(found.unsent), codes_of(found.unplanned))


def test_fingerprints_say_nothing_of_codes(world: World) -> None:
    """They are kept beside the codes, with a key of their own."""
    applied_to_moengage(world)
    with CouponHub.from_config(world.cli.folder / "couponhub.toml") as hub:
        files = hub.state.job_files
        migration = world.read()["id"]
        kept = [name for name in files.names(migration) if name.endswith(".segments")]
        paths = [files.path(migration, name) for name in kept]
        assert 2 == len(paths)
        assert not any(code in path.read_text("utf-8") for path in paths if path for code in CODES)
