"""`couponhub config init` asks a person, checks each answer, and never asks for a secret."""

import io
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from couponhub.cli import main
from couponhub.cli.commands import config as command
from couponhub.config import load_config
from couponhub.errors import ConfigError

Init = Callable[..., str]


@pytest.fixture
def init(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Init:
    """Answer the questions one after the other; what was shown."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(command, "_is_somebody_there", lambda: True)

    def run(*answers: str) -> str:
        monkeypatch.setattr(sys, "stdin", io.StringIO("".join(f"{answer}\n" for answer in answers)))
        assert 0 == main(["config", "init"])
        return "".join(capsys.readouterr())

    return run


def test_answers_become_a_config_that_is_good(init: Init) -> None:
    """Wrong answers are asked again with what is wrong; what was left out stays a comment."""
    shown = init(
        *("y", "shop 1", "shop", "mars", "apac", "s3cr3t!", "", "~/secret", "", "+91", "91"),
        *("y", "shop", "mail", "07", "https://localhost/v1", "WORKSPACE", "", "mobile", "me@example.com"),
    )
    for told in (
        "use letters, digits",
        "expected one of eu, apac",
        "it does not go into this file",
        "of that name already",
    ):
        assert told in shown
    assert "set CAPILLARY_KEY, WORKSPACE, MOENGAGE_API_KEY in the environment" in shown
    text = Path("couponhub.toml").read_text(encoding="utf-8")
    assert '# store_timezone = "Asia/Kolkata"' in text
    assert "s3cr3t!" not in text
    environment = {"CAPILLARY_KEY": "k", "WORKSPACE": "w", "MOENGAGE_API_KEY": "a"}
    with pytest.raises(ConfigError, match=r"shop\.secret: the file ~/secret cannot be read"):
        load_config("couponhub.toml", environment=environment)
    Path("couponhub.toml").write_text(text.replace("${file:~/secret}", "${CAPILLARY_KEY}"), encoding="utf-8")
    config = load_config("couponhub.toml", environment=environment)
    assert ["shop", "mail"] == list(config.connections)
    assert "91" == config.connections["shop"].settings.country_code
    assert "https://localhost/v1" == config.connections["mail"].settings.base_url


def test_an_example_is_no_default_where_credentials_would_travel(init: Init) -> None:
    """Enter names no region."""
    shown = init("y", "", "", "", "eu", "", "", "", "", "n")
    assert 3 == shown.count("region: ")
    assert 'region  = "eu"' in Path("couponhub.toml").read_text(encoding="utf-8")


def test_without_an_account_it_is_the_file_to_fill_in(init: Init) -> None:
    """The same as where nobody is asked."""
    assert "no account was named" in init("n", "n")
    asked = Path("couponhub.toml").read_text(encoding="utf-8")
    Path("couponhub.toml").unlink()
    assert 0 == main(["config", "init", "--non-interactive"])
    assert asked == Path("couponhub.toml").read_text(encoding="utf-8")
