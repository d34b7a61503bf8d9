"""The tables `[webhooks.NAME]`: which addresses, keys and events they take, and how little of them is shown."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from couponhub.cli import main
from couponhub.config import Config, load_config
from couponhub.errors import ConfigError
from couponhub.webhooks import WebhookEvent

KEY = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
GOOD = {"url": '"https://erp.example.com/hook"', "secret": f'"{KEY}"'}


def loaded(folder: Path, changes: Mapping[str, str | None] | None = None, name: str = "erp") -> Config:
    """The config with this one table."""
    lines = [f"{key} = {value}" for key, value in {**GOOD, **(changes or {})}.items() if value is not None]
    path = folder / "c.toml"
    path.write_text("\n".join([f'[webhooks."{name}"]', *lines]), encoding="utf-8")
    return load_config(path, environment={"HOOK": "https://erp.example.com/hook?key=hunter2"})


def test_a_receiver_is_two_lines(tmp_path: Path) -> None:
    """All ends are told by default; its key and its address, which may hold one, are shown nowhere; a file may hold them."""
    (tmp_path / "key").write_text(f"{KEY}\n", encoding="utf-8")
    config = loaded(tmp_path, {"url": '"${HOOK}"', "secret": f'"${{file:{tmp_path}/key}}"'})
    one = config.webhooks["erp"]

    assert set(WebhookEvent) == one.told
    assert ("erp.example.com", KEY) == (one.host, one.secret.reveal())
    assert "hunter2" not in repr(config)
    assert KEY not in repr(config)
    assert not one.secret.literal
    assert () == config.warnings()
    some = loaded(tmp_path, {"events": '["upload.done", "export.failed"]'})
    assert {"upload.done", "export.failed"} == some.webhooks["erp"].told
    assert {} == load_config(_empty(tmp_path)).webhooks


def _empty(folder: Path) -> Path:
    path = folder / "empty.toml"
    path.write_text("", encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("url", None),
        ("url", '"erp.example.com"'),
        ("url", '"http://erp.example.com/hook"'),
        ("url", '"https://me:hunter2@erp.example.com"'),
        ("url", '"https://erp.example.com/#hunter2"'),
        ("url", '"https://erp.example.com/?a=hunter2#b"'),
        ("url", '"ftp://erp.example.com"'),
        ("secret", None),
        ("secret", '"hunter2"'),
        ("secret", '"whsec_hunter2"'),
        ("secret", '"whsec_aHVudGVyMg=="'),
        ("secret", f'"whsec_{"A" * 88}"'),
        ("previous_secret", '"hunter2"'),
        ("events", "[]"),
        ("events", '["upload.finished"]'),
        ("timeout", "0"),
        ("timeout", "61"),
        ("retries", "3"),
    ],
)
def test_what_is_wrong_is_one_line_that_quotes_no_secret(tmp_path: Path, key: str, value: str | None) -> None:
    """It names the table and the key."""
    with pytest.raises(ConfigError) as caught:
        loaded(tmp_path, {key: value})
    (line,) = str(caught.value).splitlines()
    assert f"c.toml: webhooks.erp.{key}" in line
    assert "hunter2" not in line


def test_a_name_is_a_part_of_each_message_id(tmp_path: Path) -> None:
    """A dot would be read as the end of the id where the signature is checked."""
    with pytest.raises(ConfigError, match="at most 40 letters, digits"):
        loaded(tmp_path, name="erp.eu")


def test_plain_http_and_literal_keys_are_warned_about(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Both are taken where somebody says so, and `doctor` tells of them, of each receiver, without its key."""
    config = loaded(tmp_path, {"url": '"http://erp.example.com/hook"', "allow_http": "true"})
    assert any("[webhooks.erp] url is http://" in text for _, text in config.warnings())
    loaded(tmp_path, {"url": '"http://127.0.0.1:9/hook"'})

    main(["--config", str(tmp_path / "c.toml"), "doctor"])
    told = capsys.readouterr()
    assert "secret stands in the config file as plain text" in told.out + told.err
    assert KEY not in told.out + told.err
