"""The table `[server.oidc]`: who signs people in to the console, and what they may do there."""

from collections.abc import Mapping
from urllib.parse import urlsplit

import attrs

from couponhub.secret import Secret
from couponhub.settings import check_address, check_bare_address, check_file, is_plain_http, proxy_of, setting
from couponhub.state import Scope

_SHORTEST_SESSION, _LONGEST_SESSION = 60, 8 * 3600
_LONGEST_NAME = 60


def _check_https(instance: object, attribute: object, value: str | None) -> None:  # noqa: ARG001 - attrs' signature
    if value is not None:
        _refuse_plain_http(
            value
        )  # and no setting allows it: whoever reads along there is signed in as anybody
        check_bare_address(value)


def _check_public_url(instance: object, attribute: object, value: str | None) -> None:
    _check_https(instance, attribute, value)
    if value is not None and urlsplit(value).path not in {"", "/"}:
        raise ValueError("expected an address without a path: pages stand at the root of their host")


def _check_proxy(instance: object, attribute: object, value: Secret | None) -> None:  # noqa: ARG001 - attrs' signature
    if value is not None:
        _refuse_plain_http(value.reveal())
        check_address(value.reveal())


def _refuse_plain_http(address: str) -> None:
    if is_plain_http(address):
        raise ValueError("http:// is refused for any host but this machine; use https://")


def _check_scopes(instance: object, attribute: object, value: Mapping[str, tuple[Scope, ...]]) -> None:  # noqa: ARG001 - attrs' signature
    if any(not name.strip() for name in value):
        raise ValueError("expected the name of a group before each =")
    if any(not scopes for scopes in value.values()):
        raise ValueError("expected at least one scope for each group; leave the group out to give it none")


def _check_words(instance: object, attribute: object, value: tuple[str, ...]) -> None:  # noqa: ARG001 - attrs' signature
    if any(not word or not word.isascii() or not word.isprintable() or " " in word for word in value):
        raise ValueError("expected words without blanks")


def _check_text(instance: object, attribute: object, value: str | None) -> None:  # noqa: ARG001 - attrs' signature
    if value is not None and not (value.strip() and value.isprintable()):
        raise ValueError("expected a word")


def _check_name(instance: object, attribute: object, value: str | None) -> None:
    _check_text(instance, attribute, value)
    if value is not None and len(value) > _LONGEST_NAME:
        raise ValueError(f"expected at most {_LONGEST_NAME} characters")


def _check_session(instance: object, attribute: object, value: int) -> None:  # noqa: ARG001 - attrs' signature
    if not _SHORTEST_SESSION <= value <= _LONGEST_SESSION:
        raise ValueError(
            f"expected seconds from {_SHORTEST_SESSION} to {_LONGEST_SESSION}, as long as a session by token lasts"
        )


def _check_timeout(instance: object, attribute: object, value: float) -> None:  # noqa: ARG001 - attrs' signature
    if not 0 < value <= 60:
        raise ValueError("expected seconds above 0, at most 60")


@attrs.frozen(kw_only=True)
class OidcSettings:
    """The sign-in of people through a provider of OpenID Connect."""

    issuer: str = setting(
        about="the provider's address, spelled as it spells it itself: `/.well-known/openid-configuration` lies below it",
        validator=_check_https,
    )
    client_id: str = setting(about="what the provider knows couponhub by", validator=_check_text)
    client_secret: Secret | None = setting(
        None, about="what it gave beside that; left out for a client without one"
    )
    public_url: str | None = setting(
        None,
        about="where people reach the console; register its `/sign-in/callback` with the provider. `public_url` of"
        " `[server]` when left out, and without that this machine alone",
        validator=_check_public_url,
    )
    name: str | None = setting(
        None,
        about="what the button at the door calls the provider; its host when left out",
        validator=_check_name,
    )
    claim: str = setting(
        "groups",
        about="the claim that says which groups somebody is in; `a.b` is `b` within `a`. `email` counts when the provider"
        " says that it is verified",
        validator=_check_text,
    )
    scopes: Mapping[str, tuple[Scope, ...]] = setting(
        factory=dict,
        about="what the members of each group may do; whoever is in none of them is not let in",
        validator=_check_scopes,
    )
    provider_scopes: tuple[str, ...] = setting(
        ("profile",),
        about='what the provider is asked for beside `openid`, such as `["profile", "groups"]`',
        validator=_check_words,
    )
    person: str = setting(
        "sub",
        about="the claim that tells people apart, in the audit and the log; only `sub` never passes to somebody else",
        validator=_check_text,
    )
    session: int = setting(
        3600,
        about="seconds after which the provider is asked again, in silence while somebody is signed in there: so long may"
        " who was removed there still be here",
        validator=_check_session,
    )
    timeout: float = setting(
        10.0, about="seconds that the provider has for each of its answers", validator=_check_timeout
    )
    proxy: Secret | None = setting(
        None, about="address of a proxy on the way to it", validator=_check_proxy, converter=proxy_of
    )
    ca_bundle: str | None = setting(
        None, about="PEM file of the authorities that are trusted there", validator=check_file
    )
