"""schemathesis over a running server for ten minutes, with both emulators behind it and no rate limits.

.venv/bin/pip install schemathesis
.venv/bin/python benchmarks/described.py

Ends with 1 when schemathesis found something, or when a worker died.
"""

import argparse
import contextlib
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from reliability import emulated, people, written_config
from served import running, workers_of

from couponhub.testing import Control

UNSAYABLE = "positive_data_acceptance"
"""A schema cannot say that `since` lies before `until`, or that a list's number needs exactly one connection."""


def main() -> None:
    """Serve, and let schemathesis work through the description."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=600)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--schemathesis", default=shutil.which("schemathesis", path=Path(sys.executable).parent)
    )
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, contextlib.ExitStack() as stack:
        folder = Path(name)
        emulators = stack.enter_context(emulated())
        environment = written_config(folder, emulators, cached=True)
        controls = {vendor: Control(emulators["url"], vendor) for vendor in ("capillary", "moengage")}
        people(controls, folder, environment)
        url, token, pid = stack.enter_context(running(environment, "--workers", "2"))
        before = workers_of(pid)
        command = [given.schemathesis, "run", f"{url}/openapi.json", "-H", f"Authorization: Bearer {token}"]
        command += [
            "--max-time",
            str(given.seconds),
            "--seed",
            str(given.seed),
            "--exclude-checks",
            UNSAYABLE,
        ]
        command += ["--continue-on-failure", "--workers", "4"]
        found = subprocess.run(command, check=False, cwd=folder).returncode
        died = len(before - workers_of(pid))
        print(f"workers that died: {died}")
    sys.exit(bool(found or died))


if __name__ == "__main__":
    main()
