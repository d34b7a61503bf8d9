"""What a connection can do is what its adapter implements; the rest is refused with advice."""

from collections.abc import Mapping

import pytest

from couponhub.capabilities import capabilities_of, require
from couponhub.clock import Deadline
from couponhub.errors import Unsupported
from couponhub.models import ListId
from couponhub.protocols import CAPABILITIES, ArchivesLists, ReadsLists, WritesLists


class Archivist:
    """An adapter that can do one thing."""

    limits: Mapping[str, int] = {"calls_per_minute": 100, "file_rows": 0}

    def __init__(self) -> None:
        self.archived: list[str] = []

    def advice(self, capability: str) -> str:
        """Something about the capability."""
        return f"instead of {capability}, ask somebody"

    def check(self, *, deadline: Deadline | None = None) -> str:  # noqa: ARG002 - it answers at once
        """Nothing to prove."""
        return ""

    def quota_left(self) -> Mapping[str, int]:
        """Nothing is counted."""
        return {}

    def call(self, *_: object, **__: object) -> object:
        """Nothing to call."""
        return None

    def close(self) -> None:
        """Nothing to close."""

    def archive_list(self, list_id: ListId) -> None:
        """Take note."""
        self.archived.append(list_id)


class Half(Archivist):
    """Implements half of a protocol, which is none of it."""

    def create_list(self) -> None:
        """Create; but nothing can find what was created."""


def test_capabilities_are_derived() -> None:
    """One method, one capability, and the adapter's limits beside it."""
    capabilities = capabilities_of(Archivist())

    assert ["lists.archive"] == list(capabilities)
    assert "lists.archive" in capabilities
    assert "lists.read" not in capabilities
    assert {"calls_per_minute": 100, "file_rows": 0} == capabilities.limits


def test_half_a_protocol_is_no_capability() -> None:
    """What cannot be finished is not offered."""
    assert "lists.write" not in capabilities_of(Half())
    with pytest.raises(Unsupported):
        require(Half(), "shop", WritesLists)


def test_what_is_implemented_is_given() -> None:
    """As the protocol that was asked for."""
    adapter = Archivist()
    require(adapter, "shop", ArchivesLists).archive_list(ListId("7"))

    assert ["7"] == adapter.archived


def test_what_is_missing_is_refused_with_advice() -> None:
    """The error says what, where, and what to do instead."""
    with pytest.raises(Unsupported) as caught:
        require(Archivist(), "shop", ReadsLists)

    assert "shop: this vendor has no way to read coupon lists (instead of lists.read, ask somebody)" == str(
        caught.value
    )


@pytest.mark.parametrize("name", CAPABILITIES)
def test_every_capability_can_be_refused(name: str) -> None:
    """A new one needs its words."""

    class Nothing(Archivist):
        archive_list = None  # type: ignore[assignment] # taken away

    with pytest.raises(Unsupported, match=f"this vendor has no .*{name}"):
        require(Nothing(), "shop", CAPABILITIES[name])


def test_capabilities_come_in_one_order() -> None:
    """The documented one, whatever the adapter's."""

    class Everything(Archivist):
        file_rules = None

        def __getattr__(self, name: str) -> object:
            return lambda: None

    assert list(CAPABILITIES) == list(capabilities_of(Everything()))
