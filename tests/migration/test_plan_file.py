"""The file of a plan: read as it was written, or not at all."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from couponhub.errors import LocalError, UsageError
from couponhub.migration.plan_file import digest_of_document, read_plan, sealed, write_plan
from couponhub.migration.plan_page import markdown_of, page_of
from couponhub.models import IssuedAs, MigrationCounts, MigrationEnd, MigrationPlan, PlanSource

END = MigrationEnd(connection="loyalty", vendor="Capillary", list_id="7", name="Winter | *sale* <b>")
PLAN = sealed(
    MigrationPlan(
        digest="",
        version=1,
        id="mig_a",
        made_at=datetime(2026, 11, 29, 12, 30, tzinfo=UTC),
        source=END,
        target=END,
        create=None,
        issued_as=IssuedAs.SKIP,
        sources=(PlanSource(role="codes", name="winter.csv", rows=3, sha256="0" * 64),),
        counts=MigrationCounts(all=3, issued=1, redeemed=0, expired=0, free=2),
        collisions=(),
        lossiness=(),
        batches=(),
    )
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A plan in a file."""
    write_plan(PLAN, tmp_path / "plan.json")
    return tmp_path / "plan.json"


def edited(path: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """Change a plan by hand."""
    document = json.loads(path.read_text(encoding="utf-8"))
    change(document)
    path.write_text(json.dumps(document, indent=1), encoding="utf-8")


def test_it_is_read_as_it_was_written(path: Path) -> None:
    """With the keys of the contract, and in whatever layout its keeper's editor leaves it."""
    assert PLAN == read_plan(path)
    edited(path, lambda _: None)
    assert PLAN == read_plan(path)
    document = json.loads(path.read_text(encoding="utf-8"))
    assert {
        "digest",
        "from",
        "to",
        "counts",
        "collisions",
        "lossiness",
        "batches",
        "ends_at",
        "irreversible",
    } <= set(document)
    assert PLAN.digest == digest_of_document(document)


@pytest.mark.parametrize(
    "change",
    [
        lambda document: document.update(issued_as="free"),
        lambda document: document["counts"].update(free=3),
        lambda document: document.update(more=1),
        lambda document: document.pop("batches"),
        lambda document: document.update(digest="0" * 64),
    ],
)
def test_one_that_was_edited_is_refused(path: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """Whatever was changed, added or taken away."""
    edited(path, change)
    with pytest.raises(UsageError, match="was edited by hand: its digest does not match"):
        read_plan(path)


@pytest.mark.parametrize(("version", "which"), [(2, "a newer"), (0, "an older")])
def test_one_of_another_version_is_refused(path: Path, version: int, which: str) -> None:
    """In a line that says which version it has, before anything is made of it."""
    edited(path, lambda document: document.update(version=version))
    with pytest.raises(
        UsageError, match=f"is a plan of {which} couponhub: version {version}, where this one has 1"
    ):
        read_plan(path)


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"{}", b"null", b'{"version": "1"}', b'{"version": 1}', b"\xff\xfe", b"[" * 100_000],
)
def test_something_else_is_no_plan(path: Path, content: bytes) -> None:
    """It is said in one line, whatever the file holds."""
    path.write_bytes(content)
    with pytest.raises(UsageError, match="is no plan of a migration"):
        read_plan(path)


def test_one_whose_words_are_none_is_refused(path: Path) -> None:
    """Also when its digest fits: somebody may have made that anew."""

    def forged(document: dict[str, Any]) -> None:
        document["issued_as"] = "given away"
        document["digest"] = digest_of_document(document)

    edited(path, forged)
    with pytest.raises(UsageError, match=r"is no plan of a migration: .*issued_as"):
        read_plan(path)


def test_what_is_there_is_not_written_over(path: Path) -> None:
    """Nor is anything read that is not there."""
    with pytest.raises(LocalError, match="File exists"):
        write_plan(PLAN, path)
    with pytest.raises(LocalError, match="No such file"):
        read_plan(path.with_name("other.json"))


def test_names_are_no_marks_in_what_people_read() -> None:
    """A list's name steers neither Markdown nor HTML."""
    assert "Winter \\| \\*sale\\* \\<b\\>" in markdown_of(PLAN)
    page = page_of(PLAN)
    assert "&lt;b&gt;" in page
    assert "<b>" not in page
    assert "default-src &#x27;none&#x27;" in page
