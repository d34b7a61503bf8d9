"""Adapters are found by entry point; a broken one harms no other."""

import attrs
import pytest

from couponhub.errors import ConfigError
from couponhub.plugin import AdapterPlugin, ConnectionSettings
from couponhub.registry import BrokenAdapter, Registry
from couponhub.secret import Secret
from tests.config.toy import REGISTRY, TOY, Entry


def test_all_adapters_are_listed() -> None:
    """Sorted by name; a broken one with what is wrong."""
    broken, odd, toy = REGISTRY.all()

    assert ("broken", "odd", "toy") == REGISTRY.names()
    assert TOY is toy
    assert isinstance(broken, BrokenAdapter)
    assert "toyvendor" in broken.error
    assert isinstance(odd, BrokenAdapter)
    assert "its entry point is no AdapterPlugin" in odd.error


def test_an_unknown_adapter_names_the_known_ones() -> None:
    """And without any, says so."""
    with pytest.raises(ConfigError, match="installed are: broken, odd, toy"):
        REGISTRY.load("tony")
    with pytest.raises(ConfigError, match="installed are: none"):
        Registry([]).load("toy")


def test_settings_that_cannot_be_read_break_their_adapter_alone() -> None:
    """An annotation that names nothing would fail later, in everybody's config."""

    @attrs.frozen(kw_only=True)
    class Torn(ConnectionSettings):
        size: "NoSuchName" = attrs.field(default=1)  # type: ignore[name-defined] # noqa: F821 - that is the point

    plugin = AdapterPlugin(name="torn", title="Torn", settings=Torn, example="", open=TOY.open)
    torn, toy = Registry([Entry("torn", lambda: plugin), Entry("toy", lambda: TOY)]).all()

    assert isinstance(torn, BrokenAdapter)
    assert "NoSuchName" in torn.error
    assert TOY is toy


def test_nothing_is_imported_before_it_is_used() -> None:
    """Listing names must not cost every adapter's import."""

    def load() -> AdapterPlugin:
        raise AssertionError("imported")

    assert ("lazy",) == Registry([Entry("lazy", load)]).names()


def test_installed_adapters_are_found_by_entry_point(monkeypatch: pytest.MonkeyPatch) -> None:
    """In the group that a third party would use."""
    asked: list[str] = []

    def entry_points(*, group: str) -> list[Entry]:
        asked.append(group)
        return [Entry("toy", lambda: TOY)]

    monkeypatch.setattr("couponhub.registry.entry_points", entry_points)

    assert TOY is Registry().load("toy")
    assert ["couponhub.adapters"] == asked


def test_a_secret_does_not_show() -> None:
    """However it is printed, also as a part of something."""

    @attrs.frozen
    class Holder:
        key: Secret

    secret = Secret("hunter2")
    shown = [repr(secret), str(secret), f"{secret}", f"{[secret]}", "%s %r" % (secret, secret)]  # noqa: UP031 - one way of printing
    shown += [repr(Holder(secret)), repr(attrs.asdict(Holder(secret))), repr(attrs.astuple(Holder(secret)))]

    assert [] == [text for text in shown if "hunter2" in text]
    assert "hunter2" == secret.reveal()


def test_secrets_are_equal_by_their_text() -> None:
    """Where it came from does not matter."""
    assert Secret("a", literal=True) == Secret("a")
    assert hash(Secret("a")) == hash(Secret("a"))
    assert Secret("a") != Secret("b")
    assert Secret("a") != "a"
