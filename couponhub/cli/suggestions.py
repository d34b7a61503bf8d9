"""Suggestions of what to type instead: the nearest word that there is, and the ones that people know from elsewhere."""

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence

import click

_OPTIONS: Mapping[str, Sequence[str]] = {
    "--mobile": ("phone", "telephone", "tel", "cell", "msisdn", "number", "customermobile", "mobilenumber"),
    "--email": ("mail", "emailaddress", "customeremail"),
    "--external-id": ("customer", "customerid", "user", "userid", "extid", "uid", "member", "loyaltyid"),
    "--connection": ("vendor", "account"),
    "--output": ("format",),
    "--yes": ("force",),
    "--list": ("listid", "series"),
    "--expires": ("expiry", "expiration", "until"),
    "--deadline": ("timeout",),
    "--timeout": ("deadline",),
    "--column": ("codecolumn",),
    "--tag-column": ("customercolumn",),
    "--from": ("start", "since"),
    "--to": ("end", "until"),
    "--since": ("from", "start"),
    "--until": ("to", "end"),
}
"""Names of options elsewhere, without dashes."""
_FORMATS = frozenset({"json", "jsonl", "csv", "table"})
_COMMANDS: Mapping[str, Sequence[str]] = {
    "list": ("ls", "lists ls"),
    "ls": ("lists ls",),
    "get": ("show",),
    "new": ("create", "send"),
    "add": ("create", "new", "send"),
    "create": ("new", "send"),
    "edit": ("update",),
    "delete": ("rm", "archive", "forget"),
    "remove": ("rm", "archive", "forget"),
    "rm": ("archive",),
    "revoke": ("rm",),
    "upload": ("send", "uploads send"),
    "send": ("uploads send",),
    "stop": ("cancel",),
    "status": ("show", "uploads ls"),
    "jobs": ("uploads ls",),
    "search": ("lookup", "find"),
    "find": ("lookup",),
    "customer": ("lookup",),
    "init": ("config init",),
    "validate": ("check", "config check"),
    "check": ("config check",),
    "test": ("doctor",),
    "import": ("usage import",),
    "server": ("serve",),
    "vendors": ("adapters", "connections"),
    "help": ("--help",),
    "version": ("--version",),
}
"""Names of commands elsewhere; of ours the first that is there."""
_NUMBER = re.compile(r"\+?[\d ()./-]{7,24}")
_IDENTIFIERS = ("--mobile", "--email", "--external-id", "--id")


def suggestion(error: click.UsageError) -> str:
    """Return what to type instead, for the line of an error; "" where nothing fits. It quotes no argument."""
    match error:
        case click.exceptions.NoSuchOption(ctx=click.Context() as context):
            return _option(error.option_name, context)
        case click.exceptions.NoSuchCommand(ctx=click.Context() as context):
            return _command(error.command_name, context)
        case click.UsageError(ctx=click.Context() as context) if "unexpected extra argument" in error.message:
            return _argument(error.message.partition("(")[2].rstrip(")."), _options_of(context))
        case _:
            return ""


def customer_option(text: str) -> str | None:
    """Return the option that a customer's identifier belongs to, as far as it shows; None for what may be a code."""
    if "@" in text:
        return "--email"
    digits = sum(map(str.isdigit, text))
    return "--mobile" if digits >= 7 and _NUMBER.fullmatch(text.strip()) else None


def _option(word: str, context: click.Context) -> str:
    known = _options_of(context)
    plain = word.strip("-").replace("-", "").replace("_", "").casefold()
    if plain in _FORMATS:
        return f"did you mean -o {plain}?"
    meant = [name for name, words in _OPTIONS.items() if name in known and plain in words]
    begun = [name for name in known if name.startswith(word) and len(plain) > 1]
    near = difflib.get_close_matches(word, known - {"--help"}, n=2, cutoff=0.7)
    found = meant[:1] or begun[:2] or near
    if not found and word in _IDENTIFIERS:
        return f"`couponhub lookup {word} V` asks about a customer"
    return f"did you mean {' or '.join(found)}?" if found else ""


def _command(word: str, context: click.Context) -> str:
    group = context.command
    if not isinstance(group, click.Group):
        return ""
    known = group.list_commands(context)
    plain = word.casefold()
    if context.parent is None and plain in _FORMATS:
        return f"did you mean -o {plain}?"
    for elsewhere in _COMMANDS.get(plain, ()):
        first = elsewhere.partition(" ")[0]
        if first in known or first.startswith("-"):
            return _did_you_mean(context, [elsewhere])
    return _did_you_mean(context, difflib.get_close_matches(plain, known, n=2, cutoff=0.6))


def _did_you_mean(context: click.Context, words: Iterable[str]) -> str:
    found = [f"`{context.command_path} {word}`" for word in words]
    return f"did you mean {' or '.join(found)}?" if found else ""


def _argument(text: str, known: frozenset[str]) -> str:
    option = customer_option(text)
    if option is not None and option in known:
        return f"give it as {option}"
    if "--mobile" in known:
        return (
            f"a customer is named by an option: {', '.join(name for name in _IDENTIFIERS if name in known)}"
        )
    return ""


def _options_of(context: click.Context) -> frozenset[str]:
    parameters = context.command.get_params(context)
    return frozenset(
        name
        for parameter in parameters
        if isinstance(parameter, click.Option)
        for name in (*parameter.opts, *parameter.secondary_opts)
        if name.startswith("--")
    )
