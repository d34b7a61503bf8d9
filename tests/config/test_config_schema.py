"""The JSON Schema says of a file what loading it says, as far as a schema can."""

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import attrs
import pytest

from couponhub.config import json_schema, template
from couponhub.errors import ConfigError
from couponhub.plugin import AdapterPlugin, ConnectionSettings
from couponhub.registry import Registry
from couponhub.settings import setting
from tests.config.toy import REGISTRY, TOY, Entry, loaded

TYPES: dict[str, type | tuple[type, ...]] = {
    "object": dict,
    "array": list,
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
}


def allows(schema: Any, value: Any) -> bool:  # noqa: PLR0911 - one word of the schema after the other
    """Whether a value fits, for the few words of JSON Schema that ours uses; an unknown word fails."""
    if isinstance(schema, bool):
        return schema
    unknown = set(schema) - {
        *("$schema", "title", "description", "default", "type", "enum", "const", "anyOf", "items"),
        *("properties", "additionalProperties", "required"),
    }
    assert set() == unknown
    if "const" in schema and value != schema["const"]:
        return False
    if "enum" in schema and value not in schema["enum"]:
        return False
    if "anyOf" in schema and not any(allows(inner, value) for inner in schema["anyOf"]):
        return False
    kind = schema.get("type")
    if kind is not None and (
        not isinstance(value, TYPES[kind]) or (isinstance(value, bool) and kind != "boolean")
    ):
        return False
    if isinstance(value, list):
        return all(allows(schema.get("items", True), item) for item in value)
    if isinstance(value, dict):
        properties = schema.get("properties", {})
        others = schema.get("additionalProperties", True)
        return set(schema.get("required", ())) <= set(value) and all(
            allows(properties.get(key, others), inner) for key, inner in value.items()
        )
    return True


GOOD = [
    "",
    '[connections.a]\nadapter = "toy"\nkey = "k"',
    '[connections.a]\nadapter = "toy"\nkey = "k"\nmode = "safe"\ntoken = "t"\npages = 1\neager = true',
    '[connections.a]\nadapter = "toy"\nkey = "k"\nstores = ["1"]\nlimits = {a = 0}\ntimeout = 1.5\nsettle = 0',
    '[connections.a]\nadapter = "toy"\nkey = "k"\n[lookup]\nconnections = ["a"]\ndeadline = 2',
    "[lookup]\ncache_ttl = 0\nnegative_ttl = 2.5\nstale_if_error = 60",
    '[server.oidc]\nissuer = "https://a"\nclient_id = "b"\nscopes = {c = ["lookup"]}\nsession = 60',
    '[staging]\nkind = "folder"\npath = "x"\n[store]\nurl = "sqlite:///x.db"',
]

TOY_TABLE = '[connections.a]\nadapter = "toy"\nkey = "k"\n'
BAD = [
    "other = 1",
    '[connections]\na = "toy"',
    '[connections.a]\nadapter = "tony"\nkey = "k"',
    '[connections.a]\nkey = "k"',
    '[connections.a]\nadapter = "toy"',
    f"{TOY_TABLE}nam = 'x'",
    f"{TOY_TABLE}mode = 'sage'",
    f"{TOY_TABLE}pages = 1.5",
    f"{TOY_TABLE}pages = true",
    f"{TOY_TABLE}eager = 1",
    f"{TOY_TABLE}stores = '1'",
    f"{TOY_TABLE}stores = [1]",
    f"{TOY_TABLE}limits = {{a = 'x'}}",
    '[staging]\nkind = "sever"',
    '[server.oidc]\nissuer = "https://a"',
    '[server.oidc]\nissuer = "https://a"\nclient_id = "b"\nscopes = {c = ["look"]}',
    '[server]\noidc = {issuer = "https://a", client_id = "b", secret = "c"}',
    '[lookup]\ndeadline = "2"',
    '[lookup]\ncache_ttl = "30"',
    "[lookup]\nstale_if_eror = 60",
]


@pytest.mark.parametrize("text", GOOD)
def test_what_loads_is_allowed(text: str, tmp_path: Path) -> None:
    """An editor marks no good file."""
    loaded(text, tmp_path)

    assert allows(json_schema(REGISTRY), tomllib.loads(text))


@pytest.mark.parametrize("text", BAD)
def test_what_does_not_load_is_marked(text: str, tmp_path: Path) -> None:
    """Wrong keys, words and types are seen while they are written."""
    with pytest.raises(ConfigError):
        loaded(text, tmp_path)

    assert not allows(json_schema(REGISTRY), tomllib.loads(text))


def test_settings_are_described() -> None:
    """With their meaning, their default and their words; secrets have no default."""
    schema = json_schema(REGISTRY)
    (toy,) = schema["properties"]["connections"]["additionalProperties"]["anyOf"]
    properties = toy["properties"]

    assert ["adapter", "key"] == toy["required"]
    assert {"const": "toy", "description": "Toy Vendor"} == properties["adapter"]
    assert {"type": "string", "description": "the key"} == properties["key"]
    assert {"enum": ["fast", "safe"], "description": "a word", "default": "fast"} == properties["mode"]
    assert {"type": "boolean", "description": "a flag", "default": True} == properties["eager"]
    assert {"type": "array", "items": {"type": "string"}, "description": "texts"} == properties["stores"]
    assert json.loads(json.dumps(schema)) == schema


def test_every_setting_says_what_it_is_about() -> None:
    """The core's own tables too."""
    schema = json_schema(REGISTRY)
    tables = [schema["properties"][name] for name in ("staging", "store", "lookup", "server")]
    tables += schema["properties"]["connections"]["additionalProperties"]["anyOf"]

    assert [] == [
        key for table in tables for key, said in table["properties"].items() if not said.get("description")
    ]


def test_a_schema_without_adapters() -> None:
    """Nothing can be connected then, and the schema is one all the same."""
    schema = json_schema(Registry([]))

    assert allows(schema, {"connections": {}})
    assert not allows(schema, {"connections": {"a": {"adapter": "toy"}}})


def test_a_strangers_setting_may_be_of_any_kind() -> None:
    """A kind that the schema cannot express is allowed to be anything."""

    @attrs.frozen(kw_only=True)
    class Strange(ConnectionSettings):
        ratio: complex = setting(1j, about="something else")

    plugin = AdapterPlugin(name="s", title="S", settings=Strange, example="", open=TOY.open)
    schema = json_schema(Registry([Entry("s", lambda: plugin)]))

    assert allows(schema, {"connections": {"a": {"adapter": "s", "ratio": "1j"}}})


def test_the_template_loads(tmp_path: Path) -> None:
    """What `config init` writes is a good file once the environment has what it names."""
    text = template(REGISTRY)

    assert ["toy"] == list(loaded(text, tmp_path, TOY_KEY="k").connections)
    assert "[staging]" in text
    uncommented = re.sub(r"(?m)^# (?=\[|\w+ += )", "", text).replace("loyalty", "toy")
    secrets = {"TOY_KEY": "k", "COUPONHUB_WEBHOOK_SECRET": f"whsec_{'QUJD' * 8}"}
    config = loaded(uncommented, tmp_path, **secrets)
    assert "https://codes.example.com" == config.staging.public_url
    assert ["NAME"] == list(config.webhooks)
