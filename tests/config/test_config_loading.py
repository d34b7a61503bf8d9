"""A config file is checked whole: every fault at once, each in one line that names file, key and mend."""

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from couponhub.config import find_config, load_config
from couponhub.config import load as loading
from couponhub.config.settings import LookupSettings
from couponhub.errors import ConfigError, UnknownConnection
from couponhub.secret import Secret
from tests.config.toy import REGISTRY, TOY, Mode, ToySettings, loaded
from tests.kit.examples import examples

CONNECTION = '[connections.a]\nadapter = "toy"\nkey = "${KEY}"\n'


def faults(text: str, folder: Path, **environment: str) -> list[str]:
    """What is wrong with that text, without the file's name, which begins every line."""
    with pytest.raises(ConfigError) as caught:
        loaded(text, folder, **environment)
    lines = str(caught.value).splitlines()
    start = f"{folder / 'c.toml'}: "
    assert all(line.startswith(start) for line in lines)
    return [line.removeprefix(start) for line in lines]


def test_a_good_file_becomes_a_config(tmp_path: Path) -> None:
    """Every kind of value arrives as its own type; what is left out has its default."""
    config = loaded(
        CONNECTION
        + 'mode = "safe"\ntoken = "t"\npages = 7\neager = false\nstores = ["007", "${S}"]\ntimeout = 5\n'
        + '[connections.a.limits]\ncalls_per_minute = 0\n[lookup]\nconnections = ["a"]\ndeadline = 1.5\n'
        + "cache_ttl = 0\nnegative_ttl = 0.5\n",
        tmp_path,
        KEY="k3y",
        S="1e5",
    )

    expected = ToySettings(
        key=Secret("k3y"),
        token=Secret("t"),
        mode=Mode.SAFE,
        pages=7,
        eager=False,
        stores=("007", "1e5"),
        timeout=5.0,
        limits={"calls_per_minute": 0},
    )
    connection = config.connection("a")
    assert ("a", TOY, expected) == (connection.name, connection.plugin, connection.settings)
    assert LookupSettings(connections=("a",), deadline=1.5, cache_ttl=0.0, negative_ttl=0.5) == config.lookup
    assert 300.0 == config.lookup.stale_if_error
    assert tmp_path / "c.toml" == config.path


def test_an_empty_file_is_a_config(tmp_path: Path) -> None:
    """Reads of nothing are possible; who asks for a connection is told that there is none."""
    config = loaded("", tmp_path)

    assert {} == config.connections
    with pytest.raises(UnknownConnection, match=r'there is no connection "a" \(configured are: none\)'):
        config.connection("a")


def test_a_mark_before_utf8_is_read_over(tmp_path: Path) -> None:
    """Some editors write one."""
    assert "a" in loaded("\ufeff" + CONNECTION, tmp_path, KEY="k").connections


BROKEN = (
    "the adapter \"broken\" is installed but broken (ImportError: No module named 'toyvendor') "
    "(reinstall it together with what it needs)"
)
ODD = (
    'the adapter "odd" is installed but broken (its entry point is no AdapterPlugin) '
    "(install a version of it that is made for this couponhub)"
)


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    """One of each kind, in the order of the tables, and nothing twice."""
    text = """
        [lookups]
        [connections.a]
        adapter = "toy"
        key = 7
        nam = "x"
        name = 5
        mode = "sage"
        pages = "3"
        eager = 1
        stores = "007"
        timeout = -1
        settle = nan
        proxy = "http://proxy.example:3128"
        ca_bundle = "no-such-file"
        limits = {calls_per_minute = "many"}
        [connections.b]
        adapter = "tony"
        [connections.c]
        adapter = "broken"
        [connections.d]
        adapter = "odd"
        [connections.e]
        [connections.f]
        adapter = "toy"
        key = "${NOT_SET}"
        pages = true
        limits = 5
        stores = [1, "x"]
        [connections.g]
        adapter = 5
        [connections.h]
        adapter = "toy"
        key = "k"
        mode = "safe"
        [connections]
        i = "toy"
        [staging]
        kind = "sever"
        [store]
        retention_days = 1.5
        [lookup]
        connections = ["a", "z"]
        deadline = 0
        cache_ttl = -1
        negative_ttl = inf
        stale_if_error = "long"
    """

    assert [
        'lookups: unknown table; did you mean "lookup"?',
        "connections.a.timeout: expected a number above 0, not -1",
        "connections.a.proxy: http:// is refused for any host but this machine; use https://, or say allow_http = true",
        'connections.a.ca_bundle: "no-such-file": no such file',
        "connections.a.settle: expected a number that is not below 0, not nan",
        "connections.a.limits.calls_per_minute: expected a whole number",
        'connections.a.key: expected text (secrets are always text: write "007", not 007)',
        "connections.a.name: expected text, not 5: write it in quotes",
        'connections.a.mode: "sage" is none of fast, safe',
        'connections.a.pages: expected a whole number, not "3": write it without quotes',
        "connections.a.eager: expected true or false, not 1",
        "connections.a.stores: expected a list",
        'connections.a.nam: unknown key; did you mean "name"?',
        'connections.b.adapter: there is no adapter "tony" (installed are: broken, odd, toy)',
        f"connections.c.adapter: {BROKEN}",
        f"connections.d.adapter: {ODD}",
        "connections.e.adapter: missing; known are: broken, odd, toy",
        "connections.f.key: the environment variable NOT_SET is not set, or empty",
        "connections.f.limits: expected a table, not 5",
        "connections.f.pages: expected a whole number, not true",
        "connections.f.stores[0]: expected text",
        "connections.g.adapter: expected text; known are: broken, odd, toy",
        'connections.h: mode = "safe" needs token',
        "connections.i: expected a table",
        'staging.kind: "sever" is none of server, folder, object-store',
        "store.retention_days: expected a whole number, not 1.5",
        "lookup.deadline: expected a number above 0, not 0",
        "lookup.cache_ttl: expected a number that is not below 0, not -1",
        "lookup.negative_ttl: expected a number that is not below 0, not inf",
        "lookup.stale_if_error: expected a number",
    ] == faults(text, tmp_path)


def test_a_lookup_asks_somebody(tmp_path: Path) -> None:
    """An empty list is a slip, and not "all"."""
    assert ["lookup.connections: expected at least one connection; leave it out to ask all"] == faults(
        "[lookup]\nconnections = []\n", tmp_path
    )


def test_a_lookup_names_connections_that_exist(tmp_path: Path) -> None:
    """One whose own table is wrong exists all the same."""
    text = '[connections.a]\nadapter = "toy"\n[lookup]\nconnections = ["a", "aa"]\n'
    assert [
        "connections.a.key: missing",
        'lookup.connections[1]: "aa" is no connection; did you mean "a"?',
    ] == faults(text, tmp_path)


def test_a_lookup_prefers_connections_that_it_asks(tmp_path: Path) -> None:
    """Each must be configured, and asked; what is not says what was probably meant."""
    two = "".join(f'[connections.{name}]\nadapter = "toy"\nkey = "k"\n' for name in ("a", "old"))
    assert ("old", "a") == loaded(f'{two}[lookup]\nprefer = ["old", "a"]\n', tmp_path).lookup.prefer
    assert () == loaded(two, tmp_path).lookup.prefer
    assert ['lookup.prefer[1]: "olf" is no connection; did you mean "old"?'] == faults(
        f'{two}[lookup]\nprefer = ["a", "olf"]\n', tmp_path
    )
    assert ['lookup.prefer[0]: "old" is not one of lookup.connections; known are: a'] == faults(
        f'{two}[lookup]\nconnections = ["a"]\nprefer = ["old"]\n', tmp_path
    )


@pytest.mark.parametrize("table", ["connections", "staging", "store", "lookup"])
@pytest.mark.parametrize("value", ["1", '"x"', "[]", "true", "2026-01-01"])
def test_a_table_is_a_table(tmp_path: Path, table: str, value: str) -> None:
    """Whatever else stands there is refused."""
    assert [f"{table}: expected a table"] == faults(f"{table} = {value}", tmp_path)


@pytest.mark.parametrize("value", ["1", "1.5", "true", "[]", "{}", "2026-01-01", "10:00:00"])
def test_text_is_never_guessed(tmp_path: Path, value: str) -> None:
    """A number or date where text is expected is a mistake: 007 is not "007"."""
    (fault,) = faults(f"{CONNECTION}name = {value}", tmp_path, KEY="k")
    assert fault.startswith("connections.a.name: expected text")


@pytest.mark.parametrize(
    "url", ["http://vendor.example", "http://10.0.0.1", "http://localhost.vendor.example", "http://[::2]"]
)
@pytest.mark.parametrize("key", ["base_url", "proxy"])
def test_plain_http_is_for_this_machine_alone(tmp_path: Path, key: str, url: str) -> None:
    """Secrets and codes travel to these addresses."""
    expected = f"connections.a.{key}: http:// is refused for any host but this machine; use https://, or say allow_http = true"
    assert [expected] == faults(f'{CONNECTION}{key} = "{url}"', tmp_path, KEY="k")


@pytest.mark.parametrize("table", ["staging", "server"])
@pytest.mark.parametrize(
    "url",
    [
        "http://evil.example\\\\@127.0.0.1",
        "https://ho st",
        "https://joe:pw@host",
        "https://host?a",
        "https://host#a",
        "https://höst",
        "https://host:0",
    ],
)
def test_what_vendors_are_told_is_checked_as_any_address(tmp_path: Path, table: str, url: str) -> None:
    """Libraries disagree where the host ends, so that the file would travel elsewhere than was allowed."""
    (fault,) = faults(f'[{table}]\npublic_url = "{url}"', tmp_path)
    assert fault.startswith(f"{table}.public_url: expected an address ")


def test_plain_http_is_taken_where_the_table_says_so(tmp_path: Path) -> None:
    """In that table alone, which may say so behind the address, and everybody is warned without the address."""
    url = "http://vendor.example"
    both = f'[staging]\npublic_url = "{url}"\nallow_http = true\n[server]\npublic_url = "https://vendor.example"\n'
    text = f'{CONNECTION}base_url = "{url}"\nproxy = "{url}"\nallow_http = true\n{both}'
    config = loaded(text, tmp_path, KEY="k")
    assert config.connections["a"].settings.transport().allow_http
    way = "is http:// to another machine: whoever is on the way reads and changes what travels there"
    expected = [("a", f"base_url {way}"), ("a", f"proxy {way}"), (None, f"[staging] public_url {way}")]
    assert sorted(map(str, expected)) == sorted(map(str, config.warnings()))
    for no in ("false", '"true"', "1"):
        told = faults(text.replace("= true", f"= {no}", 1), tmp_path, KEY="k")
        assert any("base_url: http:// is refused" in fault for fault in told)


def test_plain_http_is_refused_for_staging(tmp_path: Path) -> None:
    """Codes travel from there."""
    (fault,) = faults('[staging]\npublic_url = "http://codes.example"', tmp_path)
    assert fault.startswith("staging.public_url: http:// is refused")


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1:8800/v1", "http://localhost:1", "http://[::1]:8800", "https://vendor.example/v1"],
)
def test_addresses_that_are_allowed(tmp_path: Path, url: str) -> None:
    """TLS, or this machine."""
    text = f'{CONNECTION}base_url = "{url}"\nproxy = "{url}"\n[staging]\npublic_url = "{url}"'
    assert url == loaded(text, tmp_path, KEY="k").connections["a"].settings.base_url


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("vendor.example", "expected an address such as https://host"),
        ("https://", "expected an address such as https://host"),
        ("https://[::1", "expected an address such as https://host"),
        ("https://host:port", "expected an address such as https://host"),
        ("ftp://host", "expected an address such as https://host"),
        ("https://ho st", "expected an address such as https://host"),
        ("http://evil.example\\\\@127.0.0.1/", "expected an address such as https://host"),
        ("https://host/?a=b", "expected an address without ? and #"),
        ("https://host?", "expected an address without ? and #"),
        ("https://host/#a", "expected an address without ? and #"),
        ("https://joe:s3cret@host", "expected an address without a user and password before the host"),
    ],
)
def test_addresses_that_are_none(tmp_path: Path, url: str, problem: str) -> None:
    """Each is told what is wrong with it, and not quoted."""
    assert [f"connections.a.base_url: {problem}"] == faults(
        f'{CONNECTION}base_url = "{url}"', tmp_path, KEY="k"
    )


def test_a_proxy_may_need_a_password(tmp_path: Path) -> None:
    """It is referenced like any secret, and does not show."""
    config = loaded(
        CONNECTION + 'proxy = "https://joe:${PW}@proxy.example"', tmp_path, KEY="k3y-secret", PW="pw-secret"
    )

    assert Secret("https://joe:pw-secret@proxy.example") == config.connections["a"].settings.transport().proxy
    assert "-secret" not in repr(config)


@pytest.mark.parametrize(
    ("written", "expected", "literal"),
    [
        ("plain", "plain", True),
        ("$HOME {x} $", "$HOME {x} $", True),
        ("${A}", "value of a", False),
        ("x-${A}-${B}", "x-value of a-${A}", False),
        ("${UNSET:-fallback}", "fallback", False),
        ("${EMPTY:-fallback}", "fallback", False),
        ("${A:-fallback}", "value of a", False),
        ("${UNSET:-}x", "x", False),
    ],
)
def test_references_are_resolved(tmp_path: Path, written: str, expected: str, *, literal: bool) -> None:
    """Values come from the environment and are not searched again; literal secrets are remembered as such."""
    text = f'[connections.a]\nadapter = "toy"\nkey = "{written}"\nname = "{written}"'
    connection = loaded(text, tmp_path, A="value of a", B="${A}", EMPTY="").connections["a"].settings

    assert isinstance(connection, ToySettings)
    assert (expected, literal, expected) == (connection.key.reveal(), connection.key.literal, connection.name)


@pytest.mark.parametrize(
    ("content", "expected"),
    [(b"s3cret\n", "s3cret"), (b"s3cret\r\n", "s3cret"), (b" s3\n\n", " s3\n"), ("ключ".encode(), "ключ")],
)
def test_secrets_may_lie_in_files(tmp_path: Path, content: bytes, expected: str) -> None:
    """The last line break, which editors add, is no part of them."""
    (tmp_path / "secret").write_bytes(content)
    text = f'[connections.a]\nadapter = "toy"\nkey = "${{file:{tmp_path / "secret"}}}"'

    connection = loaded(text, tmp_path).connections["a"].settings

    assert isinstance(connection, ToySettings)
    assert (expected, False) == (connection.key.reveal(), connection.key.literal)


@pytest.mark.parametrize("folder", ["${FOLDER}", "${ELSEWHERE:-secrets}", "./${FOLDER}"])
def test_the_path_of_a_secret_may_hold_variables(tmp_path: Path, folder: str) -> None:
    """One config serves where a service's secrets lie in a folder that a variable names, and elsewhere by a default."""
    Path("secrets").mkdir()
    Path("secrets", "key").write_text("${FOLDER}\n", encoding="utf-8")
    text = f'[connections.a]\nadapter = "toy"\nkey = "<${{file:{folder}/key}}>"'

    connection = loaded(text, tmp_path, FOLDER="secrets").connections["a"].settings

    assert isinstance(connection, ToySettings)
    assert "<${FOLDER}>" == connection.key.reveal()


FORM = "a reference must look like ${NAME}, ${NAME:-default} or ${file:/path}"


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ("${UNSET}", "the environment variable UNSET is not set, or empty"),
        ("${EMPTY}", "the environment variable EMPTY is not set, or empty"),
        ("${}", FORM),
        ("${A", FORM),
        ("${a b}", FORM),
        ("${1A}", FORM),
        ("${A:?x}", FORM),
        ("${file:}", FORM),
        ("${UNSET:-${A}}", FORM),
        ("${file:/run/${UNSET}}", "the environment variable UNSET is not set, or empty"),
        ("${file:/run/${A}}", "the file /run/${A} cannot be read (No such file or directory)"),
        ("${file:/run/${file:x}}", FORM),
        ("${file:/run/${A:-${A}}}", FORM),
        ("$${A}{A}", None),
        ("${file:no-such}", "the file no-such cannot be read (No such file or directory)"),
        ("${file:.}", "the file . cannot be read (Is a directory)"),
        ("${file:binary}", "the file binary cannot be read (it is not UTF-8 text)"),
        ("${file:~no-such-user/x}", "the file ~no-such-user/x cannot be read (there can be no such file)"),
    ],
)
def test_broken_references_are_named(tmp_path: Path, written: str, problem: str | None) -> None:
    """The reference is named, never what it stands for; one nested too deeply is refused, not half resolved."""
    Path("binary").write_bytes(b"\xff\xfes3cret")
    text = f'[connections.a]\nadapter = "toy"\nkey = "{written}"'
    environment = {"A": "s3cret", "EMPTY": ""}
    if problem is None:
        loaded(text, tmp_path, **environment)
    else:
        assert [f"connections.a.key: {problem}"] == faults(text, tmp_path, **environment)


def test_an_empty_secret_is_told(tmp_path: Path) -> None:
    """It would be refused by the vendor, with a worse explanation."""
    assert ["connections.a.key: is empty"] == faults(CONNECTION.replace("${KEY}", "${KEY:-}"), tmp_path)


def test_no_fault_quotes_a_secret(tmp_path: Path) -> None:
    """A secret in the wrong place is not printed, wherever it came by reference, and wherever any text may stand."""
    text = """
        [connections.a]
        adapter = "toy"
        key = ["s3cret"]
        name = {s = "s3cret"}
        mode = "${SECRET}"
        pages = "s3cret"
        eager = "s3cret"
        stores = {s = "s3cret"}
        timeout = "s3cret"
        base_url = "https://x:s3cret@host"
        proxy = "s3cret"
        ca_bundle = "${SECRET}"
        limits = {a = "s3cret"}
        [staging]
        kind = "${SECRET}"
        listen = "s3cret"
        public_url = "s3cret"
        [store]
        url = "s3cret"
        [lookup]
        connections = ["${SECRET}"]
    """
    lines = faults(text, tmp_path, SECRET="s3cret")

    assert 16 == len(lines)
    assert [] == [line for line in lines if "s3cret" in line]


def test_strange_keys_stay_on_one_line(tmp_path: Path) -> None:
    """A quoted key may hold anything; each fault is one line all the same."""
    text = '[connections."a @ b\\n\\u0000"]\nadapter = "toy"\n"x\\ny" = 1\n["tab\\tle"]\n'
    assert [
        "tab le: unknown table; known are: connections, lookup, server, sets, shared, staging, store, webhooks",
        "connections.a @ b  .key: missing",
    ] == faults(text, tmp_path)[:2]


@pytest.mark.parametrize(
    "content",
    [
        b"a = ",
        b"\xff\xfe",
        b"a = 1\na = 2",
        b"a = " + b"1" * 5000,
        b"a = " + b"[" * 5000,
        b"[connections]\nk = 's3cret",
    ],
    ids=["half", "no UTF-8", "twice", "long number", "deep", "open"],
)
def test_what_is_no_toml_is_told(tmp_path: Path, content: bytes) -> None:
    """In one line, with the place where the parser knows it, and without the content."""
    path = tmp_path / "c.toml"
    path.write_bytes(content)

    with pytest.raises(ConfigError, match=re.escape(f"{path} is not valid TOML: ")) as caught:
        load_config(path, environment={}, registry=REGISTRY)

    assert ["s3cret" in line for line in str(caught.value).splitlines()] == [False]


def test_a_file_is_found_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The given path, the environment's, the working folder's, the user's."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("platformdirs.user_config_path", lambda name: tmp_path / "home" / name)
    given, named, user = tmp_path / "g.toml", tmp_path / "e.toml", tmp_path / "home/couponhub/couponhub.toml"
    user.parent.mkdir(parents=True)
    for path in (given, named, user, Path("couponhub.toml")):
        path.touch()
    environment = {"COUPONHUB_CONFIG": str(named)}

    assert given == find_config(str(given), environment)
    assert named == find_config(None, environment)
    assert Path("couponhub.toml") == find_config(None, {"COUPONHUB_CONFIG": ""})
    Path("couponhub.toml").unlink()
    assert user == find_config(None, {})
    user.unlink()
    with pytest.raises(ConfigError, match=r"there is no config file, neither couponhub\.toml nor .*--config"):
        find_config(None, {})


@pytest.mark.parametrize(
    ("given", "environment", "problem"),
    [
        ("x.toml", {}, "the config file x.toml does not exist"),
        (None, {"COUPONHUB_CONFIG": "y.toml"}, "y.toml, which COUPONHUB_CONFIG names, does not exist"),
        ("~no-such-user/x.toml", {}, "~no-such-user/x.toml does not exist"),
        ("a\0b", {}, "does not exist"),
        (".", {}, r"\. cannot be read \(Is a directory\)"),
    ],
)
def test_a_named_file_must_be_there(given: str | None, environment: dict[str, str], problem: str) -> None:
    """No other file is taken in its place."""
    Path("couponhub.toml").touch()
    with pytest.raises(ConfigError, match=problem):
        load_config(given, environment=environment, registry=REGISTRY)


KEYS = ["adapter", "key", "limits", "name", "timeout", "proxy", "base_url", "stores", "mode"]
KEYS += ["connections", "staging", "store", "lookup", "kind", "listen", "public_url", "url", "deadline"]
KEYS += ["", "a", "x\n", "\0", "a.b", "@ c"]
NAMES = st.sampled_from(KEYS)
WORDS = [
    "toy",
    "broken",
    "odd",
    "${KEY}",
    "${file:x}",
    "${file:\0}",
    "http://x",
    "https://[",
    "",
    "a",
    "fast",
]
SCALARS = (
    st.sampled_from(WORDS)
    | st.text(max_size=10)
    | st.integers()
    | st.floats()
    | st.booleans()
    | st.dates()
    | st.datetimes()
    | st.times()
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=5),
    max_leaves=20,
)
TOYS = st.dictionaries(NAMES, VALUES, max_size=6).map(lambda table: {"adapter": "toy", **table})
DOCUMENTS = st.dictionaries(NAMES, VALUES, max_size=5) | st.fixed_dictionaries(
    {"connections": st.dictionaries(NAMES, TOYS, max_size=3)}, optional={"lookup": VALUES, "staging": VALUES}
)


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=examples(200), deadline=None
)
@given(document=DOCUMENTS)
def test_any_document_is_a_config_or_a_config_error(document: dict[str, Any], tmp_path: Path) -> None:
    """Whatever stands in the file, it is understood or refused in whole lines, never by a stranger's exception."""
    path = tmp_path / "c.toml"
    told = ""
    try:
        loading._Reader(path, {"KEY": "k"}, REGISTRY).read(document)
    except ConfigError as error:
        told = str(error)
    assert [] == [line for line in told.split("\n") if line and not line.startswith(f"{path}: ")]


@pytest.mark.parametrize(
    ("proxy", "literal"), [("https://proxy.example", False), ("https://joe:pw@proxy.example", True)]
)
def test_a_proxy_without_a_password_is_no_literal_secret(tmp_path: Path, proxy: str, literal: bool) -> None:
    """`doctor` warns of secrets in the file, which a mere address is not."""
    settings = loaded(CONNECTION + f'proxy = "{proxy}"', tmp_path, KEY="k3y").connections["a"].settings

    assert settings.proxy is not None
    assert literal == settings.proxy.literal


def test_adapters_quote_the_word_that_they_refuse(tmp_path: Path) -> None:
    """A data centre, a region or a zone is no secret, and whoever mistyped one sees how."""
    path = tmp_path / "c.toml"
    path.write_text(
        '[connections.m]\nadapter = "moengage"\ndata_center = "07"\nworkspace_id = "w"\napi_key = "k"\n'
        'timezone = "IST"\ndefault_country_code = 91\n[connections.c]\nadapter = "capillary"\nregion = "mars"\n'
    )
    with pytest.raises(ConfigError) as caught:
        load_config(path, environment={})
    told = str(caught.value)
    assert 'connections.m.data_center: "07" is none of "01" to "06" and "101"' in told
    assert 'such as Asia/Kolkata, not "IST"' in told
    assert "connections.m.default_country_code: expected text, not 91: write it in quotes" in told
    assert 'connections.c.region: "mars" is none of eu, apac' in told
