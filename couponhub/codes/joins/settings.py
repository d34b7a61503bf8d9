"""The table `[sets]` of the configuration."""

from typing import TYPE_CHECKING

import attrs

from couponhub.settings import setting

if TYPE_CHECKING:
    from attrs import Attribute

EMBEDDED = "duckdb://"


def check_engine(instance: object, attribute: "Attribute[str] | None", value: str) -> None:  # noqa: ARG001 - attrs' signature
    """Validate the address of an engine.

    Raises:
        ValueError: There is none of that kind.
    """
    if value != EMBEDDED:
        raise ValueError(f'expected "{EMBEDDED}", which runs within this process')


@attrs.frozen(kw_only=True)
class SetsSettings:
    """The engine that joins sets of codes with what is known of each."""

    engine: str = setting(
        EMBEDDED,
        about="where joins of code sets run: duckdb:// is DuckDB within this process, in bounded memory; needs couponhub[sets]",
        example=f'"{EMBEDDED}"',
        validator=check_engine,
    )
