"""The page for operators: its commands are commands, its files are there, and what it tells of them is what they say."""

import os
import re
import shlex
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

import click

from couponhub.cli import app
from couponhub.server import workers
from couponhub.staging import StagingSettings
from couponhub.state import Scope, StoreSettings
from couponhub.state.postgresql.database import PostgresqlDatabase
from couponhub.state.sql.tokens import SqlTokens
from tests.deploy.described import DEPLOY, ROOT, compose, image, manifests, pods, unit
from tests.deploy.test_deploy_agreement import VERSION
from tests.deploy.test_deploy_figures import rules
from tests.deploy.test_deploy_lints import accepts, tool
from tests.kit.servers import PostgresqlServer, postgresql_server, postgresql_url

__all__ = ["postgresql_server", "postgresql_url"]

PAGE = (ROOT / "docs" / "deploy.md").read_text(encoding="utf-8")
LONGEST_DEADLINE = 60


def blocks(language: str) -> list[str]:
    """The page's code blocks in a language."""
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


def lines() -> list[list[str]]:
    """Every command of the page, as words."""
    text = "\n".join(blocks("sh")).replace("\\\n", " ")
    return [shlex.split(line, comments=True) for line in text.splitlines() if line.strip()]


IMAGE = f"couponhub:{VERSION}"
PROGRAMS = {"couponhub", "/opt/couponhub/bin/couponhub", IMAGE}
"""What runs our commands: the program, and the image."""


def own_commands() -> Iterator[list[str]]:
    """What follows our program in each command that runs it, and in the prose."""
    for words in lines():
        at = max((place for place, word in enumerate(words) if word in PROGRAMS), default=None)
        if at is not None and words[0] != "kubectl" and words[:2] != ["docker", "build"]:
            yield words[at + 1 :]
    for text in re.findall(r"`couponhub ([^`]+)`", PAGE):
        yield shlex.split(text)


def test_commands_of_couponhub_exist() -> None:
    """Each word of them is a command, and each option one of its own."""
    found = list(own_commands())
    assert len(found) > 10
    for words in found:
        command: click.Command = app.cli
        rest = list(words)
        while isinstance(command, click.Group) and rest:
            inner = command.get_command(click.Context(command), rest[0])
            if inner is None:
                break
            command, rest = inner, rest[1:]
        assert not isinstance(command, click.Group), words
        known = {name for one in command.params for name in one.opts} | {"-o", "--help"}
        assert {word for word in rest if word.startswith("-")} <= known, words


def test_files_of_the_page_are_there() -> None:
    """Every path below deploy/ that it names; and it names every folder of it."""
    named = set(re.findall(r"\bdeploy/[\w./-]*\w", PAGE)) - {"deploy/secrets"}
    assert [] == [name for name in named if not ROOT.joinpath(name).exists()]
    folders = {f"deploy/{path.name}" for path in DEPLOY.iterdir() if path.is_dir()} - {"deploy/secrets"}
    assert set() == {one for one in folders if not any(name.startswith(one) for name in named)}


def test_alerts_are_told() -> None:
    """All of them, each with its severity."""
    told = dict(re.findall(r"^\| `(Couponhub\w+)` \| (\w+) \|", PAGE, re.MULTILINE))
    assert {rule["alert"]: rule["labels"]["severity"] for rule in rules()} == told


def test_secrets_of_the_cluster_are_told() -> None:
    """The Secret is made of the files that the config names."""
    (making,) = (words for words in lines() if words[:4] == ["kubectl", "create", "secret", "generic"])
    given = {word.partition("=")[2] for word in making if word.startswith("--from-file=")}
    config = DEPLOY.joinpath("kubernetes", "couponhub.toml").read_text(encoding="utf-8")
    assert given == set(re.findall(r"\$\{file:/run/secrets/couponhub/([\w-]+)\}", config))


def test_what_is_deployed_has_these_names() -> None:
    """The image of this version, deployments, containers and services of compose that commands name."""
    kinds = {(one["kind"].lower(), one["metadata"]["name"]) for one in manifests()}
    assert {IMAGE} == set(re.findall(r"couponhub:\d[\w.]*", PAGE))
    containers = {container["name"] for _, pod in pods() for container in pod["containers"]}
    for words in lines():
        for word in words:
            if word.startswith("deployment/"):
                assert tuple(word.split("/")) in kinds
            if word.endswith(f"={IMAGE}"):
                assert word.partition("=")[0] in containers
        if words[:2] == ["docker", "compose"] and words[4] in {"logs", "exec", "kill"}:
            assert words[5] in compose()["services"]
    published = [port for one in compose()["services"].values() for port in one.get("ports", ())]
    assert {"127.0.0.1:8701:8700", "127.0.0.1:8702:8700"} == set(published)
    assert "`127.0.0.1:8701` and `:8702`" in PAGE


def test_one_machine_is_installed_where_the_units_look() -> None:
    """The environment, the config, the folder of secrets and the user's commands."""
    (program,) = {unit(name)["ExecStart"][0].split()[0] for name in ("server", "worker")}
    assert program == "/opt/couponhub/bin/couponhub"
    assert "venv /opt/couponhub\n" in PAGE
    assert "deploy/systemd/couponhub.toml /etc/couponhub/couponhub.toml\n" in PAGE
    assert (
        f"COUPONHUB_CONFIG={image().environment['COUPONHUB_CONFIG']} "
        in unit("server")["Environment"][0] + " "
    )
    name, _, folder = unit("server")["LoadCredential"][0].partition(":")
    assert f"--mode 0700 {folder} " in PAGE
    config = DEPLOY.joinpath("systemd", "couponhub.toml").read_text(encoding="utf-8")
    secrets = re.findall(r"\$\{file:([^}]*\})?/?([\w-]+)\}", config)
    assert secrets
    assert all(kept.startswith(f"{name}_") for _, kept in secrets)


def test_times_are_those_of_the_server() -> None:
    """A balancer waits for longer than any answer takes, and keeps connections for less time than the server does."""
    texts = "\n".join((*blocks("nginx"), *blocks("text")))
    waits = [int(one) for one in re.findall(r"(?:read_timeout|timeout (?:client|server)) +(\d+)s", texts)]
    kept = [
        int(one)
        for one in re.findall(r"(?:keepalive_timeout|http-keep-alive|pool-purge-delay) (\d+)s", texts)
    ]
    assert len(waits) == len(kept) == 3
    assert min(waits) > LONGEST_DEADLINE
    assert max(kept) < workers.LONGEST_HEAD_SECONDS
    assert f"within {workers._LONGEST_STOP_SECONDS}: `--drain`" in PAGE
    words = dict(pods())["couponhub-server"]["containers"][0]["args"]
    assert f"serves for {words[words.index('--drain') + 1]} seconds more" in PAGE


def test_settings_are_settings() -> None:
    """The page's config is taken, key by key; whatever is not said here stands on the page on many machines."""
    (block,) = blocks("toml")
    document = tomllib.loads(block)
    assert ["staging"] == list(document)
    assert "object-store" == StagingSettings(**document["staging"]).kind


def test_balancers_understand_their_configs(tmp_path: Path) -> None:
    """Nginx and HAProxy read them, over names and certificates of this machine."""
    openssl = tool("openssl", "apt-get install -y --no-install-recommends openssl")
    key, certificate, both = (tmp_path / name for name in ("key.pem", "certificate.pem", "both.pem"))
    words = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=x"]
    accepts(openssl, *words, "-keyout", key, "-out", certificate, folder=tmp_path)
    both.write_bytes(certificate.read_bytes() + key.read_bytes())
    texts = {}
    for language, name in (("nginx", "nginx"), ("text", "haproxy")):
        (text,) = blocks(language)
        text = re.sub(r"couponhub-\d\.example\.com", "127.0.0.1", text)
        for kind, path in (("crt", certificate), ("key", key)):
            text = text.replace(f"/etc/nginx/tls/coupons.{kind}", str(path))
        texts[name] = text.replace("/etc/haproxy/coupons.pem", str(both))
    around = f"pid {tmp_path}/pid;\nerror_log stderr;\nevents {{}}\nhttp {{\naccess_log off;\n"
    tmp_path.joinpath("nginx.conf").write_text(f"{around}{texts['nginx']}}}\n", encoding="utf-8")
    tmp_path.joinpath("haproxy.cfg").write_text(texts["haproxy"], encoding="utf-8")
    nginx = tool("nginx", "apt-get install -y --no-install-recommends nginx-light")
    assert "successful" in accepts(nginx, "-t", "-c", tmp_path / "nginx.conf", folder=tmp_path)
    haproxy = tool("haproxy", "apt-get install -y --no-install-recommends haproxy")
    assert "valid" in accepts(haproxy, "-c", "-f", "haproxy.cfg", folder=tmp_path)


def test_a_dump_is_put_back(postgresql_server: PostgresqlServer, postgresql_url: str, tmp_path: Path) -> None:
    """The commands for PostgreSQL, from one database into another: the schema is known there, and a token is let in."""
    (block,) = (one for one in blocks("sh") if "pg_dump" in one)
    before = PostgresqlDatabase(StoreSettings(url=postgresql_url))
    made, _ = SqlTokens(before).new([Scope.LOOKUP], name="shop")
    other = postgresql_server.new_database()
    restored_url = postgresql_server.url(other)
    ran = subprocess.run(  # noqa: S603 - the page's own commands
        [tool("sh", "a POSIX shell"), "-ec", block],
        cwd=tmp_path,
        env={
            "PATH": f"{postgresql_server.binaries}{os.pathsep}{os.environ['PATH']}",
            "DATABASE_URL": postgresql_url,
            "RESTORED_URL": restored_url,
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert (0, "") == (ran.returncode, ran.stderr)
    after = PostgresqlDatabase(StoreSettings(url=restored_url))
    (kept,) = SqlTokens(after).all()
    assert kept.matches(made)
    for database in (before, after):
        database.close()
    postgresql_server.drop(other)
