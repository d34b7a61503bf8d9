"""A platform engineer: containers with an empty store, secrets in files, logs and figures for what watches them."""

import json
import logging

from couponhub.config import load_config
from couponhub.server.auth import Access
from couponhub.server.log_format import LogFormat, LogSettings
from couponhub.state import Scope
from tests.kit.cli import CUSTOMER, CliRunner
from tests.server.conftest import harness, vendors
from tests.server.harness import NEIGHBOUR, ServerHarness, problem

__all__ = ["harness", "vendors"]


def test_a_token_for_a_container(cli: CliRunner, harness: ServerHarness) -> None:
    """Made without a store, named in the config by a file with its hash, and let in by a server that reads that."""
    made = cli("token", "new", "--scope", "lookup", "--name", "shop", "--print-hash", "-o", "json").json
    (cli.folder / "hash").write_text(f"{made['hash']}\n", encoding="utf-8")
    cli.configure(more=f'\n[server]\ntokens = ["${{file:{(cli.folder / "hash").as_posix()}}}"]\n')
    assert [("shop", "config")] == [(row[0], row[3]) for row in cli("token", "ls").rows]
    tokens = load_config(cli.folder / "couponhub.toml").server.known_tokens
    caller = Access(harness.tokens, fixed=tokens).admit(
        {"HTTP_AUTHORIZATION": f"Bearer {made['token']}"}, Scope.LOOKUP
    )
    assert caller.token_id is not None
    assert made["hash"].startswith(f"id={caller.token_id};")
    cli.configure(more=f'\n[server]\ntokens = ["{made["token"]}"]\n')
    wrong = cli("config", "check")
    assert 2 == wrong.code
    assert "is a token itself, of which only the hash belongs here" in wrong.complaint
    assert made["token"] not in wrong.err


def test_names_of_other_machines(cli: CliRunner) -> None:
    """http:// to a name of the containers' network needs a word in the config, and is warned about."""
    text = (cli.folder / "couponhub.toml").read_text(encoding="utf-8")
    inside = text.replace(cli.server.url, "http://emulators:8800")
    (cli.folder / "couponhub.toml").write_text(inside, encoding="utf-8")
    refused = cli("config", "check")
    assert 2 == refused.code
    assert "or say allow_http = true" in refused.err
    lines = inside.replace("base_url =", "allow_http = true\nbase_url =")
    (cli.folder / "couponhub.toml").write_text(lines, encoding="utf-8")
    taken = cli("config", "check")
    assert 0 == taken.code
    assert "base_url is http:// to another machine" in taken.err
    other = cli("emulate", "--allow-host", "http://emulators:8800")
    assert (2, True) == (
        other.code,
        other.complaint.endswith("(leave out http:// and the port: --allow-host vendors)"),
    )


def test_a_store_that_cannot_be_written(cli: CliRunner) -> None:
    """The setting is named that puts it elsewhere; a lookup goes on without it."""
    text = (cli.folder / "couponhub.toml").read_text(encoding="utf-8")
    nowhere = text.replace(f"{cli.folder.as_posix()}/state", "/proc/nowhere")
    (cli.folder / "couponhub.toml").write_text(nowhere, encoding="utf-8")
    for words in (("uploads", "ls"), ("token", "ls")):
        ran = cli(*words)
        assert 2 == ran.code
        assert "[store] url" in ran.complaint
    assert 0 == cli("lookup", "--mobile", CUSTOMER, "--connection", "capillary").code


def test_what_is_watched(harness: ServerHarness) -> None:
    """A dead token endpoint is not green, no label has a blank, and the log says whose request was refused."""
    token = harness.token(Scope.LOOKUP)
    harness.controls["capillary"].fail("* *", "status", 503)
    harness.lookup(token, deadline=0.5)
    problem(harness.get("/v1/connections", token), 403, "permission")
    figures = harness.get("/metrics", environ_base=NEIGHBOUR).text
    assert 'operation="fetch_token",outcome="unavailable"' in figures
    assert 'couponhub_build_info{python="' in figures
    assert "couponhub_quota_limit{" in figures
    assert not [line for line in figures.splitlines() if line[:1] != "#" and line.count(" ") != 1]
    refused = harness.logged()[-2]
    assert (403, harness.tokens.all()[0].id) == (refused["status"], refused["token"])
    assert all({"time", "level"} <= set(line) for line in harness.logged())


def test_lines_of_json() -> None:
    """Also of a warning of a library: a machine reads them, and none can pass for two."""
    record = logging.makeLogRecord(
        {"msg": "a\nb", "levelno": logging.WARNING, "levelname": "WARNING", "name": "other"}
    )
    line = LogSettings(format=LogFormat.JSON).formatter().format(record)
    document = json.loads(line)
    assert ("warning", "a\nb", "other") == (document["level"], document["message"], document["logger"])
    assert "\n" not in line
