"""The client for asyncio: it says what the other one says."""

import asyncio

import pytest

from couponhub import AsyncClient
from couponhub.errors import AuthRejected, ConfigError, UsageError
from couponhub.models import LookupAnswer
from tests.client.test_client import ANSWER, CUSTOMER, TOKEN, document, problem, written
from tests.kit.scripted_server import ScriptedServer, says


def test_it_answers_as_the_client_does() -> None:
    """One customer and many, and an error; the arguments are checked before anything is sent."""

    async def run(url: str) -> tuple[LookupAnswer, list[LookupAnswer]]:
        async with AsyncClient(url, token=TOKEN, timeout=2.0) as client:
            assert f"<AsyncClient of {url}>" == repr(client)
            one = await client.lookup(CUSTOMER)
            many = [answer async for answer in client.lookup_many([CUSTOMER, CUSTOMER])]
            with pytest.raises(AuthRejected):
                await client.connections()
            with pytest.raises(UsageError, match="the strategy is one of"):
                client.lookup_many([CUSTOMER], strategy="odd")
            with pytest.raises(UsageError, match="must be a Customer"):
                await client.lookup("919876543210")  # type: ignore[arg-type] # the point of it
            return one, many

    with ScriptedServer() as server:
        line = written(document())
        server.plays(
            says(body=line),
            says(body=line + b"\n" + line),
            says(401, problem(401, kind="credentials", detail="no such token")),
        )
        one, many = asyncio.run(run(server.url))
    assert [ANSWER] * 3 == [one, *many]
    assert 3 == len(server.seen)


def test_an_address_is_refused_as_by_the_client() -> None:
    """Before there is anything to close."""
    with pytest.raises(ConfigError, match="the server's address"):
        AsyncClient("http://coupons.example.com")
