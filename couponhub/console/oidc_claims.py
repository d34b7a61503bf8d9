"""The ID token of a person: whether it is genuine and ours, who it is, and which groups it puts them in."""

import hashlib
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import attrs

from couponhub.config import OidcSettings
from couponhub.console.oidc_provider import GivenTokens, OidcProvider
from couponhub.errors import AuthRejected, PermissionDenied
from couponhub.shown import shown
from couponhub.state import Scope

if TYPE_CHECKING:
    from joserfc.jwt import Token as JoseToken

_ALGORITHMS = (
    "RS256",
    "RS384",
    "RS512",
    "PS256",
    "PS384",
    "PS512",
    "ES256",
    "ES384",
    "ES512",
    "EdDSA",
    "Ed25519",
)
"""Those with a key that only the provider has: neither `none`, nor HS256, whose key could be the provider's public one."""
_SKEW_SECONDS = 60
"""By so much may the clocks of the provider and of this machine differ."""
_PLAIN_ID = re.compile(r"[A-Za-z0-9._@|:+=-]{1,64}")
_LONGEST_NAME = 80
_NAMES = ("name", "preferred_username", "email")


@attrs.frozen(kw_only=True)
class Person:
    """Somebody whom the provider has recognised.

    Attributes:
        id: Tells them from everybody else there; safe in a line of a log.
        name: For people.
        groups: Those of the person's groups that give rights here.
    """

    id: str
    name: str
    groups: tuple[str, ...]


def person_of(tokens: GivenTokens, provider: OidcProvider, *, nonce: str, now: float) -> Person:
    """Tell who signed in.

    Args:
        tokens: What the provider gave.
        provider: Whose keys they must be signed with.
        nonce: Of the sign-in that they must belong to.
        now: Seconds since the epoch.

    Raises:
        AuthRejected: They prove nothing; the text says why.
        PermissionDenied: They prove who it is, and none of the person's groups has rights here.
        CouponhubError: The provider's keys cannot be had.
    """
    settings = provider.settings
    claims: Mapping[str, Any] = _proven(tokens, provider, nonce=nonce, now=now)
    if _at(claims, settings.claim) is None and tokens.access_token is not None:
        more = provider.told_of(tokens.access_token)
        # What is said of somebody else must not be mixed in.
        if more.get("sub") == claims["sub"]:
            claims = {**more, **claims}
    person = _id_of(claims, settings)
    groups = tuple(_needed(_groups(claims, settings), settings.scopes))
    if not groups:
        raise PermissionDenied(
            f"the provider knows you, but no group of yours has rights here (claim {shown(settings.claim)})",
            hint="whoever runs couponhub names groups in [server.oidc] scopes",
        )
    return Person(id=person, name=_name_of(claims) or person, groups=groups)


def _proven(tokens: GivenTokens, provider: OidcProvider, *, nonce: str, now: float) -> Mapping[str, Any]:
    from authlib.oidc.core import CodeIDToken  # noqa: PLC0415 - only where people sign in so
    from joserfc.errors import ClaimError, ExpiredTokenError, JoseError  # noqa: PLC0415 - the same

    settings = provider.settings
    try:
        token = _opened(tokens.id_token, provider)
        claims = CodeIDToken(
            token.claims,
            token.header,
            options={
                "iss": {"essential": True, "value": settings.issuer},
                "sub": {"essential": True},
                "aud": {"essential": True, "value": settings.client_id},
                "nonce": {"essential": True, "value": nonce},
            },
            params={"nonce": nonce, "client_id": settings.client_id, "access_token": tokens.access_token},
        )
        claims.validate(now=int(now), leeway=_SKEW_SECONDS)
    except ExpiredTokenError:
        raise _unproven("it is expired: is this machine's clock right?") from None
    except ClaimError as error:
        raise _unproven(f"its {shown(str(error.claim)[:40])} is missing, or not what it must be") from None
    except JoseError as error:
        raise _unproven(f"its signature does not hold, {type(error).__name__}") from None
    except (ValueError, TypeError, KeyError, AttributeError) as error:  # of what is no token at all
        raise _unproven(f"it is none, {type(error).__name__}") from None
    return dict(claims)


def _opened(id_token: str, provider: OidcProvider) -> "JoseToken":
    from joserfc import jwt  # noqa: PLC0415 - only where people sign in so
    from joserfc.errors import BadSignatureError, InvalidKeyIdError, KeyParameterError  # noqa: PLC0415 - the same

    try:
        return jwt.decode(id_token, provider.keys(), algorithms=_ALGORITHMS)
    except (BadSignatureError, InvalidKeyIdError, KeyParameterError):
        # It may be signed with a key that is newer than those we know.
        return jwt.decode(id_token, provider.keys(anew=True), algorithms=_ALGORITHMS)


def _unproven(why: str) -> AuthRejected:
    return AuthRejected(f"the provider's answer does not prove who you are: {why}", hint="begin again")


def _id_of(claims: Mapping[str, Any], settings: OidcSettings) -> str:
    found = _at(claims, settings.person)
    if settings.person == "email" and claims.get("email_verified") is not True:
        found = None
    if not isinstance(found, str) or not found:
        raise AuthRejected(
            f"the provider does not say who you are (claim {shown(settings.person)})",
            hint="whoever runs couponhub sets [server.oidc] person",
        )
    # A line of the log must hold nothing that could be another line.
    return (
        found if _PLAIN_ID.fullmatch(found) else f"sha256:{hashlib.sha256(found.encode()).hexdigest()[:32]}"
    )


def _name_of(claims: Mapping[str, Any]) -> str | None:
    known = (claims.get(name) for name in _NAMES)
    return next((shown(one)[:_LONGEST_NAME] for one in known if isinstance(one, str) and one.strip()), None)


def _groups(claims: Mapping[str, Any], settings: OidcSettings) -> frozenset[str]:
    found = _at(claims, settings.claim)
    if settings.claim == "email" and claims.get("email_verified") is not True:
        return frozenset()
    several = found if isinstance(found, list) else [found]
    return frozenset(one for one in several if isinstance(one, str))


def _needed(groups: frozenset[str], scopes: Mapping[str, tuple[Scope, ...]]) -> Iterator[str]:
    """Those that give rights which the ones before do not: a cookie holds them, and few fit into one."""
    held: set[Scope] = set()
    for name, given in sorted(scopes.items(), key=lambda one: (-len(one[1]), one[0])):
        if name in groups and not held.issuperset(given):
            held.update(given)
            yield name


def _at(claims: Mapping[str, Any], name: str) -> Any:
    """A claim, also one within others; names with dots in them are looked for as they stand first."""
    if name in claims:
        return claims[name]
    found: Any = claims
    for part in name.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found
