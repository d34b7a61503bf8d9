"""A trial of the cluster that [sets] names: a table of one row that is no code goes there and comes back."""

import tempfile
from pathlib import Path
from typing import Any

from couponhub.codes.joins.cluster import opened_cluster
from couponhub.codes.joins.settings import SetsSettings, shown_engine
from couponhub.errors import LocalError

_WORD = "couponhub"


def probe(settings: SetsSettings) -> str:
    """Let the cluster read and write the place, and read there what it wrote; return a line for people.

    Raises:
        ConfigError: A setting is missing or wrong, or what it takes is not installed.
        LocalError: The cluster or the place cannot be reached, or does not do what it is told.
    """
    shown = shown_engine(settings.engine)
    with (
        tempfile.TemporaryDirectory(prefix="couponhub-probe-") as name,
        opened_cluster(settings.engine, settings.place, Path(name)) as cluster,
    ):
        import ibis  # noqa: PLC0415 - an extra
        import pyarrow as pa  # noqa: PLC0415 - the same
        import pyarrow.parquet as pq  # noqa: PLC0415 - the same

        folder = Path(name)
        cluster.begin()
        pq.write_table(pa.table({"word": [_WORD]}), folder / "probe")
        cluster.put("probe", folder / "probe")
        cluster.name("probe")
        table: Any = ibis.table({"word": "string"}, name="probe")
        cluster.keep("answer", table.select(word=table.word.upper()))
        answer = [
            row for path in cluster.fetched("answer", folder) for row in pq.read_table(path).to_pylist()
        ]
    if answer != [{"word": _WORD.upper()}]:
        raise LocalError(
            f"the cluster {shown} does not do what it is told", hint="name an engine that speaks Spark SQL"
        )
    return f"the cluster {shown} answered, and reads and writes {settings.place}"
