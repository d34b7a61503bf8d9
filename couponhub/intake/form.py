"""The form in which rows came."""

import attrs

NAMES = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "vertical bars"}
"""The signs between columns that are told from a header, in the order in which they are thought of."""


@attrs.frozen(kw_only=True)
class SourceForm:
    """The form of a source.

    Attributes:
        kind: `text`, `workbook`, `parquet`, `arrow`, or `codes` for what is no file.
        packing: `gzip`, `zstd`, `zip`; "" for none.
        encoding: As Python calls it; "" where that is no question.
        separator: Between the columns of a text.
        column: What the column of codes is called; "" where it has no name.
    """

    kind: str = "text"
    packing: str = ""
    encoding: str = ""
    separator: str = ""
    column: str = attrs.field(default="", repr=False)
