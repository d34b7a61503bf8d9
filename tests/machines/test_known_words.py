"""Known codes, identifiers and secrets stand nowhere in what machines share but in the tables that docs/people.md names."""

import base64
import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path

import attrs
import psycopg
import pytest

from couponhub.testing import EmulatedVendors
from tests.kit.servers import PostgresqlServer, RedisServer
from tests.machines.two_servers import KEY, run
from tests.scale.canaries import found_in, in_dump, in_redis, tables_of_people
from tests.server.harness import MOBILE

SENT, TAGGED = "KNOWN-SENT-0001", "KNOWN-TAGGED-0001"
TOLD = frozenset(("pages", "lists", "sightings", "imports", "campaigns", "forgotten", "files", "file_chunks"))


@attrs.frozen
class Shared:
    """What machines share, and what they said.

    Attributes:
        words: What must not be found, with the kind of each.
        said: All that commands told on stderr, where logs go.
    """

    server: PostgresqlServer
    url: str
    redis: RedisServer
    words: Mapping[str, str]
    said: str

    def dumped(self, folder: Path) -> dict[str, set[str]]:
        """The kinds that stand in a dump, by table."""
        dump = folder / "dump.sql"
        self.server.call("pg_dump", "-f", str(dump), self.url)
        return in_dump(dump, self.words)


@pytest.fixture
def used(
    vendors: EmulatedVendors,
    postgresql_server: PostgresqlServer,
    postgresql_url: str,
    redis_server: RedisServer,
    tmp_path: Path,
) -> Shared:
    """A state and a Redis after two uploads, of which one names a customer, a lookup, `forget`, and a token that was made."""
    text = re.sub(r"\[store\].*", "", vendors.config.read_text(encoding="utf-8"), flags=re.DOTALL)
    tables = f'[store]\nurl = "{postgresql_url}"\nkey = "{KEY}"\n[shared]\nurl = "{redis_server.url}"\n'
    (tmp_path / "couponhub.toml").write_text(text + tables, encoding="utf-8")
    (tmp_path / "codes.csv").write_text(f"code\n{SENT}\n", encoding="utf-8")
    (tmp_path / "tagged.csv").write_text(f"code,mobile\n{TAGGED},{MOBILE}\n", encoding="utf-8")
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "TMPDIR": str(tmp_path)}
    list_id = next(iter(vendors.hub["capillary"].lists.iterate())).id
    said, printed = "", []
    for command in (
        ("uploads", "send", "capillary", list_id, "codes.csv", "--wait"),
        ("uploads", "send", "capillary", list_id, "tagged.csv", "--tag", "mobile", "--wait"),
        ("lookup", "--mobile", MOBILE, "--connection", "capillary"),
        ("token", "new", "--scope", "lookup", "--name", "till"),
        ("forget", "--mobile", "919800000001", "--yes"),
    ):
        ended = run(tmp_path, environment, *map(str, command)).ended()
        assert 0 == ended.returncode, ended.stderr
        said += ended.stderr
        printed.append(ended.stdout)
    words = {
        SENT: "code",
        TAGGED: "code",
        "WELCOME-": "code",
        MOBILE[2:]: "identifier",
        "919800000001"[2:]: "identifier",
        json.loads(printed[3])["token"]: "token",
        "demo-secret": "secret",
        "pg-pass-of-tests": "password",
        KEY: "key",
    }
    return Shared(postgresql_server, postgresql_url, redis_server, words, said)


def test_the_page_names_the_tables() -> None:
    """That hold a code or something of a person; whoever adds one changes the page, and this line."""
    assert TOLD == tables_of_people()


def test_nothing_is_known_elsewhere(used: Shared, tmp_path: Path) -> None:
    """Nor in any key or value of Redis, where an answer lies, nor in what commands log; what is planted there is found."""
    found = used.dumped(tmp_path)
    assert set(found) <= TOLD, found
    assert set().union(*found.values()) <= {"code", "identifier"}
    client = used.redis.client()
    count, kinds = in_redis(client, used.words)
    assert count
    assert not kinds
    assert not found_in(used.said.encode(), used.words)
    with psycopg.connect(used.url) as connection:
        coded = base64.b64encode(b"a" + SENT.encode()).decode()
        connection.execute("INSERT INTO couponhub.facts (name, value) VALUES ('planted', %s)", (coded,))
        connection.execute("UPDATE couponhub.tokens SET digest = %s", (MOBILE.encode(),))
    found = used.dumped(tmp_path)
    assert {"code"} == found["facts"]
    assert {"identifier"} == found["tokens"]
    plants: dict[str, Callable[[], object]] = {
        "string": lambda: client.set("p", SENT),
        "hash": lambda: client.hset("p", SENT, "1"),
        "list": lambda: client.rpush("p", "1", SENT.encode().hex()),
        "set": lambda: client.sadd("p", SENT),
        "sorted set": lambda: client.zadd("p", {SENT: 1.0}),
        "stream": lambda: client.execute_command("XADD", "p", "*", "x", SENT),  # type: ignore[no-untyped-call]
        "key": lambda: client.set(SENT.lower(), "1"),
    }
    for kind, plant in plants.items():
        client.delete("p")
        plant()
        assert {"code"} == in_redis(client, used.words)[1], kind
