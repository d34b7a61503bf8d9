"""Tab in a shell: commands, options, names of connections and files, and never a word of an error."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from couponhub.cli import main

BIN = Path(sys.executable).parent


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A config file of two connections, one with a secret that is not there."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", f"{BIN}{os.pathsep}{os.environ['PATH']}")
    text = '[connections.loyalty]\nadapter = "capillary"\nkey = "${NOT_SET}"\n[connections.engage]\nadapter = "moengage"\n'
    (tmp_path / "couponhub.toml").write_text(text)
    (tmp_path / "other.toml").write_text('[connections.elsewhere]\nadapter = "toy"\n')
    return tmp_path


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("lo", ["plain,lookup"]),
        (
            "lists ",
            ["plain,activate", "plain,archive", "plain,create", "plain,ls", "plain,show", "plain,update"],
        ),
        ("lists ls ", ["plain,loyalty", "plain,engage"]),
        ("lists ls e", ["plain,engage"]),
        ("--config other.toml lists show ", ["plain,elsewhere"]),
        ("lookup --connection l", ["plain,loyalty"]),
        ("lookup --mob", ["plain,--mobile"]),
        ("lists ls --sort ", ["plain,name", "plain,expires", "plain,available"]),
        ("uploads send engage 1 cod", ["file,cod"]),
        ("--config nowhere.toml lists ls ", []),
        ("--config cou", ["file,cou"]),
        ("usage export --out gi", ["file,gi"]),
        ("emulate m", ["plain,moengage"]),
    ],
)
def test_what_may_stand_next(
    folder: Path,  # noqa: ARG001 - where it runs
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    line: str,
    expected: list[str],
) -> None:
    """What bash asks of us, and what we answer."""
    words = f"couponhub {line}"
    monkeypatch.setenv("_COUPONHUB_COMPLETE", "bash_complete")
    monkeypatch.setenv("COMP_WORDS", words)
    monkeypatch.setenv("COMP_CWORD", str(len(words.split(" ")) - 1))
    main([])
    out, err = capsys.readouterr()
    assert (expected, "") == (out.split(), err)


ASKS = {
    "bash": 'source ./s; COMP_WORDS=(couponhub lists ls en); COMP_CWORD=3; _couponhub_completion couponhub; echo "${COMPREPLY[@]}"',
    "zsh": "autoload -U compinit; compinit -u -D; source ./s; whence -w _couponhub_completion",
    "fish": "source ./s; complete -C 'couponhub lists ls en'",
}
ANSWERS = {"bash": "engage", "zsh": "_couponhub_completion: function", "fish": "engage"}


@pytest.mark.parametrize("shell", ASKS)
def test_the_script_works_in_its_shell(folder: Path, capsys: pytest.CaptureFixture[str], shell: str) -> None:
    """The shell itself reads it, and asks the installed command."""
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    assert 0 == main(["completion", shell])
    (folder / "s").write_text(capsys.readouterr().out)
    rest = {"bash": ["--norc"], "zsh": ["-f"], "fish": ["--no-config"]}[shell]
    ran = subprocess.run(  # noqa: S603 - a shell, with our own script
        [shell, *rest, "-c", ASKS[shell]], capture_output=True, text=True, check=False, timeout=60
    )
    assert (ANSWERS[shell], "") == (ran.stdout.strip().partition("\t")[0], ran.stderr)
