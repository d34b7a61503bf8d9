"""The server as the image runs it: a user without rights, on a root file system that nothing can be written to."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.deploy.described import image
from tests.deploy.places import at_port, free_port, hurried
from tests.deploy.test_deploy_commands import TOKEN_NEW, Emulators, await_found, emulators
from tests.kit.cli import COMMAND
from tests.kit.eventually import eventually

__all__ = ["emulators"]

APART = """
set -e
mount --make-rprivate /
mount -t tmpfs -o uid={uid},gid={gid},mode=0700 tmpfs {folder}/state
mount -t tmpfs tmpfs {folder}/tmp
mount -o remount,bind,ro /
cd {folder}/state
if touch {folder}/written 2>/dev/null; then exit 90; fi
exec setpriv --reuid {uid} --regid {gid} --clear-groups --bounding-set=-all --inh-caps=-all --no-new-privs "$@"
"""
"""For this process and its children alone; two folders of memory are all that can be written to, as in compose.yaml."""

CONFIG = """
[connections.loyalty]
adapter = "capillary"
base_url = "{url}/capillary"
key = "demo-key"
secret = "demo-secret"
default_country_code = "91"

[store]
url = "sqlite:///{folder}/state/couponhub.db"

[server]
tokens = ["{hash}"]
"""


def can_be_apart() -> bool:
    """Tell whether this process may mount, for itself alone."""
    if sys.platform != "linux" or os.geteuid() != 0 or (unshare := shutil.which("unshare")) is None:
        return False
    return subprocess.run([unshare, "--mount", "true"], check=False, capture_output=True).returncode == 0  # noqa: S603 - it is installed here


pytestmark = pytest.mark.skipif(not can_be_apart(), reason="must be root of a Linux that lets it mount")


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that another user may come into, as pytest's own are not."""
    with tempfile.TemporaryDirectory(prefix="couponhub-rights-", dir="/var/tmp") as name:
        for part in ("state", "tmp"):
            Path(name, part).mkdir()
        Path(name).chmod(0o755)
        yield Path(name)


def made_token() -> tuple[str, str]:
    """A token, and its hash."""
    words = [*COMMAND, *TOKEN_NEW]
    made = json.loads(subprocess.run(words, capture_output=True, text=True, check=True).stdout)  # noqa: S603 - our own command
    return made["token"], made["hash"]


def test_the_server(emulators: Emulators, folder: Path) -> None:
    """It serves with two workers, keeps its state, is found healthy, and ends when it is told to."""
    uid, gid = image().user.split(":")
    token, kept = made_token()
    config = folder / "couponhub.toml"
    config.write_text(CONFIG.format(url=emulators.url, folder=folder, hash=kept), encoding="utf-8")
    port = free_port()
    words = ["unshare", "--mount", "sh", "-c", APART.format(uid=uid, gid=gid, folder=folder), "sh"]
    words += [*COMMAND, *hurried(image().command), "--workers", "2", "--port", str(port)]
    environment = {
        "PATH": os.environ["PATH"],
        "COUPONHUB_CONFIG": str(config),
        "HOME": str(folder / "state"),
        "TMPDIR": str(folder / "tmp"),
        "PYTHONDONTWRITEBYTECODE": image().environment["PYTHONDONTWRITEBYTECODE"],
        "PYTHONPATH": os.pathsep.join(sys.path),
    }
    pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(words, env=environment, **pipes) as server:  # noqa: S603 - our own server
        try:
            health = [sys.executable, *at_port(image().health, port)[1:]]

            def is_healthy() -> bool:
                assert server.poll() is None, server.communicate()[1]
                return subprocess.run(health, check=False, capture_output=True).returncode == 0  # noqa: S603 - our own check

            eventually(is_healthy, "the server to be healthy")
            await_found(port, token, "loyalty")
            owner = Path(f"/proc/{server.pid}/status").read_text(encoding="utf-8")
            assert f"Uid:\t{uid}\t{uid}" in owner
            assert "CapBnd:\t0000000000000000" in owner
        finally:
            server.send_signal(signal.SIGTERM)
            said = server.communicate(timeout=60)[1]
    assert 0 == server.returncode, said
    levels = {json.loads(line)["level"] for line in said.splitlines()}
    assert {"info"} == levels, said
