"""`couponhub adapters`: which vendors this installation speaks to."""

import click

from couponhub.cli.options import GlobalCommand, GlobalOptions, pass_options
from couponhub.cli.output import as_table, print_many
from couponhub.cli.tables import Column
from couponhub.config import example_config
from couponhub.errors import ConfigError, CouponhubError
from couponhub.hub import CouponHub
from couponhub.plugin import AdapterPlugin
from couponhub.registry import BrokenAdapter, Registry
from couponhub.serialization import Document, error_object

_COLUMNS = (
    Column("ADAPTER", "name", whole=True),
    Column("VENDOR", "vendor"),
    Column("PACKAGE", lambda document: " ".join(filter(None, (document["package"], document["version"])))),
    Column("CAN", "capabilities"),
    Column("EMULATOR", "emulator"),
)
_FAULT = Column("FAULT", lambda document: (document["error"] or {}).get("message"))


@click.command("adapters", cls=GlobalCommand)
@pass_options
def command(options: GlobalOptions) -> None:
    """Show the adapters that are installed: of which package and version, and what their vendors can do.

    No config file is needed, and nobody is called. One that is broken is shown with its fault. What is not under CAN is
    refused, with what to do instead.
    """
    registry = Registry()
    documents = [_document(registry, entry) for entry in registry.all()]
    is_faulty = any(document["error"] for document in documents) or not as_table(options)
    print_many(options, documents, (*_COLUMNS, *[_FAULT] * is_faulty), "No adapter is installed.")


def _document(registry: Registry, entry: AdapterPlugin | BrokenAdapter) -> Document:
    package, version = registry.package(entry.name) or (None, None)
    document: Document = {
        "name": entry.name,
        "vendor": None,
        "package": package,
        "version": version,
        "capabilities": None,
        "limits": None,
        "emulator": None,
        "error": None,
    }
    if isinstance(entry, BrokenAdapter):
        return {
            **document,
            "error": error_object(ConfigError(entry.error, hint="reinstall it together with what it needs")),
        }
    document.update(vendor=entry.title, emulator=entry.emulator is not None)
    try:
        with CouponHub(example_config(entry, registry)) as hub:
            able = hub[next(iter(hub))].capabilities
    except Exception as error:  # noqa: BLE001 - a stranger's may raise anything, and the others are to be shown
        fault = ConfigError(
            f"its own example cannot be opened ({type(error).__name__})", hint="tell its authors"
        )
        return {**document, "error": error_object(error if isinstance(error, CouponhubError) else fault)}
    return {**document, "capabilities": list(able), "limits": dict(able.limits)}
