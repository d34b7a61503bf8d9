"""Signing in through a provider of OpenID Connect: the way there, the way back, and out again."""

import logging
import re
from collections.abc import Iterator
from urllib.parse import urlencode, urlsplit

from couponhub.console.oidc_claims import person_of
from couponhub.console.oidc_flow import SignInFlow, SignInFlows, ended_flow_cookie
from couponhub.console.oidc_provider import OidcProvider
from couponhub.console.own_paths import HOME
from couponhub.console.pages import Page, PageRequest, Shown, View
from couponhub.console.sessions import Sessions
from couponhub.errors import AuthRejected, ConfigError, CouponhubError, PermissionDenied
from couponhub.server.auth import is_loopback_host
from couponhub.server.operations import OperationResponse
from couponhub.server.problems import status_of

_log = logging.getLogger(__name__)

START = "/sign-in/oidc"
CALLBACK = "/sign-in/callback"
DONE = "/sign-in/done"
_ASKS_FOR_MORE = frozenset(
    {"login_required", "interaction_required", "consent_required", "account_selection_required"}
)
"""The words of a provider that was to ask nothing, and has to."""
_WORD = re.compile(r"[a-z_]{1,40}")


class OidcPages:
    """Leads people to the provider and back.

    Args:
        provider: Recognises them.
        sessions: Begins theirs.
        public_url: Where people reach the console; None for this machine alone.
    """

    def __init__(self, provider: OidcProvider, sessions: Sessions, public_url: str | None) -> None:
        self._provider = provider
        self._sessions = sessions
        self._flows = SignInFlows(sessions)
        self._public_url = provider.settings.public_url or public_url

    @property
    def name(self) -> str:
        """The provider's name, for people."""
        return self._provider.settings.name or urlsplit(self._provider.settings.issuer).netloc

    def pages(self) -> Iterator[Page]:
        """The pages."""
        # No form: a policy that lets forms go to this host alone holds for where they are led on to as well.
        yield Page(name="oidc_start", method="GET", path=START, run=self._start, is_public=True)
        yield Page(name="oidc_callback", method="GET", path=CALLBACK, run=self._back, is_public=True)
        yield Page(name="oidc_done", method="GET", path=DONE, run=self._done)

    def way_out(self, host: str) -> str | None:
        """Return where somebody signs out of the provider, too; None where that is nowhere, or nobody can tell now."""
        try:
            address = self._provider.described().sign_out
        except CouponhubError:
            return None
        if address is None:
            return None
        words = {"client_id": self._provider.settings.client_id}
        base = self._base(host)
        if base is not None:
            words["post_logout_redirect_uri"] = f"{base}/sign-in"
        return f"{address}{'&' if '?' in address else '?'}{urlencode(words)}"

    def _start(self, call: PageRequest) -> Shown:
        from authlib.oauth2.rfc6749.parameters import prepare_grant_uri  # noqa: PLC0415 - only where people sign in so
        from authlib.oauth2.rfc7636 import create_s256_code_challenge  # noqa: PLC0415 - the same

        settings = self._provider.settings
        is_silent = "silent" in call.query
        try:
            redirect_uri = self._callback(call.host)
            described = self._provider.described()
        except CouponhubError as error:
            return self._failed(error)
        flow, cookie = self._flows.begin(call.query.get("to", HOME), is_silent=is_silent)
        address = prepare_grant_uri(
            described.authorize,
            client_id=settings.client_id,
            response_type="code",
            redirect_uri=redirect_uri,
            scope=" ".join(("openid", *settings.provider_scopes)),
            state=flow.state,
            nonce=flow.nonce,
            code_challenge=create_s256_code_challenge(flow.verifier),
            code_challenge_method="S256",
            prompt="none" if is_silent else None,
        )
        return OperationResponse(
            content=b"",
            media_type="text/html; charset=utf-8",
            status=303,
            headers={"Location": address},
            cookies=(cookie,),
        )

    def _back(self, call: PageRequest) -> Shown:
        flow = self._flows.of(call.cookies, call.query.get("state", ""))
        if flow is None:
            begin = "" if self._public_url is None else f" at {self._public_url}"
            return self._failed(
                AuthRejected(
                    "this browser did not begin that sign-in here within the last ten minutes",
                    hint=f"begin again{begin}",
                )
            )
        if flow.is_silent and call.query.get("error") in _ASKS_FOR_MORE:
            return self._door(AuthRejected("your session has ended", hint="sign in again"), flow)
        try:
            cookie = self._session(call, flow)
        except CouponhubError as error:
            return self._failed(error, flow)
        return View(
            template="signed_in.html",
            values={"path": flow.path},
            # The address of this page holds the code, which is used up, and is nobody's business all the same.
            headers={"Referrer-Policy": "no-referrer"},
            cookies=(cookie, ended_flow_cookie(flow)),
        )

    def _session(self, call: PageRequest, flow: SignInFlow) -> str:
        provider, settings = self._provider, self._provider.settings
        named = call.query.get("iss")
        if named != settings.issuer if named is not None else provider.described().names_itself:
            raise AuthRejected("the answer is of another provider", hint="begin again")
        error = call.query.get("error")
        if error is not None:
            word = error if _WORD.fullmatch(error) else "without a known reason"
            raise AuthRejected(f"the provider did not sign you in ({word})", hint="begin again")
        tokens = provider.exchange(
            call.query.get("code", ""), verifier=flow.verifier, redirect_uri=self._callback(call.host)
        )
        person = person_of(tokens, provider, nonce=flow.nonce, now=self._sessions.now())
        _log.info("signed in through the provider", extra={"fields": {"token": f"oidc:{person.id}"}})
        return self._sessions.begin_for(person.id, person.name, person.groups, seconds=settings.session)

    def _done(self, call: PageRequest) -> Shown:  # noqa: ARG002 - it is the same for all
        return View(template="signed_in_again.html")

    def _failed(self, error: CouponhubError, flow: SignInFlow | None = None) -> View:
        _log.warning("nobody was signed in through the provider: %s", error)
        return self._door(error, flow)

    def _door(self, error: CouponhubError, flow: SignInFlow | None) -> View:
        status = 403 if isinstance(error, AuthRejected | PermissionDenied) else status_of(error)
        return View(
            template="sign_in.html",
            values={
                "fault": error,
                "to": HOME if flow is None else flow.path,
                "provider": self.name,
                "has_left": False,
                "way_out": None,
            },
            status=status,
            cookies=() if flow is None else (ended_flow_cookie(flow),),
        )

    def _callback(self, host: str) -> str:
        base = self._base(host)
        if base is None:
            raise ConfigError(
                "[server.oidc] public_url is not set, so the provider cannot lead anybody back to here",
                hint="set it to where people reach the console",
            )
        return f"{base}{CALLBACK}"

    def _base(self, host: str) -> str | None:
        if self._public_url is not None:
            return self._public_url.rstrip("/")
        try:
            name = urlsplit(f"//{host}").hostname or ""
        except ValueError:
            return None
        return f"http://{host}" if is_loopback_host(name) else None
