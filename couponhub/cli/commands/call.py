"""`couponhub call`: an endpoint of a vendor that has no command."""

import json
from collections.abc import Sequence

import click

from couponhub.cli.completing import takes_connection
from couponhub.cli.options import GlobalCommand, GlobalOptions, pass_options
from couponhub.cli.output import print_json
from couponhub.cli.session import confirm, given_text, opened_hub, pair, told_if_interrupted
from couponhub.cli.stdout import json_text, on_stdout, write
from couponhub.errors import UsageError

_READS = frozenset({"GET", "HEAD"})


@click.command("call", cls=GlobalCommand)
@takes_connection
@click.argument("method", metavar="METHOD")
@click.argument("path", metavar="PATH")
@click.option(
    "--query", "query", multiple=True, metavar="KEY=VALUE", help="A parameter; a key may stand several times."
)
@click.option(
    "--body", metavar="JSON|@FILE|-", help="What to send: JSON, a file that holds it, or - for stdin."
)
@pass_options
def command(
    options: GlobalOptions,
    connection: str,
    method: str,
    path: str,
    *,
    query: tuple[str, ...],
    body: str | None,
) -> None:
    """Call any endpoint of CONN's vendor, signed in and within its limits, and print the JSON that it answers.

    PATH is relative to the vendor's base address: `/coupon-list`. An empty answer prints null. What is not GET or HEAD
    may change something there: it asks first, or needs --yes, and is never repeated when its answer is lost.
    """
    if options.output == "csv":
        raise UsageError("an answer of any shape has no form in csv", hint="take -o json or -o jsonl")
    content = None if body is None else _json(given_text(body))
    unknown = "whether the vendor did it is not known: look before you repeat it"
    with opened_hub(options) as hub:
        vendor = hub[connection]
        if method.upper() not in _READS:
            confirm(options, f"Call {method.upper()} at {connection}? What it changes is not known here")
        with told_if_interrupted(unknown):
            answer = vendor.call(method, path, query=_parameters(query), body=content)
    if options.output == "jsonl":
        with on_stdout():
            write(f"{json_text(answer)}\n")
    else:
        print_json(answer)


def _parameters(words: Sequence[str]) -> dict[str, list[str]]:
    parameters: dict[str, list[str]] = {}
    for word in words:
        key, value = pair("--query", word)
        parameters.setdefault(key, []).append(value)
    return parameters


def _json(text: str) -> object:
    try:
        content: object = json.loads(text)
    except (ValueError, RecursionError):
        raise UsageError("the body is not JSON") from None
    if content is None:
        raise UsageError("the body is empty: null", hint="leave --body out to send none")
    return content
