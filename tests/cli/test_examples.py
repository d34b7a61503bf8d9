"""The examples in `--help`: there are three for each command, they mean something, and they run."""

import shlex
from collections.abc import Iterator

import click
import pytest

from couponhub.cli import app
from couponhub.cli.examples import EXAMPLES
from couponhub.testing import config_text
from tests.kit.cli import SOON, CliRunner
from tests.kit.clock import vendors_today

NOT_RUN = {
    *("couponhub demo", "couponhub serve", "couponhub emulate"),  # they go on, or take long
    "couponhub uploads rm",  # asks
    "couponhub store copy",  # the server of the example is nobody's; tests/state copies stores
    # They demand a balanced proof, vendors that can both be asked, or the end of a window; tests/migration runs them.
    *(f"couponhub migrate {name}" for name in ("cutover", "shadow", "rollback", "retire")),
}
GROUPS = {
    "couponhub",
    *(
        f"couponhub {name}"
        for name in ("codes", "config", "lists", "migrate", "uploads", "coupons", "usage", "token", "store")
    ),
}


def commands(command: click.Command, path: str) -> Iterator[str]:
    """The paths of all commands."""
    yield path
    if isinstance(command, click.Group):
        context = click.Context(command, info_name=path)
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            assert inner is not None
            yield from commands(inner, f"{path} {name}")


def words_of(example: str) -> list[str]:
    """What the example gives to couponhub: without the shell's part before and behind."""
    lexer = shlex.shlex(
        example.replace('eval "$(', "eval ; ").replace(')"', " ;").replace("$(date +%F)", "today"),
        posix=True,
        punctuation_chars="|>;)",
    )
    lexer.whitespace_split = True
    words = list(lexer)
    begin = words.index("couponhub") + 1
    end = next(
        (at for at, word in enumerate(words) if at >= begin and word in {"|", ">", ";", ")"}), len(words)
    )
    return words[begin:end]


def test_every_command_has_its_own_three() -> None:
    """Neither is one forgotten, nor is there one of a command that is gone."""
    assert set(commands(app.cli, "couponhub")) == set(EXAMPLES)
    for path, examples in EXAMPLES.items():
        assert 3 == len(set(examples))
        assert all(
            f"{path} " in f"{example.replace(')', ' )')} " for example in examples if path != "couponhub"
        )


def test_examples_can_be_parsed() -> None:
    """Every option that they name is there and takes what stands behind it, and no argument is missing."""
    for example in sorted({one for examples in EXAMPLES.values() for one in examples}):
        command: click.Command = app.cli
        words, name, context = words_of(example), "couponhub", None
        while isinstance(command, click.Group):
            context = command.make_context(name, words, parent=context)
            found, inner, words = command.resolve_command(context, [*context._protected_args, *context.args])
            assert inner is not None
            name, command = found or "", inner
        command.make_context(name, words, parent=context)


@pytest.fixture
def shop(cli: CliRunner) -> dict[str, str]:
    """The connections, lists, uploads and files that the examples name; what stands for each here."""
    text = config_text(cli.server.url, tuple(cli.vendors.values()), {"timeout": 2.0, "settle": 0.05})
    text = text.replace("[connections.capillary]", "[connections.loyalty]").replace(
        "[connections.moengage]", "[connections.engage]"
    )
    (cli.folder / "couponhub.toml").write_text(
        f'{text}\n[store]\nurl = "sqlite:///state.db"\n', encoding="utf-8"
    )
    cli.write("codes.csv", "code", "WINTER-0001", "WINTER-0002")
    cli.write("winter.csv", "code", "WINTER-0001", "WINTER-0002")
    cli.write("people.csv", "mobile", "919876543210")
    cli.write("report.csv", "User ID,Coupon Code,Sent At")
    today = vendors_today().isoformat()
    created = cli("lists", "create", "engage", "--name", "x", "--created-by", "y", *SOON, "-o", "json").json[
        "id"
    ]
    sent = cli(
        "uploads",
        "send",
        "loyalty",
        "900004",
        cli.write("first.csv", "code", "FIRST-1"),
        "--wait",
        "-o",
        "json",
    )
    cli.write("autumn.csv", "code", "FIRST-1")
    plan = cli(
        *("migrate", "plan", "--from", "loyalty", "--list", "900004", "--to", "engage", "--create"),
        *("--set", "name=autumn", "--set", "created_by=y", "--codes", "autumn.csv", "--force", "a trial"),
        *("--out", "autumn.plan.json", "-o", "json"),
    )
    export = cli("export", "customers", "loyalty", "people.csv", "--out", "first.csv", "-o", "json")
    return {
        "ex_7dk2m4q2x3h5t6w3z6yb": export.json["id"],
        "5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8": plan.json["digest"],
        "mig_7dk2m4q2x3h5t6w3z6yb": plan.json["id"],
        "541854": "900004",
        "list:loyalty/541854": "list:loyalty/900004",
        "6721d00eefc476c0f67e0d05": created,
        "up_7dk2m4q9x1h5t8w3z6yb": sent.json["id"],
        "SAVE-0001": "FESTIVAL25",
        "2026-11-01": today,
        "2026-11-28": today,
    }


def test_the_first_example_of_each_command_runs(cli: CliRunner, shop: dict[str, str]) -> None:
    """As it stands, but for ids of the vendors' and ours; a lookup that is not complete is no failure of the example."""
    failed = []
    for path, (example, *_) in EXAMPLES.items():
        if path not in NOT_RUN | GROUPS:
            ran = cli(*(shop.get(word, word) for word in words_of(example)))
            failed += [(path, ran.code, ran.err)] if ran.code not in {0, 3} else []
    assert [] == failed


def test_every_command_takes_the_global_options() -> None:
    """Before and behind it: one that was made by click alone takes neither -o nor --config behind it."""
    for path in commands(app.cli, "couponhub"):
        command: click.Command = app.cli
        context = click.Context(app.cli, info_name="couponhub")
        for name in path.split()[1:]:
            assert isinstance(command, click.Group)
            inner = command.get_command(context, name)
            assert inner is not None
            command, context = inner, click.Context(inner, info_name=name, parent=context)
        options = {name for parameter in command.get_params(context) for name in parameter.opts}
        assert {"--output", "--config", "--yes"} <= options, path
