"""The table `[sets]` of the configuration."""

import re
from typing import TYPE_CHECKING

import attrs

from couponhub.settings import setting

if TYPE_CHECKING:
    from attrs import Attribute

EMBEDDED = "duckdb://"
_CLUSTER = re.compile(r"(spark|sc)://([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]):[0-9]{1,5}(/(;[^;]*)*)?")
_PLACE = re.compile(
    r"(s3a?|gs|az|abfss?)://[A-Za-z0-9][A-Za-z0-9._@-]*(/[A-Za-z0-9._=-]+)*/?|file:///[^\x00-\x1f?#*{}\[\]\\]+"
)


def check_engine(instance: object, attribute: "Attribute[str] | None", value: str) -> None:  # noqa: ARG001 - attrs' signature
    """Validate the address of an engine.

    Raises:
        ValueError: There is none of that kind.
    """
    if value != EMBEDDED and not _CLUSTER.fullmatch(value):
        raise ValueError(
            f'expected "{EMBEDDED}", which runs within this process, "sc://host:port" (Spark Connect)'
            ' or "spark://host:port" (the master of a standalone Spark)'
        )


def check_place(instance: object, attribute: "Attribute[str | None] | None", value: str | None) -> None:  # noqa: ARG001 - attrs' signature
    """Validate the address of a place that a cluster sees, too.

    Raises:
        ValueError: It is none.
    """
    if value is not None and not _PLACE.fullmatch(value):
        raise ValueError(
            "expected a bucket and prefix as the cluster spells it (s3://, s3a://, gs://, az://, abfss://)"
            " or file:///folder, which all machines see by that name"
        )


@attrs.frozen(kw_only=True)
class SetsSettings:
    """The engine that works on sets of codes, and joins them with what is known of each."""

    engine: str = setting(
        EMBEDDED,
        about="where large sets of codes are worked on: duckdb:// is this process, in bounded memory (its joins need"
        " couponhub[sets]); sc://host:port is a cluster by Spark Connect, spark://host:port a standalone Spark; both need"
        " couponhub[spark] and `place`",
        example=f'"{EMBEDDED}"',
        validator=check_engine,
        repr=False,  # the address of a cluster may hold a token
    )
    place: str | None = setting(
        None,
        about="where sets lie while a cluster works on them, as it spells it: a bucket and prefix (s3://, s3a://, gs://, az://,"
        " abfss://), or file:///folder that all machines see",
        validator=check_place,
    )

    @property
    def is_cluster(self) -> bool:
        """True where large sets are worked on elsewhere."""
        return self.engine != EMBEDDED


def shown_engine(url: str) -> str:
    """Return the address of an engine as people may see it: without what stands behind its port, a token perhaps."""
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{rest.partition('/')[0]}"
