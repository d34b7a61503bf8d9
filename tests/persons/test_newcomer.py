"""A newcomer, with nothing but the wheel: an empty folder, an empty home, the installed command, and the first steps.

Only `nox -s persons` runs it, in an environment that holds the wheel, what it needs, and pytest.
"""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import couponhub
from tests.kit.eventually import eventually

pytestmark = pytest.mark.skipif(
    "COUPONHUB_FROM_WHEEL" not in os.environ, reason="takes an environment of its own: nox -s persons"
)
COMMAND = str(Path(sys.executable).with_name("couponhub"))
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    """The installed command, run where emulators have printed a config for themselves; exit code, stdout and stderr."""
    home = tmp_path / "home"
    folder = tmp_path / "folder"
    for made in (home, folder):
        made.mkdir()
    surroundings = {"HOME": str(home), "PATH": os.environ["PATH"], "LANG": "C.UTF-8"}

    def run(*words: str, given: str = "") -> tuple[int, str, str]:
        ended = subprocess.run(  # noqa: S603 - our own command
            [COMMAND, *words],
            cwd=folder,
            env=surroundings,
            input=given,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        return ended.returncode, ended.stdout, ended.stderr

    assert 2 == run("lists", "ls")[0]
    config = folder / "couponhub.toml"
    with (
        config.open("w") as file,
        subprocess.Popen(  # noqa: S603 - our own command
            [COMMAND, "emulate", "--port", "0"], cwd=folder, env=surroundings, stdout=file
        ) as emulators,
    ):
        try:
            eventually(lambda: "Ctrl-C ends them." in config.read_text(encoding="utf-8"), "the emulators")
            yield run
        finally:
            emulators.terminate()


def test_first_steps(run: Run) -> None:
    """Those of the tutorial: check, look, send, be refused a second time, look a customer up."""
    assert "site-packages" in str(couponhub.__file__)
    assert (0, f"couponhub, version {couponhub.__version__}\n", "") == run("--version")
    assert 0 == run("config", "check")[0]
    assert 0 == run("doctor")[0]
    assert {"capillary", "moengage"} == {line.split("\t")[0] for line in run("lists", "ls")[1].splitlines()}
    send = ("uploads", "send", "capillary", "900004", "-")
    codes = "code\nFIRST-1\nFIRST-2\nFIRST-2\n"
    assert 0 == run(*send, "--wait", given=codes)[0]
    code, _, told = run(*send, given=codes)
    assert 9 == code
    assert "nothing was sent" in told
    code, _, told = run("lookup", "--mobile", "919876543210")
    assert 3 == code
    assert all(line.startswith("couponhub: ") for line in told.splitlines())
    assert 0 == run("lookup", "--mobile", "919876543210", "--connection", "capillary")[0]


def test_what_is_not_installed_is_named(run: Run) -> None:
    """Features with packages of their own say what to install, instead of what could not be imported."""
    for words, extra in (
        (("serve", "--port", "0"), "couponhub[server]"),
        (("usage", "export", "--out", "rows.parquet"), "couponhub[parquet]"),
    ):
        code, out, told = run(*words)
        assert (2, "") == (code, out)
        assert f"pip install '{extra}'" in told
        assert "Traceback" not in told
