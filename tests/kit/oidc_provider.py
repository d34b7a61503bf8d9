"""A small provider of OpenID Connect: real HTTP on loopback, real signatures, and each fault that one may have."""

import base64
import hashlib
import hmac
import json
import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache, partial
from threading import Thread
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import attrs
import requests
from joserfc import jwt
from joserfc.jwk import RSAKey
from werkzeug.serving import make_server
from werkzeug.wrappers import Request, Response

CLIENT_ID, CLIENT_SECRET = "couponhub", "s3cret of the client's"


@cache
def rsa_key(name: str) -> RSAKey:
    """A key of that name, the same each time: making one takes a while."""
    return RSAKey.generate_key(2048, {"kid": name, "use": "sig", "alg": "RS256"})


@attrs.define
class _Given:
    """What was asked for with a code."""

    query: Mapping[str, str]


@attrs.define(kw_only=True)
class TestedProvider:
    """The provider, and what its tests may turn.

    Attributes:
        issuer: Its address, of a host that is not the console's, for a browser another site.
        signs_with: Its key.
        published: Those that it publishes.
        person: What it says of whoever is signed in.
        told_later: What it says at the userinfo endpoint alone.
        is_signed_in: Whether somebody is signed in at it, so that it asks nothing.
        twists: Changes the claims, or the header, of a token that it gives.
        token: Makes the token of header and claims in place of signing it properly.
        description: Changes what it says of itself.
        answers: Answers in its place, by path.
        seen: The requests that came, method and path.
        authorizations: What came along as `Authorization`, by path.
    """

    __test__ = False

    issuer: str = ""
    signs_with: RSAKey = attrs.field(factory=lambda: rsa_key("first"))
    published: list[RSAKey] = attrs.field(factory=lambda: [rsa_key("first")])
    person: dict[str, Any] = attrs.field(
        factory=lambda: {"sub": "248289761001", "name": "Asha Rao", "groups": ["desk", "everybody"]}
    )
    told_later: dict[str, Any] = attrs.field(factory=dict)
    is_signed_in: bool = True
    twists: dict[str, Any] = attrs.field(factory=dict)
    token: Callable[[dict[str, Any], dict[str, Any]], str] | None = None
    description: dict[str, Any] = attrs.field(factory=dict)
    answers: dict[str, Response] = attrs.field(factory=dict)
    seen: list[str] = attrs.field(factory=list)
    authorizations: dict[str, str] = attrs.field(factory=dict)
    auth: list[str] = attrs.field(factory=list)
    _codes: dict[str, _Given] = attrs.field(factory=dict)

    def visit(self, address: str) -> str:
        """Follow a person to the provider, and return the address that it leads back to."""
        answer = requests.get(address, allow_redirects=False, timeout=10)
        assert answer.status_code == 303, answer.text
        return answer.headers["Location"]

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        """Answer a request, as WSGI has it."""
        request = Request(environ)
        self.seen.append(f"{request.method} {request.path}")
        if "Authorization" in request.headers:
            self.authorizations[request.path] = request.headers["Authorization"]
        made = self.answers.get(request.path)
        if made is None:
            pages: dict[str, Callable[[Request], Response]] = {
                "/.well-known/openid-configuration": self._describe,
                "/authorize": self._authorize,
                "/allow": self._allow,
                "/token": self._token,
                "/keys": self._keys,
                "/userinfo": self._userinfo,
                "/logout": lambda _: Response("signed out there", content_type="text/html"),
            }
            page: Callable[[Request], Response] = pages.get(request.path, _nothing)
            made = page(request)
        return made(environ, start_response)

    def _describe(self, _: Request) -> Response:
        return _json(
            {
                "issuer": self.issuer,
                "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": f"{self.issuer}/token",
                "jwks_uri": f"{self.issuer}/keys",
                "userinfo_endpoint": f"{self.issuer}/userinfo",
                "end_session_endpoint": f"{self.issuer}/logout",
                "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
                "authorization_response_iss_parameter_supported": True,
                **self.description,
            }
        )

    def _keys(self, _: Request) -> Response:
        odd = {"kty": "post-quantum", "kid": "later"}
        return _json({"keys": [odd, *(key.as_dict(private=False) for key in self.published)]})

    def _authorize(self, request: Request) -> Response:
        query = request.args.to_dict()
        assert ("code", CLIENT_ID, "S256") == (
            query["response_type"], query["client_id"], query["code_challenge_method"]
        )  # fmt: skip
        assert "openid" in query["scope"].split()
        if self.is_signed_in:
            return self._allow(request)
        if query.get("prompt") == "none":
            return self._back(query, {"error": "login_required"})
        link = f"/allow?{urlencode(query)}".replace("&", "&amp;")
        page = f"<!doctype html><title>Provider</title><link rel='icon' href='data:,'><a href='{link}'>Continue as Asha</a>"
        return Response(page, content_type="text/html")

    def _allow(self, request: Request) -> Response:
        self.is_signed_in = True
        query = request.args.to_dict()
        code = secrets.token_urlsafe(8)
        self._codes[code] = _Given(query)
        return self._back(query, {"code": code})

    def _back(self, query: Mapping[str, str], words: dict[str, str]) -> Response:
        words = {**words, "state": query["state"], "iss": self.issuer}
        return Response(status=303, headers={"Location": f"{query['redirect_uri']}?{urlencode(words)}"})

    def _token(self, request: Request) -> Response:
        form = request.form
        given = self._codes.pop(form.get("code", ""), None)
        if self._client(request) != (CLIENT_ID, CLIENT_SECRET):
            return _json({"error": "invalid_client"}, 401)
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        if (
            given is None
            or form["redirect_uri"] != given.query["redirect_uri"]
            or challenge != given.query["code_challenge"]
        ):
            return _json({"error": "invalid_grant", "error_description": "no “such” code"}, 400)
        now = int(time.time())
        claims = {
            "iss": self.issuer, "aud": CLIENT_ID, "iat": now, "exp": now + 300, "nonce": given.query["nonce"],
            **self.person, **self.twists,
        }  # fmt: skip
        header = {"alg": "RS256", "kid": self.signs_with.kid}
        claims = {name: value for name, value in claims.items() if value is not None}
        token = (
            jwt.encode(header, claims, self.signs_with) if self.token is None else self.token(header, claims)
        )
        return _json({"access_token": "an-access-token", "token_type": "Bearer", "id_token": token})

    def _client(self, request: Request) -> tuple[str | None, str | None]:
        basic = request.authorization
        if basic is not None and basic.type == "basic":
            self.auth.append("basic")
            return basic.username, basic.password
        self.auth.append("post")
        return request.form.get("client_id"), request.form.get("client_secret")

    def _userinfo(self, request: Request) -> Response:
        assert request.headers["Authorization"] == "Bearer an-access-token"
        return _json({**self.person, **self.told_later})


@contextmanager
def oidc_provider() -> Iterator[TestedProvider]:
    """Run one for the block."""
    provider = TestedProvider()
    server = make_server("localhost", 0, provider, threaded=True)
    provider.issuer = f"http://localhost:{server.server_port}"
    thread = Thread(target=partial(server.serve_forever, 0.02), name="provider", daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def unsigned(header: dict[str, Any], claims: dict[str, Any]) -> str:
    """A token that says that it is not signed."""
    return f"{_part({**header, 'alg': 'none'})}.{_part(claims)}."


def signed_with_the_public_key(header: dict[str, Any], claims: dict[str, Any]) -> str:
    """A token signed by somebody who takes the provider's public key for a secret that both know."""
    # By hand: no library of today takes a public key for such a secret.
    public = rsa_key("first").as_pem(private=False)
    signed = f"{_part({**header, 'alg': 'HS256'})}.{_part(claims)}"
    return f"{signed}.{_plain(hmac.new(public, signed.encode(), hashlib.sha256).digest())}"


def signed_by_a_stranger(header: dict[str, Any], claims: dict[str, Any]) -> str:
    """A token of the right form, signed with a key of somebody else's."""
    return jwt.encode(header, claims, rsa_key("stranger"))


def words_of(address: str) -> dict[str, str]:
    """The words behind the question mark of an address."""
    return dict(parse_qsl(urlsplit(address).query))


def _part(content: dict[str, Any]) -> str:
    return _plain(json.dumps(content).encode())


def _plain(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def _nothing(_: Request) -> Response:
    return Response("nothing", 404)


def _json(content: Any, status: int = 200) -> Response:
    return Response(json.dumps(content), status, content_type="application/json")
