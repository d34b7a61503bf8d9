"""A real pooler between us and PostgreSQL."""

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.kit.servers import PostgresqlServer, free_port, missing, other_user, own, wait_for


@contextmanager
def pooling(server: PostgresqlServer, mode: str, *, size: int = 20) -> Iterator[int]:
    """Put pgbouncer in front of a server for the block, and give its port.

    Args:
        server: Whose connections are pooled.
        mode: "session" or "transaction".
        size: The sessions of the server that it keeps for a user and database.
    """
    program = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")
    if program is None:
        missing("pgbouncer", "apt-get install -y --no-install-recommends pgbouncer")
        raise AssertionError
    port = free_port()
    folder = Path(tempfile.mkdtemp(prefix="couponhub-bouncer-", dir="/tmp"))
    settings, users = folder / "pgbouncer.ini", folder / "users.txt"
    users.write_text('"couponhub" "pg-pass-of-tests"\n')
    settings.write_text(
        f"[databases]\n* = host=127.0.0.1 port={server.port}\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\n"
        f"unix_socket_dir =\nauth_type = scram-sha-256\nauth_file = {users}\npool_mode = {mode}\n"
        f"default_pool_size = {size}\nlogfile = {folder / 'log'}\n"
    )
    for path in (folder, settings, users):
        own(path)
    process = subprocess.Popen(  # noqa: S603 - our own pooler
        [program, "-q", str(settings)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        **other_user(),
    )
    try:
        wait_for(port)
        yield port
    finally:
        process.kill()
        process.wait()
        shutil.rmtree(folder, ignore_errors=True)
